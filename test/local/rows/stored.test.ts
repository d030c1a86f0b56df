import { expect, it } from 'vitest';
import { runServer } from '../running-server.js';

const LONE = '\ud83d';

function nested(levels: number): unknown {
  return JSON.parse(`${'{"a":['.repeat(levels)}${']}'.repeat(levels)}`);
}

/** Type, what is sent, and the text ClickHouse gives back: what is accepted must not fail its batch, nor change. */
const VALUES: readonly (readonly [type: string, sent: unknown, stored: string])[] = [
  ['UInt16', 65_535, '65535'],
  ['UInt64', '18446744073709551615', '18446744073709551615'],
  ['Int256', `-1${'0'.repeat(76)}`, `-1${'0'.repeat(76)}`],
  ['Float32', 1e-50, '0'],
  ['Float64', 5e-324, '5e-324'],
  ['Decimal(6, 2)', '9999.999', '9999.99'],
  ['Decimal(6, 2)', `0.${'0'.repeat(500)}1`, '0'],
  ['Decimal(6, 2)', '1e-400', '0'],
  ['Decimal(38, 18)', '99999999999999999999.9', '99999999999999999999.9'],
  ['Bool', 'true', 'true'],
  ['UUID', '0191AA80-7B5B-7CCC-8000-000000000001', '0191aa80-7b5b-7ccc-8000-000000000001'],
  ['Date', '2149-06-06', '2149-06-06'],
  ['Date32', '1900-01-01', '1900-01-01'],
  ['DateTime', '2025-01-02T03:04:05.678+05:30', '2025-01-01 21:34:05'],
  ['DateTime', 4_294_967_295, '2106-02-07 06:28:15'],
  ["DateTime('America/New_York')", '2025-03-09 02:30:00', '2025-03-08 21:30:00'],
  ['DateTime64(9)', '2262-04-11T23:47:15.999999999Z', '2262-04-11 23:47:15.999999999'],
  ['DateTime64(3)', '1900-01-01', '1900-01-01 00:00:00.000'],
  ['String', `cut ${LONE}`, 'cut \ufffd'],
  ['String', { a: [`${LONE}`, 1] }, '{"a":["\ufffd",1]}'],
  ['String', { [`${LONE} and \\ud83d`]: null }, '{"\ufffd and \\\\ud83d":null}'],
  ['String', { text: 'a "b"\n\t\\ {[/é😀\u0000' }, '{"text":"a \\"b\\"\\n\\t\\\\ {[/é😀\\u0000"}'],
  ['String', [], '[]'],
  ['String', ['a', { b: ['}'] }, 1.5, true, null], '["a",{"b":["}"]},1.5,true,null]'],
  ['String', nested(2_000), JSON.stringify(nested(2_000))],
  ['String', 1e21, '1e+21'],
  ['String', -0.5, '-0.5'],
  ['String', 9_007_199_254_740_991, '9007199254740991'],
  ['String', false, 'false'],
  ['String', 'null', 'null'],
  ['Nullable(String)', { a: 1 }, '{"a":1}'],
  ['Nullable(String)', [1], '[1]'],
  ['LowCardinality(String)', { a: 1 }, '{"a":1}'],
  ['LowCardinality(Nullable(String))', 7, '7'],
  ['SimpleAggregateFunction(any, String)', { a: 1 }, '{"a":1}'],
  ['FixedString(3)', 'añ', 'añ'],
  ['FixedString(7)', { a: 1 }, '{"a":1}'],
  ['LowCardinality(Nullable(String))', '', ''],
  ['Array(String)', ['a', { b: 1 }, null], `['a','{"b":1}','']`],
  ['Array(Nullable(DateTime64(3)))', [null, '2025-01-01T00:00:00Z'], "[NULL,'2025-01-01 00:00:00.000']"],
  ['Array(LowCardinality(Nullable(String)))', [{ b: 1 }, 2, [3], null], `['{"b":1}','2','[3]',NULL]`],
  ['Array(Map(String, String))', [{ role: 'user', content: [1] }], "[{'role':'user','content':'[1]'}]"],
  [
    'Map(String, String)',
    { a: 'b', n: 1.5, t: true, o: { x: ["it's"] }, z: null, e: [] },
    String.raw`{'a':'b','n':'1.5','t':'true','o':'{"x":["it\'s"]}','z':'','e':'[]'}`,
  ],
  [
    'Map(String, String)',
    { [LONE]: LONE, o: { x: [LONE] }, t: false },
    `{'\ufffd':'\ufffd','o':'{"x":["\ufffd"]}','t':'false'}`,
  ],
  ['Map(String, Nullable(String))', { o: {}, z: null }, "{'o':'{}','z':NULL}"],
  ['Map(LowCardinality(String), LowCardinality(String))', { o: [1] }, "{'o':'[1]'}"],
  ['Map(UInt64, String)', { '9007199254740993': 'b' }, "{9007199254740993:'b'}"],
  ['Map(String, UInt8)', JSON.parse('{"__proto__":1,"":2}'), "{'__proto__':1,'':2}"],
  ["Enum8('ok' = 1, 'it\\'s' = 2)", "it's", "it's"],
  ['IPv4', '127.0.0.1', '127.0.0.1'],
  ['IPv6', '127.0.0.1', '::ffff:127.0.0.1'],
  ['SimpleAggregateFunction(sum, UInt64)', 7, '7'],
  ['JSON', { [LONE]: `${LONE}`, b: { c: [1, 'x'] } }, '{"b":{"c":[1,"x"]},"\ufffd":"\ufffd"}'],
  ['JSON', '{"a":1}', '{"a":1}'],
];

/** Columns no event fills, which stop nothing. */
const NEVER_FILLED = [
  "`states` AggregateFunction(uniq, String) DEFAULT initializeAggregation('uniqState', '')",
  "`pair` Tuple(String, UInt8) DEFAULT ('', 0)",
  '`place` Point DEFAULT (0, 0)',
];

it('what a rule accepts is stored as it means, in a column of any type', async () => {
  const columns = VALUES.map(([type], index) => `\`c-${index}\` ${type} \`json:$.c${index}\``);
  const calls = `SCHEMA >\n    ${[...columns, ...NEVER_FILLED].join(',\n    ')}\nENGINE_SORTING_KEY tuple()`;
  const server = await runServer({ datasources: { calls } });
  const event = Object.fromEntries(VALUES.map(([, sent], index) => [`c${index}`, sent]));
  const answer = await server.send('calls', JSON.stringify(event));
  expect(answer.body).toEqual({ successful_rows: 1, quarantined_rows: 0 });
  const texts = VALUES.map((_, index) => `toString(\`c-${index}\`) AS c${index}`);
  const [row] = await server.rows(`SELECT ${texts.join(', ')} FROM calls`);
  expect(VALUES.map(([type, sent], index) => [type, sent, row?.[`c${index}`]])).toEqual(VALUES);
});
