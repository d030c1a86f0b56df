import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { LocalDatasource } from '../project.js';
import { type Ingested, ingest } from '../rows/ingest.js';
import { quarantineTable } from '../rows/quarantine.js';
import { datasourceOf, storeBoth } from './events-route.js';
import { fetchPieces } from './fetch-rows.js';
import { type Answer, decode, HttpError, mediaType, readBody, writeFailure } from './http.js';
import { startReplacement } from './replacement.js';
import type { LocalTinybird } from './routes.js';

/**
 * `POST /v0/datasources?name=…&mode=append|replace&format=ndjson`: rows as the body, as the multipart field `ndjson`,
 * or of a `url=`. What cannot be imported goes to quarantine row by row, as with events.
 */
export async function importRows(
  tinybird: LocalTinybird,
  request: IncomingMessage,
  url: URL,
): Promise<Answer> {
  const datasource = datasourceOf(
    tinybird,
    url.searchParams.get('name'),
    '/v0/datasources?name=litellm&mode=append&format=ndjson',
  );
  const mode = oneOf('mode', url.searchParams.get('mode') ?? 'append', ['append', 'replace']);
  oneOf('format', url.searchParams.get('format') ?? 'ndjson', ['ndjson']);
  const pieces = await piecesOf(tinybird, request, url);
  const counts =
    mode === 'append'
      ? await append(tinybird, datasource, pieces)
      : await replace(tinybird, datasource, pieces);
  const { name } = datasource.datafile;
  return {
    status: 200,
    body: {
      import_id: randomUUID(),
      datasource: { id: name, name },
      successful_rows: counts.rows,
      quarantined_rows: counts.quarantined,
      quarantine_rows: counts.quarantined,
      invalid_lines: 0,
      error: false,
    },
  };
}

/** What may be imported in one body, uncompressed; larger files go in parts, or by `url=`. */
const MAX_IMPORT_BYTES = 100 * 1024 * 1024;

function oneOf(parameter: string, value: string, known: readonly string[]): string {
  if (known.includes(value)) return value;
  throw new HttpError(
    400,
    `${parameter}=${value.slice(0, 40)} is not taken here: there is ${known.join(', ')}`,
  );
}

/** NDJSON, whole lines at a time. */
type Pieces = AsyncIterable<string> | Iterable<string>;

async function piecesOf(tinybird: LocalTinybird, request: IncomingMessage, url: URL): Promise<Pieces> {
  const type = mediaType(request);
  const body = await readBody(request, MAX_IMPORT_BYTES);
  // curl -d sends any text as a form, so a form without url is the rows themselves.
  const form = type === 'application/x-www-form-urlencoded' ? new URLSearchParams(decode(body)) : undefined;
  const from = url.searchParams.get('url') ?? form?.get('url');
  if (from !== null && from !== undefined) {
    if (tinybird.allowUrl) return fetchPieces(from);
    throw new HttpError(403, 'rows of a url= are only fetched by a server that was started with --allow-url');
  }
  return inPieces(type === 'multipart/form-data' ? await rowsOfForm(request, body) : decode(body));
}

/** The SDK of Tinybird calls the field `csv` whatever is in it. */
const FIELDS = ['ndjson', 'csv'];

async function rowsOfForm(request: IncomingMessage, body: Buffer): Promise<string> {
  const headers = { 'content-type': request.headers['content-type'] ?? '' };
  const form = await new Response(new Uint8Array(body), { headers }).formData().catch(() => {
    throw new HttpError(400, 'the multipart body cannot be read: send the rows as the field ndjson');
  });
  const field = FIELDS.map((name) => form.get(name)).find((value) => value !== null);
  if (field === undefined || field === null)
    throw new HttpError(
      400,
      'the multipart body has no field ndjson: send the rows as that, or as the body itself',
    );
  return typeof field === 'string' ? field : decode(new Uint8Array(await field.arrayBuffer()));
}

/** Characters that are judged and stored in one go. */
const PIECE_LENGTH = 4 * 1024 * 1024;

function* inPieces(text: string): Iterable<string> {
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start + PIECE_LENGTH);
    const end = newline === -1 ? text.length : newline + 1;
    yield text.slice(start, end);
    start = end;
  }
}

interface Counts {
  readonly rows: number;
  readonly quarantined: number;
}

async function storeEach(
  datasource: LocalDatasource,
  pieces: Pieces,
  store: (ingested: Ingested) => Promise<void>,
): Promise<Counts> {
  let rows = 0;
  let quarantined = 0;
  for await (const piece of pieces) {
    const ingested = ingest(datasource, piece);
    await store(ingested);
    rows += ingested.rows.length;
    quarantined += ingested.quarantined.length;
  }
  return { rows, quarantined };
}

function append(tinybird: LocalTinybird, datasource: LocalDatasource, pieces: Pieces): Promise<Counts> {
  return storeEach(datasource, pieces, (ingested) => storeBoth(tinybird, datasource.datafile.name, ingested));
}

/** Who reads meanwhile sees the old rows, then all of the new ones. */
async function replace(
  tinybird: LocalTinybird,
  datasource: LocalDatasource,
  pieces: Pieces,
): Promise<Counts> {
  const { name } = datasource.datafile;
  const replacement = await startReplacement(tinybird.engine, datasource.datafile);
  try {
    const quarantined: string[][] = [];
    const counts = await storeEach(datasource, pieces, async (ingested) => {
      quarantined.push([...ingested.quarantined]);
      await replacement.insert(ingested.rows);
    });
    await replacement.finish();
    for (const lines of quarantined) await tinybird.writes.write(quarantineTable(name), lines);
    return counts;
  } catch (error) {
    throw writeFailure(error);
  } finally {
    await replacement.discard();
  }
}
