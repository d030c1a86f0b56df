import { type ColumnType, parseColumnType } from './datafiles/column-type.js';
import { sqlText } from './engine/ddl.js';
import { isJsonObject, type JsonValue } from './rows/json-path.js';

/**
 * The expression that reads a column as text, and arrays and maps of texts: so no number loses digits on its way
 * through JSON, and every moment is in UTC. A column of a type that no event has a value for is read as it is.
 *
 * @param type - as ClickHouse writes it
 */
export function exportedExpression(name: string, type: string): string {
  const column = `\`${name}\``;
  const parsed = exportedType(type);
  if (parsed === undefined) return column;
  const inUtc = type.replaceAll(/\b(DateTime\(|DateTime64\(\d+, )'[^']*'/g, "$1'UTC'");
  const moments = inUtc === type ? column : `CAST(${column}, ${sqlText(inUtc)})`;
  return `CAST(${moments}, ${sqlText(textType(parsed))}) AS ${column}`;
}

/** The type as the row rules know it; `undefined` when they take no such value. */
export function exportedType(type: string): ColumnType | undefined {
  const parsed = parseColumnType(type);
  return typeof parsed === 'string' || parsed.kind === 'other' ? undefined : parsed;
}

/** A value as an event has it, from the text it was read as. */
export function fromText(type: ColumnType, text: JsonValue): JsonValue {
  if (text === null) return null;
  if (type.kind === 'array') {
    return Array.isArray(text) ? text.map((element: JsonValue) => fromText(type.of, element)) : text;
  }
  if (type.kind === 'map') {
    if (!isJsonObject(text)) return text;
    return Object.fromEntries(Object.entries(text).map(([key, value]) => [key, fromText(type.value, value)]));
  }
  if ('of' in type) return fromText(type.of, text);
  switch (type.kind) {
    case 'integer':
      // Beyond 2^53 only a string carries it.
      return Number.isSafeInteger(Number(text)) ? Number(text) : text;
    case 'float':
      return Number.isFinite(Number(text)) ? Number(text) : null;
    case 'boolean':
      return text === 'true';
    default:
      return text;
  }
}

function textType(type: ColumnType): string {
  if (type.kind === 'nullable') return `Nullable(${textType(type.of)})`;
  if (type.kind === 'array') return `Array(${textType(type.of)})`;
  if (type.kind === 'map') return `Map(String, ${textType(type.value)})`;
  return 'of' in type ? textType(type.of) : 'String';
}
