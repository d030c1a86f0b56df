import { problemOfAnswer, unreachable } from './answer.js';
import {
  type ApiOptions,
  type ApiSettings,
  prepareRequest,
  readApiSettings,
  type SendOptions,
} from './api-options.js';
import { authorization, type Connection, LOCAL_TOKEN, resolveConnection } from './connection.js';
import { TinybirdError } from './errors.js';
import { appendParams, type Params, pipeRequest } from './params.js';
import { Pause } from './pause.js';
import { type QueryAnswer, readRows } from './query.js';
import { toldWait } from './rate-limit.js';
import { withJsonFormat } from './sql-format.js';
import { backoffMs } from './timers.js';
import type { HttpAnswer, HttpRequest } from './transport.js';

/**
 * Any request to Tinybird.
 *
 * A rate limit (429) is waited out and the request made again, `maxRetries` times, and every other request of the same
 * api waits with it; nothing else is repeated.
 *
 * @example
 * await using api = new TinybirdApi({ token, url });
 * const { data } = await api.sql<{ calls: number }>('SELECT count() AS calls FROM litellm');
 * const top = await api.query<{ model: string; cost: number }>('top_models', { since: new Date(0), limit: 10 });
 */
export class TinybirdApi {
  readonly #connection: Connection;
  readonly #settings: ApiSettings;
  readonly #pause = new Pause();
  readonly #underWay = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  /** @throws TinybirdError `not_configured`, or `bad_option` naming the option and its value */
  constructor(options: ApiOptions = {}) {
    this.#settings = readApiSettings(options);
    this.#connection = resolveConnection(options);
  }

  /** `send` with GET. */
  get(path: string, options: Omit<SendOptions, 'method'> = {}): Promise<HttpAnswer> {
    return this.send(path, { ...options, method: 'GET' });
  }

  /** `send` with POST. */
  post(path: string, options: Omit<SendOptions, 'method'> = {}): Promise<HttpAnswer> {
    return this.send(path, { ...options, method: 'POST' });
  }

  /** `send` with PUT. */
  put(path: string, options: Omit<SendOptions, 'method'> = {}): Promise<HttpAnswer> {
    return this.send(path, { ...options, method: 'PUT' });
  }

  /** `send` with DELETE. */
  delete(path: string, options: Omit<SendOptions, 'method'> = {}): Promise<HttpAnswer> {
    return this.send(path, { ...options, method: 'DELETE' });
  }

  /**
   * Asks a published pipe. Parameters go in the URL, arrays as comma-separated values; or as a JSON body when the URL
   * would be longer than about 2,000 bytes or a member of an array holds a comma.
   *
   * @throws TinybirdError as `send`; `bad_option` for a name that no pipe can have; `bad_answer` when no rows came
   */
  async query<Row = Record<string, unknown>>(
    pipe: string,
    params: Params = {},
    options: Pick<SendOptions, 'timeoutMs' | 'signal'> = {},
  ): Promise<QueryAnswer<Row>> {
    if (typeof pipe !== 'string' || !/^[A-Za-z_]\w*$/.test(pipe)) {
      throw new TinybirdError(
        'bad_option',
        'The name of a pipe must be letters, digits and underscores, such as top_models.',
      );
    }
    const path = `pipes/${pipe}.json`;
    const answer = await this.send(path, { ...pipeRequest(this.#target(path), params), ...options });
    return readRows<Row>(answer, this.#connection.url.host, `pipe ${pipe}`);
  }

  /**
   * Runs SQL and gives its rows. A query that names no FORMAT gets `FORMAT JSON`; one that does must name a form of JSON
   * with `data`, or be sent with `post('sql', { data })`.
   *
   * @throws TinybirdError as `send`; `bad_answer` when no rows came
   */
  async sql<Row = Record<string, unknown>>(
    query: string,
    options: Pick<SendOptions, 'timeoutMs' | 'signal'> = {},
  ): Promise<QueryAnswer<Row>> {
    const data = typeof query === 'string' ? withJsonFormat(query) : '';
    if (data === '') {
      throw new TinybirdError('bad_option', 'The query must be a text of SQL that is not empty.');
    }
    const headers = { 'content-type': 'text/plain' };
    const answer = await this.post('sql', { data, headers, ...options });
    return readRows<Row>(answer, this.#connection.url.host, 'query');
  }

  /**
   * One request; a path without a leading slash gets the version before it.
   *
   * @throws TinybirdError for every answer outside 2xx; `unreachable` when there is none; `bad_option` for what cannot be
   *   sent; `closed` after `close()`. When `signal` aborts, its reason.
   */
  send(path: string, options: SendOptions = {}): Promise<HttpAnswer> {
    const sent = this.#closing === undefined ? this.#send(path, options) : Promise.reject(closed());
    this.#underWay.add(sent);
    const settled = () => this.#underWay.delete(sent);
    sent.then(settled, settled);
    return sent;
  }

  /** Resolves when the requests under way are settled, and takes no more. A second call gives the same promise. */
  close(): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#underWay).then(() => {});
    return this.#closing;
  }

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #send(path: string, options: SendOptions): Promise<HttpAnswer> {
    const { method, headers, body } = prepareRequest(options);
    const { timeoutMs = this.#settings.timeoutMs, signal } = options;
    const url = this.#target(path);
    appendParams(url, options.params);
    for (let attempt = 1; ; attempt++) {
      await this.#pause.over(signal);
      const all = { ...(await authorization(this.#connection.token, timeoutMs)), ...headers };
      const answer = await this.#exchange({ method, url, headers: all, body, timeoutMs, signal });
      if (answer.status >= 200 && answer.status < 300) return answer;
      const bearer = all.authorization?.replace(/^Bearer /, '');
      const secret = (bearer === LOCAL_TOKEN ? undefined : bearer) ?? url.searchParams.get('token') ?? bearer;
      const problem = problemOfAnswer(answer, this.#connection.url.host, `${method} ${url.pathname}`, secret);
      if (answer.status !== 429) throw problem;
      this.#pauseAfter(answer, problem, attempt);
    }
  }

  async #exchange(request: HttpRequest): Promise<HttpAnswer> {
    try {
      const answer = await this.#connection.transport.send(request);
      // A status without a body may be the caller's own doing.
      if (answer.text === undefined) request.signal?.throwIfAborted();
      return answer;
    } catch (thrown) {
      if (request.signal?.aborted || thrown instanceof TinybirdError) throw thrown;
      throw unreachable(this.#connection.url, thrown);
    }
  }

  /** Holds back every request of this api, or throws when this one is not to be made again. */
  #pauseAfter(answer: HttpAnswer, problem: TinybirdError, attempt: number): void {
    const told = toldWait(answer.headers, Date.now());
    if (told?.clampedFrom !== undefined) {
      // Asking before its time would only be refused again.
      const seconds = Math.ceil(told.clampedFrom / 1000);
      throw new TinybirdError(
        problem.code,
        `${problem.message} It takes requests again in ${seconds} s.`,
        problem,
      );
    }
    if (attempt > this.#settings.maxRetries) throw problem;
    // A rate limit is counted in seconds: no use to begin with less than one.
    this.#pause.extend(told === undefined ? backoffMs(attempt + 2) : told.ms * (1 + Math.random() / 10));
  }

  /** The URL of a path, on the host of the connection and nowhere else: the token goes with it. */
  #target(path: string): URL {
    const base = this.#connection.url;
    const relative = String(path).startsWith('/') ? path.slice(1) : `${this.#settings.version}/${path}`;
    const target = URL.canParse(relative, base.href) ? new URL(relative, base) : undefined;
    if (typeof path !== 'string' || target?.origin !== base.origin || target.username || target.password) {
      throw new TinybirdError(
        'bad_option',
        `The path of a request must be one of ${base.host}, such as pipes/top_models.json or /v1/workspaces.`,
      );
    }
    return target;
  }
}

function closed(): TinybirdError {
  return new TinybirdError('closed', 'The api was closed: it takes nothing more.');
}
