import type { IncomingMessage } from 'node:http';
import { ingest } from '../rows/ingest.js';
import { quarantineTable } from '../rows/quarantine.js';
import { type Answer, HttpError, readText } from './http.js';
import type { LocalTinybird } from './routes.js';

/** `POST /v0/events?name=…`: with `wait=true` the answer says that the rows are stored, else that they will be. */
export async function takeEvents(
  tinybird: LocalTinybird,
  request: IncomingMessage,
  url: URL,
): Promise<Answer> {
  const name = url.searchParams.get('name');
  if (!name)
    throw new HttpError(400, "the parameter 'name' is missing: send it as in /v0/events?name=litellm");
  const datasource = tinybird.datasources.get(name);
  if (!datasource) {
    const known = [...tinybird.datasources.keys()].join(', ');
    throw new HttpError(
      404,
      `there is no Data Source '${name}': there are ${known}. A file ${name}.datasource and a restart add it`,
    );
  }
  const { rows, quarantined } = ingest(datasource, await readText(request));
  const stored = Promise.all([
    tinybird.writes.write(name, rows),
    tinybird.writes.write(quarantineTable(name), quarantined),
  ]);
  const wait = ['true', '1'].includes(url.searchParams.get('wait') ?? '');
  if (wait) await stored;
  else {
    const settled = stored.then(() => undefined, tinybird.onLost);
    if (tinybird.writes.pendingBytes() > MAX_PENDING_BYTES) await settled;
  }
  return {
    status: wait ? 200 : 202,
    body: { successful_rows: rows.length, quarantined_rows: quarantined.length },
  };
}

/** Beyond it a request without `wait` is held until its rows are stored: a flood must not fill the memory. */
const MAX_PENDING_BYTES = 32 * 1024 * 1024;
