import type { ConnectionOptions } from './connection.js';
import { describeThrown, TinybirdError, unusableOption } from './errors.js';
import type { Params } from './params.js';

/** The options of a `TinybirdApi`. */
export interface ApiOptions extends ConnectionOptions {
  /** Bound on one attempt of a request, ms; waits for a rate limit come on top. Default 30,000. */
  timeoutMs?: number | undefined;
  /** How often a request that met a rate limit (429) is made again; 0 is never. Default 3. */
  maxRetries?: number | undefined;
  /** API version, the first part of the path. Default `v0`. */
  version?: string | undefined;
}

/** The options of one request. */
export interface SendOptions {
  /** Default `GET`. */
  method?: string | undefined;
  /** The query string: an array repeats its key, a Date is written in UTC, `null` and `undefined` leave one out. */
  params?: Params | undefined;
  /** A body sent as JSON. Not together with `data`. */
  json?: unknown;
  /**
   * A body sent as it is: text or bytes, which every transport can carry. For a form, give
   * `String(new URLSearchParams(…))` and its content type.
   */
  data?: string | Uint8Array | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  /** Bound on one attempt of this request, ms. Default: the api's. */
  timeoutMs?: number | undefined;
  /** Ends the request, and the wait for a rate limit, with its own reason. */
  signal?: AbortSignal | undefined;
}

/** Options with a value each. */
export interface ApiSettings {
  readonly timeoutMs: number;
  readonly maxRetries: number;
  readonly version: string;
}

/** @throws TinybirdError `bad_option`, naming the option and its value */
export function readApiSettings(options: ApiOptions): ApiSettings {
  const { timeoutMs = 30_000, maxRetries = 3, version = 'v0' } = options;
  checkTimeout(timeoutMs);
  if (typeof maxRetries !== 'number' || !Number.isFinite(maxRetries) || maxRetries < 0) {
    throw unusableOption('maxRetries', maxRetries, '0 or a positive number');
  }
  if (typeof version !== 'string' || !/^v\d+$/.test(version)) {
    throw unusableOption('version', version, 'such as v0 or v1');
  }
  return { timeoutMs, maxRetries, version };
}

/** A request, ready for any transport, without its token. */
export interface PreparedRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}

/**
 * The method, headers and body that the options of a request mean; names of headers in lower case.
 * @throws TinybirdError `bad_option` for what cannot be sent
 */
export function prepareRequest(options: SendOptions): PreparedRequest {
  if (options.timeoutMs !== undefined) checkTimeout(options.timeoutMs);
  const method = methodOf(options.method ?? 'GET');
  const body = bodyOf(options);
  if (body !== undefined && (method === 'GET' || method === 'HEAD')) {
    throw badOption(`A ${method} request carries no body: give params, or another method.`);
  }
  const headers: Record<string, string> = {};
  if (options.json !== undefined) headers['content-type'] = 'application/json';
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name.toLowerCase()] = value;
  return { method, headers, body };
}

function methodOf(given: unknown): string {
  if (typeof given !== 'string' || !/^[a-z]+$/i.test(given)) {
    throw unusableOption('method', given, 'such as GET or POST');
  }
  return given.toUpperCase();
}

function bodyOf({ json, data }: SendOptions): string | Uint8Array | undefined {
  if (json === undefined) {
    if (data === undefined || typeof data === 'string' || data instanceof Uint8Array) return data;
    throw badOption('The option data must be a string or a Uint8Array; json takes any other value.');
  }
  if (data !== undefined) throw badOption('The options json and data exclude each other: give one body.');
  let body: string | undefined;
  let why = `a ${typeof json} has no JSON`;
  try {
    body = JSON.stringify(json);
  } catch (thrown) {
    why = describeThrown(thrown);
  }
  if (body === undefined) throw badOption(`The option json cannot be written as JSON (${why}).`);
  return body;
}

function checkTimeout(timeoutMs: unknown): void {
  if (typeof timeoutMs === 'number' && Number.isFinite(timeoutMs) && timeoutMs > 0) return;
  throw unusableOption('timeoutMs', timeoutMs, 'a positive number of ms');
}

function badOption(message: string): TinybirdError {
  return new TinybirdError('bad_option', message);
}
