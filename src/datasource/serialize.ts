import { describeThrown, TinybirdError } from '../api/errors.js';

/**
 * A row as one line of JSON, or the problem that keeps it from being one. A BigInt becomes its digits and a cycle
 * `"[Circular]"`, so that one odd value in somebody's metadata does not cost the row.
 */
export function serializeRow(row: unknown): string | TinybirdError {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    return unserializable(
      `it is ${row === null ? 'null' : Array.isArray(row) ? 'an array' : `a ${typeof row}`}`,
    );
  }
  try {
    return lineOf(JSON.stringify(row));
  } catch {
    try {
      return lineOf(JSON.stringify(row, safely()));
    } catch (thrown) {
      return unserializable(describeThrown(thrown));
    }
  }
}

/** `toJSON` may give anything: only a JSON object is a row. */
function lineOf(json: string | undefined): string | TinybirdError {
  return json?.startsWith('{') ? json : unserializable('its toJSON gives no object');
}

function unserializable(why: string): TinybirdError {
  return new TinybirdError(
    'unserializable',
    `A row was dropped: it cannot be written as a JSON object (${why}). Append plain objects.`,
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
