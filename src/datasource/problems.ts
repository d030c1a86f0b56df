import { TinybirdError } from '../api/errors.js';

/** What can become of rows, in words: how many, of which datasource, and what to do. */

export function closed(name: string): TinybirdError {
  return new TinybirdError('dropped', `A row of ${name} was dropped: its datasource is closed.`, { rows: 1 });
}

export function tooLarge(name: string, bytes: number, most: number): TinybirdError {
  return new TinybirdError(
    'dropped',
    `A row of ${name} was dropped: it has ${bytes} bytes, more than a request may have (maxRequestBytes, ${most}).`,
    { rows: 1 },
  );
}

export function overflow(name: string, rows: number, maxBufferBytes: number): TinybirdError {
  return new TinybirdError(
    'dropped',
    `The oldest rows of ${name} are being dropped: more than maxBufferBytes (${maxBufferBytes}) wait for Tinybird.`,
    { rows },
  );
}

export function lostAtExit(name: string, rows: number, timeoutMs: number): TinybirdError {
  return new TinybirdError(
    'dropped',
    `${count(rows)} of ${name} lost: the program ended and Tinybird took no rows for ${timeoutMs} ms.`,
    { rows },
  );
}

export function lostAtClose(name: string, rows: number, timeoutMs: number): TinybirdError {
  return new TinybirdError(
    'dropped',
    `${count(rows)} of ${name} dropped: not delivered ${timeoutMs} ms after close.`,
    {
      rows,
    },
  );
}

/** The problem of a request, now that its rows are given up for it. */
export function givenUp(problem: TinybirdError, rows: number): TinybirdError {
  return new TinybirdError(problem.code, `${count(rows)} given up: ${problem.message}`, {
    rows,
    ...(problem.status === undefined ? {} : { status: problem.status }),
    cause: problem,
  });
}

export function quarantined(name: string, rows: number, of: number): TinybirdError {
  return new TinybirdError(
    'quarantined',
    `${rows} of ${count(of)} did not fit the datasource ${name} and went to its quarantine. See why: ` +
      `SELECT c__error_column, c__error FROM ${name}_quarantine ORDER BY insertion_date DESC LIMIT 10`,
    { rows },
  );
}

export function unreadableAnswer(name: string, host: string, status: number): TinybirdError {
  return new TinybirdError(
    'bad_answer',
    `${host} answered ${status} to rows of ${name} without saying how many it took; they are counted as delivered. ` +
      "Is the url Tinybird's?",
    { status },
  );
}

function count(rows: number): string {
  return rows === 1 ? '1 row' : `${rows} rows`;
}
