import type { IncomingMessage } from 'node:http';
import type { LocalDatasource } from '../project.js';
import { type Ingested, ingest } from '../rows/ingest.js';
import { type Answer, HttpError, readText } from './http.js';
import type { LocalTinybird } from './routes.js';
import { store } from './store.js';

/** `POST /v0/events?name=…`: with `wait=true` the answer says that the rows are stored, else that they will be. */
export async function takeEvents(
  tinybird: LocalTinybird,
  request: IncomingMessage,
  url: URL,
): Promise<Answer> {
  const datasource = datasourceOf(tinybird, url.searchParams.get('name'), '/v0/events?name=litellm');
  const { name } = datasource.datafile;
  const { allowed, headers } = tinybird.rateLimit.take(name);
  try {
    if (!allowed)
      throw new HttpError(429, `too many requests for '${name}': wait as long as Retry-After says`);
    tinybird.simulator.refuse();
    const body = await readText(request, tinybird.simulator.maxBodyBytes);
    const ingested = ingest(datasource, body);
    refuseMalformed(ingested);
    const answer = await takeIn(tinybird, name, ingested, isTrue(url.searchParams.get('wait')));
    await tinybird.simulator.delay();
    tinybird.simulator.fail();
    return { ...answer, headers };
  } catch (error) {
    if (error instanceof HttpError)
      throw new HttpError(error.status, error.message, { ...headers, ...error.headers });
    throw error;
  }
}

/**
 * The datasource that a request names.
 *
 * @param example - where to send instead, for who names none
 * @throws HttpError 400 without a name, 404 when there is none of that name
 */
export function datasourceOf(
  tinybird: Pick<LocalTinybird, 'datasources'>,
  name: string | null,
  example: string,
): LocalDatasource {
  if (!name) throw new HttpError(400, `the parameter 'name' is missing: send it as in ${example}`);
  const datasource = tinybird.datasources.get(name);
  if (datasource) return datasource;
  const known = [...tinybird.datasources.keys()].join(', ');
  const shown = name.slice(0, 100);
  throw new HttpError(
    404,
    `there is no Data Source '${shown}': there are ${known}. A file ${shown}.datasource and a restart add it`,
  );
}

/**
 * A bad line among good ones is set aside; a body of nothing else is no NDJSON.
 *
 * @throws HttpError 400
 */
export function refuseMalformed({ rows, quarantined, malformed }: Ingested): void {
  const [first] = quarantined;
  if (first === undefined || rows.length > 0 || malformed < quarantined.length) return;
  const { c__error: [reason = ''] = [] } = JSON.parse(first) as { c__error?: string[] };
  throw new HttpError(
    400,
    `the body is not NDJSON, nothing is stored: ${reason}. Send one JSON object a line`,
  );
}

/** How a flag of a request is set. */
export function isTrue(value: string | null): boolean {
  return ['true', '1'].includes((value ?? '').toLowerCase());
}

/** Beyond it a request without `wait` is held until its rows are stored: a flood must not fill the memory. */
const MAX_PENDING_BYTES = 32 * 1024 * 1024;

async function takeIn(
  { writes, onLost }: LocalTinybird,
  name: string,
  ingested: Ingested,
  wait: boolean,
): Promise<Answer> {
  const stored = store(writes, name, ingested);
  if (wait) {
    const { rows, quarantined } = await stored;
    return { status: 200, body: { successful_rows: rows, quarantined_rows: quarantined } };
  }
  const settled = stored.catch(onLost);
  if (writes.pendingBytes() > MAX_PENDING_BYTES) await settled;
  const { rows, quarantined } = ingested;
  return { status: 202, body: { successful_rows: rows.length, quarantined_rows: quarantined.length } };
}
