/** Reading data of unknown shape: other vendors leave out or null whatever they like. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

/** Neither `null` nor an array. */
export function isRecord(value: unknown): value is Fields {
  return isFields(value) && !Array.isArray(value);
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return isFields(value) && typeof (value as { then?: unknown }).then === 'function';
}

const NO_FIELDS: Fields = Object.freeze({});

/** The value as an object to read from; an empty one when it is none. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : NO_FIELDS;
}

/** The members of an array as objects to read from; none when it is no array. */
export function listOf(value: unknown): Fields[] {
  const list: Fields[] = [];
  // not `map`, which leaves the holes of a sparse array, nor `Array.from`, which takes ten times as long
  if (Array.isArray(value))
    for (let index = 0; index < value.length; index += 1) list.push(fieldsOf(value[index]));
  return list;
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The first of the values that is a string with something in it. */
export function firstText(...values: unknown[]): string | undefined {
  for (const value of values) if (typeof value === 'string' && value !== '') return value;
  return undefined;
}

const OWN = { enumerable: true, configurable: true, writable: true };

/** Sets an own field under its key, made well-formed: `__proto__` would set the prototype by assignment. */
export function put(fields: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(fields, key, { ...OWN, value });
  else fields[key.toWellFormed()] = value;
}
