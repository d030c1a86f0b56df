import { describe, expect, it } from 'vitest';
import { DatafileError, SchemaChangeError } from '../../../src/local/errors.js';
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
    const added = '`cost` Float64 `json:$.cost` DEFAULT 0.5';
    const server = await changed(datasource([ID, TOKENS]), datasource([ID, added, TOKENS]));
    await server.send('calls', '{"id":"b","cost":2}');
    expect(await server.rows('SELECT * FROM calls ORDER BY id FORMAT JSON')).toEqual([
      { id: 'a', cost: 0.5, tokens: 1 },
      { id: 'b', cost: 2, tokens: 7 },
    ]);
    const columns = await server.rows('DESCRIBE calls_quarantine');
    expect(columns.map(({ name }) => name)).toEqual([
      'c__error_column',
      'c__error',
      'c__import_id',
      'id',
      'cost',
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
