import { endOfQuoted, splitList } from '../datafiles/split-list.js';
import type { Engine } from './engine.js';
import { readRows } from './read-rows.js';

/** A table as ClickHouse describes it, in its own spelling of types and expressions. */
export interface StoredTable {
  /** With its arguments, as in `ReplacingMergeTree(version)`. */
  readonly engine: string;
  readonly sortingKey: string;
  readonly primaryKey: string;
  readonly partitionKey: string;
  /** `''` when it has none. */
  readonly ttl: string;
  readonly columns: readonly StoredColumn[];
  /** What follows the name of each index. */
  readonly indexes: ReadonlyMap<string, string>;
}

/** A column of a {@link StoredTable}; what it does not have is `''`. */
export interface StoredColumn {
  readonly name: string;
  readonly type: string;
  readonly default: string;
  readonly codec: string;
  readonly ttl: string;
}

/** Reads how a table of the current database was made; `undefined` when there is none of that name. */
export async function storedTable(engine: Engine, name: string): Promise<StoredTable | undefined> {
  const sql = `
    SELECT engine_full, engine, sorting_key, primary_key, partition_key, create_table_query,
      (SELECT groupArray((name, type, default_expression, compression_codec)
         ::Tuple(name String, type String, default String, codec String))
       FROM (SELECT * FROM system.columns WHERE database = currentDatabase() AND table = '${name}' ORDER BY position)
      ) AS columns
    FROM system.tables WHERE database = currentDatabase() AND name = '${name}'`;
  const [row] = await readRows<Row>(engine, sql);
  if (row === undefined) return undefined;
  const parts = columnList(row.create_table_query);
  const definition = (column: string) => parts.find((part) => part.startsWith(`\`${column}\` `)) ?? '';
  return {
    // The arguments of an engine (its version column, say) are only in the full text.
    engine: /^\w+(\([^)]*\)+)?/.exec(row.engine_full)?.[0] ?? row.engine,
    sortingKey: row.sorting_key,
    primaryKey: row.primary_key,
    partitionKey: row.partition_key,
    ttl: / TTL (.*?)(?: SETTINGS .*)?$/s.exec(row.engine_full)?.[1] ?? '',
    columns: row.columns.map((column) => ({
      ...column,
      ttl: / TTL (.*)$/s.exec(definition(column.name))?.[1] ?? '',
    })),
    indexes: new Map(
      parts.flatMap((part) => {
        const [, index, rest] = /^INDEX `?(\w+)`? (.*)$/s.exec(part) ?? [];
        return index === undefined || rest === undefined ? [] : [[index, rest]];
      }),
    ),
  };
}

/** An engine without what only says that it has replicas: `ReplicatedMergeTree('/path', '{replica}')`, `SharedMergeTree`. */
export function plainEngine(engine: string): string {
  const [, family, values] =
    /^(?:Replicated|Shared)(\w+)(?:\('[^']*', '[^']*'(?:, )?(.*)\))?$/s.exec(engine) ?? [];
  if (family === undefined) return engine;
  return values ? `${family}(${values})` : family;
}

interface Row {
  readonly engine_full: string;
  readonly engine: string;
  readonly sorting_key: string;
  readonly primary_key: string;
  readonly partition_key: string;
  readonly create_table_query: string;
  readonly columns: readonly Omit<StoredColumn, 'ttl'>[];
}

/** The columns and indexes of a CREATE TABLE, each as it stands between the commas of the first brackets. */
function columnList(createQuery: string): readonly string[] {
  const start = createQuery.indexOf('(') + 1;
  let depth = 1;
  let end = start;
  while (end < createQuery.length && depth > 0) {
    const character = createQuery.charAt(end);
    if (`'"\``.includes(character)) end = (endOfQuoted(createQuery, end) ?? createQuery.length) - 1;
    else if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    end += 1;
  }
  return splitList(createQuery.slice(start, end - 1)).pieces.map(({ text }) => text);
}
