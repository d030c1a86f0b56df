import { backoffMs, unref } from '../api/timers.js';

/** A wait that Tinybird asked for is lengthened by up to this share, so that a fleet does not come back at once. */
const JITTER = 0.1;
/** However often somebody flushes, an outage is asked no sooner than this after it answered, ms. */
const PROBE_EVERY_MS = 1000;

/**
 * One gate for all requests of a datasource: a rate limit or an outage holds back every one, not only the one it met.
 * When a pause is over one request goes alone to see; if it goes well two may follow, then four.
 */
export class Gate {
  readonly #concurrency: number;
  readonly #opened: () => void;
  /** Requests that may be under way at once, now. */
  #limit: number;
  #pausedUntil = 0;
  /** Until when Tinybird asked to wait: nothing cuts that short. */
  #toldUntil = 0;
  #failures = 0;
  #failedAt = Number.NEGATIVE_INFINITY;
  /** Counts the pauses: what was under way before one says nothing about its end. */
  #pauses = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param opened called when a pause is over */
  constructor(concurrency: number, opened: () => void) {
    this.#concurrency = concurrency;
    this.#limit = concurrency;
    this.#opened = opened;
  }

  /** Whether another request may start beside those under way. */
  admits(underWay: number): boolean {
    return this.#timer === undefined && underWay < this.#limit;
  }

  /** Whether no failure is being waited out: nothing needs sparing. */
  get healthy(): boolean {
    return this.#failures === 0;
  }

  /** To be given back with what became of a request. */
  get ticket(): number {
    return this.#pauses;
  }

  succeeded(ticket: number): void {
    if (ticket !== this.#pauses) return;
    this.#failures = 0;
    this.#limit = Math.min(this.#limit * 2, this.#concurrency);
  }

  /** @param toldMs how long Tinybird asked to wait; undefined: back off */
  failed(ticket: number, toldMs: number | undefined): void {
    const known = ticket !== this.#pauses;
    // Requests that were under way together fail together: that is one failure.
    if (known && toldMs === undefined) return;
    const now = performance.now();
    this.#failedAt = now;
    // A straggler may begin a pause of its own: then those that went out meanwhile say nothing about its end either.
    if (!known || this.#timer === undefined) {
      this.#pauses++;
      this.#failures++;
    }
    this.#limit = 1;
    if (toldMs === undefined) {
      this.#pauseUntil(now + backoffMs(this.#failures));
      return;
    }
    this.#toldUntil = Math.max(this.#toldUntil, now + toldMs * (1 + Math.random() * JITTER));
    if (this.#toldUntil > this.#pausedUntil) this.#pauseUntil(this.#toldUntil);
  }

  /** An explicit flush is worth a probe at once; what Tinybird asked for is not cut short. */
  probe(): void {
    if (this.#timer === undefined) return;
    const soonest = Math.max(this.#failedAt + PROBE_EVERY_MS, this.#toldUntil);
    this.#pauseUntil(Math.min(this.#pausedUntil, soonest));
  }

  /** Ends every pause: what waited is about to be given up. */
  open(): void {
    this.#pausedUntil = 0;
    this.#toldUntil = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #pauseUntil(until: number): void {
    this.#pausedUntil = until;
    clearTimeout(this.#timer);
    // A timer may come a millisecond early.
    const ms = Math.max(0, Math.ceil(until - performance.now()) + 1);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#opened();
    }, ms);
    unref(this.#timer);
  }
}
