/** Anything `JSON.parse` answers. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

/** A JSON object, read only through own keys: `__proto__` is a key like any other. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** Whether a parsed value is an object and neither an array nor `null`. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Whether a path is one of the forms Tinybird documents: `$` (the whole line), `$.a.b` and `$.a[:]` (an array).
 */
export function isJsonPath(path: string): boolean {
  return path === '$' || /^\$(\.[^.[\]\s]+)+(\[:\])?$/.test(path);
}

/**
 * Compiles a path into a function that reads it from an event; `undefined` means nothing is there.
 * `$.a[:]` reads like `$.a`: that the value is an array is the column type's business.
 */
export function compileJsonPath(path: string): (event: JsonObject) => JsonValue | undefined {
  const keys = path
    .replace(/\[:\]$/, '')
    .split('.')
    .slice(1);
  return (event) => {
    let value: JsonValue | undefined = event;
    for (const key of keys) {
      if (!isJsonObject(value) || !Object.hasOwn(value, key)) return undefined;
      value = value[key];
    }
    return value;
  };
}

/**
 * The JSON text of a value, safe to store: a lone surrogate, which `JSON.stringify` writes as an escape that
 * ClickHouse's JSON functions then refuse, becomes U+FFFD.
 */
function jsonText(value: JsonValue): string {
  const text = JSON.stringify(value);
  return text.includes('\\ud')
    ? text.replace(/\\\\|\\ud[89a-f][0-9a-f]{2}/g, (found) => (found === '\\\\' ? found : '\ufffd'))
    : text;
}

/** A value as a String column holds it: a string as it is, anything else as its JSON text. */
export function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value.toWellFormed() : jsonText(value);
}
