import { type ColumnType, isNullable, valueType } from '../datafiles/column-type.js';
import type { Datafile } from '../datafiles/datafile.js';
import type { DatasourceColumn } from '../datafiles/schema-columns.js';
import { QUARANTINE_AFTER, QUARANTINE_BEFORE, quarantineTable } from '../rows/quarantine.js';
import type { Cluster } from './engine.js';

/** A table as a datafile declares it. */
export interface TableDefinition {
  /** What rows are inserted into and read from. */
  readonly name: string;
  readonly columns: readonly ColumnDefinition[];
  /** Each as in `by_user user TYPE bloom_filter GRANULARITY 4`. */
  readonly indexes: readonly string[];
  /** The engine with its arguments, as in `ReplacingMergeTree(version)`. */
  readonly engine: string;
  /** What follows the engine, with the space before it: keys. */
  readonly keys: string;
  readonly ttl?: string;
  readonly settings?: string;
  /** Which host of a cluster a row goes to. */
  readonly shardingKey: string;
}

/** A column of a {@link TableDefinition}. */
export interface ColumnDefinition {
  readonly name: string;
  /** Name, type and DEFAULT: all that a Distributed table takes. */
  readonly shape: string;
  /** The same with CODEC and TTL, as the table that stores the rows has it. */
  readonly full: string;
}

/** The two tables of a datasource: its own and its quarantine. */
export function definitionsOf(datafile: Datafile): readonly TableDefinition[] {
  return [dataTable(datafile), quarantine(datafile)];
}

/** The table that stores the rows. Over a cluster that is one beside the table that is asked for them. */
export function storageName(table: TableDefinition, cluster: Cluster | undefined): string {
  return cluster === undefined || table.engine === 'Null' ? table.name : `${table.name}_local`;
}

/** The statements that make a table. Over a cluster they may be run again: what is there stays. */
export function createStatements(table: TableDefinition, cluster?: Cluster): readonly string[] {
  const storage = storageName(table, cluster);
  const indexes = table.indexes.map((index) => `INDEX ${index}`);
  const body = [...table.columns.map(({ full }) => full), ...indexes].join(', ');
  const ttl = table.ttl === undefined ? '' : ` TTL ${table.ttl}`;
  const settings = table.settings === undefined ? '' : ` SETTINGS ${table.settings}`;
  const rest = `${table.keys}${ttl}${settings}`;
  if (cluster === undefined) return [`CREATE TABLE \`${storage}\` (${body}) ENGINE = ${table.engine}${rest}`];

  const stored = `CREATE TABLE IF NOT EXISTS ${onCluster(storage, cluster)} (${body}) ENGINE = ${replicated(table.engine)}${rest}`;
  if (storage === table.name) return [stored];
  const shape = table.columns.map((column) => column.shape).join(', ');
  const place = [cluster.name, cluster.database, storage].map(sqlText).join(', ');
  return [
    stored,
    `CREATE TABLE IF NOT EXISTS ${onCluster(table.name, cluster)} (${shape}) ` +
      `ENGINE = Distributed(${place}, ${table.shardingKey})`,
  ];
}

/** A table that an ALTER changes, and on which hosts. */
export function onCluster(table: string, cluster: Cluster | undefined): string {
  return cluster === undefined ? `\`${table}\`` : `\`${table}\` ON CLUSTER \`${cluster.name}\``;
}

function dataTable(datafile: Datafile): TableDefinition {
  const { name, engine, partitionKey, primaryKey, ttl, settings } = datafile;
  const columns = datafile.columns.map(columnDefinition);
  if (engine === 'Null') return { name, columns, indexes: [], engine, keys: '', shardingKey: 'rand()' };
  const sortingKey = datafile.sortingKey ?? defaultSortingKey(datafile);
  return {
    name,
    columns,
    indexes: (datafile.indexes ?? []).map((index) => index.replace(/^INDEX\s+/i, '')),
    engine,
    keys:
      (partitionKey === undefined ? '' : ` PARTITION BY (${partitionKey})`) +
      (primaryKey === undefined ? '' : ` PRIMARY KEY (${primaryKey})`) +
      ` ORDER BY (${sortingKey})`,
    ...(ttl !== undefined && { ttl }),
    ...(settings !== undefined && { settings }),
    // Rows that merge into one (a newer version, a sum) have to be on one host.
    shardingKey: engine === 'MergeTree' || sortingKey === 'tuple()' ? 'rand()' : `cityHash64(${sortingKey})`,
  };
}

function columnDefinition(column: DatasourceColumn): ColumnDefinition {
  const { name, type, codec, ttl } = column;
  const shape = `\`${name}\` ${type.text}${column.default === undefined ? '' : ` DEFAULT ${column.default}`}`;
  const compressed = codec === undefined ? '' : ` ${/^CODEC\s*\(/i.test(codec) ? codec : `CODEC(${codec})`}`;
  return { name, shape, full: `${shape}${compressed}${ttl === undefined ? '' : ` TTL ${ttl}`}` };
}

/** Documented: without ENGINE_SORTING_KEY, DateTime, numeric or String columns are taken in that order. */
function defaultSortingKey(datafile: Datafile): string {
  const kinds: readonly (readonly ColumnType['kind'][])[] = [
    ['datetime', 'date'],
    ['integer', 'float', 'decimal'],
    ['string'],
  ];
  for (const kind of kinds) {
    const column = datafile.columns.find(
      ({ type }) => kind.includes(valueType(type).kind) && !isNullable(type),
    );
    if (column) return `\`${column.name}\``;
  }
  return 'tuple()';
}

function quarantine(datafile: Datafile): TableDefinition {
  const data = datafile.columns.map(({ name }) => `\`${name}\` Nullable(String)`);
  const columns = [...QUARANTINE_BEFORE, ...data, ...QUARANTINE_AFTER].map((shape) => ({
    name: /[^`\s]+/.exec(shape)?.[0] ?? '',
    shape,
    full: shape,
  }));
  return {
    name: quarantineTable(datafile.name),
    columns,
    indexes: [],
    engine: 'MergeTree',
    keys: ' ORDER BY insertion_date',
    shardingKey: 'rand()',
  };
}

/** `ReplacingMergeTree(version)` as one of several replicas, which find each other by that path. */
function replicated(engine: string): string {
  const [, family = engine, values] = /^(\w+)(?:\((.*)\))?$/s.exec(engine) ?? [];
  if (family === 'Null') return family;
  const place = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'";
  return `Replicated${family}(${values ? `${place}, ${values}` : place})`;
}

/** A text as SQL writes it. */
export function sqlText(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}
