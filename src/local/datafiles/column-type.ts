import { nearest } from './nearest.js';
import { splitList } from './split-list.js';

/**
 * A ClickHouse type as a column declares it. `text` is the type as ClickHouse is told it; the rest is what the
 * row rules need. Source of the list: the types Tinybird takes at ingestion (docs, "Data types"), and those a table
 * may have besides: `other` is a column nothing can be ingested into.
 */
export type ColumnType = { readonly text: string } & (
  | { readonly kind: 'integer'; readonly min: bigint; readonly max: bigint }
  | { readonly kind: 'float'; readonly bits: 32 | 64 }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'string' }
  | { readonly kind: 'fixed-string'; readonly bytes: number }
  | { readonly kind: 'uuid' }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'date'; readonly wide: boolean }
  | { readonly kind: 'datetime'; readonly precision: number; readonly wide: boolean; readonly zoned: boolean }
  | { readonly kind: 'array'; readonly of: ColumnType }
  | { readonly kind: 'map'; readonly key: ColumnType; readonly value: ColumnType }
  | { readonly kind: 'nullable' | 'low-cardinality' | 'simple-aggregate'; readonly of: ColumnType }
  | { readonly kind: 'enum'; readonly names: ReadonlySet<string> }
  | { readonly kind: 'ip'; readonly version: 4 | 6 }
  | { readonly kind: 'json' }
  | { readonly kind: 'other' }
);

/** A column without a type has that of its DEFAULT, which only ClickHouse knows. */
export const UNTYPED: ColumnType = { text: '', kind: 'other' };

/**
 * Reads a type such as `LowCardinality(String)` or `Array(Map(String, String))`.
 *
 * @returns the type, or a sentence fragment saying what is wrong with it
 */
export function parseColumnType(text: string): ColumnType | string {
  const match = /^(\w+(?:\s+PRECISION)?)\s*(?:\((.*)\))?$/is.exec(text.trim());
  const name = match?.[1];
  if (name === undefined) return `'${text}' is not a type`;
  const list = splitList(match?.[2] ?? '');
  if (list.unclosed) return `'${text}' has an unclosed '${list.unclosed.opener}'`;
  const parts = list.pieces.map((piece) => piece.text);
  return (
    simple(name, text, parts) ??
    sized(name, text, parts) ??
    nested(name, text, parts) ??
    rare(name, text, parts) ??
    alias(name, text) ??
    unknown(name, text)
  );
}

/** The type a value must have, without what only concerns storage (`LowCardinality`) or absence (`Nullable`). */
export function valueType(type: ColumnType): ColumnType {
  return isWrapper(type) ? valueType(type.of) : type;
}

/** Whether the column can hold NULL; `LowCardinality(Nullable(T))` is the legal nesting. */
export function isNullable(type: ColumnType): boolean {
  return type.kind === 'nullable' || (isWrapper(type) && isNullable(type.of));
}

type Wrapper = ColumnType & { readonly kind: 'nullable' | 'low-cardinality' | 'simple-aggregate' };

function isWrapper(type: ColumnType): type is Wrapper {
  return type.kind === 'nullable' || type.kind === 'low-cardinality' || type.kind === 'simple-aggregate';
}

function simple(name: string, text: string, parts: string[]): ColumnType | undefined {
  const integer = /^(U?)Int(8|16|32|64|128|256)$/.exec(name);
  if (parts.length > 0) return undefined;
  if (integer) {
    const bits = BigInt(integer[2] ?? 8);
    const unsigned = integer[1] === 'U';
    const max = 2n ** (unsigned ? bits : bits - 1n) - 1n;
    return { text, kind: 'integer', min: unsigned ? 0n : -max - 1n, max };
  }
  if (name === 'Float32' || name === 'Float64')
    return { text, kind: 'float', bits: name === 'Float32' ? 32 : 64 };
  if (name === 'String') return { text, kind: 'string' };
  if (name === 'UUID') return { text, kind: 'uuid' };
  if (/^bool(ean)?$/i.test(name)) return { text, kind: 'boolean' };
  if (name === 'Date' || name === 'Date32') return { text, kind: 'date', wide: name === 'Date32' };
  if (name === 'IPv4' || name === 'IPv6') return { text, kind: 'ip', version: name === 'IPv4' ? 4 : 6 };
  return undefined;
}

const DECIMAL_DIGITS: Readonly<Record<string, number>> = {
  Decimal32: 9,
  Decimal64: 18,
  Decimal128: 38,
  Decimal256: 76,
};

function sized(name: string, text: string, parts: string[]): ColumnType | string | undefined {
  const [first, second] = parts;
  const digits = DECIMAL_DIGITS[name];
  if (digits !== undefined) {
    return isCount(first) && parts.length === 1 && Number(first) <= digits
      ? { text, kind: 'decimal', precision: digits, scale: Number(first) }
      : `'${text}' needs a scale, as in ${name}(2)`;
  }
  if (name === 'Decimal' && parts.length === 0) return { text, kind: 'decimal', precision: 10, scale: 0 };
  if (name === 'Decimal') {
    const scale = second ?? '0';
    return isCount(first) && isCount(scale) && Number(first) <= 76 && Number(scale) <= Number(first)
      ? { text, kind: 'decimal', precision: Number(first), scale: Number(scale) }
      : `'${text}' needs a precision and a scale, as in Decimal(18, 6)`;
  }
  if (name === 'FixedString') {
    return isCount(first) && parts.length === 1 && Number(first) > 0
      ? { text, kind: 'fixed-string', bytes: Number(first) }
      : `'${text}' needs a length in bytes, as in FixedString(16)`;
  }
  if (name === 'DateTime') {
    return parts.length <= 1 && isQuoted(first ?? "''")
      ? { text, kind: 'datetime', precision: 0, wide: false, zoned: first !== undefined }
      : `'${text}' takes a time zone only, as in DateTime('UTC')`;
  }
  if (name === 'DateTime64') {
    return isCount(first) && Number(first) <= 9 && parts.length <= 2 && isQuoted(second ?? "''")
      ? { text, kind: 'datetime', precision: Number(first), wide: true, zoned: second !== undefined }
      : `'${text}' needs a precision of 0 to 9, as in DateTime64(3)`;
  }
  return undefined;
}

function nested(name: string, text: string, parts: string[]): ColumnType | string | undefined {
  const kind = ({ Array: 'array', Nullable: 'nullable', LowCardinality: 'low-cardinality' } as const)[name];
  if (kind === undefined && name !== 'Map') return undefined;
  const [first, second] = parts.map(parseColumnType);
  if (kind !== undefined) {
    if (first === undefined || parts.length !== 1) return `'${text}' needs one type, as in ${name}(String)`;
    if (typeof first === 'string') return first;
    // Tinybird takes the nesting that ClickHouse refuses, and means the other one.
    if (kind === 'nullable' && first.kind === 'low-cardinality')
      return parseColumnType(`LowCardinality(Nullable(${first.of.text}))`);
    return { text, kind, of: first };
  }
  if (first === undefined || second === undefined || parts.length !== 2) {
    return `'${text}' needs two types, as in Map(String, String)`;
  }
  if (typeof first === 'string') return first;
  return typeof second === 'string' ? second : { text, kind: 'map', key: first, value: second };
}

function rare(name: string, text: string, parts: string[]): ColumnType | string | undefined {
  if (name === 'SimpleAggregateFunction') {
    const of = parts.length === 2 ? parseColumnType(parts[1] ?? '') : undefined;
    if (of === undefined)
      return `'${text}' needs a function and a type, as in SimpleAggregateFunction(sum, UInt64)`;
    return typeof of === 'string' ? of : { text, kind: 'simple-aggregate', of };
  }
  if (/^Enum(8|16)?$/.test(name)) {
    const names = parts.map((part) => /^'((?:[^'\\]|\\.|'')*)'(?:\s*=\s*-?\d+)?$/s.exec(part)?.[1]);
    if (names.length === 0 || names.includes(undefined))
      return `'${text}' needs names, as in ${name}('ok' = 1, 'failed' = 2)`;
    return { text, kind: 'enum', names: new Set(names.map(unescaped)) };
  }
  if (name === 'JSON' || (name === 'Object' && parts[0] === "'json'")) return { text, kind: 'json' };
  return OTHERS.test(name) ? { text, kind: 'other' } : undefined;
}

/** What a table may have and no event can fill. */
const OTHERS =
  /^(AggregateFunction|Tuple|Nested|Variant|Dynamic|Nothing|Point|Ring|LineString|MultiLineString|Polygon|MultiPolygon|Time|Time64|BFloat16|QBit|Interval\w*)$/;

/** The names SQL has for them, in any case. */
const ALIASES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    String: 'TEXT TINYTEXT MEDIUMTEXT LONGTEXT VARCHAR CHAR BLOB',
    Int8: 'TINYINT',
    Int16: 'SMALLINT',
    Int32: 'INT INTEGER',
    Int64: 'BIGINT',
    Float32: 'FLOAT REAL',
    Float64: 'DOUBLE',
    DateTime: 'TIMESTAMP',
  }).flatMap(([type, names]) => names.split(' ').map((name) => [name, type] as const)),
);

function alias(name: string, text: string): ColumnType | string | undefined {
  const type = ALIASES.get(name.toUpperCase().replace(/^DOUBLE\s+PRECISION$/, 'DOUBLE'));
  const parsed = type === undefined ? undefined : parseColumnType(type);
  return typeof parsed === 'object' ? { ...parsed, text } : parsed;
}

const KNOWN = [
  ...[
    'String',
    'Int8',
    'Int16',
    'Int32',
    'Int64',
    'UInt8',
    'UInt16',
    'UInt32',
    'UInt64',
    'Float32',
    'Float64',
  ],
  ...['Decimal', 'FixedString', 'UUID', 'Bool', 'Date', 'Date32', 'DateTime', 'DateTime64', 'Array', 'Map'],
  ...['LowCardinality', 'Nullable', 'JSON', 'Enum8', 'IPv4', 'IPv6', 'SimpleAggregateFunction'],
];

function unknown(name: string, text: string): string {
  const meant = nearest(name, KNOWN);
  const known = meant === undefined ? `there are ${KNOWN.join(', ')}` : `did you mean ${meant}?`;
  return `'${text}' is not a type: ${known}`;
}

/** A name as ClickHouse reads it between quotes. */
function unescaped(name: string | undefined): string {
  return (name ?? '').replaceAll(/\\(.)|''/gs, (_, character: string | undefined) => character ?? "'");
}

function isCount(text: string | undefined): boolean {
  return text !== undefined && /^\d+$/.test(text);
}

function isQuoted(text: string): boolean {
  return /^'[^']*'$/.test(text);
}
