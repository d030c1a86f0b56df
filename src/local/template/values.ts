import type { JsonValue } from '../rows/json-path.js';
import type { Budget } from './budget.js';
import { fault } from './fault.js';

/** What an expression comes to. Python's int is a bigint, its float a number and its list an array. */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | readonly Value[]
  | Tuple
  | Dict
  | Typed
  | Fragment;

/** Python's tuple. */
export class Tuple {
  constructor(readonly items: readonly Value[]) {}
}

/** Python's dict, with texts for keys. */
export class Dict {
  constructor(readonly entries: ReadonlyMap<string, Value>) {}
}

/** A value that knows which ClickHouse type it is bound as. Everywhere else it is the plain value. */
export class Typed {
  /**
   * @param value - what expressions see of it
   * @param type - the ClickHouse type, as in `Int32`
   * @param bound - what is bound where it is printed. @defaultValue the value
   */
  constructor(
    readonly value: bigint | number | string | readonly Value[],
    readonly type: string,
    readonly bound: bigint | number | string | readonly Value[] = value,
  ) {}
}

/** A piece of SQL: text that is safe as it stands, as in a column's name, and values that are still to be bound. */
export class Fragment {
  constructor(readonly parts: readonly (string | { readonly value: Value })[]) {}
}

/** The value itself, without its type. */
export function plain(value: Value): Exclude<Value, Typed> {
  return value instanceof Typed ? value.value : value;
}

/** Whether Python takes a value for true. */
export function truthy(value: Value): boolean {
  const inner = plain(value);
  if (inner instanceof Tuple) return inner.items.length > 0;
  if (inner instanceof Dict) return inner.entries.size > 0;
  if (inner instanceof Fragment) return inner.parts.length > 0;
  if (isList(inner)) return inner.length > 0;
  // What is not a number is true in Python.
  return typeof inner === 'number' ? inner !== 0 : Boolean(inner);
}

/** Python's name for what a value is, for messages. */
export function typeName(value: Value): string {
  const inner = plain(value);
  if (inner === null) return 'NoneType';
  if (inner instanceof Tuple) return 'tuple';
  if (inner instanceof Dict) return 'dict';
  if (inner instanceof Fragment) return 'SQL';
  if (isList(inner)) return 'list';
  return { string: 'str', bigint: 'int', number: 'float', boolean: 'bool' }[
    typeof inner as 'string' | 'bigint' | 'number' | 'boolean'
  ];
}

/** Whether a value is Python's list. */
export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** A number or bool as a number, `undefined` of anything else. */
export function numeric(value: Value): bigint | number | undefined {
  const inner = plain(value);
  if (typeof inner === 'boolean') return inner ? 1n : 0n;
  return typeof inner === 'bigint' || typeof inner === 'number' ? inner : undefined;
}

/** Python's `==`. */
export function equal(one: Value, other: Value, budget: Budget): boolean {
  budget.spend();
  const left = plain(one);
  const right = plain(other);
  const [number, against] = [numeric(left), numeric(right)];
  // biome-ignore lint/suspicious/noDoubleEquals: a bigint and a number are compared as Python compares int and float
  if (number !== undefined && against !== undefined) return number == against;
  if (isList(left) && isList(right)) return equalItems(left, right, budget);
  if (left instanceof Tuple && right instanceof Tuple) return equalItems(left.items, right.items, budget);
  if (left instanceof Dict && right instanceof Dict) {
    return (
      left.entries.size === right.entries.size &&
      [...left.entries].every(([key, value]) => {
        const against = right.entries.get(key);
        return against !== undefined && equal(value, against, budget);
      })
    );
  }
  return left === right;
}

function equalItems(left: readonly Value[], right: readonly Value[], budget: Budget): boolean {
  return (
    left.length === right.length && left.every((value, index) => equal(value, right[index] ?? null, budget))
  );
}

/** The elements a `for` goes through. */
export function itemsOf(value: Value, budget: Budget): readonly Value[] {
  const inner = plain(value);
  if (typeof inner === 'string') {
    budget.spendList(inner.length);
    return [...inner];
  }
  const items = isList(inner)
    ? inner
    : inner instanceof Tuple
      ? inner.items
      : inner instanceof Dict
        ? [...inner.entries.keys()]
        : fault(`'${typeName(value)}' object is not iterable`);
  budget.spendList(items.length);
  return items;
}

/** Python's `str()`, of what has one that is of use. */
export function textOf(value: Value): string {
  const inner = plain(value);
  if (typeof inner === 'string') return inner;
  if (typeof inner === 'bigint') return inner.toString();
  if (typeof inner === 'number') return floatText(inner);
  if (typeof inner === 'boolean') return inner ? 'True' : 'False';
  if (inner === null) return 'None';
  return fault(`a ${typeName(value)} is no text`);
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

const MAX_DEPTH = 32;

/** What a request or `JSON()` brings, as an expression sees it. */
export function fromJson(value: JsonValue, budget: Budget, depth = 0): Value {
  budget.spend();
  if (depth > MAX_DEPTH) return fault(`a value is nested deeper than ${MAX_DEPTH} levels`);
  // Beyond 2^53 the digits are no longer those that were sent, so it is no int.
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each: JsonValue) => fromJson(each, budget, depth + 1));
  return new Dict(
    new Map(
      Object.entries(value).map(([key, each]) => [key, fromJson(each as JsonValue, budget, depth + 1)]),
    ),
  );
}
