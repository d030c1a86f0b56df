import type { Datafile } from '../datafiles/datafile.js';
import {
  createStatements,
  definitionsOf,
  onCluster,
  storageName,
  type TableDefinition,
} from '../engine/ddl.js';
import type { Engine } from '../engine/engine.js';
import { readRows } from '../engine/read-rows.js';
import { HttpError } from './http.js';

/** Rows that take the place of a datasource's, once they are all there. */
export interface Replacement {
  /** Where they are stored until then. */
  readonly table: string;
  /** From now on the datasource has these rows. */
  finish(): Promise<void>;
  /** Removes what is left, whether it was finished or not. */
  discard(): Promise<void>;
}

/**
 * Begins to replace a datasource's rows, in a table beside its own.
 *
 * @throws HttpError 409 while another replacement of it runs
 */
export async function startReplacement(engine: Engine, datafile: Datafile): Promise<Replacement> {
  const running = RUNNING.get(engine) ?? new Set();
  RUNNING.set(engine, running);
  if (running.has(datafile.name))
    throw new HttpError(
      409,
      `the rows of '${datafile.name}' are being replaced already: wait for that to end`,
    );
  running.add(datafile.name);

  const [table] = definitionsOf(datafile) as [TableDefinition];
  // A name of its own each time: over a cluster the path of a replicated table stays that of the name it was made with.
  const beside = { ...table, name: `${table.name}${REPLACEMENT}${Date.now().toString(36)}` };
  const tables = [...new Set([beside.name, storageName(beside, engine.cluster)])];
  const discard = async (): Promise<void> => {
    for (const name of tables)
      await engine.exec(`DROP TABLE IF EXISTS ${onCluster(name, engine.cluster)} SYNC`).catch(() => {});
    running.delete(datafile.name);
  };
  try {
    for (const statement of createStatements(beside, engine.cluster)) await engine.exec(statement);
  } catch (error) {
    await discard();
    throw error;
  }
  return {
    table: beside.name,
    finish: () =>
      engine.exec(
        `EXCHANGE TABLES \`${storageName(table, engine.cluster)}\` AND \`${storageName(beside, engine.cluster)}\`` +
          (engine.cluster === undefined ? '' : ` ON CLUSTER \`${engine.cluster.name}\``),
      ),
    discard,
  };
}

/** Removes the tables of replacements that a killed server left behind. */
export async function dropReplacements(engine: Engine): Promise<void> {
  const sql = `SELECT name FROM system.tables WHERE database = currentDatabase() AND position(name, '${REPLACEMENT}') > 0`;
  for (const { name } of await readRows<{ name: string }>(engine, sql))
    await engine.exec(`DROP TABLE IF EXISTS ${onCluster(name, engine.cluster)} SYNC`);
}

const REPLACEMENT = '__replacement_';

const RUNNING = new WeakMap<Engine, Set<string>>();
