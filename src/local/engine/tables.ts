import { type ColumnType, isNullable, valueType } from '../datafiles/column-type.js';
import type { Datafile } from '../datafiles/datafile.js';
import { DatafileError, SchemaChangeError } from '../errors.js';
import { QUARANTINE_AFTER, QUARANTINE_BEFORE, quarantineTable } from '../rows/quarantine.js';
import type { Engine } from './engine.js';

/**
 * Brings the tables up to the datafiles: one table a datasource and its `<name>_quarantine`. A new column is added
 * to what is stored; a column the datafile no longer has stays as it is.
 *
 * @throws SchemaChangeError when stored rows do not fit the datafile any more (type, engine or key)
 * @throws DatafileError when ClickHouse refuses the table, a DEFAULT for instance
 */
export async function createTables(engine: Engine, datafiles: readonly Datafile[]): Promise<void> {
  for (const datafile of datafiles) {
    await createTable(engine, datafile, dataTable(datafile));
    await createTable(engine, datafile, quarantineDefinition(datafile));
  }
}

interface TableDefinition {
  readonly name: string;
  readonly columns: readonly string[];
  readonly storage: string;
}

function dataTable(datafile: Datafile): TableDefinition {
  const columns = datafile.columns.map(
    (column) =>
      `\`${column.name}\` ${column.type.text}` +
      (column.default === undefined ? '' : ` DEFAULT ${column.default}`),
  );
  if (datafile.engine === 'Null') return { name: datafile.name, columns, storage: 'ENGINE = Null' };
  const partition = datafile.partitionKey === undefined ? '' : ` PARTITION BY (${datafile.partitionKey})`;
  const sorting = `ORDER BY (${datafile.sortingKey ?? defaultSortingKey(datafile)})`;
  return { name: datafile.name, columns, storage: `ENGINE = ${datafile.engine}${partition} ${sorting}` };
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

function quarantineDefinition(datafile: Datafile): TableDefinition {
  const data = datafile.columns.map((column) => `\`${column.name}\` Nullable(String)`);
  return {
    name: quarantineTable(datafile.name),
    columns: [...QUARANTINE_BEFORE, ...data, ...QUARANTINE_AFTER],
    storage: 'ENGINE = MergeTree ORDER BY insertion_date',
  };
}

interface StoredTable {
  readonly engine: string;
  readonly sorting_key: string;
  readonly partition_key: string;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly default: string }[];
}

async function createTable(engine: Engine, datafile: Datafile, table: TableDefinition): Promise<void> {
  const stored = await storedTable(engine, table.name);
  if (stored === undefined) return create(engine, datafile, table);

  // ClickHouse rewrites types and expressions (Boolean becomes Bool, keys get their parentheses), so what is
  // declared is compared as ClickHouse itself says it: through an empty table.
  const probe = `${table.name}__declared`;
  await engine.exec(`DROP TABLE IF EXISTS \`${probe}\` SYNC`);
  await create(engine, datafile, { ...table, name: probe });
  const declared = await storedTable(engine, probe);
  await engine.exec(`DROP TABLE \`${probe}\` SYNC`);
  if (declared === undefined) return;

  refuseChange(table.name, 'the engine', stored.engine, declared.engine);
  refuseChange(table.name, 'the sorting key', stored.sorting_key, declared.sorting_key);
  refuseChange(table.name, 'the partition key', stored.partition_key, declared.partition_key);
  for (const [index, column] of declared.columns.entries()) {
    const before = stored.columns.find(({ name }) => name === column.name);
    if (before) refuseChange(table.name, `the type of '${column.name}'`, before.type, column.type);
    const definition = table.columns[index] ?? '';
    const previous = declared.columns[index - 1]?.name;
    const place = previous === undefined ? 'FIRST' : `AFTER \`${previous}\``;
    if (!before) await engine.exec(`ALTER TABLE \`${table.name}\` ADD COLUMN ${definition} ${place}`);
    else if (before.default !== column.default && column.default !== '') {
      await engine.exec(`ALTER TABLE \`${table.name}\` MODIFY COLUMN ${definition}`);
    }
  }
}

async function create(engine: Engine, datafile: Datafile, table: TableDefinition): Promise<void> {
  try {
    await engine.exec(`CREATE TABLE \`${table.name}\` (${table.columns.join(', ')}) ${table.storage}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DatafileError(
      `${datafile.name}.datasource`,
      undefined,
      `ClickHouse refuses the table: ${reason}`,
      'Correct the column, DEFAULT or ENGINE line it names',
    );
  }
}

async function storedTable(engine: Engine, name: string): Promise<StoredTable | undefined> {
  const sql = `
    SELECT engine_full AS full, engine, sorting_key, partition_key,
      (SELECT groupArray((name, type, default_expression)::Tuple(name String, type String, default String))
       FROM (SELECT * FROM system.columns WHERE database = currentDatabase() AND table = '${name}' ORDER BY position)
      ) AS columns
    FROM system.tables WHERE database = currentDatabase() AND name = '${name}'`;
  const text = (await engine.read(sql, { format: 'JSONEachRow' })).toString();
  if (text === '') return undefined;
  const table = JSON.parse(text) as StoredTable & { readonly full: string };
  // The arguments of an engine (its version column, say) are only in the full text.
  return { ...table, engine: /^\w+(\([^)]*\)+)?/.exec(table.full)?.[0] ?? table.engine };
}

function refuseChange(table: string, what: string, stored: string, declared: string): void {
  if (stored === declared) return;
  const told = (text: string) => (text === '' ? 'none' : text);
  throw new SchemaChangeError(
    `${what} of ${table} is ${told(declared)} in the datafile, but ${told(stored)} in the data directory. ` +
      'Stored rows cannot be converted: undo the change, or start with an empty directory (--data, or delete this one)',
  );
}
