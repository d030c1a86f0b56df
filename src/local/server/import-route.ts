import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { LocalDatasource } from '../project.js';
import { type Ingested, ingest } from '../rows/ingest.js';
import { quarantineTable } from '../rows/quarantine.js';
import { datasourceOf, refuseMalformed } from './events-route.js';
import { type Answer, HttpError } from './http.js';
import { type Pieces, piecesOf } from './import-source.js';
import { startReplacement } from './replacement.js';
import type { LocalTinybird } from './routes.js';
import { type Stored, store } from './store.js';

/**
 * `POST /v0/datasources?name=…&mode=append|replace&format=ndjson`: rows as the body, as the multipart field `ndjson`,
 * or of a `url=`. What cannot be imported goes to quarantine row by row, as with events.
 */
export async function importRows(
  tinybird: LocalTinybird,
  request: IncomingMessage,
  url: URL,
): Promise<Answer> {
  const example = '/v0/datasources?name=litellm&mode=append&format=ndjson';
  const datasource = datasourceOf(tinybird, url.searchParams.get('name'), example);
  const mode = oneOf('mode', url.searchParams.get('mode') ?? 'append', ['append', 'replace']);
  oneOf('format', url.searchParams.get('format') ?? 'ndjson', ['ndjson']);
  const pieces = await piecesOf(tinybird, request, url);
  const run = new Import(tinybird, datasource);
  await (mode === 'append' ? run.append(pieces) : run.replace(pieces));
  const { name } = datasource.datafile;
  return {
    status: 200,
    body: {
      import_id: run.id,
      datasource: { id: name, name },
      successful_rows: run.rows,
      quarantined_rows: run.quarantined,
      quarantine_rows: run.quarantined,
      invalid_lines: run.malformed,
      error: false,
    },
  };
}

function oneOf(parameter: string, value: string, known: readonly string[]): string {
  if (known.includes(value)) return value;
  throw new HttpError(
    400,
    `${parameter}=${value.slice(0, 40)} is not taken here: there is ${known.join(', ')}`,
  );
}

/** One import: its rows are judged and stored piece by piece, however many they are. */
class Import {
  readonly id = randomUUID();
  rows = 0;
  quarantined = 0;
  malformed = 0;
  readonly #tinybird: LocalTinybird;
  readonly #datasource: LocalDatasource;

  constructor(tinybird: LocalTinybird, datasource: LocalDatasource) {
    this.#tinybird = tinybird;
    this.#datasource = datasource;
  }

  get #name(): string {
    return this.#datasource.datafile.name;
  }

  async append(pieces: Pieces): Promise<void> {
    try {
      await this.#each(pieces, (ingested) => store(this.#tinybird.writes, this.#name, ingested));
    } catch (error) {
      throw this.rows === 0 ? error : this.#partly(error);
    }
  }

  /** Who reads meanwhile sees the old rows, then all of the new ones. */
  async replace(pieces: Pieces): Promise<void> {
    const { engine, writes } = this.#tinybird;
    const replacement = await startReplacement(engine, this.#datasource.datafile);
    try {
      await this.#each(pieces, (ingested) => store(writes, this.#name, ingested, replacement.table));
      if (this.rows === 0 && this.quarantined > 0)
        throw new HttpError(
          400,
          `none of the ${this.quarantined} rows fits, so those of '${this.#name}' stay: ` +
            `SELECT c__error FROM ${quarantineTable(this.#name)} says why`,
        );
      // What was accepted before is replaced too.
      await writes.drain();
      await replacement.finish();
    } catch (error) {
      throw this.rows === 0 ? error : this.#untouched(error);
    } finally {
      await replacement.discard();
    }
  }

  async #each(pieces: Pieces, keep: (ingested: Ingested) => Promise<Stored>): Promise<void> {
    let first = true;
    for await (const piece of pieces) {
      const ingested = ingest(this.#datasource, piece);
      if (first) refuseMalformed(ingested);
      first = false;
      const stored = await keep({ ...ingested, quarantined: ingested.quarantined.map(this.#withId) });
      this.rows += stored.rows;
      this.quarantined += stored.quarantined;
      this.malformed += ingested.malformed;
    }
  }

  /** Says of a quarantined row which import it came with. */
  readonly #withId = (line: string): string => `{"c__import_id":"${this.id}",${line.slice(1)}`;

  #partly(error: unknown): HttpError {
    return new HttpError(
      422,
      `${this.rows} rows are stored, the others are not (${messageOf(error)}): sending all again would store the first twice`,
    );
  }

  /** Of a replacement nothing is seen until all of it is there, so 422 is as good as nothing stored. */
  #untouched(error: unknown): unknown {
    if (!(error instanceof HttpError) || error.status !== 422) return error;
    return new HttpError(503, `the rows could not be replaced, the old ones stay: ${error.message}`, {
      'retry-after': '1',
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof HttpError ? error.message : 'the server failed';
}
