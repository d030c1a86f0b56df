import { problemOfAnswer, unreachable } from '../api/answer.js';
import { authorization, type Connection } from '../api/connection.js';
import { TinybirdError } from '../api/errors.js';
import { isSocketFailure } from '../api/network-failure.js';
import { type ToldWait, toldWait } from '../api/rate-limit.js';
import type { HttpAnswer } from '../api/transport.js';
import { whileDelivering } from './delivering.js';
import { Turns } from './turns.js';

/** What became of one request. */
export type Outcome =
  /** Written. `quarantined` is undefined when the answer does not say. */
  | { readonly kind: 'taken'; readonly status: number; readonly quarantined: number | undefined }
  /** More bytes than the server takes. */
  | { readonly kind: 'too large'; readonly problem: TinybirdError }
  /** The same request will not go through later either. */
  | { readonly kind: 'refused'; readonly problem: TinybirdError }
  /** It may go through later. */
  | {
      readonly kind: 'passing';
      readonly problem: TinybirdError;
      /** How long to wait first, ms, when that was said. */
      readonly waitMs?: number | undefined;
      /** Whether the connection was lost, as one is that was idle for too long. */
      readonly reset?: boolean;
    };

export interface DeliveryOptions {
  /** The datasource's name. */
  readonly name: string;
  readonly connection: Connection;
  readonly gzip: boolean;
  /** Bound on one request, ms. */
  readonly timeoutMs: number;
  /** Whether rows can wait for a token or a deployment to be mended: those on disk can. */
  readonly patient: boolean;
}

/** Below this a body is sent as it is: gzip would cost more than it saves. */
const GZIP_FROM_BYTES = 1024;
/** What Tinybird answers to rows is tiny; a longer answer is a proxy's page, and only its status counts. */
const MAXIMUM_ANSWER_BYTES = 64 * 1024;
/** How long rows wait for a token that is refused, ms. */
const REFUSED_WAIT_MS = 60_000;

/** The thread pool has four threads, which the program under us needs too. */
const compressing = new Turns(2);

/** Takes bodies to the Events API, one request each, and reads what came of it. Keeps nothing of them. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #url: URL;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#url = new URL('v0/events', options.connection.url);
    this.#url.searchParams.set('name', options.name);
    // Acknowledged means written: a 202 is not durable (TryGhost/TrafficAnalytics 368), and nobody waits for us.
    this.#url.searchParams.set('wait', 'true');
  }

  /** One request with these rows. Never rejects. */
  deliver(rows: Uint8Array, signal: AbortSignal): Promise<Outcome> {
    return whileDelivering(() => this.#deliver(rows, signal));
  }

  async #deliver(rows: Uint8Array, signal: AbortSignal): Promise<Outcome> {
    const { connection, patient } = this.#options;
    const { headers, body } = await this.#encode(rows);
    let outcome = await this.#attempt(headers, body, signal);
    const rotates = typeof connection.token === 'function';
    // The token may have been rotated between the asking and the answer: the next one may do.
    if (rotates && isRefusedToken(outcome)) outcome = await this.#attempt(headers, body, signal);
    const canWait = isRefusedToken(outcome) ? rotates || patient : isNotFound(outcome) && patient;
    return canWait && outcome.kind === 'refused'
      ? { kind: 'passing', problem: outcome.problem, waitMs: REFUSED_WAIT_MS }
      : outcome;
  }

  async #encode(rows: Uint8Array): Promise<{ headers: Record<string, string>; body: Uint8Array }> {
    const headers = { 'content-type': 'application/x-ndjson' };
    if (!this.#options.gzip || rows.byteLength < GZIP_FROM_BYTES) return { headers, body: rows };
    try {
      const body = await compressing.run(() => this.#options.connection.transport.gzip(rows));
      return { headers: { ...headers, 'content-encoding': 'gzip' }, body };
    } catch {
      // No memory, or a runtime that cannot: the rows go as they are.
      return { headers, body: rows };
    }
  }

  async #attempt(headers: Record<string, string>, body: Uint8Array, signal: AbortSignal): Promise<Outcome> {
    const { connection, timeoutMs } = this.#options;
    try {
      const authorized = await authorization(connection.token, timeoutMs);
      const answer = await connection.transport.send({
        method: 'POST',
        url: this.#url,
        headers: { ...headers, ...authorized },
        body,
        timeoutMs,
        maxAnswerBytes: MAXIMUM_ANSWER_BYTES,
        signal,
        background: true,
      });
      return this.#read(answer, authorized.authorization?.slice('Bearer '.length));
    } catch (thrown) {
      // A token function that fails may work the next time; so may the network.
      const problem = thrown instanceof TinybirdError ? thrown : unreachable(connection.url, thrown);
      return { kind: 'passing', problem, reset: isSocketFailure(thrown) };
    }
  }

  #read(answer: HttpAnswer, secret: string | undefined): Outcome {
    const { name, connection } = this.#options;
    const { status } = answer;
    if (status >= 200 && status < 300)
      return { kind: 'taken', status, quarantined: quarantinedRows(answer.text) };
    const problem = problemOfAnswer(answer, connection.url.host, `datasource ${name}`, secret);
    if (status === 413) return { kind: 'too large', problem };
    if (!mayPass(status)) return { kind: 'refused', problem };
    const told = waitOf(answer);
    return { kind: 'passing', problem: asksTooMuch(problem, told), waitMs: told?.ms };
  }
}

function mayPass(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/** How long the answer says to wait. Every answer of Tinybird has the headers of its rate limit, met or not. */
function waitOf({ status, headers }: HttpAnswer): ToldWait | undefined {
  if (status === 429) return toldWait(headers, Date.now());
  const { 'retry-after': retryAfter, date } = headers;
  return status === 503 ? toldWait({ 'retry-after': retryAfter, date }, Date.now()) : undefined;
}

/** The same problem, which also says that its server would have us wait longer than we do. */
function asksTooMuch(problem: TinybirdError, told: ToldWait | undefined): TinybirdError {
  if (told?.clampedFrom === undefined) return problem;
  const asked = Math.round(told.clampedFrom / 1000);
  return new TinybirdError(
    problem.code,
    `${problem.message} It says to wait ${asked} s; it is asked sooner.`,
    problem,
  );
}

function isRefusedToken(outcome: Outcome): outcome is Outcome & { kind: 'refused' } {
  return outcome.kind === 'refused' && (outcome.problem.status === 401 || outcome.problem.status === 403);
}

function isNotFound(outcome: Outcome): outcome is Outcome & { kind: 'refused' } {
  return outcome.kind === 'refused' && outcome.problem.status === 404;
}

/** How many rows Tinybird says it quarantined; undefined when its answer says nothing of the kind. */
function quarantinedRows(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  try {
    const parsed = JSON.parse(text) as { successful_rows?: unknown; quarantined_rows?: unknown } | null;
    const { successful_rows: successful, quarantined_rows: rows } = parsed ?? {};
    if (typeof rows === 'number') return Number.isSafeInteger(rows) && rows >= 0 ? rows : undefined;
    return typeof successful === 'number' ? 0 : undefined;
  } catch {
    return undefined;
  }
}
