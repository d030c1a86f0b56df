import type { Datafile } from '../datafiles/datafile.js';
import { DatafileError, QueryError, SchemaChangeError } from '../errors.js';
import {
  type ColumnDefinition,
  createStatements,
  definitionsOf,
  onCluster,
  storageName,
  type TableDefinition,
} from './ddl.js';
import type { Engine } from './engine.js';
import { plainEngine, type StoredTable, storedTable } from './stored-table.js';

/**
 * Brings the tables up to the datafiles: one table a datasource and its `<name>_quarantine`. A new column, a new
 * index, a changed DEFAULT, CODEC or TTL is given to what is stored; a column or index the datafile no longer has
 * stays as it is, and so do ENGINE_SETTINGS, which a table gets when it is made.
 *
 * @throws SchemaChangeError when stored rows do not fit the datafile any more (type, engine or key)
 * @throws DatafileError when ClickHouse refuses the table, a DEFAULT for instance
 */
export async function createTables(engine: Engine, datafiles: readonly Datafile[]): Promise<void> {
  for (const datafile of datafiles) {
    for (const table of definitionsOf(datafile)) await createTable(engine, datafile, table);
  }
}

async function createTable(engine: Engine, datafile: Datafile, table: TableDefinition): Promise<void> {
  const { cluster } = engine;
  const stored = await storedTable(engine, storageName(table, cluster));
  // Over a cluster also when it is there: a host that was added since has none.
  if (stored === undefined || cluster !== undefined)
    await create(engine, datafile, createStatements(table, cluster));
  if (stored === undefined) return;

  // ClickHouse rewrites types and expressions (Boolean becomes Bool, keys get their parentheses), so what is
  // declared is compared as ClickHouse itself says it: through an empty table, on this host alone.
  const probe = `${table.name}__declared`;
  await engine.exec(`DROP TABLE IF EXISTS \`${probe}\` SYNC`);
  await create(engine, datafile, createStatements({ ...table, name: probe }));
  const declared = await storedTable(engine, probe);
  await engine.exec(`DROP TABLE \`${probe}\` SYNC`);
  if (declared === undefined) return;

  refuseChange(table.name, 'the engine', plainEngine(stored.engine), plainEngine(declared.engine));
  refuseChange(table.name, 'the sorting key', stored.sortingKey, declared.sortingKey);
  refuseChange(table.name, 'the primary key', stored.primaryKey, declared.primaryKey);
  refuseChange(table.name, 'the partition key', stored.partitionKey, declared.partitionKey);
  for (const column of declared.columns) {
    const before = stored.columns.find(({ name }) => name === column.name);
    if (before) refuseChange(table.name, `the type of '${column.name}'`, before.type, column.type);
  }
  for (const change of changes(table, stored, declared)) await alter(engine, table, change);
}

/** What an ALTER TABLE does to the table that stores the rows, and to the Distributed one in front of it. */
interface Change {
  readonly storage: string;
  readonly distributed?: string;
}

function changes(table: TableDefinition, stored: StoredTable, declared: StoredTable): readonly Change[] {
  return [
    ...table.columns.flatMap((column, index) =>
      columnChanges(column, table.columns[index - 1], stored, declared),
    ),
    ...table.indexes.flatMap((index): Change[] => {
      const [name = ''] = index.split(/\s/, 1);
      const before = stored.indexes.get(bare(name));
      if (before === declared.indexes.get(bare(name))) return [];
      return [{ storage: `${before === undefined ? '' : `DROP INDEX ${name}, `}ADD INDEX ${index}` }];
    }),
    ...(stored.ttl === declared.ttl
      ? []
      : [{ storage: table.ttl === undefined ? 'REMOVE TTL' : `MODIFY TTL ${table.ttl}` }]),
  ];
}

function columnChanges(
  { name, shape, full }: ColumnDefinition,
  previous: ColumnDefinition | undefined,
  stored: StoredTable,
  declared: StoredTable,
): readonly Change[] {
  const before = stored.columns.find((column) => column.name === name);
  const after = declared.columns.find((column) => column.name === name);
  if (after === undefined) return [];
  if (before === undefined) {
    const place = previous === undefined ? 'FIRST' : `AFTER \`${previous.name}\``;
    return [
      {
        storage: `ADD COLUMN IF NOT EXISTS ${full} ${place}`,
        distributed: `ADD COLUMN IF NOT EXISTS ${shape} ${place}`,
      },
    ];
  }
  const given = (property: 'default' | 'codec' | 'ttl') =>
    after[property] !== '' && after[property] !== before[property];
  const taken = (['codec', 'ttl'] as const).filter(
    (property) => after[property] === '' && before[property] !== '',
  );
  const modify = `MODIFY COLUMN ${shape}`;
  return [
    ...(given('default') || given('codec') || given('ttl')
      ? [{ storage: `MODIFY COLUMN ${full}`, ...(given('default') && { distributed: modify }) }]
      : []),
    ...taken.map((property) => ({ storage: `MODIFY COLUMN \`${name}\` REMOVE ${property.toUpperCase()}` })),
  ];
}

async function alter(engine: Engine, table: TableDefinition, change: Change): Promise<void> {
  const { cluster } = engine;
  const storage = storageName(table, cluster);
  await engine.exec(`ALTER TABLE ${onCluster(storage, cluster)} ${change.storage}`);
  if (storage !== table.name && change.distributed !== undefined)
    await engine.exec(`ALTER TABLE ${onCluster(table.name, cluster)} ${change.distributed}`);
}

async function create(engine: Engine, datafile: Datafile, statements: readonly string[]): Promise<void> {
  try {
    for (const statement of statements) await engine.exec(statement);
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    throw new DatafileError(
      `${datafile.name}.datasource`,
      undefined,
      `ClickHouse refuses the table: ${error.message}`,
      'Correct the column, DEFAULT or ENGINE line it names',
    );
  }
}

function bare(name: string): string {
  return name.replaceAll('`', '');
}

function refuseChange(table: string, what: string, stored: string, declared: string): void {
  if (stored === declared) return;
  const told = (text: string) => (text === '' ? 'none' : text);
  throw new SchemaChangeError(
    `${what} of ${table} is ${told(declared)} in the datafile, but ${told(stored)} in the data directory. ` +
      'Stored rows cannot be converted: undo the change, or start anew with --reset, which deletes them. ' +
      'To keep them, write them into files before: tinybird-llm dev --export DIR',
  );
}
