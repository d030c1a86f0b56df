import { TinybirdError } from '../api/errors.js';

/** A row to be: an object, or one already written as JSON, as text or as UTF-8 bytes. */
export type Row = object | string | Uint8Array;

/**
 * A row as one line of JSON without its line break, or the problem that keeps it from being one. Never throws.
 *
 * An object is written as `JSON.stringify` writes it (a Date as ISO text; NaN and Infinity as null; an Error, a Map or
 * a Set as `{}`), but a BigInt becomes its digits, a cycle `"[Circular]"` and a lone surrogate U+FFFD, so that one odd
 * value in somebody's metadata does not cost the row. Text and bytes are checked and passed on byte for byte, unless
 * they hold line breaks, which would make two rows of one: those become spaces.
 */
export function serializeRow(row: unknown): string | Uint8Array | TinybirdError {
  try {
    if (typeof row === 'string') return checkedText(row);
    if (row instanceof Uint8Array) return checkedBytes(row);
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      return unserializable(`it is ${row === null ? 'null' : Array.isArray(row) ? 'an array' : typeof row}`);
    }
    return written(row);
  } catch (thrown) {
    return unserializable(whyThrown(thrown));
  }
}

/** The UTF-8 bytes of a row that was written, which are nobody else's. */
export function bytesOf(line: string | Uint8Array): Uint8Array {
  return typeof line === 'string' ? encoder.encode(line) : line.slice();
}

const encoder = new TextEncoder();

function written(row: object): string | TinybirdError {
  try {
    return lineOf(JSON.stringify(row));
  } catch {
    return lineOf(JSON.stringify(row, safely()));
  }
}

/** `toJSON` may give anything: only a JSON object is a row. */
function lineOf(json: string | undefined): string | TinybirdError {
  if (json === undefined || !json.startsWith('{')) return unserializable('its toJSON gives no object');
  return json.includes('\\ud') ? withoutLoneSurrogates(json) : json;
}

/** `JSON.stringify` escapes a surrogate only when it stands alone, and such a row is quarantined. */
function withoutLoneSurrogates(json: string): string {
  return json.replace(/\\\\|\\ud[89a-f][0-9a-f]{2}/g, (found) => (found === '\\\\' ? found : '\ufffd'));
}

function checkedText(text: string): string | TinybirdError {
  const json = text.startsWith('\ufeff') ? text.slice(1) : text;
  const wrong = whyNoRow(json);
  if (wrong !== undefined) return unserializable(wrong);
  // In JSON a raw line break can only stand between values: inside a string it is escaped.
  return json.includes('\n') ? json.replaceAll('\n', ' ') : json;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function checkedBytes(bytes: Uint8Array): string | Uint8Array | TinybirdError {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return unserializable('its bytes are not UTF-8');
  }
  const checked = checkedText(text);
  return checked === text ? bytes : checked;
}

/** Says nothing of what stands in the text: the message of `JSON.parse` quotes it. */
function whyNoRow(json: string): string | undefined {
  if (json.trim() === '') return 'it is empty';
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return undefined;
    return 'it is JSON, but not of an object';
  } catch {
    return 'it is not the JSON of one object';
  }
}

/** What the engine says of a row that is too deep or too long. Any other words may hold the row's own. */
const ENGINE_WORDS = /^(Maximum call stack size exceeded|Invalid string length)\.?$/;

function whyThrown(thrown: unknown): string {
  const isEngines = thrown instanceof RangeError && ENGINE_WORDS.test(thrown.message);
  return isEngines ? thrown.message : 'a getter or toJSON in it threw';
}

function unserializable(why: string): TinybirdError {
  return new TinybirdError(
    'unserializable',
    `A row was dropped: it cannot be written as a JSON object (${why}). Append plain objects, or their JSON one by one.`,
    { rows: 1 },
  );
}

/** A replacer that knows the path it is on: a value seen twice is fine, a value inside itself is a cycle. */
function safely(): (this: unknown, key: string, value: unknown) => unknown {
  const path: unknown[] = [];
  return function (_key, value) {
    if (typeof value === 'bigint') return value.toString();
    if (typeof value !== 'object' || value === null) return value;
    while (path.length > 0 && path.at(-1) !== this) path.pop();
    if (path.includes(value)) return '[Circular]';
    path.push(value);
    return value;
  };
}
