import { internal, type TinybirdError } from '../api/errors.js';
import type { Tell } from '../api/tell.js';
import { type Batch, cut } from './batch.js';
import type { Delivery, Outcome } from './delivery.js';
import { Gate } from './gate.js';
import { givenUp, quarantined, unreadableAnswer } from './problems.js';

/** What became of rows: every one is in exactly one of the three. */
export interface Fate {
  readonly delivered: number;
  readonly quarantined: number;
  readonly dropped: number;
}

export interface SenderOptions {
  readonly name: string;
  /** The host that is asked, for messages. */
  readonly host: string;
  readonly concurrency: number;
  readonly maxRequestBytes: number;
  /** Rows older than this when a request fails are given up, ms. */
  readonly maxAgeMs: number;
  readonly bisect: boolean;
}

/** Where the rows come from, and who hears of their fate. */
export interface Source {
  /** The next rows to send, `maxBytes` at most, if there is a reason to send any. */
  next(maxBytes: number): Batch | undefined;
  settled(batch: Batch, fate: Fate): void;
  /** Rows of this batch will be tried again later. */
  failed(batch: Batch): unknown;
  /** Gives up the rows that were appended before `cutoff`, ms of the monotonic clock, and says how many those were. */
  expire(cutoff: number): number;
}

/** After a request that was too large, those that go through let the next be larger by this. */
const GROWTH = 1.25;
/** An outage is told when it begins, and then this often, ms. */
const TELL_EVERY_MS = 60_000;

/**
 * Sends batches, several at once, and sees to their end: what may pass is tried again when the gate opens, what is too
 * large goes in parts, anything else is told with its fix and given up.
 */
export class Sender {
  readonly #options: SenderOptions;
  readonly #delivery: Delivery;
  readonly #source: Source;
  readonly #tell: Tell;
  readonly #gate: Gate;
  readonly #underWay = new Set<Batch>();
  /** Batches to be sent before any other: tried before, or parts of one. */
  #again: Batch[] = [];
  #stop = new AbortController();
  /** What the server is known to take, bytes. */
  #sizeLimit = Number.POSITIVE_INFINITY;
  #bytes = 0;
  #retried = 0;
  /** Whether a request has gone through since the last that did not. */
  #goesThrough = false;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(options: SenderOptions, delivery: Delivery, source: Source, tell: Tell) {
    this.#options = options;
    this.#delivery = delivery;
    this.#source = source;
    this.#tell = tell;
    this.#gate = new Gate(options.concurrency, () => this.pump());
  }

  /** Bytes of the batches that are not settled. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Rows that were to be sent again, each as often as it was. */
  get retried(): number {
    return this.#retried;
  }

  /** Rows of the requests under way. */
  get inFlight(): number {
    let rows = 0;
    for (const batch of this.#underWay) rows += batch.rows;
    return rows;
  }

  /** Number of the oldest row that is not settled, or Infinity. */
  get firstRow(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const batch of this.#batches()) first = Math.min(first, batch.firstRow);
    return first;
  }

  /** Starts requests while a slot is free, the gate is open and there is something to send. Never throws. */
  pump(): void {
    try {
      while (this.#gate.admits(this.#underWay.size)) {
        const batch = this.#next();
        if (batch === undefined) return;
        this.#underWay.add(batch);
        this.#send(batch).catch((thrown) => this.#tell(internal(thrown)));
      }
    } catch (thrown) {
      this.#tell(internal(thrown));
    }
  }

  /** Ends a backoff: somebody asks for the rows now. A rate limit is not cut short. */
  probe(): void {
    this.#gate.probe();
  }

  /** Ends every request and every wait; the batches that were not settled are given to `left`. */
  abandon(left: (batch: Batch) => void): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#gate.open();
    const batches = [...this.#batches()];
    this.#underWay.clear();
    this.#again = [];
    this.#bytes = 0;
    for (const batch of batches) left(batch);
  }

  /** The batches that are not settled. */
  *#batches(): Iterable<Batch> {
    yield* this.#underWay;
    yield* this.#again;
  }

  #next(): Batch | undefined {
    const most = Math.min(this.#options.maxRequestBytes, this.#sizeLimit);
    let batch = this.#again.shift();
    if (batch === undefined) {
      batch = this.#source.next(most);
      this.#bytes += batch?.body.byteLength ?? 0;
    }
    if (batch === undefined) return undefined;
    const [head, rest] = cut(batch, most);
    if (rest !== undefined) this.#again.unshift(rest);
    return head;
  }

  async #send(batch: Batch): Promise<void> {
    const { signal } = this.#stop;
    const ticket = this.#gate.ticket;
    const outcome = await this.#delivery.deliver(batch.body, signal);
    if (signal.aborted) return; // its rows were given to whoever ended it
    this.#underWay.delete(batch);
    if (outcome.kind === 'passing') this.#failed(batch, outcome, ticket);
    else {
      this.#gate.succeeded(ticket);
      this.#answered(batch, outcome);
    }
    this.pump();
  }

  #answered(batch: Batch, outcome: Exclude<Outcome, { kind: 'passing' }>): void {
    this.#goesThrough = true;
    if (outcome.kind === 'taken') {
      this.#taken(batch, outcome);
      return;
    }
    if (batch.rows > 1 && outcome.kind === 'too large') {
      this.#sizeLimit = Math.min(this.#sizeLimit, Math.max(1, Math.floor(batch.body.byteLength / 2)));
      this.#requeue(batch);
      return;
    }
    if (batch.rows > 1 && this.#options.bisect && outcome.problem.status === 400) {
      const [head, rest] = cut(batch, Math.floor(batch.body.byteLength / 2));
      this.#again.unshift(head, ...(rest === undefined ? [] : [rest]));
      return;
    }
    this.#giveUp(batch, outcome.problem);
  }

  #taken(batch: Batch, { status, quarantined: counted }: Outcome & { kind: 'taken' }): void {
    const { name, host } = this.#options;
    if (batch.body.byteLength > this.#sizeLimit * 0.8) this.#sizeLimit *= GROWTH;
    const rows = Math.min(counted ?? 0, batch.rows);
    if (counted === undefined) this.#tell(unreadableAnswer(name, host, status));
    if (rows > 0) this.#tell(quarantined(name, rows, batch.rows));
    this.#settle(batch, { delivered: batch.rows - rows, quarantined: rows, dropped: 0 });
  }

  #failed(batch: Batch, { problem, waitMs, reset }: Outcome & { kind: 'passing' }, ticket: number): void {
    // A connection that was closed while it was idle, at the moment it was used: nothing is wrong.
    const raced = reset && this.#goesThrough;
    this.#goesThrough = false;
    this.#retried += batch.rows;
    this.#requeue(batch);
    if (raced) return;
    this.#tellOfOutage(problem);
    this.#gate.failed(ticket, waitMs);
    this.#source.failed(batch);
    this.#expire(problem);
  }

  /** In the order of their rows; those of dead processes last. */
  #requeue(batch: Batch): void {
    const behind = this.#again.findIndex((other) => other.firstRow > batch.firstRow);
    this.#again.splice(behind === -1 ? this.#again.length : behind, 0, batch);
  }

  #tellOfOutage(problem: TinybirdError): void {
    const now = performance.now();
    if (!this.#gate.healthy && now - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = now;
    this.#tell(problem);
  }

  #expire(problem: TinybirdError): void {
    const cutoff = performance.now() - this.#options.maxAgeMs;
    const expired = this.#again.filter((batch) => batch.appendedAt < cutoff);
    this.#again = this.#again.filter((batch) => batch.appendedAt >= cutoff);
    let rows = this.#source.expire(cutoff);
    for (const batch of expired) {
      rows += batch.rows;
      this.#settle(batch, { delivered: 0, quarantined: 0, dropped: batch.rows });
    }
    if (rows > 0) this.#tell(givenUp(problem, rows));
  }

  #giveUp(batch: Batch, problem: TinybirdError): void {
    this.#tell(givenUp(problem, batch.rows));
    this.#settle(batch, { delivered: 0, quarantined: 0, dropped: batch.rows });
  }

  #settle(batch: Batch, fate: Fate): void {
    this.#bytes -= batch.body.byteLength;
    this.#source.settled(batch, fate);
  }
}
