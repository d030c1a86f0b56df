import type { GroupCommit } from '../engine/group-commit.js';
import { EngineUnreachableError, QueryError } from '../errors.js';
import type { Ingested } from '../rows/ingest.js';
import type { JsonObject } from '../rows/json-path.js';
import { quarantineTable, refusedRow } from '../rows/quarantine.js';
import { HttpError } from './http.js';

/** How many rows a request has stored, and how many of them set aside. */
export interface Stored {
  readonly rows: number;
  readonly quarantined: number;
}

/**
 * Stores the rows of a request: the good ones first, so that a failure leaves nothing behind and the request may be
 * sent again. A row that ClickHouse itself refuses (its DEFAULT fails, say) is looked for and set aside, the others
 * are stored.
 *
 * @param name - the datasource
 * @param table - where the good rows go. @defaultValue the datasource's own table
 * @throws HttpError 503 when nothing is stored and it may be sent again, 422 when a part of it is stored
 */
export async function store(
  writes: GroupCommit,
  name: string,
  { rows, quarantined }: Ingested,
  table = name,
): Promise<Stored> {
  const sieve = new Sieve(writes, table);
  let aside: readonly string[] = quarantined;
  try {
    await sieve.store(rows);
    aside = [...quarantined, ...sieve.refused];
    await writes.write(quarantineTable(name), aside);
  } catch (error) {
    throw sieve.stored === 0
      ? notStored(error)
      : partlyStored(error, sieve.stored, rows.length, aside.length);
  }
  return { rows: sieve.stored, quarantined: aside.length };
}

/** Finds the rows that ClickHouse refuses by halves. */
class Sieve {
  stored = 0;
  readonly refused: string[] = [];
  #attempts = MAX_ATTEMPTS;
  readonly #writes: GroupCommit;
  readonly #table: string;

  constructor(writes: GroupCommit, table: string) {
    this.#writes = writes;
    this.#table = table;
  }

  async store(lines: readonly string[]): Promise<void> {
    try {
      await this.#writes.write(this.#table, lines);
      this.stored += lines.length;
    } catch (error) {
      if (!isOfTheRows(error)) throw error;
      this.#attempts -= 1;
      if (lines.length === 1 || this.#attempts <= 0) {
        for (const line of lines)
          this.refused.push(JSON.stringify(refusedRow(JSON.parse(line) as JsonObject, error.message)));
        return;
      }
      const middle = lines.length >> 1;
      await this.store(lines.slice(0, middle));
      await this.store(lines.slice(middle));
    }
  }
}

/** Inserts that may fail while the bad rows of a request are looked for; past it, whole halves are set aside. */
const MAX_ATTEMPTS = 100;

/**
 * ClickHouse's errors that say nothing of the rows: too many queries, memory, disk, files, a network, a table that is
 * read-only for now, parts that wait to be merged, a keeper.
 */
const PASSING = [
  74, 75, 76, 159, 164, 198, 202, 203, 209, 210, 225, 236, 241, 242, 243, 252, 279, 285, 319, 425, 439, 999,
  1000,
];

/** Nor do these, and they last: the table is gone, or this user may not write to it. */
const LASTING = [16, 60, 81, 192, 193, 194, 497, 516];

function isOfTheRows(error: unknown): error is QueryError {
  if (!(error instanceof QueryError)) return false;
  // The one kind of too many parts that does not pass by waiting, but goes away in halves.
  if (/partitions for single INSERT block/.test(error.message)) return true;
  return !PASSING.includes(error.clickhouseCode) && !LASTING.includes(error.clickhouseCode);
}

function notStored(error: unknown): HttpError {
  const lasts = error instanceof QueryError && LASTING.includes(error.clickhouseCode);
  const told = reasonOf(error);
  return lasts
    ? new HttpError(500, `the rows could not be stored, none is: ${told}`)
    : new HttpError(503, `the rows could not be stored, none is; send them again later: ${told}`, {
        'retry-after': '1',
      });
}

function partlyStored(error: unknown, stored: number, rows: number, aside: number): HttpError {
  const missed = stored < rows ? `${rows - stored} more` : `${aside} to be quarantined`;
  return new HttpError(
    422,
    `${stored} rows are stored, ${missed} are not (${reasonOf(error)}): sending them again would store the first twice`,
  );
}

function reasonOf(error: unknown): string {
  // Anything else may name files of this machine.
  return error instanceof QueryError || error instanceof EngineUnreachableError
    ? error.message
    : 'ClickHouse cannot write';
}
