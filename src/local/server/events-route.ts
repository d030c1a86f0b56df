import type { IncomingMessage } from 'node:http';
import type { LocalDatasource } from '../project.js';
import { type Ingested, ingest } from '../rows/ingest.js';
import { quarantineTable } from '../rows/quarantine.js';
import { type Answer, HttpError, readText, writeFailure } from './http.js';
import type { LocalTinybird } from './routes.js';

/** `POST /v0/events?name=…`: with `wait=true` the answer says that the rows are stored, else that they will be. */
export async function takeEvents(
  tinybird: LocalTinybird,
  request: IncomingMessage,
  url: URL,
): Promise<Answer> {
  const datasource = datasourceOf(tinybird, url.searchParams.get('name'), '/v0/events?name=litellm');
  const { name } = datasource.datafile;
  const { allowed, headers } = tinybird.rateLimit(name);
  if (!allowed)
    throw new HttpError(429, `too many requests for '${name}': wait as long as Retry-After says`, headers);
  try {
    tinybird.simulator.refuse();
    const answer = await store(tinybird, name, ingest(datasource, await readText(request)), url);
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
export function datasourceOf(tinybird: LocalTinybird, name: string | null, example: string): LocalDatasource {
  if (!name) throw new HttpError(400, `the parameter 'name' is missing: send it as in ${example}`);
  const datasource = tinybird.datasources.get(name);
  if (datasource) return datasource;
  const known = [...tinybird.datasources.keys()].join(', ');
  throw new HttpError(
    404,
    `there is no Data Source '${name}': there are ${known}. A file ${name}.datasource and a restart add it`,
  );
}

/** Beyond it a request without `wait` is held until its rows are stored: a flood must not fill the memory. */
const MAX_PENDING_BYTES = 32 * 1024 * 1024;

async function store(
  tinybird: LocalTinybird,
  name: string,
  { rows, quarantined }: Ingested,
  url: URL,
): Promise<Answer> {
  const stored = storeBoth(tinybird, name, { rows, quarantined });
  const wait = ['true', '1'].includes((url.searchParams.get('wait') ?? '').toLowerCase());
  if (wait) await stored;
  else {
    const settled = stored.catch(tinybird.onLost);
    if (tinybird.writes.pendingBytes() > MAX_PENDING_BYTES) await settled;
  }
  return {
    status: wait ? 200 : 202,
    body: { successful_rows: rows.length, quarantined_rows: quarantined.length },
  };
}

/**
 * Stores the good rows and the bad ones, each where they belong.
 *
 * @throws HttpError 400 or 503 when nothing is stored, 422 when only one of the two is
 */
export async function storeBoth(
  { writes }: Pick<LocalTinybird, 'writes'>,
  name: string,
  { rows, quarantined }: Ingested,
): Promise<void> {
  const [good, bad] = await Promise.allSettled([
    writes.write(name, rows),
    writes.write(quarantineTable(name), quarantined),
  ]);
  if (good.status === 'fulfilled' && bad.status === 'fulfilled') return;
  const reason = good.status === 'rejected' ? good.reason : (bad as PromiseRejectedResult).reason;
  const partly =
    good.status === 'fulfilled' ? rows.length > 0 : bad.status === 'fulfilled' && quarantined.length > 0;
  if (!partly) throw writeFailure(reason);
  const [kept, missed] = good.status === 'fulfilled' ? ['good', 'quarantined'] : ['quarantined', 'good'];
  throw new HttpError(
    422,
    `the ${kept} rows are stored, the ${missed} ones are not (${(reason as Error).message}): sending them again ` +
      'would store the first twice',
  );
}
