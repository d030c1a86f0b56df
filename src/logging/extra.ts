import { cutText, fitTexts, jsonBytes } from '../call/limit.js';
import { toJson } from '../call/plain.js';
import { excInfoOf, isThrowable, ownFieldsOf } from './exc-info.js';
import { fieldsIn, type LineFields, put } from './fields.js';

/** Bytes of a line's extra fields as JSON. */
export const MAX_EXTRA_BYTES = 256_000;

/**
 * The caller's fields as JSON values: BigInts and dates as text, errors with their type and stack, cycles and what
 * cannot be read by a placeholder. Never throws.
 *
 * @param thrown of which the own fields stand beside the caller's
 */
export function extraOf(fields: Readonly<LineFields>, thrown: unknown): LineFields {
  const extra: LineFields = {};
  if (thrown !== undefined && thrown !== null) addOwnFields(extra, thrown);
  for (const key of Object.keys(fields)) {
    const value = fields[key];
    const kept = isThrowable(value) ? errorFields(value) : plain(value);
    if (kept !== undefined) put(extra, key, kept);
  }
  return fitExtra(extra);
}

/** Fields that are JSON values, in at most `MAX_EXTRA_BYTES`. */
export function fitExtra(extra: LineFields): LineFields {
  const fitted = fitTexts(extra, MAX_EXTRA_BYTES);
  if (fitted === extra || jsonBytes(fitted) <= MAX_EXTRA_BYTES) return fitted;
  // so many members that they alone are too large
  return { cut: cutText(JSON.stringify(fitted), MAX_EXTRA_BYTES / 2) };
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
  const own = fieldsIn(ownFieldsOf(error));
  for (const key of Object.keys(own)) {
    const kept = plain(own[key]);
    if (kept !== undefined) put(extra, key, kept);
  }
}
