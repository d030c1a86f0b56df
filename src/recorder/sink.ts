import { type Connection, resolveConnection } from '../api/connection.js';
import { TinybirdError } from '../api/errors.js';
import type { OnError } from '../api/tell.js';
import { Datasource } from '../datasource/datasource.js';
import type { Sink, TinybirdOptions } from './options.js';

const DEFAULT_DATASOURCE = 'litellm';

/**
 * The sink that the options name.
 * @throws TinybirdError `not_configured` or `bad_option`
 */
export function sinkOf(options: TinybirdOptions): Sink {
  const given: unknown = options.datasource ?? DEFAULT_DATASOURCE;
  if (typeof given === 'string') return sharedDatasource(given, resolveConnection(options), options.onError);
  const sink = givenSink(given);
  if (sink !== undefined) return sink;
  throw unusableSink(given);
}

/** A sink as somebody gave it: a `Datasource`, an object with `append`, or an array. */
export function givenSink(given: unknown): Sink<unknown> | undefined {
  if (Array.isArray(given)) return { append: (event) => given.push(event) };
  if (typeof given !== 'object' || given === null || !('append' in given)) return undefined;
  return typeof given.append === 'function' ? (given as Sink<unknown>) : undefined;
}

export function unusableSink(given: unknown): TinybirdError {
  return new TinybirdError(
    'bad_option',
    `The option datasource must be a name, a Datasource or an object with append(event), not ${given === null ? 'null' : typeof given}.`,
  );
}

type Key = string | OnError | (() => unknown);

/** A tree of keys. What is reached through a function lives as long as that function: options made a request are no leak. */
class Node {
  datasource: Datasource | undefined;
  readonly #named = new Map<string, Node>();
  readonly #byFunction = new WeakMap<Exclude<Key, string>, Node>();

  child(key: Key): Node {
    const found = typeof key === 'string' ? this.#named.get(key) : this.#byFunction.get(key);
    if (found !== undefined) return found;
    const made = new Node();
    if (typeof key === 'string') this.#named.set(key, made);
    else this.#byFunction.set(key, made);
    return made;
  }
}

const root = new Node();

/** Integrations with the same destination share one datasource: one batch, one rate limit, one connection pool. */
function sharedDatasource(
  name: string,
  { url, token }: Connection,
  onError: OnError | undefined,
): Datasource {
  const node = root
    .child(name)
    .child(url.href)
    .child(token ?? '')
    .child(onError ?? '');
  node.datasource ??= new Datasource(name, { url: url.href, token, onError });
  return node.datasource;
}
