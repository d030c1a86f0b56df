import { fault } from './fault.js';
import { isDayText } from './moments.js';

/**
 * The milliseconds between two texts, whichever is the earlier.
 *
 * @param formats - of Python's `strptime`, tried one after the other
 * @returns `undefined` when a text is in none of them
 */
export function dateDifference(one: string, other: string, formats: readonly string[]): number | undefined {
  const [from, to] = [one, other].map((text) => {
    for (const format of formats) {
      const at = parseDate(text, format);
      if (at !== undefined) return at;
    }
    return undefined;
  });
  return from === undefined || to === undefined ? undefined : Math.abs(to - from);
}

const FIELDS = new Map([
  ['Y', String.raw`(?<Y>\d{4})`],
  ['m', String.raw`(?<m>\d{1,2})`],
  ['d', String.raw`(?<d>\d{1,2})`],
  ['H', String.raw`(?<H>\d{1,2})`],
  ['M', String.raw`(?<M>\d{1,2})`],
  ['S', String.raw`(?<S>\d{1,2})`],
  ['f', String.raw`(?<f>\d{1,6})`],
  ['z', String.raw`(?<z>Z|[+-]\d{2}:?\d{2})`],
  ['%', '%'],
]);

function parseDate(text: string, format: string): number | undefined {
  const match = patternOf(format).exec(text)?.groups;
  if (!match) return undefined;
  const field = (name: string, otherwise: string) => match[name] ?? otherwise;
  const [year, month, day] = [
    field('Y', '1900'),
    field('m', '1').padStart(2, '0'),
    field('d', '1').padStart(2, '0'),
  ];
  const [hour, minute, second] = [Number(field('H', '0')), Number(field('M', '0')), Number(field('S', '0'))];
  if (!isDayText(`${year}-${month}-${day}`) || hour > 23 || minute > 59 || second > 59) return undefined;
  const midnight = Date.parse(`${year}-${month}-${day}T00:00:00Z`);
  const fraction = Number(field('f', '0').padEnd(6, '0')) / 1000;
  return midnight + ((hour * 60 + minute - offset(match.z)) * 60 + second) * 1000 + fraction;
}

function offset(zone = 'Z'): number {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return zone.startsWith('-') ? -minutes : minutes;
}

const MAX_FORMAT = 60;

function patternOf(format: string): RegExp {
  if (format.length > MAX_FORMAT) fault('a date format is too long');
  const seen = new Set<string>();
  const pattern = format.replace(/%(.?)|[\\^$.*+?()[\]{}|/]/gs, (found, letter?: string) => {
    if (letter === undefined) return `\\${found}`;
    const field = FIELDS.get(letter);
    if (field === undefined || (letter !== '%' && seen.has(letter)))
      fault(
        `%${letter} is not understood in the date format ${format}: there are %Y %m %d %H %M %S %f %z, once each`,
      );
    seen.add(letter);
    return field as string;
  });
  return new RegExp(`^${pattern}$`);
}
