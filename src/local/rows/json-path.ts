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
 * Whether a path is one of the forms Tinybird takes: `$` (the whole line), `$.a.b`, `$.a[:]` (an array), `$.a[:].b`
 * (one field of each of its elements), `$.['a.b']` and `$["a"]` (a key in quotes).
 */
export function isJsonPath(path: string): boolean {
  return stepsOf(path) !== undefined;
}

/** Reads the value at a path; `undefined` means nothing is there. */
type Reader<Value extends JsonValue = JsonValue> = (value: Value) => JsonValue | undefined;

/**
 * Compiles a path into a function that reads it from an event.
 * `$.a[:]` reads like `$.a`: that the value is an array is the column type's business.
 */
export function compileJsonPath(path: string): Reader<JsonObject> {
  return compileSteps(stepsOf(path) ?? []);
}

/** The step into each element of an array; any other step is a key. */
export const EACH = Symbol('[:]');
/** A step of a path. */
export type Step = string | typeof EACH;

const STEP = /\.?\[(?:(:)|'([^']+)'|"([^"]+)")\]|\.([^.[\]\s*]+)/y;

/** The steps of a path; `undefined` when it is none that Tinybird takes. */
export function stepsOf(path: string): readonly Step[] | undefined {
  if (!path.startsWith('$')) return undefined;
  const steps: Step[] = [];
  STEP.lastIndex = 1;
  while (STEP.lastIndex < path.length) {
    const match = STEP.exec(path);
    if (match === null) return undefined;
    steps.push(match[1] === undefined ? (match[2] ?? match[3] ?? match[4] ?? '') : EACH);
  }
  return steps;
}

function compileSteps(steps: readonly Step[]): Reader {
  const each = steps.indexOf(EACH);
  const read = compileKeys((each < 0 ? steps : steps.slice(0, each)) as readonly string[]);
  if (each < 0 || each === steps.length - 1) return read;
  const readElement = compileSteps(steps.slice(each + 1));
  return (value) => {
    const list = read(value);
    return Array.isArray(list)
      ? (list as readonly JsonValue[]).map((item) => readElement(item) ?? null)
      : list;
  };
}

function compileKeys(keys: readonly string[]): Reader {
  // JSON gives an object no prototype but the common one: what that has not can only be a key of its own.
  const mayBeInherited = keys.some((key) => key in Object.prototype);
  return (event) => {
    let value: JsonValue | undefined = event;
    for (const key of keys) {
      if (!isJsonObject(value) || (mayBeInherited && !Object.hasOwn(value, key))) return undefined;
      value = value[key];
    }
    return value;
  };
}

/**
 * The JSON text of a value, safe to store: a lone surrogate, which `JSON.stringify` writes as an escape that
 * ClickHouse's JSON functions then refuse and a JSON column fails the whole batch for, becomes U+FFFD.
 */
export function jsonText(value: JsonValue): string {
  const text = JSON.stringify(value);
  return text.includes('\\ud')
    ? text.replace(/\\\\|\\ud[89a-f][0-9a-f]{2}/g, (found) => (found === '\\\\' ? found : '\ufffd'))
    : text;
}

/** A value as a String column holds it: a string as it is, anything else as its JSON text. */
export function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value.toWellFormed() : jsonText(value);
}
