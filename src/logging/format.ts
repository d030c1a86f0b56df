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
  const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
  const convert = CONVERTERS[type];
  const places = precision === undefined ? undefined : Number(precision);
  const isText = type === 's' || type === 'r' || type === 'a';
  const fills = flags.includes('0') && !flags.includes('-') && !isText;
  const prefix = flags.includes('#') ? (PREFIXES[type] ?? '') : '';
  return (row) => {
    const value = read === undefined ? fieldOf(row, name) : read(row);
    const isWhole = isText && FLOATS.has(name) && Number.isInteger(value);
    const plain = isWhole ? cutTo(`${value}.0`, places) : (convert?.(value, places) ?? '');
    const marked = typeof value === 'number' ? plain.replace(/^-?/, `$&${prefix}`) : plain;
    const signed = (isText ? '' : signOf(flags, value)) + marked;
    const missing = width - lengthOf(signed);
    if (missing <= 0) return signed;
    if (flags.includes('-')) return signed + ' '.repeat(missing);
    if (!fills) return ' '.repeat(missing) + signed;
    return signed.replace(/^[-+ ]?(?:0[xo])?/i, `$&${'0'.repeat(missing)}`);
  };
}

function fieldOf(row: TbLog, name: string): unknown {
  if (Object.hasOwn(row, name)) return row[name];
  return Object.hasOwn(row.extra, name) ? row.extra[name] : undefined;
}

/** Of the flag `#`. */
const PREFIXES: Readonly<Record<string, string>> = { x: '0x', X: '0X', o: '0o' };

/** What Python's formatter knows under another name than the row's. */
const READERS: Readonly<Record<string, (row: TbLog) => unknown>> = {
  levelno: (row) => row.level,
  // 2026-11-24T01:57:56.325Z, as Python's formatter writes it
  asctime: ({ asctime }) => `${asctime.slice(0, 10)} ${asctime.slice(11, 19)},${asctime.slice(20, 23)}`,
};

/** Numbers that Python holds as floats, whose text ends in `.0` where they are whole. */
const FLOATS: ReadonlySet<string> = new Set(['created', 'msecs', 'relativeCreated']);

type Converter = (value: unknown, places: number | undefined) => string;

const integer: Converter = (value, places = 0) => number(value, (given) => digits(given, 10, places));
const fixed: Converter = (value, places = 6) => number(value, (given) => fixedPoint(given, places));
const exponent: Converter = (value, places = 6) => number(value, (given) => exponential(given, places));
const general: Converter = (value, places = 6) => number(value, (given) => shortest(given, places));
const hex: Converter = (value, places = 0) => number(value, (given) => digits(given, 16, places));

/** By the letter of Python's conversion. A number that is none is written as text, where Python would throw. */
const CONVERTERS: Readonly<Record<string, Converter>> = {
  s: (value, places) => cutTo(asText(value), places),
  r: (value, places) => cutTo(typeof value === 'string' ? quoted(value) : asText(value), places),
  a: (value, places) => cutTo(inAscii(typeof value === 'string' ? quoted(value) : asText(value)), places),
  d: integer,
  i: integer,
  u: integer,
  f: fixed,
  F: fixed,
  e: exponent,
  E: (value, places) => exponent(value, places).toUpperCase(),
  g: general,
  G: (value, places) => general(value, places).toUpperCase(),
  x: hex,
  X: (value, places) => hex(value, places).toUpperCase(),
  o: (value, places = 0) => number(value, (given) => digits(given, 8, places)),
};

function number(value: unknown, write: (value: number) => string): string {
  return typeof value === 'number' && Number.isFinite(value) ? write(value) : asText(value);
}

/** More places than JavaScript gives. */
const MOST_PLACES = 100;

/** Every digit of it, where JavaScript goes over to powers of ten. */
function digits(value: number, base: number, least: number): string {
  const written = BigInt(Math.trunc(Math.abs(value)))
    .toString(base)
    .padStart(Math.min(least, MOST_PLACES), '0');
  return value <= -1 ? `-${written}` : written;
}

function fixedPoint(value: number, places: number): string {
  const most = Math.min(places, MOST_PLACES);
  if (Math.abs(value) < 1e21) return value.toFixed(most);
  return most === 0 ? digits(value, 10, 0) : `${digits(value, 10, 0)}.${'0'.repeat(most)}`;
}

/** Python writes at least two digits: `1.5e+03`. */
function exponential(value: number, places: number): string {
  return value.toExponential(Math.min(places, MOST_PLACES)).replace(/e([+-])(\d)$/, 'e$10$2');
}

/** Without the zeros at its end, and by powers of ten where it is very large or small. */
function shortest(value: number, places: number): string {
  const significant = Math.max(1, Math.min(places, MOST_PLACES));
  const byPower = exponential(value, significant - 1);
  const power = Number(byPower.slice(byPower.indexOf('e') + 1));
  if (power >= -4 && power < significant) return String(Number(value.toPrecision(significant)));
  return byPower.replace(/(\.\d*?)0+e/, '$1e').replace('.e', 'e');
}

function signOf(flags: string, value: unknown): string {
  if (typeof value !== 'number' || value < 0) return '';
  if (flags.includes('+')) return '+';
  return flags.includes(' ') ? ' ' : '';
}

/** Python counts characters, of which some are two of JavaScript's. */
function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

function cutTo(text: string, length: number | undefined): string {
  return length === undefined ? text : [...text].slice(0, length).join('');
}

/** As Python's `repr` writes a text. */
function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(/[\\\n\r\t]/g, (character) => ESCAPES[character] ?? character);
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function inAscii(text: string): string {
  return text.replace(/[\u0080-\u{10ffff}]/gu, (character) => {
    const code = character.codePointAt(0)?.toString(16) ?? '';
    if (code.length <= 2) return `\\x${code.padStart(2, '0')}`;
    return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\U${code.padStart(8, '0')}`;
  });
}
