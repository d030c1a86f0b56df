import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { definitionsOf, onCluster, storageName, type TableDefinition } from '../engine/ddl.js';
import { SqlRefusedError } from '../errors.js';
import type { LocalDatasource } from '../project.js';
import { guardSql } from '../sql/sql-guard.js';
import { datasourceOf } from './events-route.js';
import { type Answer, HttpError, readFailure, readText } from './http.js';
import type { LocalTinybird } from './routes.js';

/** `POST /v0/datasources/NAME/truncate`: forgets every row of it; those in quarantine stay. */
export async function truncateRows(
  tinybird: LocalTinybird,
  _request: IncomingMessage,
  _url: URL,
  name: string,
): Promise<Answer> {
  const datasource = datasourceOf(tinybird, name, '/v0/datasources/litellm/truncate');
  await tinybird.writes.drain();
  await tinybird.engine.exec(`TRUNCATE TABLE ${storageOf(tinybird, datasource)} SYNC`);
  return { status: 200, body: { status: 'ok' } };
}

/** `POST /v0/datasources/NAME/delete`: forgets the rows of a `delete_condition`; `dry_run=true` only counts them. */
export async function deleteRows(
  tinybird: LocalTinybird,
  request: IncomingMessage,
  url: URL,
  name: string,
): Promise<Answer> {
  const datasource = datasourceOf(tinybird, name, '/v0/datasources/litellm/delete');
  const form = new URLSearchParams(await readText(request));
  const parameter = (key: string): string => form.get(key) ?? url.searchParams.get(key) ?? '';
  const condition = parameter('delete_condition');
  if (condition.trim() === '')
    throw new HttpError(400, "the parameter delete_condition is missing: send one, as in model = 'gpt-4o'");
  const matched = await countRows(tinybird, name, condition);
  if (['true', '1'].includes(parameter('dry_run').toLowerCase()))
    return { status: 200, body: { rows_to_be_deleted: matched.rows } };
  await tinybird.writes.drain();
  const change = `ALTER TABLE ${storageOf(tinybird, datasource)} DELETE WHERE ${matched.condition}`;
  await tinybird.engine.exec(`${change} SETTINGS mutations_sync = 2`).catch((error: unknown) => {
    throw readFailure(error);
  });
  const id = randomUUID();
  return { status: 200, body: { id, job_id: id, delete_id: id, status: 'done', kind: 'delete_data' } };
}

function storageOf({ engine }: LocalTinybird, { datafile }: LocalDatasource): string {
  const [table] = definitionsOf(datafile) as [TableDefinition];
  return onCluster(storageName(table, engine.cluster), engine.cluster);
}

/** Runs the condition as a read first, which also judges it: what a SELECT may not say, a deletion may not either. */
async function countRows({ engine, vocabulary }: LocalTinybird, name: string, condition: string) {
  try {
    const before = `SELECT count() AS rows FROM \`${name}\` WHERE `;
    const { sql, format } = guardSql(`${before}(${condition})`, vocabulary);
    if (format !== undefined) throw new SqlRefusedError('a condition has no FORMAT');
    const text = (await engine.read(sql, { format: 'TSVRaw' })).toString();
    return { rows: Number(text), condition: sql.slice(sql.indexOf(' WHERE ') + ' WHERE '.length) };
  } catch (error) {
    if (error instanceof SqlRefusedError) throw new HttpError(400, error.message);
    throw readFailure(error);
  }
}
