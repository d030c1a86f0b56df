import { internal, type ProblemCode, type TinybirdError } from '../api/errors.js';
import type { Tell } from '../api/tell.js';
import { type Batch, cut, cutByAge, halve } from './batch.js';
import type { Delivery, Outcome } from './delivery.js';
import { Gate } from './gate.js';
import { givenUp, quarantined, tooOld, unreadableAnswer } from './problems.js';

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
/** A request that is nearly as large as it may be shows that it may be larger. */
const NEARLY = 0.8;
/** A batch that failed so often in a row may be its own trouble: a server can fail at one body alone. */
const STUBBORN_FROM = 3;
/** An outage is told when it begins, and then this often, ms; so is an answer of success that says nothing. */
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
  /** Batches that were cut as large as a request could be then. */
  readonly #filled = new WeakSet<Batch>();
  /** Batches to be sent before any other: tried before, or parts of one. */
  #again: Batch[] = [];
  #stop = new AbortController();
  /** What the server is known to take, bytes. */
  #sizeLimit = Number.POSITIVE_INFINITY;
  #bytes = 0;
  #retried = 0;
  /** Connections that were lost since a request went through; Infinity while none does. */
  #lost = Number.POSITIVE_INFINITY;
  /** How often a batch has failed. */
  readonly #failures = new WeakMap<Batch, number>();
  /** When a kind of problem was told last. */
  readonly #toldAt = new Map<ProblemCode, number>();

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
        this.#send(batch).catch((thrown) => this.#fault(batch, thrown));
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
    const [first] = this.#again;
    // One request goes alone to see whether an outage is over: not always the same one.
    const other = this.#again.length === 1 && !this.#gate.healthy && this.#isStubborn(first);
    let batch = other ? undefined : this.#again.shift();
    if (batch === undefined) {
      batch = this.#source.next(most);
      this.#bytes += batch?.body.byteLength ?? 0;
    }
    batch ??= this.#again.shift();
    if (batch === undefined) return undefined;
    const [head, rest] = cut(batch, most);
    if (rest === undefined) return head;
    this.#again.unshift(rest);
    this.#filled.add(head);
    return head;
  }

  async #send(batch: Batch): Promise<void> {
    const { signal } = this.#stop;
    const ticket = this.#gate.ticket;
    const sizeLimit = this.#sizeLimit;
    const outcome = await this.#delivery.deliver(batch.body, signal);
    if (signal.aborted) return; // its rows were given to whoever ended it
    this.#underWay.delete(batch);
    if (outcome.kind === 'passing') {
      this.#failed(batch, outcome, ticket);
    } else {
      this.#gate.succeeded(ticket);
      this.#answered(batch, outcome, sizeLimit);
    }
    this.pump();
  }

  /** @param sizeLimit what a request was allowed when this one began, bytes */
  #answered(batch: Batch, outcome: Exclude<Outcome, { kind: 'passing' }>, sizeLimit: number): void {
    this.#lost = 0;
    if (outcome.kind === 'taken') {
      this.#wentThrough(batch, sizeLimit);
      this.#taken(batch, outcome);
      return;
    }
    if (batch.rows > 1 && outcome.kind === 'too large') {
      this.#sizeLimit = Math.min(this.#sizeLimit, Math.max(1, Math.floor(batch.body.byteLength / 2)));
      this.#requeue(batch);
      return;
    }
    if (batch.rows > 1 && this.#options.bisect && outcome.problem.status === 400) {
      const [head, rest] = halve(batch);
      this.#again.unshift(head, ...(rest === undefined ? [] : [rest]));
      return;
    }
    this.#giveUp(batch, outcome.problem);
  }

  #taken(batch: Batch, { status, quarantined: counted }: Outcome & { kind: 'taken' }): void {
    const { name, host } = this.#options;
    const rows = Math.min(counted ?? 0, batch.rows);
    if (counted === undefined) this.#tellNowAndThen(unreadableAnswer(name, host, status));
    if (rows > 0) this.#tell(quarantined(name, rows, batch.rows));
    this.#settle(batch, { delivered: batch.rows - rows, quarantined: rows, dropped: 0 });
  }

  /** Requests that began together say once that more bytes may go. */
  #wentThrough(batch: Batch, sizeLimit: number): void {
    if (sizeLimit !== this.#sizeLimit) return;
    if (this.#filled.has(batch) || batch.body.byteLength > sizeLimit * NEARLY) this.#sizeLimit *= GROWTH;
  }

  #failed(batch: Batch, { problem, waitMs, reset }: Outcome & { kind: 'passing' }, ticket: number): void {
    this.#retried += batch.rows;
    const failures = (this.#failures.get(batch) ?? 0) + 1;
    this.#failures.set(batch, failures);
    this.#requeue(batch);
    // A connection that was closed while it was idle, at the moment it was used: nothing is wrong. There may be as many
    // of those as requests at once; more losses than that, or more with the same batch, are of another kind.
    if (reset === true && Math.max(++this.#lost, failures) <= this.#options.concurrency) return;
    this.#lost = Number.POSITIVE_INFINITY;
    if (this.#gate.healthy) this.#toldAt.clear();
    this.#tellNowAndThen(problem);
    this.#gate.failed(ticket, waitMs);
    this.#source.failed(batch);
    this.#expire(problem);
  }

  /** Whether it may be a batch's own fault that it fails: then others are to have their turn too. */
  #isStubborn(batch: Batch | undefined): boolean {
    return batch !== undefined && (this.#failures.get(batch) ?? 0) >= STUBBORN_FROM;
  }

  /** In the order of their rows, those of dead processes last; but one that fails whatever others do, behind them. */
  #requeue(batch: Batch): void {
    if (this.#isStubborn(batch)) {
      this.#again.push(batch);
      return;
    }
    const behind = this.#again.findIndex((other) => other.firstRow > batch.firstRow);
    this.#again.splice(behind === -1 ? this.#again.length : behind, 0, batch);
  }

  #tellNowAndThen(problem: TinybirdError): void {
    const now = performance.now();
    if (now - (this.#toldAt.get(problem.code) ?? Number.NEGATIVE_INFINITY) < TELL_EVERY_MS) return;
    this.#toldAt.set(problem.code, now);
    this.#tell(problem);
  }

  #expire(problem: TinybirdError): void {
    const { name, maxAgeMs } = this.#options;
    const cutoff = performance.now() - maxAgeMs;
    const parts = this.#again.map((batch) => cutByAge(batch, cutoff));
    this.#again = parts.flatMap(([, young]) => young ?? []);
    let rows = this.#source.expire(cutoff);
    for (const [old] of parts) {
      if (old === undefined) continue;
      rows += old.rows;
      this.#settle(old, { delivered: 0, quarantined: 0, dropped: old.rows });
    }
    if (rows > 0) this.#tell(tooOld(name, rows, maxAgeMs, problem));
  }

  /** A fault of ours: it costs this batch, and no slot. */
  #fault(batch: Batch, thrown: unknown): void {
    this.#tell(internal(thrown));
    if (!this.#underWay.delete(batch)) return;
    this.#settle(batch, { delivered: 0, quarantined: 0, dropped: batch.rows });
    this.pump();
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
