import type { Level } from './line.js';

/** The names of all libraries by Python's number; 10 to 50 in tens are Python's own, the others lie where they belong. */
const NUMBERS: ReadonlyMap<string, number> = new Map([
  ['trace', 5],
  ['silly', 5],
  ['debug', 10],
  ['prompt', 10],
  ['input', 10],
  ['verbose', 15],
  ['http', 17],
  ['info', 20],
  ['data', 20],
  ['help', 20],
  ['notice', 25],
  ['warn', 30],
  ['warning', 30],
  ['error', 40],
  ['fatal', 50],
  ['crit', 50],
  ['critical', 50],
  ['alert', 55],
  ['emerg', 60],
]);

const NAMES: ReadonlyMap<number, string> = new Map([
  [5, 'TRACE'],
  [10, 'DEBUG'],
  [15, 'VERBOSE'],
  [17, 'HTTP'],
  [20, 'INFO'],
  [25, 'NOTICE'],
  [30, 'WARNING'],
  [40, 'ERROR'],
  [50, 'CRITICAL'],
  [55, 'ALERT'],
  [60, 'EMERG'],
]);

/** Python's number of a level that libraries know by this name, whatever its case. */
export function levelNumber(name: string): number | undefined {
  return NUMBERS.get(name.toLowerCase());
}

const levels = new Map<string, Level>();

/** A level of a library's, by its name there; undefined for a custom one. */
export function levelNamed(name: string): Level | undefined {
  const number = levelNumber(name);
  if (number === undefined) return undefined;
  const known = levels.get(name);
  if (known !== undefined) return known;
  const level = { number, name: NAMES.get(number) ?? name.toUpperCase() };
  levels.set(name, level);
  return level;
}

/** A level of the program's own: by the name that it gave it, else as Python calls one without a name. */
export function customLevel(number: number, label: string | undefined): Level {
  const name = label === undefined || label === '' ? `Level ${number}` : label.toUpperCase().toWellFormed();
  return { number, name };
}

/** What a level that nobody can make out counts as. */
export const INFO: Level = { number: 20, name: 'INFO' };

const LARGEST = 2 ** 31 - 1;

/** The number as the column takes it. */
export function clampLevel(number: number): number {
  return Math.max(-LARGEST - 1, Math.min(LARGEST, Math.round(number)));
}
