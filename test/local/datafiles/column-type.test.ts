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
    ['LowCardinality(Nullable(String))', { kind: 'low-cardinality', of: { kind: 'nullable' } }],
  ])('%s is understood', (text, expected) => {
    expect(parseColumnType(text)).toMatchObject({ text, ...expected });
  });

  it.each([
    ['Strin', "'Strin' is not a type"],
    ['String(3)', "'String(3)' is not a type"],
    ['Array', 'needs one type'],
    ['Array(Strin)', "'Strin' is not a type"],
    ['Map(String)', 'needs two types'],
    ['Decimal', 'needs a precision'],
    ['Decimal32', 'needs a scale'],
    ['FixedString', 'needs a length'],
    ['DateTime64', 'needs a precision of 0 to 9'],
    ['DateTime(3)', 'takes a time zone only'],
    ['Enum8', 'is not a type that can be ingested'],
    ['Array(Map(String, String)', "has an unclosed '('"],
    ['', 'is not a type'],
  ])('%s is refused with what is wrong', (text, expected) => {
    expect(parseColumnType(text)).toContain(expected);
  });

  it('tells what a value must be, whatever the storage', () => {
    const type = parseColumnType('LowCardinality(Nullable(FixedString(2)))');
    if (typeof type === 'string') throw new Error(type);
    expect(valueType(type).text).toBe('FixedString(2)');
    expect(isNullable(type)).toBe(true);
  });
});
