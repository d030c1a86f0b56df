import type { IncomingMessage } from 'node:http';
import type { LocalDatasource } from '../datasources.js';
import type { Engine } from '../engine/engine.js';
import type { GroupCommit } from '../engine/group-commit.js';
import { ingest } from '../rows/ingest.js';
import { quarantineTable } from '../rows/quarantine.js';
import { type Answer, HttpError, readText } from './http.js';
import { answerSql } from './sql-route.js';

/** What the routes work on. */
export interface LocalTinybird {
  readonly engine: Engine;
  readonly datasources: ReadonlyMap<string, LocalDatasource>;
  readonly writes: GroupCommit;
  /** Told of rows that were accepted with 202 and then could not be stored. */
  readonly onLost: (error: unknown) => void;
}

/**
 * Answers one request as Tinybird does.
 *
 * @throws HttpError when it cannot be answered with what it asks for
 */
export async function answer(tinybird: LocalTinybird, request: IncomingMessage): Promise<Answer> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const path = url.pathname.replace(/(?<=.)\/+$/, '');
  const route = ROUTES.find(
    (candidate) => candidate.path === path && candidate.methods.includes(request.method ?? ''),
  );
  if (!route) {
    const known = ROUTES.map((each) => `${each.methods.join('|')} ${each.path}`).join(', ');
    throw new HttpError(404, `there is no ${request.method} ${path} here: there are ${known}`);
  }
  return route.answer(tinybird, request, url);
}

const ROUTES: readonly {
  readonly methods: readonly string[];
  readonly path: string;
  readonly answer: (tinybird: LocalTinybird, request: IncomingMessage, url: URL) => Answer | Promise<Answer>;
}[] = [
  { methods: ['POST'], path: '/v0/events', answer: takeEvents },
  {
    methods: ['GET', 'POST'],
    path: '/v0/sql',
    answer: ({ engine }, request, url) => answerSql(engine, request, url),
  },
  { methods: ['GET'], path: '/v0/datasources', answer: listDatasources },
  { methods: ['GET'], path: '/tokens', answer: () => ({ status: 200, body: TOKENS }) },
  { methods: ['GET'], path: '/health', answer: () => ({ status: 200, body: { status: 'ok' } }) },
];

/** Named as Tinybird Local names them, so that clients find a token the same way. Any token is accepted. */
const TOKENS = {
  user_token: 'local-user-token',
  admin_token: 'local-admin-token',
  workspace_admin_token: 'local-workspace-admin-token',
};

/** Beyond it a request without `wait` is held until its rows are stored: a flood must not fill the memory. */
const MAX_PENDING_BYTES = 32 * 1024 * 1024;

async function takeEvents(tinybird: LocalTinybird, request: IncomingMessage, url: URL): Promise<Answer> {
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

async function listDatasources({ engine, datasources }: LocalTinybird): Promise<Answer> {
  const sql =
    'SELECT name, total_rows::Float64 AS rows FROM system.tables WHERE database = currentDatabase()';
  const lines = (await engine.read(sql, { format: 'JSONEachRow' })).toString().split('\n').filter(Boolean);
  const tables = lines.map((line) => JSON.parse(line) as { name: string; rows: number | null });
  const rowsOf = (table: string) => tables.find(({ name }) => name === table)?.rows ?? 0;
  return {
    status: 200,
    body: {
      datasources: [...datasources.values()].map(({ datafile }) => ({
        id: datafile.name,
        name: datafile.name,
        description: datafile.description ?? '',
        engine: {
          engine: datafile.engine,
          engine_sorting_key: datafile.sortingKey ?? '',
          engine_partition_key: datafile.partitionKey ?? '',
        },
        columns: datafile.columns.map(({ name, type, path, default: defaultValue }) => ({
          name,
          type: type.text,
          jsonpath: path ?? null,
          default_value: defaultValue ?? null,
        })),
        statistics: { row_count: rowsOf(datafile.name) },
        quarantine_rows: rowsOf(quarantineTable(datafile.name)),
      })),
    },
  };
}
