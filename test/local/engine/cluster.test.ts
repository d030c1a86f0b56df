import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Datafile, parseDatafile } from '../../../src/local/datafiles/datafile.js';
import { openChdb } from '../../../src/local/engine/chdb.js';
import type { Engine } from '../../../src/local/engine/engine.js';
import { createTables } from '../../../src/local/engine/tables.js';
import { temporaryDirectory } from '../../support/temporary.js';

const MAIN = { name: 'main', database: 'llm' };

/**
 * A host of the cluster 'main' as far as this machine can be one: what is for the whole cluster is recorded, read by
 * ClickHouse's own parser, and then done to the tables that store the rows here.
 */
async function clusterHost() {
  const engine = await openChdb(join(await temporaryDirectory(), 'clickhouse'));
  onTestFinished(() => engine.close());
  const statements: string[] = [];
  const host: Engine = {
    ...engine,
    cluster: MAIN,
    async exec(ddl) {
      if (!ddl.includes('__declared')) statements.push(ddl);
      await engine.read(`EXPLAIN AST ${ddl}`, { format: 'TSV' });
      if (ddl.includes('Distributed(') || / TABLE `(calls|calls_quarantine)` ON/.test(ddl)) return;
      await engine.exec(
        ddl
          .replace(' ON CLUSTER `main`', '')
          .replace(/Replicated(\w+)\(.*?'\{replica\}'(?:, )?/, '$1(')
          .replace('MergeTree()', 'MergeTree'),
      );
    },
  };
  return { host, statements };
}

const datafile = (columns: string, more: string): Datafile =>
  parseDatafile(`SCHEMA >\n${columns}\n${more}`, 'calls.datasource');

const BEFORE = datafile(
  '    `id` String `json:$.id`,\n    `cost` Float64 `json:$.cost` DEFAULT 0',
  'ENGINE_SORTING_KEY id',
);
const COLUMNS = '`id` String, `cost` Float64 DEFAULT 0';
const QUARANTINE =
  'c__error_column Array(String), c__error Array(String), c__import_id Nullable(String), ' +
  '`id` Nullable(String), `cost` Nullable(String), insertion_date DateTime DEFAULT now()';
/** After every test of every year. */
const FAR = "toDateTime('2100-01-01') + toIntervalSecond(length(id))";
const REPLICATED = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'";

describe('a datasource on a cluster', () => {
  it('is a replicated table on each host, and a distributed one in front', async () => {
    const { host, statements } = await clusterHost();
    await createTables(host, [BEFORE]);
    expect(statements).toEqual([
      `CREATE TABLE IF NOT EXISTS \`calls_local\` ON CLUSTER \`main\` (${COLUMNS}) ` +
        `ENGINE = ReplicatedMergeTree(${REPLICATED}) ORDER BY (id)`,
      `CREATE TABLE IF NOT EXISTS \`calls\` ON CLUSTER \`main\` (${COLUMNS}) ` +
        "ENGINE = Distributed('main', 'llm', 'calls_local', rand())",
      `CREATE TABLE IF NOT EXISTS \`calls_quarantine_local\` ON CLUSTER \`main\` (${QUARANTINE}) ` +
        `ENGINE = ReplicatedMergeTree(${REPLICATED}) ORDER BY insertion_date`,
      `CREATE TABLE IF NOT EXISTS \`calls_quarantine\` ON CLUSTER \`main\` (${QUARANTINE}) ` +
        "ENGINE = Distributed('main', 'llm', 'calls_quarantine_local', rand())",
    ]);
  });

  it('keeps rows that merge into one on one host, and what concerns storage in the table that stores', async () => {
    const { host, statements } = await clusterHost();
    const more =
      'ENGINE ReplacingMergeTree\nENGINE_VER cost\nENGINE_SORTING_KEY id, cost\nENGINE_PARTITION_KEY length(id)';
    const parsed = datafile('    `id` String `json:$.id`,\n    `cost` Float64 `json:$.cost` DEFAULT 0', more);
    const [id, cost] = parsed.columns;
    await createTables(host, [
      {
        ...parsed,
        columns: [{ ...id, codec: 'ZSTD(3)' }, cost] as Datafile['columns'],
        primaryKey: 'id',
        indexes: ['by_cost cost TYPE minmax GRANULARITY 2'],
        ttl: FAR,
        settings: 'index_granularity = 1024',
      },
    ]);
    expect(statements.slice(0, 2)).toEqual([
      'CREATE TABLE IF NOT EXISTS `calls_local` ON CLUSTER `main` ' +
        '(`id` String CODEC(ZSTD(3)), `cost` Float64 DEFAULT 0, INDEX by_cost cost TYPE minmax GRANULARITY 2) ' +
        `ENGINE = ReplicatedReplacingMergeTree(${REPLICATED}, cost) PARTITION BY (length(id)) PRIMARY KEY (id) ` +
        `ORDER BY (id, cost) TTL ${FAR} SETTINGS index_granularity = 1024`,
      `CREATE TABLE IF NOT EXISTS \`calls\` ON CLUSTER \`main\` (${COLUMNS}) ` +
        "ENGINE = Distributed('main', 'llm', 'calls_local', cityHash64(id, cost))",
    ]);
  });

  it('that stores nothing has nothing to distribute', async () => {
    const { host, statements } = await clusterHost();
    await createTables(host, [datafile('    `id` String `json:$.id`', 'ENGINE Null')]);
    expect(statements[0]).toBe(
      'CREATE TABLE IF NOT EXISTS `calls` ON CLUSTER `main` (`id` String) ENGINE = Null',
    );
    expect(statements.join()).not.toContain("'calls_local'");
  });

  it('is changed in both tables, on every host, and what is declared is tried on this host alone', async () => {
    const { host, statements } = await clusterHost();
    await createTables(host, [BEFORE]);
    statements.length = 0;
    const columns =
      "    `id` String `json:$.id`,\n    `user` String `json:$.user` DEFAULT '',\n    `cost` Float64 `json:$.cost` DEFAULT 1";
    await createTables(host, [{ ...datafile(columns, 'ENGINE_SORTING_KEY id'), ttl: FAR }]);
    // A host that was added since has none yet.
    const created = statements.filter((statement) => statement.startsWith('CREATE TABLE IF NOT EXISTS'));
    expect(created.map((statement) => /`(\w+)`/.exec(statement)?.[1])).toEqual([
      'calls_local',
      'calls',
      'calls_quarantine_local',
      'calls_quarantine',
    ]);
    expect(statements.filter((statement) => !statement.startsWith('CREATE TABLE IF NOT EXISTS'))).toEqual([
      "ALTER TABLE `calls_local` ON CLUSTER `main` ADD COLUMN IF NOT EXISTS `user` String DEFAULT '' AFTER `id`",
      "ALTER TABLE `calls` ON CLUSTER `main` ADD COLUMN IF NOT EXISTS `user` String DEFAULT '' AFTER `id`",
      'ALTER TABLE `calls_local` ON CLUSTER `main` MODIFY COLUMN `cost` Float64 DEFAULT 1',
      'ALTER TABLE `calls` ON CLUSTER `main` MODIFY COLUMN `cost` Float64 DEFAULT 1',
      `ALTER TABLE \`calls_local\` ON CLUSTER \`main\` MODIFY TTL ${FAR}`,
      'ALTER TABLE `calls_quarantine_local` ON CLUSTER `main` ADD COLUMN IF NOT EXISTS `user` Nullable(String) AFTER `id`',
      'ALTER TABLE `calls_quarantine` ON CLUSTER `main` ADD COLUMN IF NOT EXISTS `user` Nullable(String) AFTER `id`',
    ]);
  });
});
