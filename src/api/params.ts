import { TinybirdError } from './errors.js';

/** A value of a query string: a Date is written as `YYYY-MM-DD HH:MM:SS.sss` in UTC, as ClickHouse reads it. */
export type Param = string | number | bigint | boolean | Date;

/** Parameters by name. `null` and `undefined` leave one out. */
export type Params = Readonly<Record<string, Param | readonly Param[] | null | undefined>>;

/** Above this many bytes a URL may be refused on its way; a longer query goes as a POST. */
const LONGEST_URL_BYTES = 2000;

/**
 * Adds parameters to a URL; an array repeats its key.
 * @throws TinybirdError `bad_option` naming the parameter
 */
export function appendParams(url: URL, params: Params | undefined): void {
  for (const [name, values] of given(params))
    for (const value of values.list) url.searchParams.append(name, textOf(name, value));
}

/** How the parameters of a pipe travel. */
export type PipeRequest =
  | { method: 'GET'; params: Record<string, string> }
  | { method: 'POST'; json: Record<string, unknown> };

/**
 * The parameters of a pipe: in the URL, arrays as comma-separated values; or, when the URL would be longer than about
 * 2,000 bytes or a member of an array holds a comma, in a JSON body with arrays as arrays.
 *
 * @param url the pipe's own URL
 * @throws TinybirdError `bad_option` naming the parameter
 */
export function pipeRequest(url: URL, params: Params | undefined): PipeRequest {
  const texts: Record<string, string> = {};
  const json: Record<string, unknown> = {};
  let joinable = true;
  for (const [name, { list, isArray }] of given(params)) {
    const members = list.map((value) => textOf(name, value));
    texts[name] = members.join(',');
    const values = list.map((value, index) => jsonOf(value, members[index] ?? ''));
    json[name] = isArray ? values : values[0];
    if (isArray && members.some((member) => member.includes(','))) joinable = false;
  }
  const query = new URLSearchParams(texts).toString();
  if (joinable && url.href.length + 1 + query.length <= LONGEST_URL_BYTES)
    return { method: 'GET', params: texts };
  return { method: 'POST', json };
}

function* given(
  params: Params | undefined,
): Generator<[string, { list: readonly Param[]; isArray: boolean }]> {
  for (const [name, value] of Object.entries(params ?? {})) {
    if (value === undefined || value === null) continue;
    const isArray = Array.isArray(value);
    yield [name, { list: isArray ? value : [value as Param], isArray }];
  }
}

function textOf(name: string, value: unknown): string {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
  }
  if (value instanceof Date && !Number.isNaN(value.getTime())) {
    return value.toISOString().replace('T', ' ').replace('Z', '');
  }
  const is = value instanceof Date ? 'an invalid Date' : value === null ? 'null' : `of type ${typeof value}`;
  throw new TinybirdError(
    'bad_option',
    `The parameter ${name} is ${is}: give a string, number, bigint, boolean or Date, or an array of them.`,
  );
}

/** What JSON can say as it is stays so; a bigint would throw and NaN be null. */
function jsonOf(value: Param, text: string): string | number | boolean {
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value;
  return text;
}
