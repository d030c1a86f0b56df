import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { definitionsOf, onCluster, storageName } from '../engine/ddl.js';
import { quarantineTable } from '../rows/quarantine.js';
import { guardCondition } from '../sql/sql-guard.js';
import { datasourceOf, isTrue } from './events-route.js';
import { type Answer, HttpError, readFailure, readText } from './http.js';
import type { LocalTinybird } from './routes.js';

/** `POST /v0/datasources/NAME/truncate`: forgets every row of it; those in its quarantine stay. */
export async function truncateRows(
  tinybird: LocalTinybird,
  _request: IncomingMessage,
  _url: URL,
  name: string,
): Promise<Answer> {
  const { storage } = tableOf(tinybird, name, '/v0/datasources/litellm/truncate');
  await tinybird.writes.drain();
  await change(tinybird, `TRUNCATE TABLE ${storage} SYNC`);
  return { status: 200, body: { status: 'ok' } };
}

/** `POST /v0/datasources/NAME/delete`: forgets the rows of a `delete_condition`; `dry_run=true` only counts them. */
export async function deleteRows(
  tinybird: LocalTinybird,
  request: IncomingMessage,
  url: URL,
  name: string,
): Promise<Answer> {
  const { table, storage } = tableOf(tinybird, name, '/v0/datasources/litellm/delete');
  const form = new URLSearchParams(await readText(request));
  const parameter = (key: string) => form.get(key) ?? url.searchParams.get(key);
  const condition = parameter('delete_condition') ?? '';
  if (condition.trim() === '')
    throw new HttpError(400, "the parameter delete_condition is missing: send one, as in model = 'gpt-4o'");
  await tinybird.writes.drain();
  const { rows, guarded } = await countRows(tinybird, table, condition);
  if (isTrue(parameter('dry_run'))) return { status: 200, body: { rows_to_be_deleted: rows } };
  await change(tinybird, `ALTER TABLE ${storage} DELETE WHERE (${guarded}) SETTINGS mutations_sync = 2`);
  const id = randomUUID();
  return {
    status: 200,
    body: { id, job_id: id, delete_id: id, status: 'done', kind: 'delete_data', rows_affected: rows },
  };
}

/** A datasource's own table or its quarantine, which is addressed as a datasource too. */
function tableOf({ datasources, engine }: LocalTinybird, name: string, example: string) {
  const owner = [...datasources.values()].find(({ datafile }) => quarantineTable(datafile.name) === name);
  const { datafile } =
    owner !== undefined && !datasources.has(name) ? owner : datasourceOf({ datasources }, name, example);
  const table = definitionsOf(datafile).find((each) => each.name === name);
  if (table === undefined) throw new HttpError(404, `there is no Data Source '${name}'`);
  return { table: name, storage: onCluster(storageName(table, engine.cluster), engine.cluster) };
}

async function change({ engine }: LocalTinybird, statement: string): Promise<void> {
  await engine.exec(statement).catch((error: unknown) => {
    throw readFailure(error);
  });
}

/**
 * Runs the condition as a read first: what a SELECT may not say, a deletion may not either, and `readonly` also keeps
 * it from tables that are files.
 */
async function countRows({ engine, vocabulary }: LocalTinybird, table: string, condition: string) {
  try {
    const guarded = guardCondition(condition, vocabulary);
    const sql = `SELECT count() FROM \`${table}\` WHERE (${guarded})`;
    return { guarded, rows: Number((await engine.read(sql, { format: 'TSVRaw' })).toString()) };
  } catch (error) {
    throw readFailure(error);
  }
}
