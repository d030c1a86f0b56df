import { isIPv4, isIPv6 } from 'node:net';
import { type ColumnType, isNullable, valueType } from '../datafiles/column-type.js';
import type { DatasourceColumn } from '../datafiles/schema-columns.js';
import { shortened } from '../text.js';
import { dateText, dateTimeText } from './date-text.js';
import { compileJsonPath, isJsonObject, type JsonObject, type JsonValue, textOf } from './json-path.js';

/** Why one column of an event keeps the whole row out. */
export interface RowError {
  readonly column: string;
  readonly message: string;
}

/** An event as a flat row ready for JSONEachRow, or everything that is wrong with it. */
export type RowVerdict =
  | { readonly ok: true; readonly row: JsonObject }
  | { readonly ok: false; readonly errors: readonly RowError[] };

/**
 * Compiles a datasource's columns into the one function that judges its events. It is stricter than ClickHouse,
 * which stores 70000 in a UInt16 as 4464 without a word, and kinder, since one bad row does not fail a batch.
 *
 * Missing and `null` are the same: a column with a DEFAULT is left out of the row so that ClickHouse computes it,
 * a Nullable one is NULL, any other is an error.
 */
export function compileRowRules(columns: readonly DatasourceColumn[]): (event: JsonObject) => RowVerdict {
  const rules = columns.map((column) => ({
    name: column.name,
    read: column.path === undefined ? () => undefined : compileJsonPath(column.path),
    absent: column.default !== undefined ? 'omit' : isNullable(column.type) ? 'null' : missingMessage(column),
    convert: converter(column.type),
    message: (value: JsonValue) =>
      `value '${shortened(textOf(value), LONGEST_VALUE_TOLD)}' on column '${column.name}' is not ${valueType(column.type).text}` +
      hint(valueType(column.type), value),
  }));

  return (event) => {
    // Without a prototype: a column may be called `__proto__`.
    const row: Record<string, JsonValue> = Object.create(null);
    const errors: RowError[] = [];
    for (const rule of rules) {
      const value = rule.read(event) ?? null;
      if (value !== null) {
        const converted = rule.convert(value);
        if (converted === undefined) errors.push({ column: rule.name, message: rule.message(value) });
        else row[rule.name] = converted;
      } else if (rule.absent === 'null') row[rule.name] = null;
      else if (rule.absent !== 'omit') errors.push({ column: rule.name, message: rule.absent });
    }
    return errors.length === 0 ? { ok: true, row } : { ok: false, errors };
  };
}

/** Turns a value that is not null into what the column stores; `undefined` says that it does not fit. */
type Converter = (value: JsonValue) => JsonValue | undefined;

const LONGEST_VALUE_TOLD = 100;

function hint(type: ColumnType, value: JsonValue): string {
  if (!canBeFilled(type)) return ': no event can fill a column of this type, give it no json path';
  const rounded = type.kind === 'integer' && Number.isInteger(value) && !Number.isSafeInteger(value);
  return rounded ? ': a JSON number beyond 2^53 has lost digits, send it as a string' : '';
}

function canBeFilled(type: ColumnType): boolean {
  if (type.kind === 'array') return canBeFilled(valueType(type.of));
  if (type.kind === 'map') return canBeFilled(valueType(type.value));
  return type.kind !== 'other';
}

function missingMessage(column: DatasourceColumn): string {
  const { name, path } = column;
  if (path === undefined)
    return `column '${name}' has no json path: add \`json:$.${name}\` or a DEFAULT to it`;
  return `no value for column '${name}' at '${path}': send one, or make the column Nullable or give it a DEFAULT`;
}

function converter(type: ColumnType): Converter {
  switch (type.kind) {
    case 'nullable':
    case 'low-cardinality':
    case 'simple-aggregate':
      return converter(type.of);
    case 'integer':
      return integerConverter(type.min, type.max);
    case 'float':
      return (value) => (typeof value === 'number' && fitsFloat(value, type.bits) ? value : undefined);
    case 'decimal':
      return decimalConverter(type.precision - type.scale);
    case 'string':
      // ClickHouse keeps the JSON text of what is none, so nobody has to write it twice.
      return (value) => value;
    case 'fixed-string':
      return (value) => {
        const text = textOf(value);
        return Buffer.byteLength(text) <= type.bytes ? text : undefined;
      };
    case 'uuid':
      return (value) => (typeof value === 'string' && UUID.test(value) ? value : undefined);
    case 'boolean':
      return (value) => BOOLEANS.get(value);
    case 'date':
      return (value) => dateText(value, type.wide);
    case 'datetime':
      return (value) => {
        const text = dateTimeText(value, type.precision, type.wide);
        // A column with a time zone of its own would read a bare time as local there.
        return text !== undefined && type.zoned ? `${text}Z` : text;
      };
    case 'array':
      return arrayConverter(type.of);
    case 'map':
      return mapConverter(type.key, type.value);
    case 'enum':
      return (value) => (typeof value === 'string' && type.names.has(value) ? value : undefined);
    case 'ip':
      return (value) => (typeof value === 'string' && isAddress(value, type.version) ? value : undefined);
    case 'json':
      return jsonObject;
    case 'other':
      return () => undefined;
  }
}

/** An IPv6 column takes either; a zone (`fe80::1%eth0`) neither. */
function isAddress(text: string, version: 4 | 6): boolean {
  return isIPv4(text) || (version === 6 && isIPv6(text) && !text.includes('%'));
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const BOOLEANS: ReadonlyMap<JsonValue, boolean> = new Map<JsonValue, boolean>([
  [true, true],
  [1, true],
  ['true', true],
  [false, false],
  [0, false],
  ['false', false],
]);

/**
 * A string is no integer, even `"3"` (Tinybird documents its quarantine), save one beyond 2^53: JSON in
 * JavaScript has no other way to carry it, and a number that large has already lost digits.
 */
function integerConverter(min: bigint, max: bigint): Converter {
  const [least, most] = [Number(min), Number(max)];
  return (value) => {
    if (typeof value === 'number')
      return Number.isSafeInteger(value) && value >= least && value <= most ? value : undefined;
    if (typeof value !== 'string' || !/^-?\d{16,78}$/.test(value)) return undefined;
    if (Number.isSafeInteger(Number(value))) return undefined;
    const exact = BigInt(value);
    return exact >= min && exact <= max ? value : undefined;
  };
}

function fitsFloat(value: number, bits: 32 | 64): boolean {
  return Number.isFinite(bits === 32 ? Math.fround(value) : value);
}

/** Strings are welcome here: Tinybird advises them for 15 digits and more. Digits beyond the scale are cut off. */
function decimalConverter(wholeDigits: number): Converter {
  return (value) => {
    const text = typeof value === 'number' ? String(value) : value;
    const [, whole, exponent] = (typeof text === 'string' && DECIMAL.exec(text)) || [];
    if (whole === undefined) return undefined;
    const fits =
      exponent === undefined
        ? whole.replace(/^0+/, '').length <= wholeDigits
        : Math.abs(Number(text)) < 10 ** wholeDigits;
    return fits ? text : undefined;
  };
}

const DECIMAL = /^-?(\d+)(?:\.\d+)?(e[+-]?\d+)?$/i;

function arrayConverter(of: ColumnType): Converter {
  const convert = elementConverter(of);
  return (value) => {
    if (!Array.isArray(value)) return undefined;
    const elements = (value as readonly JsonValue[]).map(convert);
    return elements.includes(undefined) ? undefined : (elements as JsonValue[]);
  };
}

function mapConverter(key: ColumnType, value: ColumnType): Converter {
  const convertKey = converter(key);
  const convertValue = elementConverter(value);
  // A JSON key is always a string, so a numeric key arrives as its digits.
  const numeric = valueType(key).kind === 'integer';
  const keyValue = (text: string) => (numeric && /^-?\d{1,15}$/.test(text) ? Number(text) : text);
  const texts = valueType(key).kind === 'string' && valueType(value).kind === 'string';
  return (map) => {
    if (!isJsonObject(map)) return undefined;
    if (texts && !Object.values(map).includes(null)) return map;
    const entries: [string, JsonValue][] = [];
    for (const [name, item] of Object.entries(map)) {
      const convertedKey = convertKey(keyValue(name));
      const convertedValue = convertValue(item);
      if (convertedKey === undefined || convertedValue === undefined) return undefined;
      entries.push([String(convertedKey), convertedValue]);
    }
    return Object.fromEntries(entries);
  };
}

/** Inside an array or a map a null String is '' (measured on ClickHouse 26.7), a null anything else does not fit. */
function elementConverter(type: ColumnType): Converter {
  const convert = converter(type);
  const absent = isNullable(type) ? null : valueType(type).kind === 'string' ? '' : undefined;
  return (value) => (value === null ? absent : convert(value));
}

/** An object, or a string that holds one: Tinybird takes both (and no array). */
function jsonObject(value: JsonValue): JsonObject | undefined {
  if (typeof value !== 'string') return isJsonObject(value) ? value : undefined;
  try {
    const object = JSON.parse(value) as JsonValue;
    return isJsonObject(object) ? object : undefined;
  } catch {
    return undefined;
  }
}
