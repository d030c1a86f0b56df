import { describe, expect, it } from 'vitest';
import { parseDatafile } from '../../../src/local/datafiles/datafile.js';
import { type JsonObject, type JsonValue, jsonText } from '../../../src/local/rows/json-path.js';
import { compileRowRules, type RowVerdict } from '../../../src/local/rows/row-rules.js';

/** Judges an event by the columns of a schema. */
function judge(schema: string, event: JsonObject): RowVerdict {
  return compileRowRules(parseDatafile(`SCHEMA >\n    ${schema}`, 'calls.datasource').columns)(event);
}

/** What ClickHouse is given for a value in a column of a type, or the message that keeps the row out. */
function given(type: string, value: JsonValue): JsonValue | undefined {
  const verdict = judge(`\`v\` ${type} \`json:$.v\``, { v: value });
  return verdict.ok ? JSON.parse(jsonText(verdict.row)).v : verdict.errors[0]?.message;
}

const refusal = (value: string, type: string) => `value '${value}' on column 'v' is not ${type}`;
const LONE = '\ud83d';

describe('a value', () => {
  it.each<[string, JsonValue, JsonValue]>([
    ['UInt16', 65_535, 65_535],
    ['UInt16', 3.0, 3],
    ['Int8', -128, -128],
    ['UInt64', 9_007_199_254_740_991, 9_007_199_254_740_991],
    ['UInt64', '18446744073709551615', '18446744073709551615'],
    ['Float32', 0.5, 0.5],
    ['Float64', 1e300, 1e300],
    ['Decimal(6, 2)', 9999.5, '9999.5'],
    ['Decimal(38, 18)', '123456789012345678.5', '123456789012345678.5'],
    ['Decimal(38, 18)', '99999999999999999999.9', '99999999999999999999.9'],
    ['Decimal(6, 2)', '-0009999.999', '-0009999.999'],
    ['Decimal(6, 2)', '1e3', '1e3'],
    ['String', 'text', 'text'],
    ['String', 5, 5],
    ['String', true, true],
    ['String', { a: [1, null] }, { a: [1, null] }],
    ['String', ['a', { b: 1 }], ['a', { b: 1 }]],
    ['String', `cut ${LONE}`, 'cut \ufffd'],
    ['String', { a: `${LONE} and \\ud83d` }, { a: '\ufffd and \\ud83d' }],
    ['LowCardinality(String)', 'gpt', 'gpt'],
    ['FixedString(3)', 'añ', 'añ'],
    ['UUID', '0191aa80-7b5b-7ccc-8000-000000000001', '0191aa80-7b5b-7ccc-8000-000000000001'],
    ['Boolean', true, true],
    ['Bool', 0, false],
    ['Bool', 'true', true],
    ['Date', '2025-02-28', '2025-02-28'],
    ['Date32', '1901-01-01', '1901-01-01'],
    ['DateTime', '2025-01-02 03:04:05', '2025-01-02 03:04:05'],
    ['DateTime', '2025-01-02T03:04:05.678Z', '2025-01-02 03:04:05'],
    ['DateTime', '2025-01-02T03:04:05+05:30', '2025-01-01 21:34:05'],
    ['DateTime', '2025-01-02T03:04:05.123456', '2025-01-02 03:04:05'],
    ['DateTime', '2025-01-02', '2025-01-02 00:00:00'],
    ['DateTime', 1_735_787_045, '2025-01-02 03:04:05'],
    ["DateTime('Europe/Madrid')", '2025-01-02 03:04:05', '2025-01-02 03:04:05Z'],
    ['DateTime64(3)', '2025-01-02T03:04:05.6789-01:00', '2025-01-02 04:04:05.678'],
    ['DateTime64(6)', '2025-01-02 03:04:05', '2025-01-02 03:04:05.000000'],
    ['DateTime64(9)', '2025-01-02T03:04:05.123456789Z', '2025-01-02 03:04:05.123456789'],
    ['Array(String)', ['a', { b: 1 }, 2, null], ['a', { b: 1 }, 2, '']],
    ['Array(Nullable(Int8))', [1, null], [1, null]],
    ['Array(Array(UInt8))', [[1], []], [[1], []]],
    ['Map(String, String)', { a: 'b', n: 1, o: { x: [] }, z: null }, { a: 'b', n: 1, o: { x: [] }, z: '' }],
    ['Map(UInt8, Float64)', { '7': 0.5 }, { '7': 0.5 }],
    [
      'Array(Map(String, String))',
      [{ role: 'user', content: [{ type: 'text' }] }],
      [{ role: 'user', content: [{ type: 'text' }] }],
    ],
    ['Nullable(Int8)', 4, 4],
    ['SimpleAggregateFunction(sum, UInt64)', 7, 7],
    ["Enum8('ok' = 1, 'it\\'s' = 2)", "it's", "it's"],
    ['IPv4', '127.0.0.1', '127.0.0.1'],
    ['IPv6', '2001:db8::1', '2001:db8::1'],
    ['IPv6', '127.0.0.1', '127.0.0.1'],
    ['JSON', { a: [1, null] }, { a: [1, null] }],
    ['JSON', '{"a":1}', { a: 1 }],
    ['JSON', { [LONE]: `cut ${LONE}` }, { '\ufffd': 'cut \ufffd' }],
    ['DateTime', '2025-01-02T03:04Z', '2025-01-02 03:04:00'],
    ['DateTime', '2025-01-02 03:04:05,9+14', '2025-01-01 13:04:05'],
    ['DateTime', 4_294_967_295, '2106-02-07 06:28:15'],
  ])('in a %s: of %j ClickHouse is given %j', (type, value, expected) => {
    expect(given(type, value)).toEqual(expected);
  });

  it.each<[string, JsonValue, string]>([
    ['UInt16', 70_000, refusal('70000', 'UInt16')],
    ['UInt16', -1, refusal('-1', 'UInt16')],
    ['UInt16', 1.5, refusal('1.5', 'UInt16')],
    ['Int16', '3', refusal('3', 'Int16')],
    ['Int64', '3', refusal('3', 'Int64')],
    ['UInt64', '18446744073709551616', refusal('18446744073709551616', 'UInt64')],
    [
      'UInt64',
      2 ** 60,
      `${refusal('1152921504606847000', 'UInt64')}: a JSON number beyond 2^53 has lost digits, send it as a string`,
    ],
    ['UInt8', true, refusal('true', 'UInt8')],
    ['Float32', '', refusal('', 'Float32')],
    ['Float32', 1e39, refusal('1e+39', 'Float32')],
    ['Float64', '1.5', refusal('1.5', 'Float64')],
    ['Decimal(6, 2)', 10_000, refusal('10000', 'Decimal(6, 2)')],
    ['Decimal(6, 2)', 'abc', refusal('abc', 'Decimal(6, 2)')],
    ['FixedString(2)', 'añ', refusal('añ', 'FixedString(2)')],
    ['UUID', 'abc', refusal('abc', 'UUID')],
    ['Boolean', 'yes', refusal('yes', 'Boolean')],
    ['Boolean', 2, refusal('2', 'Boolean')],
    ['Date', '2025-02-30', refusal('2025-02-30', 'Date')],
    ['Date', '1969-12-31', refusal('1969-12-31', 'Date')],
    ['DateTime', '2025-13-01 00:00:00', refusal('2025-13-01 00:00:00', 'DateTime')],
    ['DateTime', '2025-01-01 25:00:00', refusal('2025-01-01 25:00:00', 'DateTime')],
    ['DateTime', '1969-12-31 23:59:59', refusal('1969-12-31 23:59:59', 'DateTime')],
    ['DateTime', '0099-01-01 00:00:00', refusal('0099-01-01 00:00:00', 'DateTime')],
    ['DateTime64(3)', '2300-01-01', refusal('2300-01-01', 'DateTime64(3)')],
    ['DateTime64(9)', '2263-01-01', refusal('2263-01-01', 'DateTime64(9)')],
    ['DateTime', 'yesterday', refusal('yesterday', 'DateTime')],
    ['DateTime', 1_735_787_045_123, refusal('1735787045123', 'DateTime')],
    ['DateTime64(3)', 1_735_787_045_123, refusal('1735787045123', 'DateTime64(3)')],
    ['DateTime', 1.5, refusal('1.5', 'DateTime')],
    ['Array(String)', 'a', refusal('a', 'Array(String)')],
    ['Array(UInt8)', [1, 300], refusal('[1,300]', 'Array(UInt8)')],
    ['Array(UInt8)', [null], refusal('[null]', 'Array(UInt8)')],
    ['Map(String, String)', ['a'], refusal('["a"]', 'Map(String, String)')],
    ['Map(UInt8, String)', { x: 'a' }, refusal('{"x":"a"}', 'Map(UInt8, String)')],
    ['Map(UInt8, String)', { '': 'a' }, refusal('{"":"a"}', 'Map(UInt8, String)')],
    ['SimpleAggregateFunction(sum, UInt8)', 256, refusal('256', 'UInt8')],
    ["Enum8('ok' = 1)", 'OK', refusal('OK', "Enum8('ok' = 1)")],
    ["Enum8('ok' = 1)", 1, refusal('1', "Enum8('ok' = 1)")],
    ['IPv4', '1.2.3', refusal('1.2.3', 'IPv4')],
    ['IPv4', '::1', refusal('::1', 'IPv4')],
    ['IPv6', 'fe80::1%eth0', refusal('fe80::1%eth0', 'IPv6')],
    ['JSON', [1], refusal('[1]', 'JSON')],
    ['JSON', '[1]', refusal('[1]', 'JSON')],
    ['JSON', '{', refusal('{', 'JSON')],
    ['JSON', 1, refusal('1', 'JSON')],
    ['Decimal(6, 2)', `${'0'.repeat(50_000)}x`, refusal(`${'0'.repeat(100)}…`, 'Decimal(6, 2)')],
    ['Decimal(6, 2)', '1e4', refusal('1e4', 'Decimal(6, 2)')],
    ['DateTime', '2025-01-01 00:00:60', refusal('2025-01-01 00:00:60', 'DateTime')],
    ['DateTime', -1, refusal('-1', 'DateTime')],
    ['LowCardinality(Nullable(FixedString(1)))', 'ab', refusal('ab', 'FixedString(1)')],
    ['UInt8', 'x'.repeat(300), refusal(`${'x'.repeat(100)}…`, 'UInt8')],
  ])('in a %s: %j keeps the row out', (type, value, expected) => {
    expect(given(type, value)).toBe(expected);
  });
});

describe('an event', () => {
  it('is read along its paths, a parent and its child both', () => {
    const schema =
      '`all` String `json:$`, `response` String `json:$.response`, `id` String `json:$.response.id`';
    const event = { response: { id: 'r1' } };
    expect(judge(schema, event)).toEqual({
      ok: true,
      row: { all: event, response: { id: 'r1' }, id: 'r1' },
    });
  });

  it.each([
    ['missing', {}],
    ['null', { v: null }],
  ])(
    'whose value is %s leaves a column with a DEFAULT to ClickHouse, and is NULL in a Nullable one',
    (_, event) => {
      const schema = '`v` Nullable(Int8) `json:$.v`, `w` DateTime `json:$.v` DEFAULT now()';
      expect(judge(schema, event)).toEqual({ ok: true, row: { v: null } });
      expect(judge('`v` String `json:$.v`', event)).toEqual({
        ok: false,
        errors: [
          {
            column: 'v',
            message:
              "no value for column 'v' at '$.v': send one, or make the column Nullable or give it a DEFAULT",
          },
        ],
      });
    },
  );

  it('tells everything that is wrong with it at once', () => {
    const verdict = judge('`a` UInt8 `json:$.a`, `b` UInt8 `json:$.b`, `c` UInt8 `json:$.c`', {
      a: 1,
      b: 256,
      c: 'x',
    });
    expect(verdict).toEqual({
      ok: false,
      errors: [
        { column: 'b', message: "value '256' on column 'b' is not UInt8" },
        { column: 'c', message: "value 'x' on column 'c' is not UInt8" },
      ],
    });
  });

  it.each([
    ['AggregateFunction(uniq, String)', 'x', "'x' on column 'v' is not AggregateFunction(uniq, String)"],
    ['Tuple(String, UInt8)', ['x', 1], `'["x",1]' on column 'v' is not Tuple(String, UInt8)`],
    ['Array(Nested(a String))', [{}], `'[{}]' on column 'v' is not Array(Nested(a String))`],
    ['Map(String, Point)', { a: 1 }, `'{"a":1}' on column 'v' is not Map(String, Point)`],
  ])('says that nothing can be ingested into a column of type %s', (type, value, expected) => {
    expect(given(type, value)).toBe(
      `value ${expected}: no event can fill a column of this type, give it no json path`,
    );
  });

  it.each<[string, JsonValue, JsonValue | undefined]>([
    ['$.list[:].name', [{ name: 'a' }, { name: { b: 1 } }, {}], ['a', { b: 1 }, '']],
    ['$.list[:].deep.name', [{ deep: { name: 'a' } }, { deep: 5 }], ['a', '']],
    ["$.list[:]['x.y']", [{ 'x.y': 'a' }], ['a']],
    ['$.list[:].name', [], []],
  ])('is read along %s, one field of each object of an array', (path, list, expected) => {
    const verdict = judge(`\`v\` Array(String) \`json:${path}\``, { list });
    expect(verdict).toEqual({ ok: true, row: { v: expected } });
  });

  it('is read along an array of arrays, and says when there is no array', () => {
    const schema = '`v` Array(Array(UInt8)) `json:$.list[:].each[:]`';
    expect(judge(schema, { list: [{ each: [1, 2] }, { each: [] }] })).toEqual({
      ok: true,
      row: { v: [[1, 2], []] },
    });
    expect(judge(schema, { list: { each: [1] } })).toMatchObject({
      errors: [{ column: 'v', message: `value '{"each":[1]}' on column 'v' is not Array(Array(UInt8))` }],
    });
    expect(judge(schema, { list: [{}] })).toMatchObject({
      errors: [{ message: "value '[null]' on column 'v' is not Array(Array(UInt8))" }],
    });
  });

  it.each([
    ['$.a-b', { 'a-b': 'x' }],
    ["$.['a.b']", { 'a.b': 'x' }],
    ['$["a b"].c', { 'a b': { c: 'x' } }],
    ['$.@type', { '@type': 'x' }],
    ['$.größe', { größe: 'x' }],
  ])('is read along %s', (path, event) => {
    expect(judge(`\`v\` String \`json:${path}\``, event)).toEqual({ ok: true, row: { v: 'x' } });
  });

  it('says that a column without a path cannot be filled', () => {
    expect(judge('`a` String', { a: 'x' })).toMatchObject({
      ok: false,
      errors: [{ message: "column 'a' has no json path: add `json:$.a` or a DEFAULT to it" }],
    });
  });

  it('is not fooled by keys that objects inherit', () => {
    expect(judge('`a` Nullable(String) `json:$.constructor.name`', {})).toEqual({
      ok: true,
      row: { a: null },
    });
    expect(judge('`a` Nullable(String) `json:$.constructor`', {})).toEqual({ ok: true, row: { a: null } });
    const own = judge('`__proto__` String `json:$.__proto__`', JSON.parse('{"__proto__":{"a":1}}'));
    expect(JSON.stringify(own)).toBe('{"ok":true,"row":{"__proto__":{"a":1}}}');
    const map = JSON.parse('{"v":{"__proto__":"x"}}') as JsonObject;
    const verdict = judge('`v` Map(String, String) `json:$.v`', map);
    expect(JSON.stringify(verdict)).toBe('{"ok":true,"row":{"v":{"__proto__":"x"}}}');
  });
});
