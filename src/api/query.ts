import { TinybirdError } from './errors.js';
import type { HttpAnswer } from './transport.js';

/** What a query answers: Tinybird's JSON shape. `Row` is the caller's word for what its columns are. */
export interface QueryAnswer<Row> {
  meta: { name: string; type: string }[];
  data: Row[];
  rows: number;
  /** How many rows there would be without LIMIT; where ClickHouse knows it. */
  rows_before_limit_at_least?: number;
  /** `elapsed` in seconds. */
  statistics?: { elapsed: number; rows_read: number; bytes_read: number };
}

/**
 * The rows of an answer.
 * @param what what was asked, for the message
 * @throws TinybirdError `bad_answer` when the answer is not of this shape, or broke off
 */
export function readRows<Row>(answer: HttpAnswer, host: string, what: string): QueryAnswer<Row> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(answer.text ?? '');
  } catch {
    // The parser's own error quotes the text it failed on, which may be somebody's data.
  }
  if (typeof parsed === 'object' && parsed !== null && 'data' in parsed && Array.isArray(parsed.data)) {
    return parsed as QueryAnswer<Row>;
  }
  const why = answer.text === undefined ? 'broke off, stalled or was too long' : 'is no JSON with data';
  throw new TinybirdError(
    'bad_answer',
    `The answer of ${host} for the ${what} ${why}. A FORMAT in the query must be a form of JSON with data.`,
    { status: answer.status },
  );
}
