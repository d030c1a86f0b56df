import type { Dispatcher } from 'undici';
import { platformTransport } from '#transport';
import { TinybirdError } from './errors.js';
import { fetchTransport } from './transport.fetch.js';

/** One request, as any transport takes it. */
export interface HttpRequest {
  method: string;
  url: URL;
  headers: Record<string, string>;
  /** Read while the request is under way: do not change it before the answer. */
  body?: Uint8Array | string | undefined;
  /** Bound on the whole exchange, ms: a server that drips a byte a second ends here too. */
  timeoutMs: number;
  /** An answer longer than this is left unread: its `text` is undefined. Default 256 MiB, for queries. */
  maxAnswerBytes?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Nobody awaits it: the process may end under it. */
  background?: boolean | undefined;
}

/** An answer of any status. */
export interface HttpAnswer {
  status: number;
  /** By lower-case name. A header sent twice is an array, or one text joined by commas, as the transport has it. */
  headers: Record<string, string | string[] | undefined>;
  /** Undefined when the body was cut, stalled or too long: the status still counts. */
  text: string | undefined;
}

/**
 * How bytes travel. Neither transport follows a redirect: a followed one turns a POST into a GET without a body,
 * answers 200, and takes the token to a host that nobody named.
 */
export interface Transport {
  /** Whether bodies are compressed when nobody says otherwise. */
  readonly compresses: boolean;
  /**
   * One request, one answer of any status. Rejects only when no status arrived: with the reason of `signal` when that
   * was aborted, else with an error that holds no text of any header.
   */
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** A body, gzipped off the caller's thread. */
  gzip(body: Uint8Array): Promise<Uint8Array>;
}

/** Who else may carry the requests. */
export interface TransportOptions {
  /** Carries every request instead of the transport of the platform. Not together with `dispatcher`. */
  fetch?: typeof globalThis.fetch | undefined;
  /**
   * An undici dispatcher that carries every request: a proxy (`new EnvHttpProxyAgent()`), your own pool, or a
   * `MockAgent`. Only where undici is the transport: on Node, and without `fetch`.
   */
  dispatcher?: Dispatcher | undefined;
}

/**
 * The transport of the platform (undici on Node; `fetch` where a bundler or runtime names an edge, a browser, Deno or
 * Bun among its conditions), or the given `fetch`.
 * @throws TinybirdError `bad_option` naming `fetch` or `dispatcher`
 */
export function transportOf(options: TransportOptions = {}): Transport {
  const { fetch, dispatcher } = options;
  if (dispatcher !== undefined && typeof dispatcher?.dispatch !== 'function') {
    throw new TinybirdError('bad_option', 'The option dispatcher must be a dispatcher of undici.');
  }
  if (fetch === undefined) return platformTransport(dispatcher);
  if (typeof fetch !== 'function') {
    throw new TinybirdError('bad_option', `The option fetch must be a function, not ${typeof fetch}.`);
  }
  if (dispatcher !== undefined) {
    throw new TinybirdError(
      'bad_option',
      'The options fetch and dispatcher exclude each other: give the dispatcher to your fetch, or leave fetch out.',
    );
  }
  return fetchTransport(fetch);
}
