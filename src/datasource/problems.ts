import { describeThrown, TinybirdError } from '../api/errors.js';
import type { Settings } from './options.js';

/** What can become of rows, in words: how many, of which datasource, and what to do. */

export function closed(name: string): TinybirdError {
  return new TinybirdError('closed', `A row of ${name} was dropped: its datasource is closed.`, { rows: 1 });
}

export function tooLarge(name: string, bytes: number, most: number): TinybirdError {
  return new TinybirdError(
    'dropped',
    `A row of ${name} was dropped: it has ${bytes} bytes, more than the ${most} that maxRequestBytes and ` +
      'maxBufferBytes allow. Make it smaller, or raise them as far as your plan allows.',
    { rows: 1 },
  );
}

export function overflow(name: string, rows: number, settings: Settings): TinybirdError {
  const { drop, spill, maxBufferBytes } = settings;
  const bound =
    spill === undefined ? `maxBufferBytes (${maxBufferBytes})` : `spill.maxBytes (${spill.maxBytes})`;
  return new TinybirdError(
    'dropped',
    `${count(rows)} of ${name} dropped, the ${drop} first: more wait for Tinybird than ${bound} holds.`,
    { rows },
  );
}

export function lostAtExit(name: string, rows: number, timeoutMs: number): TinybirdError {
  return new TinybirdError(
    'dropped',
    `${count(rows)} of ${name} lost: the program ended and Tinybird took no rows for ${timeoutMs} ms. ` +
      'The option spill keeps them for the next start.',
    { rows },
  );
}

export function lostAtOnce(name: string, rows: number): TinybirdError {
  return new TinybirdError(
    'dropped',
    `${count(rows)} of ${name} lost: the process ended before they were delivered. Await flush() before ` +
      'process.exit(), or set the option spill, which keeps them for the next start.',
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
    status: problem.status,
    serverMessage: problem.serverMessage,
    documentation: problem.documentation,
    cause: problem,
  });
}

/** The last problem of requests that failed for so long that rows are given up. */
export function tooOld(name: string, rows: number, maxAgeMs: number, problem: TinybirdError): TinybirdError {
  return new TinybirdError(
    'dropped',
    `${count(rows)} of ${name} dropped: not delivered within maxAgeMs (${maxAgeMs}). ${problem.message}`,
    { rows, status: problem.status, cause: problem },
  );
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

/** The problem of one row among many that were to be written. */
export function stoppedAt(problem: TinybirdError, written: number): TinybirdError {
  return new TinybirdError(problem.code, `writeAll stopped after ${count(written)}: ${problem.message}`, {
    rows: problem.rows,
    cause: problem,
  });
}

export function diskTrouble(name: string, directory: string, thrown: unknown): TinybirdError {
  return new TinybirdError(
    'spill',
    `Rows of ${name} are in memory alone for now: ${directory} cannot be used (${describeThrown(thrown)}). ` +
      'Check that the directory of the option spill can be written to and has room; it is tried again every 30 s.',
    { cause: thrown },
  );
}

export function lostOnDisk(name: string, rows: number): TinybirdError {
  return new TinybirdError(
    'dropped',
    `${count(rows)} of ${name} lost: on disk they are torn or damaged, or their file is gone. Those around them are not concerned.`,
    { rows },
  );
}

function count(rows: number): string {
  return rows === 1 ? '1 row' : `${rows} rows`;
}
