import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Datafile, parseDatafile } from '../../../src/local/datafiles/datafile.js';
import { openChdb } from '../../../src/local/engine/chdb.js';
import { plainEngine } from '../../../src/local/engine/stored-table.js';
import { createTables } from '../../../src/local/engine/tables.js';
import { DatafileError, SchemaChangeError } from '../../../src/local/errors.js';
import { temporaryDirectory } from '../../support/temporary.js';
import { runServer } from '../running-server.js';

const datasource = (columns: readonly string[], more = 'ENGINE_SORTING_KEY id') => ({
  calls: `SCHEMA >\n${columns.map((column) => `    ${column}`).join(',\n')}\n${more}`,
});
const ID = '`id` String `json:$.id`';
const TOKENS = '`tokens` UInt16 `json:$.tokens` DEFAULT 7';

/** Starts with one datafile, stores a row, and starts again on the same directory with another. */
async function changed(before: Record<string, string>, after: Record<string, string>) {
  const first = await runServer({ datasources: before });
  await first.send('calls', '{"id":"a","tokens":1}\n{}');
  await first.close();
  return runServer({ datasources: after, dataDir: first.dataDir });
}

describe('a datafile that changes', () => {
  it('gives stored rows its new columns, in its order, in the quarantine as well', async () => {
    const added = '`the-cost` Float64 `json:$.cost` DEFAULT 0.5';
    const server = await changed(datasource([ID, TOKENS]), datasource([ID, added, TOKENS]));
    await server.send('calls', '{"id":"b","cost":2}');
    expect(await server.rows('SELECT * FROM calls ORDER BY id FORMAT JSON')).toEqual([
      { id: 'a', 'the-cost': 0.5, tokens: 1 },
      { id: 'b', 'the-cost': 2, tokens: 7 },
    ]);
    const columns = await server.rows('DESCRIBE calls_quarantine');
    expect(columns.map(({ name }) => name)).toEqual([
      'c__error_column',
      'c__error',
      'c__import_id',
      'id',
      'the-cost',
      'tokens',
      'insertion_date',
    ]);
  });

  it('fills what comes from then on with its new DEFAULT', async () => {
    const server = await changed(datasource([ID, TOKENS]), datasource([ID, TOKENS.replace('7', '8')]));
    await server.send('calls', '{"id":"b"}');
    expect(await server.rows('SELECT tokens FROM calls ORDER BY id')).toEqual([{ tokens: 1 }, { tokens: 8 }]);
  });

  it('keeps a column it no longer has', async () => {
    const server = await changed(datasource([ID, TOKENS]), datasource([ID]));
    await server.send('calls', '{"id":"b"}');
    expect(await server.rows('SELECT * FROM calls ORDER BY id')).toEqual([
      { id: 'a', tokens: 1 },
      { id: 'b', tokens: 7 },
    ]);
  });

  it('may write the same in another way', async () => {
    const flag = '`flag` Boolean `json:$.flag` DEFAULT false';
    const other = '`flag` Bool `json:$.flag` DEFAULT false';
    const key = 'ENGINE MergeTree\nENGINE_PARTITION_KEY ""\nENGINE_SORTING_KEY "id,  flag"';
    const server = await changed(
      datasource([ID, flag], 'ENGINE_SORTING_KEY id, flag'),
      datasource([ID, other], key),
    );
    expect(await server.rows('SELECT * FROM calls')).toEqual([{ id: 'a', flag: false }]);
  });

  it.each([
    [
      'a type',
      datasource([ID, TOKENS.replace('UInt16', 'UInt32')]),
      "the type of 'tokens' of calls is UInt32 in",
    ],
    [
      'the sorting key',
      datasource([ID, TOKENS], 'ENGINE_SORTING_KEY tokens'),
      'the sorting key of calls is ',
    ],
    [
      'the partition key',
      datasource([ID, TOKENS], 'ENGINE_SORTING_KEY id\nENGINE_PARTITION_KEY tokens'),
      'the partition key of calls is ',
    ],
    [
      'the engine',
      datasource([ID, TOKENS], 'ENGINE_SORTING_KEY id\nENGINE ReplacingMergeTree'),
      'the engine of calls is ReplacingMergeTree in the datafile, but MergeTree in the data directory',
    ],
    [
      "the engine's arguments",
      datasource([ID, TOKENS], 'ENGINE_SORTING_KEY id\nENGINE ReplacingMergeTree\nENGINE_VER tokens'),
      'the engine of calls is ReplacingMergeTree(tokens)',
    ],
  ])('is refused when rows cannot follow %s, with the way out', async (_, after, message) => {
    const refused = changed(datasource([ID, TOKENS]), after);
    await expect(refused).rejects.toThrow(SchemaChangeError);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toThrow(
      /undo the change, or start anew with --reset.* tinybird-llm dev --export DIR$/,
    );
  });
});

describe('a datafile', () => {
  it.each([
    ['ReplacingMergeTree', 'ENGINE ReplacingMergeTree\nENGINE_VER tokens\nENGINE_SORTING_KEY id'],
    ['SummingMergeTree', 'ENGINE SummingMergeTree\nENGINE_SUMMING_COLUMNS tokens\nENGINE_SORTING_KEY id'],
    ['AggregatingMergeTree', 'ENGINE AggregatingMergeTree\nENGINE_SORTING_KEY id'],
    ['MergeTree', 'ENGINE_SORTING_KEY id\nENGINE_PARTITION_KEY tokens % 2'],
    ['Null', 'ENGINE Null'],
  ])('with the engine %s becomes a table that survives a restart', async (engine, more) => {
    const server = await changed(datasource([ID, TOKENS], more), datasource([ID, TOKENS], more));
    const [table] = await server.rows("SELECT engine FROM system.tables WHERE name = 'calls'");
    expect(table).toEqual({ engine });
  });

  it.each([
    [['`n` Nullable(UInt8) `json:$.n`', '`s` String `json:$.s`', '`d` DateTime `json:$.d`'], 'd'],
    [['`n` Nullable(UInt8) `json:$.n`', '`s` String `json:$.s`', '`i` Int8 `json:$.i`'], 'i'],
    [['`n` Nullable(UInt8) `json:$.n`', '`s` String `json:$.s`'], 's'],
    [['`n` Nullable(UInt8) `json:$.n`'], ''],
  ])('without a sorting key is sorted by DateTime, number or String: %j', async (columns, key) => {
    const server = await runServer({ datasources: datasource(columns, '') });
    const [table] = await server.rows("SELECT sorting_key AS key FROM system.tables WHERE name = 'calls'");
    expect(String(table?.key).replace(/[()`]|tuple/g, '')).toBe(key);
  });

  it('that ClickHouse refuses is told by its name', async () => {
    const refused = runServer({ datasources: datasource([`\`id\` String \`json:$.id\` DEFAULT nope()`]) });
    await expect(refused).rejects.toThrow(DatafileError);
    await expect(refused).rejects.toThrow(/^calls\.datasource: ClickHouse refuses the table: .*nope/);
  });

  it('is looked for in a directory that has one', async () => {
    await expect(runServer({ directory: 'test/local/nowhere' })).rejects.toThrow('cannot be read');
    await expect(runServer({ datasources: {} })).rejects.toThrow('there is no .datasource file in it');
  });
});

/** How ClickHouse writes a table down, through a life of several datafiles with one row in it. */
async function storedThrough(datafiles: readonly Partial<Datafile>[]): Promise<readonly string[]> {
  const engine = await openChdb(join(await temporaryDirectory(), 'clickhouse'));
  onTestFinished(() => engine.close());
  const plain = parseDatafile(
    `SCHEMA >\n ${ID}, ${TOKENS}\nENGINE_SORTING_KEY id, tokens`,
    'calls.datasource',
  );
  const written: string[] = [];
  for (const [index, more] of datafiles.entries()) {
    await createTables(engine, [{ ...plain, ...more }]);
    if (index === 0) await engine.insert('calls', Buffer.from('{"id":"a"}'));
    expect((await engine.read('SELECT id, tokens FROM calls', { format: 'TSV' })).toString()).toBe('a\t7\n');
    const create = await engine.read('SHOW CREATE TABLE calls', { format: 'TSVRaw' });
    written.push(create.toString().trim().replace(/\s+/g, ' '));
  }
  return written;
}

/** After every test of every year. */
const FAR = "toDateTime('2100-01-01') + toIntervalSecond(tokens)";
const [id, tokens] = parseDatafile(`SCHEMA >\n ${ID}, ${TOKENS}`, 'calls.datasource').columns as [
  Datafile['columns'][0],
  Datafile['columns'][0],
];

describe('what a datafile says of storage', () => {
  it('is in the table', async () => {
    const [table] = await storedThrough([
      {
        primaryKey: 'id',
        ttl: FAR,
        settings: 'index_granularity = 1024, merge_with_ttl_timeout = 60',
        indexes: [
          'by_tokens tokens TYPE minmax GRANULARITY 2',
          'INDEX by_id id TYPE bloom_filter GRANULARITY 1',
        ],
        columns: [
          id,
          { ...tokens, codec: 'CODEC(T64, ZSTD(3))' },
          { ...id, name: 'note', default: "''", codec: 'LZ4', ttl: FAR },
        ],
      },
    ]);
    expect(table).toBe(
      'CREATE TABLE default.calls ( `id` String, `tokens` UInt16 DEFAULT 7 CODEC(T64, ZSTD(3)), ' +
        "`note` String DEFAULT '' CODEC(LZ4) " +
        `TTL ${FAR}, INDEX by_tokens tokens TYPE minmax GRANULARITY 2, ` +
        'INDEX by_id id TYPE bloom_filter GRANULARITY 1 ) ENGINE = MergeTree PRIMARY KEY (id) ORDER BY (id, tokens) ' +
        `TTL ${FAR} SETTINGS index_granularity = 1024, merge_with_ttl_timeout = 60`,
    );
  });

  it('may change at any time: TTL, indexes and codecs follow, settings stay', async () => {
    const later = FAR.replace('2100', '2101');
    const index = 'by_tokens tokens TYPE minmax GRANULARITY 2';
    const [plain, , given, changed, , taken] = await storedThrough([
      {},
      {},
      { ttl: FAR, indexes: [index], columns: [id, { ...tokens, codec: 'T64' }] },
      {
        ttl: later,
        indexes: [index.replace('minmax', 'set(10)')],
        columns: [id, { ...tokens, codec: 'LZ4' }],
        settings: 'merge_with_ttl_timeout = 60',
      },
      {
        ttl: later,
        indexes: [index.replace('minmax', 'set(10)')],
        columns: [id, { ...tokens, codec: 'LZ4' }],
      },
      {},
    ]);
    const end = 'SETTINGS index_granularity = 8192';
    expect(plain).toBe(
      `CREATE TABLE default.calls ( \`id\` String, \`tokens\` UInt16 DEFAULT 7 ) ENGINE = MergeTree ORDER BY (id, tokens) ${end}`,
    );
    expect(given).toBe(
      'CREATE TABLE default.calls ( `id` String, `tokens` UInt16 DEFAULT 7 CODEC(T64), ' +
        `INDEX by_tokens tokens TYPE minmax GRANULARITY 2 ) ENGINE = MergeTree ORDER BY (id, tokens) TTL ${FAR} ${end}`,
    );
    expect(changed).toBe(
      'CREATE TABLE default.calls ( `id` String, `tokens` UInt16 DEFAULT 7 CODEC(LZ4), ' +
        `INDEX by_tokens tokens TYPE set(10) GRANULARITY 2 ) ENGINE = MergeTree ORDER BY (id, tokens) TTL ${later} ${end}`,
    );
    expect(taken).toBe(
      'CREATE TABLE default.calls ( `id` String, `tokens` UInt16 DEFAULT 7, ' +
        `INDEX by_tokens tokens TYPE set(10) GRANULARITY 2 ) ENGINE = MergeTree ORDER BY (id, tokens) ${end}`,
    );
  });

  it('of a column that is no key may come and go as well', async () => {
    const note = { ...id, name: 'note', default: "''" };
    const [, given, taken] = await storedThrough([
      { columns: [id, tokens, note] },
      { columns: [id, tokens, { ...note, ttl: FAR }] },
      { columns: [id, tokens, note] },
    ]);
    expect(given).toContain(`\`note\` String DEFAULT '' TTL ${FAR} ) ENGINE`);
    expect(taken).toContain("`note` String DEFAULT '' ) ENGINE");
  });

  it('is refused when it is another primary key', async () => {
    await expect(storedThrough([{}, { primaryKey: 'id' }])).rejects.toThrow(
      'the primary key of calls is (id) in the datafile, but id, tokens in the data directory',
    );
  });
});

describe('an engine', () => {
  it.each([
    ['MergeTree', 'MergeTree'],
    ['ReplacingMergeTree(v)', 'ReplacingMergeTree(v)'],
    ["ReplicatedMergeTree('/clickhouse/tables/{shard}/llm/calls_local', '{replica}')", 'MergeTree'],
    ["ReplicatedSummingMergeTree('/a/{uuid}', '{replica}', (a, b))", 'SummingMergeTree((a, b))'],
    ["SharedReplacingMergeTree('/a/{uuid}/{shard}', '{replica}', v, d)", 'ReplacingMergeTree(v, d)'],
    ['SharedMergeTree', 'MergeTree'],
  ])('%s is compared as %s', (stored, plain) => {
    expect(plainEngine(stored)).toBe(plain);
  });
});
