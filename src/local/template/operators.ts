import type { Budget } from './budget.js';
import type { Arithmetic, Comparison } from './expression.js';
import { fault } from './fault.js';
import {
  Dict,
  equal,
  isList,
  itemsOf,
  numeric,
  plain,
  Tuple,
  type Typed,
  truthy,
  typeName,
  type Value,
} from './values.js';

/** One step of a comparison. */
export function compare(
  operator: Comparison['operator'],
  left: Value,
  right: Value,
  budget: Budget,
): boolean {
  switch (operator) {
    case '==':
      return equal(left, right, budget);
    case '!=':
      return !equal(left, right, budget);
    case 'is':
      return identical(left, right);
    case 'is not':
      return !identical(left, right);
    case 'in':
      return contains(right, left, budget);
    case 'not in':
      return !contains(right, left, budget);
    case '<':
      return less(left, right, budget);
    case '>':
      return less(right, left, budget);
    case '<=':
      return less(left, right, budget) || equal(left, right, budget);
    case '>=':
      return less(right, left, budget) || equal(left, right, budget);
  }
}

/** Python's `<`. */
export function less(one: Value, other: Value, budget: Budget): boolean {
  budget.spend();
  const [left, right] = [plain(one), plain(other)];
  const [number, against] = [numeric(left), numeric(right)];
  if (number !== undefined && against !== undefined) return number < against;
  if (typeof left === 'string' && typeof right === 'string') return left < right;
  const [items, others] = [sequence(left), sequence(right)];
  if (items !== undefined && others !== undefined && isList(left) === isList(right)) {
    const at = items.findIndex(
      (item, index) => index >= others.length || !equal(item, others[index] ?? null, budget),
    );
    if (at === -1) return items.length < others.length;
    return at < others.length && less(items[at] ?? null, others[at] ?? null, budget);
  }
  return fault(
    `'<' not supported between instances of '${typeName(left)}' and '${typeName(right)}'. ` +
      'A parameter is a text unless it is wrapped in its type, as in Int32(x)',
  );
}

function sequence(value: Value): readonly Value[] | undefined {
  return isList(value) ? value : value instanceof Tuple ? value.items : undefined;
}

function identical(left: Value, right: Value): boolean {
  const [one, other] = [plain(left), plain(right)];
  return one === other;
}

function contains(all: Value, item: Value, budget: Budget): boolean {
  const [where, what] = [plain(all), plain(item)];
  if (typeof where === 'string') {
    if (typeof what !== 'string')
      fault(`'in <string>' requires string as left operand, not ${typeName(what)}`);
    budget.spendText(where.length);
    return where.includes(what as string);
  }
  if (where instanceof Dict) return typeof what === 'string' && where.entries.has(what);
  return itemsOf(where, budget).some((each) => equal(each, what, budget));
}

/** What `+`, `-`, … make of two values. A type is lost on the way, as in Tinybird. */
export function arithmetic(operator: Arithmetic, one: Value, other: Value, budget: Budget): Value {
  const [left, right] = [plain(one), plain(other)];
  const [number, against] = [numeric(left), numeric(right)];
  if (number !== undefined && against !== undefined)
    return typeof number === 'bigint' && typeof against === 'bigint' && operator !== '/'
      ? ofInts(operator, number, against)
      : ofFloats(operator, Number(number), Number(against));
  if (operator === '+') {
    if (typeof left === 'string' && typeof right === 'string') {
      budget.spendText(left.length + right.length);
      return left + right;
    }
    if (isList(left) && isList(right)) {
      budget.spendList(left.length + right.length);
      return [...left, ...right];
    }
    if (left instanceof Tuple && right instanceof Tuple) {
      budget.spendList(left.items.length + right.items.length);
      return new Tuple([...left.items, ...right.items]);
    }
  }
  if (operator === '*' && typeof left === 'string' && typeof right === 'bigint') {
    const times = right < 0n ? 0 : Number(right);
    budget.spendText(left.length * times);
    return left.repeat(times);
  }
  return fault(`unsupported operand type(s) for ${operator}: '${typeName(left)}' and '${typeName(right)}'`);
}

/** `-x` and `+x`. */
export function negated(value: Value, minus: boolean): Value {
  const number = numeric(value) ?? fault(`bad operand type for unary -: '${typeName(value)}'`);
  return minus ? -number : number;
}

const WIDEST = 1n << 512n;

function ofInts(operator: Arithmetic, left: bigint, right: bigint): Value {
  if ((operator === '//' || operator === '%') && right === 0n)
    return fault('integer division or modulo by zero');
  // Python rounds down, JavaScript towards zero.
  const rest = operator === '%' || operator === '//' ? ((left % right) + right) % right : 0n;
  const results = { '+': left + right, '-': left - right, '*': left * right } as const;
  const result =
    operator === '%' ? rest : operator === '//' ? (left - rest) / right : results[operator as '+'];
  return result < WIDEST && result > -WIDEST ? result : fault('a number in the template grows too large');
}

function ofFloats(operator: Arithmetic, left: number, right: number): Value {
  if ((operator === '/' || operator === '//' || operator === '%') && right === 0)
    return fault('division by zero');
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '//':
      return Math.floor(left / right);
    case '%':
      return left - Math.floor(left / right) * right;
  }
}

/** `x[at]`. */
export function indexed(of: Value, at: Value, budget: Budget): Value {
  const [self, position] = [plain(of), plain(at)];
  if (self instanceof Dict) {
    const value = typeof position === 'string' ? self.entries.get(position) : undefined;
    return (
      value ??
      (value === null
        ? null
        : fault(
            `Missing key '${String(position)}' while rendering the template. Ensure every object has this key.`,
          ))
    );
  }
  const items = indexable(self, budget);
  if (typeof position !== 'bigint')
    return fault(`the position in a list is an int, not ${typeName(position)}`);
  const index = Number(position < 0n ? position + BigInt(items.length) : position);
  return items[index] ?? (index >= 0 && index < items.length ? null : outOfRange(self));
}

function outOfRange(self: Value): never {
  return typeof self === 'string'
    ? fault('String index out of range. Check that the parameter has a value before accessing its characters')
    : fault('list index out of range');
}

/** `x[from:to:step]`. */
export function sliced(of: Value, bounds: readonly (Value | undefined)[], budget: Budget): Value {
  const self = plain(of);
  const items = indexable(self, budget);
  const [from, to, by = 1n] = bounds.map((bound) => {
    const value = bound === undefined ? undefined : plain(bound);
    if (value === undefined || value === null) return undefined;
    return typeof value === 'bigint'
      ? value
      : fault(`slice indices must be integers, not ${typeName(value)}`);
  });
  if (by === 0n) return fault('slice step cannot be zero');
  const length = BigInt(items.length);
  const [least, most] = by > 0n ? [0n, length] : [-1n, length - 1n];
  const bound = (value: bigint | undefined, otherwise: bigint) => {
    if (value === undefined) return otherwise;
    const at = value < 0n ? value + length : value;
    return at < least ? least : at > most ? most : at;
  };
  const start = bound(from, by > 0n ? least : most);
  const end = bound(to, by > 0n ? most : least);
  const found: Value[] = [];
  for (let at = start; by > 0n ? at < end : at > end; at += by) found.push(items[Number(at)] ?? null);
  if (typeof self === 'string') return found.join('');
  return self instanceof Tuple ? new Tuple(found) : found;
}

function indexable(value: Exclude<Value, Typed>, budget: Budget): readonly Value[] {
  if (typeof value === 'string' || isList(value) || value instanceof Tuple) return itemsOf(value, budget);
  return fault(`'${typeName(value)}' object is not subscriptable`);
}

/** `and` and `or` answer one of their sides. */
export function eitherSide(kind: 'and' | 'or', left: Value, right: () => Value): Value {
  return truthy(left) === (kind === 'and') ? right() : left;
}
