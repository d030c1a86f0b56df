import {
  type DatasourceDefinition,
  defineDatasource,
  defineKafkaConnection,
  defineToken,
  engine,
  secret,
  t,
} from '@tinybirdco/sdk';
import { describe, expect, it } from 'vitest';
// What Tinybird's SDK writes when it builds a project; no entry of the package has it.
import { generateDatasource } from '../../../node_modules/@tinybirdco/sdk/dist/generator/datasource.js';
import { type Datafile, parseDatafile } from '../../../src/local/datafiles/datafile.js';

function read(definition: DatasourceDefinition): Datafile {
  const { name, content } = generateDatasource(definition);
  return parseDatafile(content, `${name}.datasource`);
}

/** A column in short: everything it has but its name. */
function columns({ columns: all }: Datafile): Record<string, unknown> {
  return Object.fromEntries(
    all.map((column) => {
      const { name, type, path, ...rest } = column;
      return [name, { type: type.text, kind: type.kind, path, ...rest }];
    }),
  );
}

const MERGE_TREE = engine.mergeTree({ sortingKey: 'id' });

describe('a datasource of the SDK of Tinybird', () => {
  it('has its types', () => {
    const schema = {
      s: t.string(),
      fixed: t.fixedString(16),
      id: t.uuid(),
      i: t.int128(),
      u: t.uint64(),
      f: t.float32(),
      d: t.decimal(18, 6),
      b: t.bool(),
      day: t.date32(),
      at: t.dateTime('Europe/Madrid'),
      exact: t.dateTime64(6, 'UTC'),
      list: t.array(t.string()),
      pair: t.tuple(t.string(), t.int8()),
      map: t.map(t.string(), t.array(t.float64())),
      json: t.json(),
      small: t.enum8('ok', "it's, (or) not"),
      four: t.ipv4(),
      six: t.ipv6(),
      total: t.simpleAggregateFunction('sum', t.uint64()),
      uniques: t.aggregateFunction('uniq', t.string()),
      quick: t.string().lowCardinality(),
      maybe: t.string().nullable(),
      both: t.string().lowCardinality().nullable(),
    };
    const datafile = read(defineDatasource('types', { schema, engine: MERGE_TREE }));
    expect(columns(datafile)).toEqual(
      Object.fromEntries(
        (
          [
            ['s', 'String', 'string'],
            ['fixed', 'FixedString(16)', 'fixed-string'],
            ['id', 'UUID', 'uuid'],
            ['i', 'Int128', 'integer'],
            ['u', 'UInt64', 'integer'],
            ['f', 'Float32', 'float'],
            ['d', 'Decimal(18, 6)', 'decimal'],
            ['b', 'Bool', 'boolean'],
            ['day', 'Date32', 'date'],
            ['at', "DateTime('Europe/Madrid')", 'datetime'],
            ['exact', "DateTime64(6, 'UTC')", 'datetime'],
            ['list', 'Array(String)', 'array'],
            ['pair', 'Tuple(String, Int8)', 'other'],
            ['map', 'Map(String, Array(Float64))', 'map'],
            ['json', 'JSON', 'json'],
            ['small', "Enum8('ok' = 1, 'it\\'s, (or) not' = 2)", 'enum'],
            ['four', 'IPv4', 'ip'],
            ['six', 'IPv6', 'ip'],
            ['total', 'SimpleAggregateFunction(sum, UInt64)', 'simple-aggregate'],
            ['uniques', 'AggregateFunction(uniq, String)', 'other'],
            ['quick', 'LowCardinality(String)', 'low-cardinality'],
            ['maybe', 'Nullable(String)', 'nullable'],
            ['both', 'LowCardinality(Nullable(String))', 'low-cardinality'],
          ] as const
        ).map(([name, type, kind]) => [name, { type, kind, path: `$.${name}` }]),
      ),
    );
  });

  it('has its paths, defaults and codecs', () => {
    const schema = {
      id: t.string().jsonPath('$.payload.id'),
      names: t.array(t.string()).jsonPath('$.people[:].name').default(['a', "b's"]),
      quoted: t.string().default("it's, DEFAULT"),
      none: t.string().nullable().default(null),
      flag: t.bool().default(true),
      at: t.dateTime64(3).defaultExpr('now64(3)').codec('DoubleDelta, ZSTD(1)'),
      text: t.string().codec('ZSTD(3)'),
    };
    expect(columns(read(defineDatasource('events', { schema, engine: MERGE_TREE })))).toMatchObject({
      id: { path: '$.payload.id' },
      names: { path: '$.people[:].name', default: `["a","b's"]` },
      quoted: { default: "'it\\'s, DEFAULT'" },
      flag: { default: '1' },
      none: { default: 'NULL' },
      at: { path: '$.at', default: 'now64(3)', codec: 'DoubleDelta, ZSTD(1)' },
      text: { codec: 'ZSTD(3)' },
    });
  });

  it('has no paths when it is the target of a materialized view', () => {
    const schema = { day: t.date(), calls: t.simpleAggregateFunction('sum', t.uint64()) };
    const daily = read(
      defineDatasource('daily', {
        schema,
        jsonPaths: false,
        backfill: 'skip',
        engine: engine.aggregatingMergeTree({ sortingKey: ['day'], partitionKey: 'toYYYYMM(day)' }),
      }),
    );
    expect(daily).toMatchObject({
      engine: 'AggregatingMergeTree',
      sortingKey: 'day',
      partitionKey: 'toYYYYMM(day)',
    });
    expect(daily.columns.map(({ path }) => path)).toEqual([undefined, undefined]);
  });

  it('has its keys, TTL, settings, indexes, tokens and what concerns deployments', () => {
    const app = defineToken('app_token');
    const calls = read(
      defineDatasource('calls', {
        description: 'Calls, one a row\n# not a comment: a heading',
        schema: { id: t.string(), at: t.dateTime(), text: t.string() },
        engine: engine.mergeTree({
          sortingKey: ['id', 'at'],
          primaryKey: ['id'],
          partitionKey: "if(id = 'x', 1, 2)",
          ttl: 'at + INTERVAL 90 DAY',
          settings: { index_granularity: 1024, storage_policy: "it's" },
        }),
        indexes: [
          { name: 'by_text', expr: 'lower(text)', type: 'ngrambf_v1(3, 256, 2, 0)', granularity: 4 },
          { name: 'by_at', expr: 'at', type: 'minmax', granularity: 1 },
        ],
        tokens: [
          { token: app, scope: 'APPEND' },
          { name: 'reader', permissions: ['READ', 'APPEND'] },
        ],
        forwardQuery: "SELECT *,\nif(id = '', 'x', id) AS id",
        sharedWith: ['one', 'two'],
      }),
    );
    expect(calls).toMatchObject({
      description: expect.stringContaining('Calls, one a row'),
      engine: 'MergeTree',
      sortingKey: 'id, at',
      primaryKey: 'id',
      partitionKey: "if(id = 'x', 1, 2)",
      ttl: 'at + INTERVAL 90 DAY',
      settings: "index_granularity=1024, storage_policy='it\\'s'",
      indexes: [
        'by_text lower(text) TYPE ngrambf_v1(3, 256, 2, 0) GRANULARITY 4',
        'by_at at TYPE minmax GRANULARITY 1',
      ],
      tokens: [
        { name: 'app_token', permission: 'APPEND' },
        { name: 'reader', permission: 'READ' },
        { name: 'reader', permission: 'APPEND' },
      ],
    });
  });

  it.each([
    ['Null', undefined, engine.null()],
    [
      'ReplacingMergeTree(v, gone)',
      'id',
      engine.replacingMergeTree({ sortingKey: 'id', ver: 'v', isDeleted: 'gone' }),
    ],
    ['SummingMergeTree((v, w))', 'id', engine.summingMergeTree({ sortingKey: 'id', columns: ['v', 'w'] })],
    ['CollapsingMergeTree(sign)', 'id', engine.collapsingMergeTree({ sortingKey: 'id', sign: 'sign' })],
    [
      'VersionedCollapsingMergeTree(sign, v)',
      'id',
      engine.versionedCollapsingMergeTree({ sortingKey: 'id', sign: 'sign', version: 'v' }),
    ],
  ])('has its engine: %s', (expected, sortingKey, given) => {
    const datafile = read(defineDatasource('calls', { schema: { id: t.string() }, engine: given }));
    expect(datafile.engine).toBe(expected);
    expect(datafile.sortingKey).toBe(sortingKey);
  });

  it('may come from Kafka, with a secret in its settings', () => {
    const connection = defineKafkaConnection('kafka', { bootstrapServers: 'localhost:9092' });
    const kafka = { connection, topic: 'calls', groupId: secret('GROUP'), storeRawValue: true } as const;
    const datafile = read(
      defineDatasource('calls', { schema: { id: t.string() }, engine: MERGE_TREE, kafka }),
    );
    expect(datafile).toMatchObject({ name: 'calls', columns: [{ name: 'id', path: '$.id' }] });
  });
});
