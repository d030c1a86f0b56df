import { problemOfAnswer, unreachable } from '../api/answer.js';
import { authorization, type Connection } from '../api/connection.js';
import { TinybirdError } from '../api/errors.js';
import { retryAfterMs } from '../api/rate-limit.js';
import type { Tell } from '../api/tell.js';
import type { HttpAnswer, Transport } from '../api/transport.js';
import { type Batch, halve } from './buffer.js';
import { givenUp, quarantined, unreadableAnswer } from './problems.js';

/** What became of a batch: every row is in exactly one of the three. */
export interface Outcome {
  delivered: number;
  quarantined: number;
  dropped: number;
}

export interface DeliveryOptions {
  readonly name: string;
  readonly connection: Connection;
  readonly transport: Transport;
  readonly tell: Tell;
  readonly gzip: boolean;
  /** Bound on one attempt, ms. */
  readonly timeoutMs: number;
  /** Rows older than this are given up, ms. */
  readonly maxAgeMs: number;
}

/** Below this a body is sent as it is: gzip would cost more than it saves. */
const GZIP_FROM_BYTES = 1024;
const BACKOFF_FIRST_MS = 250;
const BACKOFF_MAXIMUM_MS = 30_000;
const BACKOFF_MINIMUM_MS = 50;

/**
 * Takes batches to Tinybird and says what became of them. A failure that may pass is tried again, and holds back
 * every other batch of the datasource too; any other is told with its fix and not repeated.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #pause = new Pause();
  readonly #eventsUrl: URL;
  /** Attempts that failed in a row: one outage is told once. */
  #failures = 0;
  #retried = 0;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#eventsUrl = new URL('v0/events', options.connection.url);
    this.#eventsUrl.searchParams.set('name', options.name);
    // Acknowledged means written: a 202 is not durable (TryGhost/TrafficAnalytics 368), and nobody waits for us.
    this.#eventsUrl.searchParams.set('wait', 'true');
  }

  get retried(): number {
    return this.#retried;
  }

  /** While held, a backoff keeps the process alive: somebody awaits the rows. */
  hold(): void {
    this.#pause.hold();
  }

  release(): void {
    this.#pause.release();
  }

  /** Ends a backoff now: an explicit flush is worth a probe. A rate limit is not cut short. */
  probe(): void {
    this.#pause.wake();
  }

  /** Ends every wait, a rate limit too: what waits is about to be dropped. */
  stopWaiting(): void {
    this.#pause.wake(true);
  }

  /** Never rejects. Once `signal` is aborted a batch that did not go through is dropped, untold: the caller tells. */
  async deliver(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    const { headers, body } = await this.#encode(batch.body);
    for (;;) {
      await this.#pause.over();
      if (signal.aborted) return dropped(batch);
      const { answer, failure } = await this.#attempt(headers, body, signal);
      if (failure === undefined) {
        this.#failures = 0;
        return this.#accepted(answer, batch);
      }
      if (answer?.status === 413 && batch.rows > 1) return await this.#halves(batch, signal);
      if (signal.aborted) return dropped(batch);
      const { problem, passing, waitMs } = failure;
      if (!passing) {
        this.#options.tell(givenUp(problem, batch.rows));
        return dropped(batch);
      }
      if (this.#failures++ === 0) this.#options.tell(problem);
      if (performance.now() - batch.appendedAt > this.#options.maxAgeMs) {
        this.#options.tell(givenUp(problem, batch.rows));
        return dropped(batch);
      }
      this.#retried++;
      this.#pause.extend(waitMs ?? backoff(this.#failures), waitMs !== undefined);
    }
  }

  async #encode(rows: Buffer): Promise<{ headers: Record<string, string>; body: Uint8Array }> {
    const headers = { 'content-type': 'application/x-ndjson' };
    if (!this.#options.gzip || rows.byteLength < GZIP_FROM_BYTES) return { headers, body: rows };
    const body = await this.#options.transport.gzip(rows);
    return { headers: { ...headers, 'content-encoding': 'gzip' }, body };
  }

  async #attempt(headers: Record<string, string>, body: Uint8Array, signal: AbortSignal): Promise<Attempt> {
    const { connection, transport, name, timeoutMs } = this.#options;
    try {
      const authorized = await authorization(connection.token);
      const secret = authorized.authorization?.slice('Bearer '.length);
      const answer = await transport.send({
        method: 'POST',
        url: this.#eventsUrl,
        headers: { ...headers, ...authorized },
        body,
        timeoutMs,
        signal,
      });
      if (answer.status >= 200 && answer.status < 300) return { answer, failure: undefined };
      const failure = {
        problem: problemOfAnswer(answer, connection.url.host, `datasource ${name}`, secret),
        passing: mayPass(answer.status),
        waitMs: answer.status === 429 ? retryAfterMs(answer.headers, Date.now()) : undefined,
      };
      return { answer, failure };
    } catch (thrown) {
      // A token function that fails may work the next time; so may the network.
      const problem = thrown instanceof TinybirdError ? thrown : unreachable(connection.url, thrown);
      return { answer: undefined, failure: { problem, passing: true, waitMs: undefined } };
    }
  }

  #accepted(answer: HttpAnswer, batch: Batch): Outcome {
    const { name, connection, tell } = this.#options;
    const counted = quarantinedRows(answer.text);
    if (counted === undefined) {
      tell(unreadableAnswer(name, connection.url.host, answer.status));
      return { delivered: batch.rows, quarantined: 0, dropped: 0 };
    }
    const rows = Math.min(counted, batch.rows);
    if (rows > 0) tell(quarantined(name, rows, batch.rows));
    return { delivered: batch.rows - rows, quarantined: rows, dropped: 0 };
  }

  async #halves(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    const [first, second] = halve(batch);
    const a = await this.deliver(first, signal);
    const b = await this.deliver(second, signal);
    return {
      delivered: a.delivered + b.delivered,
      quarantined: a.quarantined + b.quarantined,
      dropped: a.dropped + b.dropped,
    };
  }
}

/** An answer that took the rows, or a failure with the answer that told of it, if one came. */
type Attempt =
  | { answer: HttpAnswer; failure: undefined }
  | { answer: HttpAnswer | undefined; failure: AttemptFailure };

interface AttemptFailure {
  problem: TinybirdError;
  /** Whether the same request may succeed later. */
  passing: boolean;
  /** A wait the server asked for, ms. */
  waitMs: number | undefined;
}

/** One gate for the whole datasource: a rate limit or an outage holds back every request, not only the one it met. */
class Pause {
  #until = 0;
  #fixed = false;
  #holders = 0;
  readonly #sleepers = new Set<{ timer: NodeJS.Timeout; wake: () => void }>();

  async over(): Promise<void> {
    for (;;) {
      const ms = this.#until - performance.now();
      if (ms <= 0) return;
      await this.#sleep(ms);
    }
  }

  extend(ms: number, fixed: boolean): void {
    const until = performance.now() + ms;
    if (until <= this.#until) return;
    this.#until = until;
    this.#fixed = fixed;
  }

  hold(): void {
    if (this.#holders++ === 0) for (const { timer } of this.#sleepers) timer.ref();
  }

  release(): void {
    if (--this.#holders === 0) for (const { timer } of this.#sleepers) timer.unref();
  }

  wake(evenFixed = false): void {
    if (this.#fixed && !evenFixed) return;
    this.#until = 0;
    for (const { timer, wake } of this.#sleepers) {
      clearTimeout(timer);
      wake();
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#sleepers.delete(sleeper);
        resolve();
      };
      const sleeper = { timer: setTimeout(wake, ms), wake };
      if (this.#holders === 0) sleeper.timer.unref();
      this.#sleepers.add(sleeper);
    });
  }
}

function mayPass(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/** Full jitter: a fleet that failed together does not come back together. */
function backoff(failures: number): number {
  const ceiling = Math.min(BACKOFF_MAXIMUM_MS, BACKOFF_FIRST_MS * 2 ** (failures - 1));
  return Math.max(BACKOFF_MINIMUM_MS, Math.random() * ceiling);
}

function dropped(batch: Batch): Outcome {
  return { delivered: 0, quarantined: 0, dropped: batch.rows };
}

/** How many rows Tinybird says it quarantined; undefined when its answer says nothing of the kind. */
function quarantinedRows(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  try {
    const parsed = JSON.parse(text) as { successful_rows?: unknown; quarantined_rows?: unknown } | null;
    if (typeof parsed?.successful_rows !== 'number') return undefined;
    return typeof parsed.quarantined_rows === 'number' ? parsed.quarantined_rows : 0;
  } catch {
    return undefined;
  }
}
