import { cutText, fitTexts, jsonBytes } from '../call/limit.js';
import { toJson } from '../call/plain.js';
import { excInfoOf, isThrowable, ownFieldsOf } from './exc-info.js';
import { type LineFields, put } from './fields.js';

/** Bytes of a line's extra fields as JSON. */
export const MAX_EXTRA_BYTES = 256_000;
/** Past this the caller's fields are counted: nobody waits for a million of them. */
const MOST_FIELDS = 2000;

/**
 * The caller's fields as JSON values: BigInts and dates as text, errors with their type and stack, cycles and what
 * cannot be read by a placeholder. Never throws.
 *
 * @param thrown of which the own fields stand beside the caller's
 */
export function extraOf(fields: Readonly<LineFields>, thrown: unknown): LineFields {
  const extra: LineFields = {};
  if (thrown !== undefined && thrown !== null) addOwnFields(extra, thrown);
  const few = withFewFields(fields);
  for (const key of Object.keys(few)) {
    const value = few[key];
    const kept = isThrowable(value) ? errorFields(value) : plain(value);
    if (kept !== undefined) put(extra, key, kept);
  }
  return fitBytes(extra);
}

/** Fields that are JSON values, in at most `MAX_EXTRA_BYTES`. */
export function fitExtra(extra: LineFields): LineFields {
  return fitBytes(withFewFields(extra));
}

function fitBytes(extra: LineFields): LineFields {
  const fitted = fitTexts(extra, MAX_EXTRA_BYTES);
  if (fitted === extra || jsonBytes(fitted) <= MAX_EXTRA_BYTES) return fitted;
  // some have so many members that these alone are too large: the text of their beginning stays
  const flat = fitTexts(flattened(fitted), MAX_EXTRA_BYTES);
  if (jsonBytes(flat) <= MAX_EXTRA_BYTES) return flat;
  return { cut: cutText(JSON.stringify(flat), MAX_EXTRA_BYTES - 100) };
}

function withFewFields(fields: LineFields): LineFields {
  const keys = Object.keys(fields);
  if (keys.length <= MOST_FIELDS) return fields;
  const few: LineFields = {};
  for (const key of keys.slice(0, MOST_FIELDS)) put(few, key, fields[key]);
  few.cut = `${keys.length - MOST_FIELDS} more fields`;
  return few;
}

/** A few members cost nothing, and their text would be escaped. */
const FEW_BYTES = 1000;

function flattened(fields: Readonly<LineFields>): LineFields {
  const flat: LineFields = {};
  for (const key of Object.keys(fields)) {
    const value = fields[key];
    const isLarge = typeof value === 'object' && value !== null && jsonBytes(value) > FEW_BYTES;
    put(flat, key, isLarge ? JSON.stringify(value) : value);
  }
  return flat;
}

function plain(value: unknown): unknown {
  if (typeof value === 'string') return cutText(value, MAX_EXTRA_BYTES);
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value;
  return toJson(value, MAX_EXTRA_BYTES);
}

function errorFields(error: Error): LineFields {
  const { type, value, traceback } = excInfoOf(error);
  const fields: LineFields = { type, message: value, stack: traceback };
  addOwnFields(fields, error);
  return fields;
}

/** Not as errors again, where they are some: an error may hold itself. */
function addOwnFields(extra: LineFields, error: unknown): void {
  const own = withFewFields(ownFieldsOf(error));
  for (const key of Object.keys(own)) {
    const kept = plain(own[key]);
    if (kept !== undefined) put(extra, key, kept);
  }
}
