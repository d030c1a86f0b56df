import type { TbLog } from '../../schemas/tb-logs.js';
import { asText } from '../call/plain.js';

/** The text of a line, from its row without `formatted_message`. */
export type LineFormat = (row: TbLog) => string;

/** One `%(name)s` of a format, or the text between two. */
type Part = string | ((row: TbLog) => string);

const CONVERSION = /%(?:\((\w+)\))?([-#0 +]*)(\d*)(?:\.(\d+))?([a-zA-Z%]?)/g;

/**
 * A format in the %-style of Python's `logging.Formatter`: `%(asctime)s - %(levelname)-8s %(message)s`, with the names
 * of Python's LogRecord, of the row's columns and of the line's extra fields. A name that a line does not have gives
 * nothing. Times are in UTC.
 *
 * @returns the format, or what is wrong with its text
 */
export function compileFormat(text: string): LineFormat | string {
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(CONVERSION)) {
    const [all, name, flags = '', width = '', precision, type = ''] = match;
    parts.push(text.slice(end, match.index));
    end = match.index + all.length;
    if (all === '%%') parts.push('%');
    else if (name === undefined) return `'${all}' names no field: write %(name)s, or %% for a percent sign`;
    else if (!(type in CONVERTERS)) return `'${all}' has no conversion that Python knows: write %(${name})s`;
    else parts.push(conversion({ name, flags, width: Number(width), precision, type }));
  }
  parts.push(text.slice(end));
  return (row) => {
    let written = '';
    for (const part of parts) written += typeof part === 'string' ? part : part(row);
    return written;
  };
}

interface Conversion {
  readonly name: string;
  readonly flags: string;
  readonly width: number;
  readonly precision: string | undefined;
  readonly type: string;
}

function conversion({ name, flags, width, precision, type }: Conversion): (row: TbLog) => string {
  const read = READERS[name] ?? ((row: TbLog) => row[name] ?? row.extra[name]);
  const convert = CONVERTERS[type];
  const places = precision === undefined ? undefined : Number(precision);
  const fills = flags.includes('0') && !flags.includes('-') && type !== 's' && type !== 'r';
  return (row) => {
    const value = read(row);
    const plain = convert === undefined ? '' : convert(value, places);
    const signed = signOf(flags, value) + plain;
    if (signed.length >= width) return signed;
    if (flags.includes('-')) return signed.padEnd(width);
    if (!fills) return signed.padStart(width);
    const sign = /^[-+ ]?/.exec(signed)?.[0] ?? '';
    return sign + signed.slice(sign.length).padStart(width - sign.length, '0');
  };
}

/** What Python's formatter knows under another name than the row's. */
const READERS: Readonly<Record<string, (row: TbLog) => unknown>> = {
  levelno: (row) => row.level,
  // 2026-11-24T01:57:56.325Z, as Python's formatter writes it
  asctime: ({ asctime }) => `${asctime.slice(0, 10)} ${asctime.slice(11, 19)},${asctime.slice(20, 23)}`,
};

/** By the letter of Python's conversion. A number that is none is written as text, where Python would throw. */
const CONVERTERS: Readonly<Record<string, (value: unknown, places: number | undefined) => string>> = {
  s: (value, places) => asText(value).slice(0, places),
  r: (value, places) => (typeof value === 'string' ? `'${value}'` : asText(value)).slice(0, places),
  a: (value, places) => (typeof value === 'string' ? `'${value}'` : asText(value)).slice(0, places),
  d: (value) => number(value, (given) => String(Math.trunc(given))),
  i: (value) => number(value, (given) => String(Math.trunc(given))),
  u: (value) => number(value, (given) => String(Math.trunc(given))),
  f: (value, places = 6) => number(value, (given) => given.toFixed(Math.min(places, 100))),
  F: (value, places = 6) => number(value, (given) => given.toFixed(Math.min(places, 100))),
  e: (value, places = 6) => number(value, (given) => exponential(given, places)),
  E: (value, places = 6) => number(value, (given) => exponential(given, places).toUpperCase()),
  g: (value, places = 6) => number(value, (given) => String(Number(given.toPrecision(significant(places))))),
  G: (value, places = 6) => number(value, (given) => String(Number(given.toPrecision(significant(places))))),
  x: (value) => number(value, (given) => Math.trunc(given).toString(16)),
  X: (value) => number(value, (given) => Math.trunc(given).toString(16).toUpperCase()),
  o: (value) => number(value, (given) => Math.trunc(given).toString(8)),
};

function number(value: unknown, write: (value: number) => string): string {
  return typeof value === 'number' && Number.isFinite(value) ? write(value) : asText(value);
}

/** Python writes at least two digits: `1.5e+03`. */
function exponential(value: number, places: number): string {
  return value.toExponential(Math.min(places, 100)).replace(/e([+-])(\d)$/, 'e$10$2');
}

function significant(places: number): number {
  return Math.max(1, Math.min(places, 100));
}

function signOf(flags: string, value: unknown): string {
  if (typeof value !== 'number' || value < 0) return '';
  if (flags.includes('+')) return '+';
  return flags.includes(' ') ? ' ' : '';
}
