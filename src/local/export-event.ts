import { type ColumnType, valueType } from './datafiles/column-type.js';
import { exportedType, fromText } from './export-value.js';
import { EACH, isJsonObject, type JsonObject, type JsonValue, type Step, stepsOf } from './rows/json-path.js';

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
 * Compiles the columns of a table into the function that makes the event a row came from: the values of
 * {@link exportedExpression} in, an object out that is stored as the same row again.
 *
 * Where a column holds the JSON of an object and other columns hold parts of it (`$.response` and `$.response.id`),
 * the object is the former's, whole. Where it holds nothing, the object is made of those parts that are not just
 * their DEFAULT.
 */
export function compileEvent(columns: readonly ExportedColumn[]): (row: JsonObject) => JsonObject {
  const root = treeOf(columns);
  const all = columnsOf(root);
  return (row) => {
    const values = new Map(
      all.map(({ name, type }) => {
        const text = row[name] ?? null;
        return [name, type === undefined ? text : fromText(type, text)];
      }),
    );
    const event = valueAt(root, values) ?? null;
    // Of a column that holds the whole line.
    const object = structureOf(event, true, false) ?? event;
    return isJsonObject(object) ? object : {};
  };
}

/** A place in an event, with the columns that are read from it. */
interface Place {
  readonly columns: Column[];
  /** What is under a key. */
  readonly parts: Map<string, Place>;
  /** What is in each element: `b` of `$.a[:].b`. */
  elements?: Place;
}

interface Column {
  readonly name: string;
  readonly type: ColumnType | undefined;
  readonly default: JsonValue | undefined;
}

/** The values of a row, by column. */
type Values = ReadonlyMap<string, JsonValue>;

function treeOf(columns: readonly ExportedColumn[]): Place {
  const root = newPlace();
  // Those with a path first: a name that is also a key of theirs must not get in their way.
  const ordered = [...columns.filter(({ path }) => path), ...columns.filter(({ path }) => !path)];
  for (const { name, type, path, default: expression } of ordered) {
    if (path === undefined && root.parts.has(name)) continue;
    const steps = path === undefined ? [name] : withoutLastEach(stepsOf(path) ?? []);
    const place = steps.reduce(placeOf, root);
    place.columns.push({
      name,
      type: exportedType(type),
      default: expression === undefined ? undefined : literal(expression),
    });
  }
  return root;
}

/** That a value is an array is the column's business: `$.a[:]` stands where `$.a` does. */
function withoutLastEach(steps: readonly Step[]): readonly Step[] {
  return steps.slice(0, steps.findLastIndex((step) => step !== EACH) + 1);
}

function placeOf(parent: Place, step: Step): Place {
  if (step === EACH) {
    parent.elements ??= newPlace();
    return parent.elements;
  }
  const place = parent.parts.get(step) ?? newPlace();
  parent.parts.set(step, place);
  return place;
}

function newPlace(): Place {
  return { columns: [], parts: new Map() };
}

function columnsOf({ columns, parts, elements }: Place): readonly Column[] {
  return [...columns, ...[...parts.values(), ...(elements ? [elements] : [])].flatMap(columnsOf)];
}

/** `undefined` where there is nothing. */
function valueAt(place: Place, values: Values): JsonValue | undefined {
  const own = ownValue(place, values);
  if (place.parts.size === 0 && place.elements === undefined) return own?.value;
  const isGiven = own !== undefined && own.value !== '' && !own.isDefault;
  if (isGiven && !own.isMap) return own.value;

  // Parts of what is stored whole elsewhere: those with their DEFAULT may never have been there.
  const isThere = (part: Place) => place.columns.length === 0 || !isDefault(part, values);
  if (place.elements && isThere(place.elements)) return elementsOf(place.elements, values);
  const object = new Map(isGiven && isJsonObject(own.value) ? Object.entries(own.value) : []);
  for (const [key, part] of place.parts) {
    const value = isThere(part) ? valueAt(part, values) : undefined;
    if (value !== undefined) object.set(key, value);
  }
  return object.size === 0 ? own?.value : Object.fromEntries(object);
}

function elementsOf(place: Place, values: Values): readonly JsonValue[] {
  const names = columnsOf(place).map(({ name }) => name);
  const arrays = names.map((name) => {
    const value = values.get(name);
    return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
  });
  return Array.from({ length: Math.max(...arrays.map(({ length }) => length)) }, (_, index) => {
    const element = new Map(names.map((name, column) => [name, arrays[column]?.[index] ?? null]));
    return valueAt(place, element) ?? {};
  });
}

interface OwnValue {
  readonly value: JsonValue;
  readonly isDefault: boolean;
  /** A map has its values as text: the columns that hold parts of it know better. */
  readonly isMap: boolean;
}

function ownValue({ columns, parts, elements }: Place, values: Values): OwnValue | undefined {
  const found = columns.flatMap((column) => {
    const value = values.get(column.name) ?? null;
    if (value === null) return [];
    const kind = column.type === undefined ? 'other' : valueType(column.type).kind;
    const isWhole = kind === 'string' || kind === 'json';
    const isShared = parts.size > 0 || elements !== undefined || columns.length > 1;
    const structure = isShared ? structureOf(value, isWhole, elements !== undefined) : undefined;
    const rank = structure !== undefined ? 0 : value === '' ? NOTHING : (RANKS.get(kind) ?? 1);
    return [
      { value: structure ?? value, rank, isDefault: isSame(value, column.default), isMap: kind === 'map' },
    ];
  });
  // Several columns from one place that all have their DEFAULT: there was nothing.
  if (columns.length > 1 && found.every((one) => one.isDefault)) return undefined;
  // Else the one that kept the most of what was there.
  return found.toSorted((one, other) => one.rank - other.rank)[0];
}

/** What keeps less of an event's value than its JSON does: its text, and what is rewritten from its text. */
const RANKS: ReadonlyMap<string, number> = new Map([
  ['string', 2],
  ['datetime', 3],
  ['date', 3],
]);
const NOTHING = 4;

function isDefault(place: Place, values: Values): boolean {
  return columnsOf(place).every((column) => {
    const value = values.get(column.name) ?? null;
    return value === null || isSame(value, column.default);
  });
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

/** The object or array that a text is the JSON of, or an array of such texts. */
function structureOf(value: JsonValue, isWhole: boolean, ofElements: boolean): JsonValue | undefined {
  if (ofElements && Array.isArray(value))
    return value.map((element: JsonValue) => structureOf(element, true, false) ?? element);
  if (!isWhole || typeof value !== 'string' || !/^[{[]/.test(value)) return undefined;
  try {
    return JSON.parse(value) as JsonValue;
  } catch {
    return undefined;
  }
}
