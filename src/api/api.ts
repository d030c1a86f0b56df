import { problemOfAnswer, unreachable } from './answer.js';
import { authorization, type Connection, type ConnectionOptions, resolveConnection } from './connection.js';
import { TinybirdError } from './errors.js';
import { type HttpAnswer, type Transport, undiciTransport } from './transport.js';

export interface ApiOptions extends ConnectionOptions {
  /** Bound on a request, ms. Default 30,000. */
  timeoutMs?: number | undefined;
  /** API version, the first part of the path. Default `v0`. */
  version?: string | undefined;
}

export interface SendOptions {
  /** Default `GET`. */
  method?: string | undefined;
  /** The query string; an array repeats its key, `undefined` leaves it out. */
  params?:
    | Readonly<Record<string, string | number | boolean | readonly (string | number)[] | undefined>>
    | undefined;
  /** A body sent as JSON. */
  json?: unknown;
  /** A body sent as it is. */
  data?: string | Uint8Array | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  /** Bound on this request, ms. */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** What a query answers: Tinybird's JSON shape. */
export interface QueryAnswer<Row> {
  meta: { name: string; type: string }[];
  data: Row[];
  rows: number;
}

/**
 * Any request to Tinybird.
 *
 * @example
 * const api = new TinybirdApi({ token, url });
 * const { data } = await api.sql<{ calls: number }>('SELECT count() AS calls FROM litellm');
 */
export class TinybirdApi {
  readonly #connection: Connection;
  readonly #timeoutMs: number;
  readonly #version: string;
  readonly #transport: Transport;

  /** @throws TinybirdError `not_configured` or `bad_option` */
  constructor(options: ApiOptions = {}) {
    this.#connection = resolveConnection(options);
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#version = options.version ?? 'v0';
    this.#transport = undiciTransport;
  }

  get(path: string, options: Omit<SendOptions, 'method'> = {}): Promise<HttpAnswer> {
    return this.send(path, { ...options, method: 'GET' });
  }

  post(path: string, options: Omit<SendOptions, 'method'> = {}): Promise<HttpAnswer> {
    return this.send(path, { ...options, method: 'POST' });
  }

  put(path: string, options: Omit<SendOptions, 'method'> = {}): Promise<HttpAnswer> {
    return this.send(path, { ...options, method: 'PUT' });
  }

  delete(path: string, options: Omit<SendOptions, 'method'> = {}): Promise<HttpAnswer> {
    return this.send(path, { ...options, method: 'DELETE' });
  }

  /** Runs SQL and gives its rows. A query without FORMAT gets `FORMAT JSON`. */
  async sql<Row = Record<string, unknown>>(query: string): Promise<QueryAnswer<Row>> {
    const text = query.trim().replace(/;$/, '');
    const data = /\bformat\s+\w+$/i.test(text) ? text : `${text} FORMAT JSON`;
    const answer = await this.post('sql', { data, headers: { 'content-type': 'text/plain' } });
    try {
      return JSON.parse(answer.text ?? '') as QueryAnswer<Row>;
    } catch (thrown) {
      throw new TinybirdError('bad_answer', `${this.#connection.url.host} answered the query with no JSON.`, {
        status: answer.status,
        cause: thrown,
      });
    }
  }

  /**
   * One request; a path without a leading slash gets the version before it.
   * @throws TinybirdError for every answer outside 2xx, `unreachable` when there is none
   */
  async send(path: string, options: SendOptions = {}): Promise<HttpAnswer> {
    const { url, token } = this.#connection;
    const target = new URL(path.startsWith('/') ? path.slice(1) : `${this.#version}/${path}`, url);
    for (const [key, value] of Object.entries(options.params ?? {})) {
      for (const one of Array.isArray(value) ? value : [value]) {
        if (one !== undefined) target.searchParams.append(key, String(one));
      }
    }
    const headers: Record<string, string> = { ...(await authorization(token)) };
    if (options.json !== undefined) headers['content-type'] = 'application/json';
    Object.assign(headers, options.headers);
    const method = options.method ?? 'GET';
    let answer: HttpAnswer;
    try {
      answer = await this.#transport.send({
        method,
        url: target,
        headers,
        body: options.json === undefined ? options.data : JSON.stringify(options.json),
        timeoutMs: options.timeoutMs ?? this.#timeoutMs,
        signal: options.signal,
      });
    } catch (thrown) {
      if (options.signal?.aborted) throw thrown;
      throw unreachable(url, thrown);
    }
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw problemOfAnswer(answer, url.host, `${method} ${target.pathname}`, headers.authorization?.slice(7));
  }
}
