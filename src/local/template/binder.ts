import type { QueryParams, QueryValue } from '../engine/engine.js';
import type { Budget } from './budget.js';
import { fault } from './fault.js';
import { Fragment, isList, plain, Tuple, Typed, textOf, typeName, type Value } from './values.js';

/** Collects what a statement's `{p0:Type}` stand for: over all its nodes, so that no two have one name. */
export class Binder {
  readonly #params = new Map<string, QueryValue>();

  /** What to bind. */
  get params(): QueryParams {
    return Object.fromEntries(this.#params);
  }

  /**
   * The SQL that stands for a value. No part of the value is in it.
   *
   * @throws TemplateFault when ClickHouse has nothing it could be
   */
  print(value: Value, budget: Budget): string {
    budget.spend();
    if (value instanceof Fragment)
      return value.parts
        .map((part) => (typeof part === 'string' ? part : this.print(part.value, budget)))
        .join('');
    if (value instanceof Tuple) {
      // As an expression of ClickHouse, `('a')` is a text and not a tuple.
      if (value.items.length === 0) return 'tuple()';
      return `(${value.items.map((item) => this.print(item, budget)).join(', ')})`;
    }
    // An array of nothing has no type; ClickHouse finds one for it.
    if (isList(plain(value)) && (plain(value) as readonly Value[]).length === 0) return '[]';
    const { type, bound } = toTyped(value, budget);
    const name = `p${this.#params.size}`;
    if (this.#params.size === MAX_PARAMS) fault(`the template prints more than ${MAX_PARAMS} values`);
    this.#params.set(name, queryValue(bound));
    return `{${name}:${type}}`;
  }
}

const MAX_PARAMS = 5_000;

/** The type that ClickHouse itself gives a literal of the value. */
function toTyped(value: Value, budget: Budget): Typed {
  budget.spend();
  if (value instanceof Typed) return value;
  if (typeof value === 'string') return new Typed(value, 'String');
  if (typeof value === 'boolean') return new Typed(value ? 1n : 0n, 'Bool');
  if (typeof value === 'bigint') return new Typed(value, integerType([value]));
  if (typeof value === 'number') return new Typed(value, 'Float64');
  if (isList(value)) {
    const items = value.map((item) => toTyped(item, budget));
    return new Typed(
      items.map(({ value: item }) => item),
      `Array(${commonType(items)})`,
      items.map(({ bound }) => bound),
    );
  }
  return fault(`a ${typeName(value)} cannot be printed. Print one of its values, as in x['key']`);
}

function commonType(items: readonly Typed[]): string {
  const types = [...new Set(items.map(({ type }) => type))];
  const [first = 'Nothing'] = types;
  if (types.length === 1) return first;
  const values = items.map(({ value }) => value);
  if (values.every((value) => typeof value === 'bigint')) return integerType(values);
  if (values.every((value) => typeof value === 'bigint' || typeof value === 'number')) return 'Float64';
  return fault(`a list of different types (${types.join(', ')}) cannot be printed`);
}

const UNSIGNED = [8, 16, 32, 64, 128, 256].map((bits) => ({ name: `UInt${bits}`, end: 1n << BigInt(bits) }));
const SIGNED = [8, 16, 32, 64, 128, 256].map((bits) => ({ name: `Int${bits}`, end: 1n << BigInt(bits - 1) }));

function integerType(values: readonly bigint[]): string {
  const negative = values.some((value) => value < 0n);
  const types = negative ? SIGNED : UNSIGNED;
  const fits = types.find(({ end }) =>
    values.every((value) => value < end && value >= (negative ? -end : 0n)),
  );
  return fits?.name ?? fault(`${values[0]} has more than the 256 bits that ClickHouse has for a number`);
}

/**
 * Numbers go as text: a text has room for 256 bits and for `nan`. In an array, chdb puts texts between quotes,
 * so an array of numbers is one text.
 */
function queryValue(value: Typed['bound']): QueryValue {
  if (!isList(value)) return typeof value === 'string' ? value : textOf(value);
  return holdsNumbers(value) ? numbersText(value) : value.map((item) => queryValue(bindable(item)));
}

function holdsNumbers(value: Value): boolean {
  return isList(value) ? value.length > 0 && value.every(holdsNumbers) : typeof plain(value) !== 'string';
}

function numbersText(value: Value): string {
  return isList(value) ? `[${value.map(numbersText).join(',')}]` : textOf(value);
}

function bindable(value: Value): Typed['bound'] {
  const inner = plain(value);
  return isList(inner) || typeof inner === 'string' ? inner : textOf(inner);
}
