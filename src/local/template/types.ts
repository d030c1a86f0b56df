import { PipeError } from '../errors.js';
import type { JsonValue } from '../rows/json-path.js';
import { shortened } from '../text.js';
import { type Budget, MAX_ELEMENTS } from './budget.js';
import { isDayText, momentText } from './moments.js';
import { Dict, fromJson, isList, plain, Typed, textOf, typeName, type Value } from './values.js';

/** What a type function like `Int32(x, 1)` is called with, beyond the parameter. */
export interface TypeOptions {
  /** The parameter's name, for messages. */
  readonly name: string;
  readonly fallback: Value;
  /** Whether the value has to be there; `defined=False` says no. */
  readonly defined: boolean;
}

/** The types that a template gives its parameters, as they are called in templates. */
export const SCALAR_TYPES: readonly string[] = [
  'String',
  'UUID',
  'Boolean',
  'Bool',
  'Date',
  'DateTime',
  'DateTime64',
  'Float32',
  'Float64',
  'Int',
  'Integer',
  ...[8, 16, 32, 64, 128, 256].flatMap((bits) => [`Int${bits}`, `UInt${bits}`]),
];

/**
 * The value of a parameter of a type.
 *
 * @throws PipeError when it is missing or does not fit
 */
export function scalar(type: string, given: Value, options: TypeOptions): Value {
  const value = given ?? options.fallback;
  // Tinybird takes a missing Boolean for False, and everything but 0, false and nothing for True.
  if (type === 'Boolean' || type === 'Bool') return isTrue(plain(value)) ? 1n : 0n;
  if (value === null) return options.defined ? missing(options.name) : null;
  return (
    convert(type, plain(value)) ??
    invalid(`Error validating '${shown(value)}' to type ${ALIASES.get(type) ?? type}`, options.name)
  );
}

/**
 * `Array(x, 'Int32')`: of a list, or of a text with commas.
 *
 * @throws PipeError when it is missing or an element does not fit
 */
export function array(type: string | undefined, given: Value, options: TypeOptions, budget: Budget): Value {
  const value = plain(given ?? options.fallback);
  if (value === null) return options.defined ? missing(options.name) : null;
  const items = typeof value === 'string' ? value.split(',', MAX_ELEMENTS + 1) : value;
  if (!isList(items)) return invalid(`Error validating '${shown(value)}' to type Array`, options.name);
  budget.spendList(items.length);
  const elements = items.map((item, index) => {
    const element = item === null ? undefined : convertElement(type, plain(item));
    const text = item === '' ? 'empty string' : shown(item);
    return (
      element ??
      invalid(
        `Error validating [${shown(value)}][${index}] (${text}) to type ${type ?? 'String'}`,
        options.name,
      )
    );
  });
  const plains = elements.map(plain);
  // Without a type the elements say what they are, as the numbers of a JSON body do.
  if (type === undefined && plains.some((each) => typeof each !== 'string')) return plains;
  const bound = elements.map((each) => (each instanceof Typed ? each.bound : (each as string | bigint)));
  return new Typed(plains, `Array(${elementType(type ?? 'String')})`, bound);
}

/** The value a parameter that is an Array elsewhere has where it stands alone; `undefined` when it is none. */
export function asArray(type: string | undefined, given: Value, budget: Budget): Value | undefined {
  try {
    return plain(array(type, given, { name: '', fallback: null, defined: true }, budget));
  } catch (error) {
    if (error instanceof PipeError) return undefined;
    throw error;
  }
}

/** `JSON(x, '[]')`: a text is parsed, anything else is what it is. */
export function json(given: Value, { name, fallback }: TypeOptions, budget: Budget): Value {
  const value = plain(given ?? fallback);
  if (value === null) return new Dict(new Map());
  if (typeof value !== 'string') return value;
  budget.spendText(value.length);
  let parsed: JsonValue;
  try {
    parsed = JSON.parse(value) as JsonValue;
  } catch {
    return invalid(`Error parsing JSON: '${shown(value)}'`, name);
  }
  return fromJson(parsed, budget);
}

const ALIASES = new Map([
  ['Int', 'Int32'],
  ['Integer', 'Int32'],
  ['Bool', 'Boolean'],
]);

const INTEGER = /^(U?)Int(\d+)$/;
/** More digits than the widest type has. */
const MAX_DIGITS = 78;

function convert(type: string, value: Exclude<Value, Typed>): Value | undefined {
  if (value === null || typeof value === 'object') return undefined;
  const text = textOf(value);
  const [, unsigned, bits] = INTEGER.exec(ALIASES.get(type) ?? type) ?? [];
  if (bits !== undefined) return integer(text, unsigned === 'U', Number(bits), ALIASES.get(type) ?? type);
  // What Tinybird prints as a text is bound as one, so that the same functions of ClickHouse take it.
  switch (type) {
    case 'String':
      return text;
    case 'UUID':
      return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text : undefined;
    case 'Date':
      return isDayText(text) ? text : undefined;
    case 'DateTime':
    case 'DateTime64': {
      const moment = momentText(text, type === 'DateTime64');
      return moment === undefined ? undefined : new Typed(text, 'String', moment);
    }
    default:
      return FLOAT.test(text) ? new Typed(floatOf(text), type) : undefined;
  }
}

function integer(text: string, unsigned: boolean, bits: number, type: string): Value | undefined {
  const [, minus, digits] = (unsigned ? /^()0*(\d+)$/ : /^(?:\+|(-))?0*(\d+)$/).exec(text) ?? [];
  if (digits === undefined || digits.length > MAX_DIGITS) return undefined;
  const value = minus ? -BigInt(digits) : BigInt(digits);
  const end = 1n << BigInt(unsigned ? bits : bits - 1);
  return value < end && value >= (unsigned ? 0n : -end) ? new Typed(value, type) : undefined;
}

const FLOAT = /^\s*[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|inf|infinity|nan)\s*$/i;

/** A number as Python's `float()` reads it, once {@link FLOAT} says that it is one. */
function floatOf(text: string): number {
  const trimmed = text.trim().toLowerCase();
  if (trimmed.endsWith('nan')) return Number.NaN;
  if (/inf/.test(trimmed))
    return trimmed.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(trimmed);
}

function convertElement(type: string | undefined, value: Exclude<Value, Typed>): Value | undefined {
  if (type === 'Boolean' || type === 'Bool') return isTrue(value) ? 1n : 0n;
  if (type !== undefined) return convert(type, value);
  return typeof value === 'object' ? undefined : value;
}

function elementType(type: string): string {
  if (type === 'Boolean' || type === 'Bool') return 'UInt8';
  return INTEGER.test(ALIASES.get(type) ?? type) || type.startsWith('Float')
    ? (ALIASES.get(type) ?? type)
    : 'String';
}

function isTrue(value: Exclude<Value, Typed>): boolean {
  if (typeof value === 'string') return value !== '' && value !== '0' && value.toLowerCase() !== 'false';
  if (typeof value === 'bigint') return value !== 0n;
  return isList(value) ? value.length > 0 : Boolean(value);
}

function missing(name: string): never {
  throw new PipeError(
    `Required parameter is not defined. Check the parameters ${name}. Please provide a value or set a default value in the pipe code.`,
  );
}

function invalid(message: string, name: string): never {
  throw new PipeError(`${message} (parameter ${name})`);
}

const MAX_SHOWN = 100;

function shown(value: Value): string {
  const inner = plain(value);
  const text = isList(inner)
    ? inner.slice(0, 10).map(shown).join(',')
    : inner !== null && typeof inner === 'object'
      ? typeName(inner)
      : textOf(inner);
  return shortened(text, MAX_SHOWN);
}
