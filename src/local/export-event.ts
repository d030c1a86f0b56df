import { type ColumnType, parseColumnType, valueType } from './datafiles/column-type.js';
import { isJsonObject, type JsonObject, type JsonValue } from './rows/json-path.js';

/** A stored column, and what the datafile says of it. */
export interface ExportedColumn {
  readonly name: string;
  /** The type as ClickHouse writes it. */
  readonly type: string;
  /** Where its value stands in an event; under its own name when the datafile does not know it. */
  readonly path?: string;
  /** The DEFAULT of the datafile. */
  readonly default?: string;
}

/**
 * The expression that reads a column as text, and arrays and maps of texts: so no number loses digits on its way
 * through JSON, and every moment is in UTC.
 */
export function exportedExpression({ name, type }: ExportedColumn): string {
  const parsed = parseColumnType(type);
  if (typeof parsed === 'string') return `toString(\`${name}\`) AS \`${name}\``;
  const inUtc = type.replaceAll(/\b(DateTime\(|DateTime64\(\d+, )'[^']*'/g, "$1'UTC'");
  const moments = inUtc === type ? `\`${name}\`` : `CAST(\`${name}\`, ${quoted(inUtc)})`;
  return `CAST(${moments}, ${quoted(textType(parsed))}) AS \`${name}\``;
}

/**
 * Compiles the columns of a table into the function that makes the event a row came from: the values of
 * {@link exportedExpression} in, an object out that is stored as the same row again.
 *
 * Where a column holds the JSON of an object and other columns hold parts of it (`$.response` and `$.response.id`),
 * the object is the former's, whole. Where it holds nothing, the object is made of those parts that are not just
 * their DEFAULT.
 */
export function compileEvent(columns: readonly ExportedColumn[]): (row: JsonObject) => JsonObject {
  const root = treeOf(columns);
  return (row) => {
    const event = valueAt(root, row);
    return isJsonObject(event) ? event : {};
  };
}

/** A place in an event, with the columns that are read from it. */
interface Place {
  /** Whether it is the event itself, which is an object. */
  readonly isRoot?: true;
  readonly columns: Column[];
  readonly parts: Map<string, Place>;
}

interface Column {
  readonly name: string;
  readonly type: ColumnType | undefined;
  readonly default: JsonValue | undefined;
}

function treeOf(columns: readonly ExportedColumn[]): Place {
  const root: Place = { isRoot: true, columns: [], parts: new Map() };
  // Those with a path first: a name that is also a key of theirs must not get in their way.
  const ordered = [...columns.filter(({ path }) => path), ...columns.filter(({ path }) => !path)];
  for (const { name, type, path, default: expression } of ordered) {
    if (path === undefined && root.parts.has(name)) continue;
    const parsed = parseColumnType(type);
    let place = root;
    for (const key of (path ?? `$.${name}`)
      .replace(/\[:\]$/, '')
      .split('.')
      .slice(1)) {
      const part = place.parts.get(key) ?? { columns: [], parts: new Map() };
      place.parts.set(key, part);
      place = part;
    }
    place.columns.push({
      name,
      type: typeof parsed === 'string' ? undefined : parsed,
      default: expression === undefined ? undefined : literal(expression),
    });
  }
  return root;
}

/** `undefined` where there is nothing. */
function valueAt(place: Place, row: JsonObject): JsonValue | undefined {
  const own = ownValue(place, row);
  if (place.parts.size === 0) return own?.value;
  const isGiven = own !== undefined && own.value !== '' && !own.isDefault;
  if (isGiven && !(isJsonObject(own.value) && own.isMap)) return own.value;

  const base = isGiven && isJsonObject(own.value) ? Object.entries(own.value) : [];
  const object = new Map<string, JsonValue>(base);
  for (const [key, part] of place.parts) {
    const value = place.columns.length > 0 && isDefault(part, row) ? undefined : valueAt(part, row);
    if (value !== undefined) object.set(key, value);
  }
  return object.size === 0 ? own?.value : Object.fromEntries(object);
}

interface OwnValue {
  readonly value: JsonValue;
  readonly isDefault: boolean;
  /** A map has its values as text: the columns that hold parts of it know better. */
  readonly isMap: boolean;
}

function ownValue({ isRoot, columns, parts }: Place, row: JsonObject): OwnValue | undefined {
  const shared = isRoot || parts.size > 0 || columns.length > 1;
  const values = columns.flatMap((column) => {
    const text = row[column.name] ?? null;
    if (text === null) return [];
    const { kind } = column.type === undefined ? { kind: 'string' } : valueType(column.type);
    const converted = column.type === undefined ? text : fromText(column.type, text);
    const structure = shared && kind === 'string' ? structureOf(converted) : undefined;
    const rank = structure !== undefined ? 0 : converted === '' ? NOTHING : (RANKS.get(kind) ?? 2);
    const value = structure ?? converted;
    return [{ value, rank, isDefault: isSame(converted, column.default), isMap: kind === 'map' }];
  });
  // Several columns from one place that all have their DEFAULT: there was nothing.
  if (columns.length > 1 && values.every((value) => value.isDefault)) return undefined;
  // Else the one that kept the most of what was there.
  return values.toSorted((one, other) => one.rank - other.rank)[0];
}

/** How much of an event's value a column keeps, best first: an object's own JSON, its kind of JSON, its text. */
const RANKS: ReadonlyMap<string, number> = new Map([
  ['integer', 1],
  ['float', 1],
  ['boolean', 1],
  ['array', 1],
  ['map', 1],
  ['string', 2],
  ['datetime', 3],
  ['date', 3],
]);
const NOTHING = 4;

function isDefault(place: Place, row: JsonObject): boolean {
  const { columns, parts } = place;
  const own = columns.every((column) => {
    const text = row[column.name] ?? null;
    return (
      text === null || isSame(column.type === undefined ? text : fromText(column.type, text), column.default)
    );
  });
  return own && [...parts.values()].every((part) => isDefault(part, row));
}

function isSame(value: JsonValue, other: JsonValue | undefined): boolean {
  return other !== undefined && JSON.stringify(value) === JSON.stringify(other);
}

/** The value of a DEFAULT that is one, and no expression that would have to be computed. */
function literal(expression: string): JsonValue | undefined {
  const [, text] = /^'([^'\\]*)'$/.exec(expression) ?? [];
  if (text !== undefined) return text;
  return /^(-?\d+(\.\d+)?|true|false|\[\])$/.test(expression)
    ? (JSON.parse(expression) as JsonValue)
    : undefined;
}

/** The object or array that a text is the JSON of. */
function structureOf(text: JsonValue): JsonValue | undefined {
  if (typeof text !== 'string' || !/^[{[]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

/** A value as an event has it, from the text it was read as. */
function fromText(type: ColumnType, text: JsonValue): JsonValue {
  if (text === null) return null;
  switch (type.kind) {
    case 'nullable':
    case 'low-cardinality':
      return fromText(type.of, text);
    case 'integer':
      // Beyond 2^53 only a string carries it.
      return Number.isSafeInteger(Number(text)) ? Number(text) : text;
    case 'float':
      return Number.isFinite(Number(text)) ? Number(text) : null;
    case 'boolean':
      return text === 'true';
    case 'array':
      return Array.isArray(text) ? text.map((element) => fromText(type.of, element as JsonValue)) : text;
    case 'map':
      return isJsonObject(text)
        ? Object.fromEntries(Object.entries(text).map(([key, value]) => [key, fromText(type.value, value)]))
        : text;
    default:
      return text;
  }
}

function textType(type: ColumnType): string {
  switch (type.kind) {
    case 'nullable':
      return `Nullable(${textType(type.of)})`;
    case 'low-cardinality':
      return textType(type.of);
    case 'array':
      return `Array(${textType(type.of)})`;
    case 'map':
      return `Map(String, ${textType(type.value)})`;
    default:
      return 'String';
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}
