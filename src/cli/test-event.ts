import { type ColumnType, isNullable, valueType } from '../local/datafiles/column-type.js';
import type { DatasourceColumn } from '../local/datafiles/schema-columns.js';
import { EACH, stepsOf } from '../local/rows/json-path.js';

/** What stands in every text of a test event. */
export const TEST_TEXT = 'tinybird-llm check';

/** An event that fills what a datasource requires, and its texts with words that tell where it comes from. */
export function testEvent(columns: readonly DatasourceColumn[]): object {
  const event = newFields();
  for (const { type, path, default: defaultExpression } of columns) {
    if (path === undefined || path === '$' || defaultExpression !== undefined || isNullable(type)) continue;
    const steps = stepsOf(path) ?? [];
    const each = steps.indexOf(EACH);
    const keys = (each < 0 ? steps : steps.slice(0, each)) as readonly string[];
    put(event, keys, each < 0 ? valueFor(valueType(type)) : []);
  }
  return event;
}

type Fields = Record<string, unknown>;

/** Without a prototype: a key may be called `__proto__`. */
function newFields(): Fields {
  return Object.create(null);
}

/** A parent that is a text itself gives way to its children. */
function put(fields: Fields, [key = '', ...deeper]: readonly string[], value: unknown): void {
  if (deeper.length === 0) {
    if (!(key in fields)) fields[key] = value;
    return;
  }
  const child = fields[key];
  const parent = typeof child === 'object' && child !== null ? (child as Fields) : newFields();
  fields[key] = parent;
  put(parent, deeper, value);
}

function valueFor(type: ColumnType): unknown {
  switch (type.kind) {
    case 'integer':
    case 'float':
    case 'decimal':
      return 0;
    case 'boolean':
      return false;
    case 'uuid':
      return '00000000-0000-0000-0000-000000000000';
    case 'date':
      return new Date().toISOString().slice(0, 10);
    case 'datetime':
      return new Date().toISOString().slice(0, 19).replace('T', ' ');
    case 'array':
      return [];
    case 'map':
    case 'json':
      return newFields();
    case 'enum':
      return [...type.names][0];
    case 'ip':
      return '127.0.0.1';
    case 'fixed-string':
      return TEST_TEXT.slice(0, type.bytes);
    default:
      return TEST_TEXT;
  }
}
