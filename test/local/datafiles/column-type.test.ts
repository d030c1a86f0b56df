import { describe, expect, it } from 'vitest';
import { isNullable, parseColumnType, valueType } from '../../../src/local/datafiles/column-type.js';

describe('a column type', () => {
  it.each([
    ['UInt16', { kind: 'integer', min: 0n, max: 65_535n }],
    ['Int8', { kind: 'integer', min: -128n, max: 127n }],
    ['UInt256', { kind: 'integer', max: 2n ** 256n - 1n }],
    ['Float32', { kind: 'float', bits: 32 }],
    ['Decimal(18, 6)', { kind: 'decimal', precision: 18, scale: 6 }],
    ['Decimal64(2)', { kind: 'decimal', precision: 18, scale: 2 }],
    ['String', { kind: 'string' }],
    ['FixedString(16)', { kind: 'fixed-string', bytes: 16 }],
    ['UUID', { kind: 'uuid' }],
    ['Bool', { kind: 'boolean' }],
    ['Boolean', { kind: 'boolean' }],
    ['Date', { kind: 'date', wide: false }],
    ['Date32', { kind: 'date', wide: true }],
    ['DateTime', { kind: 'datetime', precision: 0, wide: false, zoned: false }],
    ["DateTime('Europe/Madrid')", { kind: 'datetime', zoned: true }],
    ["DateTime64(3, 'UTC')", { kind: 'datetime', precision: 3, wide: true, zoned: true }],
    ['Array(Map(String, String))', { kind: 'array', of: { kind: 'map', key: { kind: 'string' } } }],
    ['BOOL', { kind: 'boolean' }],
    ['Decimal', { kind: 'decimal', precision: 10, scale: 0 }],
    ['IPv6', { kind: 'ip', version: 6 }],
    ['JSON', { kind: 'json' }],
    ['JSON(max_dynamic_paths=10, `a.b` UInt32, SKIP x)', { kind: 'json' }],
    ["Enum8('a, b' = 1, 'it\\'s' = -2)", { kind: 'enum', names: new Set(['a, b', "it's"]) }],
    ["Enum('x', 'y''s')", { kind: 'enum', names: new Set(['x', "y's"]) }],
    ['SimpleAggregateFunction(sum, UInt64)', { kind: 'simple-aggregate', of: { kind: 'integer' } }],
    ['AggregateFunction(quantilesTDigest(0.5, 0.9), Float64)', { kind: 'other' }],
    ['Tuple(a String, b UInt8)', { kind: 'other' }],
    ['Nested(a String, b UInt8)', { kind: 'other' }],
    ['Point', { kind: 'other' }],
    ['Array(Tuple(String, UInt8))', { kind: 'array', of: { kind: 'other' } }],
    ['Array (String)', { kind: 'array', of: { kind: 'string' } }],
    ['DOUBLE PRECISION', { kind: 'float', bits: 64 }],
    ['varchar(255)', { kind: 'string' }],
    ['LowCardinality(Nullable(String))', { kind: 'low-cardinality', of: { kind: 'nullable' } }],
  ])('%s is understood', (text, expected) => {
    expect(parseColumnType(text)).toMatchObject({ text, ...expected });
  });

  it.each([
    ['Strin', "'Strin' is not a type: did you mean String?"],
    ['string', 'did you mean String?'],
    ['Frobnicated', 'is not a type: there are String, Int8, '],
    ['String(3)', "'String(3)' is not a type"],
    ['Array', 'needs one type'],
    ['Array(Strin)', "'Strin' is not a type"],
    ['Map(String)', 'needs two types'],
    ['Decimal(6, 7)', 'needs a precision'],
    ['Decimal32', 'needs a scale'],
    ['FixedString', 'needs a length'],
    ['DateTime64', 'needs a precision of 0 to 9'],
    ['DateTime(3)', 'takes a time zone only'],
    ['Enum8', 'needs names'],
    ['Enum8(1, 2)', 'needs names'],
    ['SimpleAggregateFunction(sum)', 'needs a function and a type'],
    ['SimpleAggregateFunction(sum, Strin)', "'Strin' is not a type"],
    ['Array(Map(String, String)', "has an unclosed '('"],
    ['', 'is not a type'],
  ])('%s is refused with what is wrong', (text, expected) => {
    expect(parseColumnType(text)).toContain(expected);
  });

  it('nests LowCardinality and Nullable as ClickHouse wants it', () => {
    expect(parseColumnType('Nullable(LowCardinality(String))')).toMatchObject({
      text: 'LowCardinality(Nullable(String))',
    });
  });

  it('tells what a value must be, whatever the storage', () => {
    const type = parseColumnType('LowCardinality(Nullable(FixedString(2)))');
    if (typeof type === 'string') throw new Error(type);
    expect(valueType(type).text).toBe('FixedString(2)');
    expect(isNullable(type)).toBe(true);
  });
});
