import type { QueryParams, QueryValue } from '../engine/engine.js';
import { isSymbol, refuse, type SqlToken } from './sql-tokens.js';

/** A `{name:Type}` of a statement. */
export interface SqlParameter {
  readonly name: string;
  /** As written, without white space. */
  readonly type: string;
}

/**
 * The typed parameters of a statement, each once.
 *
 * @throws SqlRefusedError for `{name:Identifier}` and other types that are no values: what they stand for is not seen
 * when the statement is judged
 */
export function parametersOf(tokens: readonly SqlToken[]): readonly SqlParameter[] {
  const found = new Map<string, SqlParameter>();
  for (const [index, token] of tokens.entries()) {
    if (!isSymbol(token, '{')) continue;
    const [name, colon, type] = tokens.slice(index + 1, index + 4);
    // A map is written the same way, `{a: 1}`, but has no type.
    if (name?.kind !== 'word' || colon?.text !== ':' || type?.kind !== 'word') continue;
    const end = tokens.findIndex((each, at) => at > index && isSymbol(each, '}'));
    const text = tokens
      .slice(index + 3, end === -1 ? tokens.length : end)
      .map((each) => (each.kind === 'string' ? `'${each.text}'` : each.text))
      .join('');
    if (!VALUE_TYPE.test(text)) refuse(`the parameter {${name.text}:${text}} has no type of a value`);
    found.set(name.text, { name: name.text, type: text });
  }
  return [...found.values()];
}

const SCALAR =
  "(?:String|FixedString\\(\\d+\\)|U?Int\\d+|Float\\d+|Bool|Boolean|UUID|Date|Date32|DateTime(?:\\('[\\w/+-]+'\\))?|" +
  "DateTime64(?:\\(\\d+(?:,'[\\w/+-]+')?\\))?|Decimal(?:\\d+)?(?:\\(\\d+(?:,\\d+)?\\))?)";
const VALUE_TYPE = new RegExp(`^(?:${SCALAR}|Nullable\\(${SCALAR}\\)|Array\\(${SCALAR}\\))$`);

/**
 * The values of a statement's parameters, from what a request sent: `name` or, as ClickHouse has it, `param_name`.
 *
 * @param sent - the values of a name, in order
 * @throws SqlRefusedError when one is missing
 */
export function bindParameters(
  parameters: readonly SqlParameter[],
  sent: (name: string) => readonly unknown[],
): QueryParams {
  const bound = parameters.map(({ name, type }): [string, QueryValue] => {
    const plain = sent(name);
    const values = plain.length > 0 ? plain : sent(`param_${name}`);
    if (values.length === 0) refuse(`the parameter '${name}' is missing: send it as in ?${name}=…`);
    return [name, boundValue(name, type, values)];
  });
  return Object.fromEntries(bound);
}

function boundValue(name: string, type: string, values: readonly unknown[]): QueryValue {
  const [, element] = /^Array\((.*)\)$/.exec(type) ?? [];
  if (element === undefined) return scalar(name, values.at(-1));
  // Of one text the commas part the elements, as in the parameters of a pipe.
  const [only] = values;
  const parts =
    values.length === 1 && typeof only === 'string' ? (only === '' ? [] : only.split(',')) : values.flat();
  return parts.map((part) => (NUMERIC.test(element) ? numberOf(name, part) : scalar(name, part)));
}

const NUMERIC = /^(U?Int|Float)/;

function scalar(name: string, value: unknown): QueryValue {
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value as QueryValue;
  return refuse(`the parameter '${name}' is neither a text nor a number`);
}

/** ClickHouse wants the elements of an array of numbers without quotes. */
function numberOf(name: string, value: unknown): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  return refuse(`the parameter '${name}' has an element that is no number`);
}
