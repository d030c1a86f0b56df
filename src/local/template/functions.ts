import { CustomPipeError, PipeError } from '../errors.js';
import { type Budget, MAX_ELEMENTS } from './budget.js';
import { dateDifference } from './dates.js';
import { fault } from './fault.js';
import { column, columns, symbol, table } from './identifiers.js';
import { array, json, SCALAR_TYPES, scalar, type TypeOptions } from './types.js';
import {
  Dict,
  Fragment,
  isList,
  itemsOf,
  plain,
  Tuple,
  textOf,
  truthy,
  typeName,
  type Value,
} from './values.js';

/** A function of Tinybird's templates. */
export interface TemplateFunction {
  /** What it is called with, in this order or by these names. */
  readonly takes: readonly string[];
  readonly least: number;
  readonly run: (args: Args, call: CallContext) => Value;
  /** Whether its first argument is a parameter, whose type it says. */
  readonly typed?: true;
}

/** What is known where a function is called. */
export interface CallContext {
  /** The name of its first argument, for messages. */
  readonly name: string;
  readonly budget: Budget;
}

/** The arguments by name; what was not given is `undefined`. */
type Args = Readonly<Record<string, Value | undefined>>;

const ABOUT = ['required', 'description', 'enum', 'example', 'format'];

function typeFunction(
  run: (args: Args, options: TypeOptions, budget: Budget) => Value,
  own: readonly string[],
) {
  return {
    takes: ['x', ...own, ...ABOUT],
    least: 1,
    typed: true,
    run: (args: Args, { name, budget }: CallContext) =>
      run(args, { name, fallback: args.default ?? null, defined: truthy(args.defined ?? true) }, budget),
  } as const;
}

const DATE_TIME = '%Y-%m-%d %H:%M:%S';

function dateFunction(name: string, format: string, unit: number): [string, TemplateFunction] {
  return [
    name,
    {
      takes: ['d0', 'd1', 'date_format', 'default', 'backup_date_format', 'none_if_error'],
      least: 2,
      run: ({ d0, d1, date_format = format, backup_date_format = null, none_if_error = false }) => {
        const texts = [d0 ?? null, d1 ?? null].map(plain);
        const formats = [date_format, backup_date_format]
          .map(plain)
          .filter((each) => typeof each === 'string');
        const [one, other] = texts;
        const difference =
          typeof one === 'string' && typeof other === 'string'
            ? dateDifference(one, other, formats)
            : undefined;
        if (difference !== undefined) return BigInt(Math.floor(difference / unit));
        return truthy(none_if_error)
          ? null
          : fault(`invalid date_format in function ${name}: expected is ${formats.join(' or ')}`);
      },
    },
  ];
}

/** Settings of Tinybird's own service: they print nothing and change nothing here. */
function setting(name: string): [string, TemplateFunction] {
  return [name, { takes: ['value'], least: 1, run: () => new Fragment([]) }];
}

function secret(name: string): [string, TemplateFunction] {
  return [
    name,
    {
      takes: ['name', 'default'],
      least: 1,
      run: ({ name: which = null, default: otherwise }) =>
        otherwise ?? fault(`Cannot access secret '${textOf(which)}': there are none here. Give it a default`),
    },
  ];
}

/** The functions there are, by name. */
export const FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ...SCALAR_TYPES.map(
    (type) =>
      [
        type,
        typeFunction(({ x = null }, options) => scalar(type, x, options), ['default', 'defined']),
      ] as const,
  ),
  [
    'Array',
    typeFunction(
      ({ x = null, type = null }, options, budget) => array(arrayType(type), x, options, budget),
      ['type', 'default', 'defined'],
    ),
  ],
  ['JSON', typeFunction(({ x = null }, options, budget) => json(x, options, budget), ['default'])],
  ['defined', { takes: ['x'], least: 0, run: ({ x = null }) => plain(x) !== null }],
  [
    'column',
    { takes: ['x', 'default'], least: 1, run: (args) => column(args.x ?? null, args.default ?? null) },
  ],
  [
    'columns',
    {
      takes: ['x', 'default', 'fn'],
      least: 1,
      run: (args) => columns(args.x ?? null, args.default ?? null, args.fn ?? null),
    },
  ],
  ['symbol', { takes: ['x', 'quote'], least: 1, run: (args) => symbol(args.x ?? null, args.quote ?? '`') }],
  ['table', { takes: ['x'], least: 1, run: ({ x = null }) => table(x) }],
  ['TABLE', { takes: ['x'], least: 1, run: ({ x = null }) => table(x) }],
  ['error', { takes: ['message', 'code'], least: 1, run: ({ message = null }) => refuse(message, null) }],
  [
    'custom_error',
    { takes: ['message', 'code'], least: 1, run: ({ message = null, code = null }) => refuse(message, code) },
  ],
  ['split_to_array', { takes: ['x', 'default', 'separator'], least: 1, run: splitToArray }],
  [
    'enumerate_with_last',
    { takes: ['x'], least: 1, run: ({ x = null }, { budget }) => withLast(itemsOf(x, budget)) },
  ],
  [
    'sql_unescape',
    { takes: ['x', 'what'], least: 1, run: ({ x = null, what = '' }) => unescaped(plain(x), what) },
  ],
  dateFunction('day_diff', '%Y-%m-%d', 86_400_000),
  dateFunction('date_diff_in_days', '%Y-%m-%d', 86_400_000),
  dateFunction('date_diff_in_hours', DATE_TIME, 3_600_000),
  dateFunction('date_diff_in_minutes', DATE_TIME, 60_000),
  dateFunction('date_diff_in_seconds', DATE_TIME, 1_000),
  ...['max_threads', 'backend_hint', 'cache_ttl', 'activate', 'disable'].map(setting),
  secret('tb_secret'),
  secret('tb_var'),
]);

const OPERATORS = new Map([
  ['in', 'in'],
  ['not_in', 'not in'],
  ['gt', '>'],
  ['lt', '<'],
  ['gte', '>='],
  ['lte', '<='],
]);

/** `sql_and(a=1, b__in=[1, 2])`: conditions on columns, but on those whose value is missing. */
export function sqlAnd(named: ReadonlyMap<string, Value>): Value {
  const parts = [...named].flatMap(([key, value]) => {
    const [, name = key, ending] = /^(.+)__(.*?)$/.exec(key) ?? [];
    const operator = ending === undefined ? '=' : OPERATORS.get(ending);
    if (operator === undefined)
      return fault(
        `operand ${ending} not supported in sql_and(): there are ${[...OPERATORS.keys()].join(', ')}`,
      );
    return value === null ? [] : [' and ', `${name} ${operator} `, { value }];
  });
  return new Fragment(parts.slice(1));
}

function arrayType(type: Value): string | undefined {
  const name = plain(type);
  if (name === null) return undefined;
  if (typeof name === 'string' && SCALAR_TYPES.includes(name)) return name;
  return fault(
    `Array(x, …) takes the type of its elements as a text: one of ${SCALAR_TYPES.join(', ')}. Write default=… for a default`,
  );
}

function refuse(message: Value, code: Value): never {
  const said = plain(message);
  const own = said instanceof Dict ? said.entries.get('code') : null;
  const status = Number(plain(code) ?? plain(own ?? null) ?? 400);
  // What is no status of an error is a number that the template's author has for it.
  const sent = Number.isInteger(status) && status >= 400 && status <= 599 ? status : 400;
  if (said instanceof Dict) throw new CustomPipeError(toJson(said) as Record<string, unknown>, sent);
  throw new PipeError(textOf(said), sent);
}

function toJson(value: Value): unknown {
  const inner = plain(value);
  if (inner instanceof Dict)
    return Object.fromEntries([...inner.entries].map(([key, each]) => [key, toJson(each)]));
  if (isList(inner)) return inner.map(toJson);
  if (typeof inner === 'bigint') return Number(inner);
  return inner === null || typeof inner !== 'object'
    ? inner
    : fault(`a ${typeName(inner)} cannot be answered`);
}

function splitToArray(
  { x = null, default: otherwise = '', separator = ',' }: Args,
  { budget }: CallContext,
): Value {
  const value = plain(x) ?? plain(otherwise);
  const by = plain(separator);
  if (isList(value)) return value;
  if (typeof value !== 'string' || typeof by !== 'string' || by === '')
    return fault(
      `First argument of split_to_array has to be a value that can be split to a list of elements, not ${typeName(value)}`,
    );
  budget.spendText(value.length);
  const parts = value.split(by, MAX_ELEMENTS + 1).map((part) => part.trim());
  budget.spendList(parts.length);
  return parts;
}

function withLast(items: readonly Value[]): Value {
  return items.map((item, index) => new Tuple([index === items.length - 1, item]));
}

/** Tinybird's texts keep a % from being a wildcard of LIKE, unless it is told to let it. */
function unescaped(text: Value, what: Value): Value {
  if (typeof text !== 'string') return fault(`sql_unescape() takes a text, not ${typeName(text)}`);
  return textOf(what) === '%' ? text : text.replaceAll('%', '\\%');
}
