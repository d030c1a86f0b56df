import type { Budget } from './budget.js';
import { fault } from './fault.js';
import { less } from './operators.js';
import {
  Dict,
  isList,
  itemsOf,
  numeric,
  plain,
  Tuple,
  textOf,
  truthy,
  typeName,
  type Value,
} from './values.js';

/** Python's own functions, those that templates use: each with the least and the most it is called with. */
export const BUILTINS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ['len', { least: 1, most: 1, run: ([of = null], budget) => BigInt(lengthOf(of, budget)) }],
  ['range', { least: 1, most: 3, run: range }],
  ['str', { least: 0, most: 1, run: ([of]) => (of === undefined ? '' : textOf(of)) }],
  ['int', { least: 0, most: 1, run: ([of = 0n]) => toInt(plain(of)) }],
  ['float', { least: 0, most: 1, run: ([of = 0n]) => toFloat(plain(of)) }],
  ['bool', { least: 0, most: 1, run: ([of = null]) => truthy(of) }],
  ['list', { least: 0, most: 1, run: ([of = []], budget) => itemsOf(of, budget) }],
  ['tuple', { least: 0, most: 1, run: ([of = []], budget) => new Tuple(itemsOf(of, budget)) }],
  [
    'min',
    {
      least: 1,
      most: 255,
      run: (args, budget) => extreme(args, budget, (one, other) => less(one, other, budget)),
    },
  ],
  [
    'max',
    {
      least: 1,
      most: 255,
      run: (args, budget) => extreme(args, budget, (one, other) => less(other, one, budget)),
    },
  ],
  ['sum', { least: 1, most: 1, run: ([of = null], budget) => sum(itemsOf(of, budget)) }],
  [
    'abs',
    { least: 1, most: 1, run: ([of = null]) => absolute(numeric(of) ?? fault(`abs() takes a number`)) },
  ],
  ['any', { least: 1, most: 1, run: ([of = null], budget) => itemsOf(of, budget).some(truthy) }],
  ['all', { least: 1, most: 1, run: ([of = null], budget) => itemsOf(of, budget).every(truthy) }],
  ['enumerate', { least: 1, most: 2, run: enumerate }],
  ['zip', { least: 1, most: 255, run: zip }],
]);

/** A function of Python. */
export interface Builtin {
  readonly least: number;
  readonly most: number;
  readonly run: (args: readonly Value[], budget: Budget) => Value;
}

/** How many elements a list has, or characters a text. */
function lengthOf(of: Value, budget: Budget): number {
  const inner = plain(of);
  if (typeof inner === 'string' || isList(inner) || inner instanceof Tuple || inner instanceof Dict)
    return itemsOf(inner, budget).length;
  return fault(`object of type '${typeName(inner)}' has no len()`);
}

function range(args: readonly Value[], budget: Budget): Value {
  const [first = 0n, second, step = 1n] = args.map((arg) => {
    const value = plain(arg);
    return typeof value === 'bigint' ? value : fault(`range() takes int, not ${typeName(value)}`);
  });
  if (step === 0n) return fault('the step of range() is not 0');
  const [start, end] = second === undefined ? [0n, first] : [first, second];
  const span = step > 0n ? end - start : start - end;
  const width = step > 0n ? step : -step;
  const count = span <= 0n ? 0n : (span + width - 1n) / width;
  budget.spendList(Number(count));
  return Array.from({ length: Number(count) }, (_, index) => start + BigInt(index) * step);
}

function toInt(value: Value): Value {
  if (typeof value === 'string') {
    const text = value.trim();
    if (/^[+-]?\d{1,100}$/.test(text)) return BigInt(text.replace(/^\+/, ''));
    return fault(`invalid literal for int(): '${text.slice(0, 60)}'`);
  }
  if (typeof value === 'number')
    return Number.isFinite(value) ? BigInt(Math.trunc(value)) : fault(`${textOf(value)} is no int`);
  const number = numeric(value);
  return typeof number === 'bigint'
    ? number
    : fault(`int() takes a text or a number, not ${typeName(value)}`);
}

function toFloat(value: Value): Value {
  if (typeof value === 'string') {
    const text = value.trim();
    if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Number(text);
    return fault(`could not convert string to float: '${text.slice(0, 60)}'`);
  }
  const number = numeric(value);
  return number === undefined
    ? fault(`float() takes a text or a number, not ${typeName(value)}`)
    : Number(number);
}

function extreme(
  args: readonly Value[],
  budget: Budget,
  before: (one: Value, other: Value) => boolean,
): Value {
  const items = args.length === 1 ? itemsOf(args[0] ?? null, budget) : args;
  if (items.length === 0) return fault('min() and max() of nothing');
  return items.reduce((found, item) => (before(item, found) ? item : found));
}

function sum(items: readonly Value[]): Value {
  const numbers = items.map((item) => numeric(item) ?? fault(`sum() takes numbers, not ${typeName(item)}`));
  const whole = numbers.filter((number) => typeof number === 'bigint');
  return whole.length === numbers.length
    ? whole.reduce((total, number) => total + number, 0n)
    : numbers.reduce<number>((total, number) => total + Number(number), 0);
}

function absolute(number: bigint | number): Value {
  return number < 0 ? -number : number;
}

function enumerate([of = null, from = 0n]: readonly Value[], budget: Budget): Value {
  const start = plain(from);
  if (typeof start !== 'bigint') return fault(`enumerate() counts from an int, not ${typeName(start)}`);
  return itemsOf(of, budget).map((item, index) => new Tuple([start + BigInt(index), item]));
}

function zip(args: readonly Value[], budget: Budget): Value {
  const lists = args.map((arg) => itemsOf(arg, budget));
  const length = Math.min(...lists.map((list) => list.length));
  return Array.from({ length }, (_, index) => new Tuple(lists.map((list) => list[index] ?? null)));
}
