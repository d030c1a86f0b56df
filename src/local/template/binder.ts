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
    this.#params.set(name, queryValue(bound, type));
    return `{${name}:${type}}`;
  }
}

const MAX_PARAMS = 5_000;

const MAX_DEPTH = 8;

/** The type that ClickHouse itself gives a literal of the value. */
function toTyped(value: Value, budget: Budget, depth = 0): Typed {
  budget.spend(4);
  if (depth > MAX_DEPTH) return fault(`a list nested deeper than ${MAX_DEPTH} levels cannot be printed`);
  if (value instanceof Typed) return value;
  if (typeof value === 'string') return new Typed(value, 'String');
  if (typeof value === 'boolean') return new Typed(value ? 1n : 0n, 'Bool', String(value));
  if (typeof value === 'bigint') return new Typed(value, integerType([value]));
  if (typeof value === 'number') return new Typed(value, 'Float64');
  if (isList(value)) {
    const items = value.map((item) => toTyped(item, budget, depth + 1));
    const types = [...new Set(items.map(({ type }) => type))];
    const values = items.map((item) => item.value);
    // As with the types, what each is bound as counts only where all are of one.
    const [type = 'Nothing'] = types.length === 1 ? types : [commonType(types, values)];
    return new Typed(values, `Array(${type})`, types.length === 1 ? items.map(({ bound }) => bound) : values);
  }
  return fault(
    value === null
      ? 'an empty value (None) in a list cannot be printed'
      : `a ${typeName(value)} cannot be printed. Print one of its values, as in x['key']`,
  );
}

function commonType(types: readonly string[], values: readonly Typed['value'][]): string {
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
 * Numbers go as text: a text has room for 256 bits and for `nan`. In an array, chdb puts texts between quotes, so
 * that an array of anything but texts is one text.
 */
function queryValue(value: Value, type: string): QueryValue {
  const inner = plain(value);
  if (!isList(inner)) return textOf(inner);
  return /^(Array\()+String\)+$/.test(type) ? inner.map((item) => queryValue(item, type)) : rawText(inner);
}

function rawText(value: Value): string {
  return isList(value) ? `[${value.map(rawText).join(',')}]` : textOf(value);
}
