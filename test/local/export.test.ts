import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openChdb } from '../../src/local/engine/chdb.js';
import { openClickHouse } from '../../src/local/engine/clickhouse.js';
import type { Engine } from '../../src/local/engine/engine.js';
import { createTables } from '../../src/local/engine/tables.js';
import { ExportError, SchemaChangeError } from '../../src/local/errors.js';
import { exportRows } from '../../src/local/export.js';
import { compileEvent } from '../../src/local/export-event.js';
import { loadProject, type Project } from '../../src/local/project.js';
import { ingest } from '../../src/local/rows/ingest.js';
import { quarantineTable } from '../../src/local/rows/quarantine.js';
import { serveClickHouse } from '../support/clickhouse.js';
import { temporaryDirectory } from '../support/temporary.js';
import { datasourceDirectory } from './running-server.js';

const ENGINES: Readonly<Record<string, () => Promise<Engine>>> = {
  embedded: async () => openChdb(join(await temporaryDirectory(), 'clickhouse')),
  'of a server': async () => {
    const server = await serveClickHouse();
    const engine = await openClickHouse({ url: server.url, env: {} });
    return { ...engine, close: () => engine.close().then(server.close) };
  },
};

/** A project of these datasources, and an engine that has its tables. */
async function start(project: Project, open = ENGINES.embedded): Promise<Engine> {
  const engine = (await open?.()) as Engine;
  onTestFinished(() => engine.close());
  await createTables(engine, datafilesOf(project));
  return engine;
}

const projectOf = async (files: Readonly<Record<string, string>>) =>
  loadProject([await datasourceDirectory(files)]);
const datafilesOf = (project: Project) => [...project.datasources.values()].map(({ datafile }) => datafile);

/** Stores a body as the Events API does, and answers how many of its events were quarantined. */
async function store(engine: Engine, project: Project, name: string, body: string): Promise<number> {
  const datasource = project.datasources.get(name);
  if (!datasource) throw new Error(`no ${name}`);
  const { rows, quarantined } = ingest(datasource, body);
  await engine.insert(name, Buffer.from(rows.join('\n')));
  await engine.insert(quarantineTable(name), Buffer.from(quarantined.join('\n')));
  return quarantined.length;
}

async function rowsOf(engine: Engine, table: string): Promise<string> {
  return (await engine.read(`SELECT * FROM ${table} ORDER BY ALL`, { format: 'JSONEachRow' })).toString();
}

const lines = (...events: readonly unknown[]) => events.map((event) => JSON.stringify(event)).join('\n');

/** Stores events, exports them, stores what was exported elsewhere; both tables, and what was exported. */
async function roundTrip(project: Project, name: string, body: string, open = ENGINES.embedded) {
  const first = await start(project, open);
  expect(await store(first, project, name, body)).toBe(0);
  const before = await rowsOf(first, name);
  const directory = join(await temporaryDirectory(), 'kept');
  const exported = await exportRows(first, project, directory);
  await first.close();
  const text = await readFile(join(directory, `${name}.ndjson`), 'utf8');
  const second = await start(project);
  expect(await store(second, project, name, text)).toBe(0);
  const after = await rowsOf(second, name);
  await second.close();
  return { before, after, exported, directory, text };
}

const LITELLM = lines(
  {
    model: 'gpt-4o',
    messages: [
      { role: 'user', content: 'a "quoted" text\nwith 🎉 and \\' },
      { role: 'tool', content: '' },
    ],
    start_time: '2025-01-02T03:04:05+01:00',
    end_time: '2025-01-02 02:04:07',
    proxy_metadata: { organization: 'acme', project: 'p', extra: { deep: [1, 2.5, null] } },
    response: { id: 'r1', choices: [{ message: { content: 'hi' } }], usage: { prompt_tokens: 65535 } },
    cost: 0.1,
    cache_hit: true,
  },
  { start_time: '2025-01-02 03:04:05', end_time: '2025-01-02 03:04:05', response: { id: '' } },
  {
    start_time: '2025-01-02 03:04:05',
    end_time: '2025-01-02 03:04:05',
    response: { id: 'r2', '10': 1, '2': 2, __proto__: 1 },
    proxy_metadata: 'no object',
    exception: '{"looks":"like JSON"}',
  },
);

const EVERY_TYPE = `SCHEMA >
    \`id\` UInt8 \`json:$.id\`,
    \`small\` Int8 \`json:$.n.small\`,
    \`big\` Int64 \`json:$.n.big\`,
    \`unsigned\` UInt64 \`json:$.n.unsigned\`,
    \`huge\` Int256 \`json:$.n.huge\`,
    \`single\` Float32 \`json:$.n.single\`,
    \`double\` Float64 \`json:$.n.double\`,
    \`money\` Decimal(38, 10) \`json:$.n.money\`,
    \`text\` String \`json:$.text\`,
    \`code\` FixedString(4) \`json:$.code\`,
    \`uuid\` UUID \`json:$.uuid\`,
    \`flag\` Bool \`json:$.flag\`,
    \`day\` Date \`json:$.day\`,
    \`wide_day\` Date32 \`json:$.wide_day\`,
    \`at\` DateTime \`json:$.at\`,
    \`at_berlin\` DateTime('Europe/Berlin') \`json:$.at\`,
    \`fine\` DateTime64(9) \`json:$.fine\`,
    \`fine_berlin\` DateTime64(3, 'Europe/Berlin') \`json:$.fine_berlin\`,
    \`kind\` LowCardinality(String) \`json:$.kind\`,
    \`maybe_kind\` LowCardinality(Nullable(String)) \`json:$.maybe_kind\`,
    \`maybe\` Nullable(Int64) \`json:$.maybe\`,
    \`maybe_at\` Nullable(DateTime('Asia/Tokyo')) \`json:$.maybe_at\`,
    \`list\` Array(UInt64) \`json:$.list[:]\`,
    \`moments\` Array(DateTime64(3, 'Europe/Berlin')) \`json:$.moments[:]\`,
    \`nested\` Array(Array(Nullable(Float64))) \`json:$.nested[:]\`,
    \`labels\` Map(String, Array(Int64)) \`json:$.labels\`,
    \`numbered\` Map(UInt16, Bool) \`json:$.numbered\`,
    \`maps\` Array(Map(String, String)) \`json:$.maps[:]\`,
    \`level\` Enum8('low' = 1, 'it''s' = -2) \`json:$.level\`,
    \`ip\` IPv4 \`json:$.ip\`,
    \`wide_ip\` IPv6 \`json:$.wide_ip\`,
    \`total\` SimpleAggregateFunction(sum, UInt64) \`json:$.total\`,
    \`document\` JSON \`json:$.document\`,
    \`item_ids\` Array(UInt64) \`json:$.items[:].id\`,
    \`pair\` Tuple(UInt8, String) \`json:$.pair\` DEFAULT (1, 'x')

ENGINE_SORTING_KEY id
`;

const FULL = {
  id: 1,
  n: {
    small: -128,
    big: '-9223372036854775808',
    unsigned: '18446744073709551615',
    huge: '-57896044618658097711785492504343953926634992332820282019728792003956564819968',
    single: 0.1,
    double: 1.7976931348623157e308,
    money: '1234567890123456789012345678.0123456789',
  },
  text: 'tab\t, \u2028 and 🎉',
  code: 'ab',
  uuid: '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
  flag: true,
  day: '2149-06-06',
  wide_day: '1900-01-01',
  at: '2106-02-07T06:28:15Z',
  fine: '2025-01-02T03:04:05.123456789Z',
  fine_berlin: '2025-10-26T00:30:00.123Z',
  kind: 'k',
  maybe_kind: 'm',
  maybe: '9007199254740993',
  maybe_at: '2025-01-02T03:04:05+09:00',
  list: [0, '18446744073709551615'],
  moments: ['2025-10-26T00:30:00Z', '2025-10-26T01:30:00Z'],
  nested: [[1.5, null], []],
  labels: { a: [1, '9007199254740993'], b: [] },
  numbered: { '65535': true, '1': false },
  maps: [{ a: '1' }, {}],
  level: "it's",
  ip: '127.0.0.1',
  wide_ip: '2001:db8::1',
  total: '18446744073709551615',
  document: { a: { b: [1, { c: null }] }, big: 9007199254740991 },
  items: [{ id: 1 }, { id: '9007199254740993' }],
};
const { maybe: _maybe, maybe_at: _maybeAt, maybe_kind: _maybeKind, ...SPARSE } = FULL;

const PARTS = `SCHEMA >
    \`id\` UInt8 \`json:$.id\`,
    \`line\` String \`json:$.meta\` DEFAULT '',
    \`user\` String \`json:$.meta.user\` DEFAULT 'nobody',
    \`deep\` Nullable(String) \`json:$.meta.deep\`,
    \`depth\` Int32 \`json:$.meta.deep.depth\` DEFAULT 0,
    \`labels\` Map(String, String) \`json:$.labels\` DEFAULT map(),
    \`first\` UInt8 \`json:$.labels.first\` DEFAULT 0,
    \`number\` UInt8 \`json:$.number\` DEFAULT 0,
    \`number_text\` String \`json:$.number\` DEFAULT '',
    \`list\` Array(String) \`json:$.list[:]\` DEFAULT [],
    \`list_text\` String \`json:$.list\` DEFAULT '',
    \`moment\` DateTime \`json:$.moment\` DEFAULT '2020-01-01 00:00:00',
    \`moment_text\` String \`json:$.moment\` DEFAULT '',
    \`made\` String DEFAULT concat('made of ', toString(id))

ENGINE_SORTING_KEY id
`;

describe('what is exported', () => {
  it.each(Object.entries(ENGINES))(
    'from the ClickHouse %s is stored as the same rows again: LLM calls',
    async (_, open) => {
      const project = await loadProject(['datasources']);
      const { before, after, text, exported } = await roundTrip(project, 'litellm', LITELLM, open);
      expect(after).toBe(before);
      expect(exported.map(({ table, rows }) => [table, rows])).toEqual([
        ['litellm', 3],
        ['litellm_quarantine', 0],
        ['tb_logs', 0],
        ['tb_logs_quarantine', 0],
      ]);
      expect(text).toContain('"start_time":"2025-01-02 02:04:05"');
      expect(text).toContain('"response":{"id":"r1","choices":[{"message":{"content":"hi"}}],');
    },
  );

  it.each(Object.entries(ENGINES))(
    'from the ClickHouse %s is stored as the same rows again: every type',
    async (_, open) => {
      const project = await projectOf({ every: EVERY_TYPE });
      const { before, after, text } = await roundTrip(
        project,
        'every',
        lines(FULL, { ...SPARSE, id: 2 }),
        open,
      );
      expect(after).toBe(before);
      expect(before).toContain('"at_berlin":"2106-02-07 07:28:15"');
      expect(text).toContain(
        '"n":{"small":-128,"big":"-9223372036854775808","unsigned":"18446744073709551615"',
      );
      expect(text).toContain('"moments":["2025-10-26 00:30:00.000","2025-10-26 01:30:00.000"]');
    },
  );

  it('is an event again where columns hold parts of what another holds whole', async () => {
    const project = await projectOf({ parts: PARTS });
    const events = [
      {
        id: 1,
        meta: { user: 'u', deep: { depth: 3, z: [1] }, other: 1 },
        labels: { first: 5, '2': 'x' },
        number: 7,
        list: ['a', '1'],
        moment: '2025-01-02T03:04:05+01:00',
      },
      { id: 2 },
      { id: 3, meta: 'no object', number: 0, list: [], labels: {} },
      { id: 4, meta: { deep: '{"depth":1' } },
      { id: 5, meta: {} },
    ];
    const { before, after, text } = await roundTrip(project, 'parts', lines(...events));
    expect(after).toBe(before);
    const exported = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(exported.map(({ id, meta, number, list, made }) => ({ id, meta, number, list, made }))).toEqual([
      { id: 1, meta: events[0]?.meta, number: 7, list: ['a', '1'], made: 'made of 1' },
      { id: 2, meta: '', made: 'made of 2' },
      { id: 3, meta: 'no object', number: 0, list: [], made: 'made of 3' },
      { id: 4, meta: { deep: '{"depth":1' }, made: 'made of 4' },
      { id: 5, meta: {}, made: 'made of 5' },
    ]);
  });

  it('has quoted keys of a path as the keys they are', () => {
    const toEvent = compileEvent([
      { name: 'one', type: 'String', path: "$.['a.b']" },
      { name: 'two', type: 'Array(String)', path: '$.c["d"][:]' },
    ]);
    expect(toEvent({ one: 'x', two: ['y'] })).toEqual({ 'a.b': 'x', c: { d: ['y'] } });
  });

  it('has the fields of objects in an array in one object each', () => {
    const toEvent = compileEvent([
      { name: 'ids', type: 'Array(UInt64)', path: '$.a[:].id' },
      { name: 'notes', type: 'Array(Nullable(String))', path: '$.a[:].note.text' },
      { name: 'deep', type: 'Array(Array(Int8))', path: '$.a[:].b[:].c' },
      { name: 'plain', type: 'Array(Array(Int8))', path: '$.plain[:][:]' },
      { name: 'texts', type: 'Array(String)', path: '$.both[:]', default: '[]' },
      { name: 'parts', type: 'Array(String)', path: '$.both[:].x', default: '[]' },
    ]);
    const row = {
      ids: ['1', '18446744073709551615'],
      notes: [null, 'n'],
      deep: [['3', '4'], []],
      plain: [['1'], []],
    };
    const rest = {
      a: [
        { id: 1, b: [{ c: 3 }, { c: 4 }] },
        { id: '18446744073709551615', note: { text: 'n' }, b: [] },
      ],
      plain: [[1], []],
    };
    expect(toEvent({ ...row, texts: [], parts: [] })).toEqual({ ...rest, both: [] });
    expect(toEvent({ ...row, texts: ['{"x":"1","y":2}', 'no'], parts: ['1', ''] })).toEqual({
      ...rest,
      both: [{ x: '1', y: 2 }, 'no'],
    });
  });

  it('is the line itself where a column holds the whole line', async () => {
    const whole =
      'SCHEMA >\n    `line` String `json:$`,\n    `id` UInt8 `json:$.id`\n\nENGINE_SORTING_KEY id\n';
    const { before, after, text } = await roundTrip(
      await projectOf({ whole }),
      'whole',
      '{"other":{"b":1},"id":1}',
    );
    expect(after).toBe(before);
    expect(text).toBe('{"other":{"b":1},"id":1}\n');
  });

  it('has the parts of what was not stored whole when they came', async () => {
    const user = "    `id` UInt8 `json:$.id`,\n    `user` String `json:$.meta.user` DEFAULT ''";
    const engine = await start(await projectOf({ calls: `SCHEMA >\n${user}\nENGINE_SORTING_KEY id` }));
    await engine.insert('calls', Buffer.from('{"id":1,"user":"u"}\n{"id":2}'));
    const later = await projectOf({
      calls: `SCHEMA >\n${user},\n    \`meta\` String \`json:$.meta\` DEFAULT ''\nENGINE_SORTING_KEY id`,
    });
    await createTables(engine, datafilesOf(later));
    const directory = await temporaryDirectory();
    await exportRows(engine, later, directory);
    expect((await readFile(join(directory, 'calls.ndjson'), 'utf8')).split('\n').toSorted()).toEqual([
      '',
      '{"id":1,"meta":{"user":"u"}}',
      '{"id":2,"meta":""}',
    ]);
  });
});

describe('an export', () => {
  const CALLS =
    "SCHEMA >\n    `id` String `json:$.call.id`,\n    `tokens` UInt16 `json:$.tokens` DEFAULT 7,\n    `old` String `json:$.a.b` DEFAULT ''\nENGINE_SORTING_KEY id";

  it('works when the datafile has changed in a way that rows cannot follow, which says so', async () => {
    const before = await projectOf({ calls: CALLS });
    const engine = await start(before);
    await store(engine, before, 'calls', lines({ call: { id: 'x' }, a: { b: 'kept' } }));
    const after = await projectOf({
      calls:
        'SCHEMA >\n    `id` String `json:$.id`,\n    `tokens` String `json:$.tokens`\nENGINE_SORTING_KEY id',
      added: CALLS,
    });
    const refused = createTables(engine, datafilesOf(after));
    await expect(refused).rejects.toThrow(SchemaChangeError);
    await expect(refused).rejects.toThrow('tinybird-llm dev --export DIR');
    const directory = await temporaryDirectory();
    expect(await exportRows(engine, after, directory)).toEqual([
      { table: 'added', rows: 0, file: undefined },
      { table: 'added_quarantine', rows: 0, file: undefined },
      { table: 'calls', rows: 1, file: join(directory, 'calls.ndjson') },
      { table: 'calls_quarantine', rows: 0, file: undefined },
    ]);
    expect(await readFile(join(directory, 'calls.ndjson'), 'utf8')).toBe(
      '{"id":"x","tokens":7,"old":"kept"}\n',
    );
  });

  it('has quarantined rows as they are, and only its owner can read it', async () => {
    const project = await projectOf({ calls: CALLS });
    const engine = await start(project);
    expect(await store(engine, project, 'calls', '{"tokens":-1}\nno JSON')).toBe(2);
    const directory = await temporaryDirectory();
    const exported = await exportRows(engine, project, directory);
    expect(exported[1]).toEqual({
      table: 'calls_quarantine',
      rows: 2,
      file: join(directory, 'calls_quarantine.ndjson'),
    });
    expect(await readdir(directory)).toEqual(['calls_quarantine.ndjson']);
    const text = await readFile(join(directory, 'calls_quarantine.ndjson'), 'utf8');
    expect(text).toContain('"c__error_column":["id","tokens"]');
    expect(text).toMatch(/"tokens":"-1","old":null,"insertion_date":"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"\}\n/);
    expect((await stat(join(directory, 'calls_quarantine.ndjson'))).mode & 0o777).toBe(0o600);
  });

  it('overwrites nothing, and leaves no half a file', async () => {
    const project = await projectOf({ calls: CALLS });
    const engine = await start(project);
    await store(engine, project, 'calls', lines({ call: { id: 'x' } }));
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'calls.ndjson'), 'mine');
    await expect(exportRows(engine, project, directory)).rejects.toThrow(ExportError);
    await expect(exportRows(engine, project, directory)).rejects.toThrow(
      /calls\.ndjson is already there\. .*--export/,
    );
    expect(await readFile(join(directory, 'calls.ndjson'), 'utf8')).toBe('mine');

    await expect(exportRows(engine, project, join(directory, 'calls.ndjson', 'in'))).rejects.toThrow(
      /cannot be written \(/,
    );
    const broken: Engine = {
      ...engine,
      async *stream() {
        yield Buffer.from('{"id":"x"}\n{"id":');
        yield Buffer.from('"y"}\nCode: 241. DB::Exception: Memory limit exceeded\n');
      },
    };
    const other = await temporaryDirectory();
    await expect(exportRows(broken, project, other)).rejects.toThrow(
      'the rows of calls broke off: Code: 241. DB::Exception: Memory limit exceeded',
    );
    await mkdir(join(other, 'x'));
    expect(await readdir(other)).toEqual(['x']);
  });

  it('takes lines whose pieces end anywhere, and more than are in memory', async () => {
    const project = await projectOf({ calls: CALLS });
    const engine = await start(project);
    await engine.exec(
      "INSERT INTO calls SELECT repeat('🎉', number % 500), number % 65536, '' FROM numbers(4000)",
    );
    const cut: Engine = {
      ...engine,
      async *stream(sql, format) {
        for await (const piece of engine.stream(sql, format)) {
          for (let at = 0; at < piece.length; at += 4_001) yield piece.subarray(at, at + 4_001);
        }
      },
    };
    const directory = await temporaryDirectory();
    const [calls] = await exportRows(cut, project, directory);
    expect(calls?.rows).toBe(4_000);
    const text = await readFile(join(directory, 'calls.ndjson'), 'utf8');
    expect(text).not.toContain('\ufffd');
    expect(text.split('\n')).toHaveLength(4_001);
  });
});
