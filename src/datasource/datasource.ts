import { resolveConnection } from '../api/connection.js';
import { internal, TinybirdError, userFunction } from '../api/errors.js';
import { createTell, type Tell } from '../api/tell.js';
import { keepAlive, LONGEST_TIMEOUT_MS, unref } from '../api/timers.js';
import type { Batch } from './batch.js';
import { Delivery } from './delivery.js';
import { type DatasourceOptions, type FlushOptions, readSettings, type Settings } from './options.js';
import { deliverAtEnd, deliverOnSignals, pendingDatasources } from './pending.js';
import { closed, lostAtClose, lostAtExit, lostAtOnce, stoppedAt } from './problems.js';
import { type Fate, Sender } from './sender.js';
import { bytesOf, type Row, serializeRow } from './serialize.js';
import { type Counts, Store } from './store.js';
import { type Waiter, Waiters } from './waiters.js';
import { Writers } from './writers.js';

/** Rows by what became of them: `accepted = delivered + quarantined + dropped + pending`. */
export interface DatasourceStats {
  /** Taken by `append` and `write`, and those that dead processes left on disk, as they are read. */
  accepted: number;
  delivered: number;
  quarantined: number;
  /** Given up after they had been accepted. */
  dropped: number;
  /** Waiting, under way, or on disk. */
  pending: number;
  /** Never accepted: not a JSON object, too large, or appended after close. */
  refused: number;
  /** Rows that were to be sent again, each as often as it was. */
  retried: number;
  /** Requests under way now. */
  inFlight: number;
  /** Bytes of the rows in memory now. */
  bytes: number;
}

/** How long `close()` waits for rows by default, ms. */
const CLOSE_TIMEOUT_MS = 30_000;

/**
 * Rows on their way to one Tinybird datasource: appended at once, sent in batches behind the caller's back.
 *
 * @example
 * await using events = new Datasource('events', { token, url });
 * events.append({ timestamp: new Date(), kind: 'signup' });
 */
export class Datasource {
  /** The datasource's name in Tinybird. */
  readonly name: string;
  readonly #settings: Settings;
  readonly #waitUntil: DatasourceOptions['waitUntil'];
  readonly #tell: Tell;
  readonly #store: Store;
  readonly #sender: Sender;
  readonly #waiters = new Waiters();
  readonly #writers = new Writers();
  readonly #counts: Counts = { accepted: 0, delivered: 0, quarantined: 0, dropped: 0, refused: 0 };
  /** Rows before this number leave without waiting for company. */
  #urgentBefore = 0;
  /** The invocation that is kept alive for the rows that wait. */
  #invocation: Waiter | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #holders = 0;
  #holding: ReturnType<typeof setInterval> | undefined;
  #closing: Promise<void> | undefined;

  /** @throws TinybirdError `not_configured` or `bad_option` */
  constructor(name: string, options: DatasourceOptions = {}) {
    if (typeof name !== 'string' || !/^[A-Za-z_]\w*$/.test(name)) {
      throw new TinybirdError(
        'bad_option',
        'The name of a datasource must be letters, digits and underscores, such as litellm.',
      );
    }
    this.name = name;
    const settings = readSettings(options);
    this.#settings = settings;
    this.#waitUntil = options.waitUntil;
    const connection = resolveConnection(options);
    this.#tell = createTell(options.onError, name);
    const gzip = settings.gzip ?? connection.transport.compresses;
    const patient = settings.spill !== undefined;
    const delivery = new Delivery({ name, connection, gzip, timeoutMs: settings.timeoutMs, patient });
    this.#store = new Store(
      name,
      connection.url,
      settings,
      this.#counts,
      () => this.#sender.bytes,
      this.#tell,
    );
    const source = {
      next: (maxBytes: number) => this.#next(maxBytes),
      settled: (batch: Batch, fate: Fate) => this.#settled(batch, fate),
      failed: (batch: Batch) => this.#store.keep(batch),
      expire: (cutoff: number) => this.#expire(cutoff),
    };
    this.#sender = new Sender({ name, host: connection.url.host, ...settings }, delivery, source, this.#tell);
    if (this.#store.hasBacklog) this.#startOnBacklog();
    if (settings.flushOnSignal) deliverOnSignals();
  }

  /**
   * Takes a row: a plain object, written as JSON here and now, so a later change to it changes nothing; or its JSON, as
   * text or bytes. Returns at once and never throws: a row that cannot be taken is counted and told.
   */
  append(row: Row): void {
    let added: true | Uint8Array | TinybirdError;
    try {
      added = this.#add(row, true);
    } catch (thrown) {
      added = internal(thrown); // no memory, say
    }
    if (added === true) return;
    if (added instanceof TinybirdError) {
      this.#counts.refused++;
      this.#tell(added);
    } else {
      this.#counts.accepted++;
      this.#store.dropped(1);
    }
  }

  /**
   * Takes a row like `append`, but waits while memory is full instead of dropping any: for more rows than Tinybird
   * takes at once. Resolves when the row is taken, not when it is delivered.
   *
   * @throws TinybirdError when the row cannot be taken: `unserializable`, `dropped` (too large), `closed`
   */
  async write(row: Row): Promise<void> {
    const added = this.#add(row, false);
    if (added === true) return this.#writers.breathe();
    if (added instanceof TinybirdError) {
      this.#counts.refused++;
      throw added;
    }
    this.#hold();
    try {
      const taken = this.#writers.wait(added);
      this.#sendNow();
      await taken;
    } finally {
      this.#release();
    }
  }

  /**
   * Writes every row of an iterable, pulling no more than there is room for.
   *
   * @returns how many rows were written
   * @throws TinybirdError of the first row that could not be; the iterable is closed then. Or what it throws itself.
   */
  async writeAll(rows: Iterable<Row> | AsyncIterable<Row>): Promise<number> {
    let written = 0;
    for await (const row of rows) {
      try {
        await this.write(row);
      } catch (thrown) {
        throw thrown instanceof TinybirdError ? stoppedAt(thrown, written) : thrown;
      }
      written++;
    }
    return written;
  }

  /**
   * Resolves when every row appended before this call is settled, or after `timeoutMs`; never rejects. A backoff is
   * ended for it, a wait that Tinybird asked for is not.
   */
  async flush(options: FlushOptions = {}): Promise<DatasourceStats> {
    const before = this.#store.numbered;
    if (this.#settledBefore < before) {
      const { settled } = this.#waiters.add(before);
      await this.#awaiting(settled, options.timeoutMs);
    }
    return this.stats();
  }

  /**
   * Delivers what is pending, then takes no more rows. Rows not delivered within `timeoutMs` (default 30,000) stay on
   * disk with `spill`, else they are dropped and told. A second call gives the same promise.
   */
  close(options: FlushOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options.timeoutMs ?? CLOSE_TIMEOUT_MS);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  stats(): DatasourceStats {
    const { accepted, delivered, quarantined, dropped, refused } = this.#counts;
    const { retried, inFlight } = this.#sender;
    const pending = accepted - delivered - quarantined - dropped;
    return {
      accepted,
      delivered,
      quarantined,
      dropped,
      pending,
      refused,
      retried,
      inFlight,
      bytes: this.#store.bytes,
    };
  }

  /** @internal The exit drain: what is not delivered in time is on disk, or lost with the process and so told. */
  async giveUpAfter(timeoutMs: number): Promise<void> {
    await this.#drain(timeoutMs);
    const lost = this.#abandon();
    if (lost > 0) this.#tell(lostAtExit(this.name, lost, timeoutMs));
  }

  /** @internal The process ends now. */
  giveUp(): void {
    const lost = this.#abandon();
    if (lost > 0) this.#tell(lostAtOnce(this.name, lost));
  }

  /** Every row before this number is settled. Requests may end out of order. */
  get #settledBefore(): number {
    return Math.min(this.#store.firstRow, this.#sender.firstRow);
  }

  get #isIdle(): boolean {
    return this.#store.isEmpty && this.#sender.bytes === 0 && !this.#writers.waiting;
  }

  /** @returns true when the row was taken, its bytes when there is no room for it, or why it never can be */
  #add(row: Row, mayDrop: boolean): true | Uint8Array | TinybirdError {
    if (this.#closing !== undefined) return closed(this.name);
    const line = serializeRow(row);
    if (line instanceof TinybirdError) return line;
    // First come, first served: who may not push others out queues behind those who wait.
    if (this.#writers.waiting && !mayDrop) return bytesOf(line);
    return this.#keep(line, mayDrop);
  }

  #keep(line: string | Uint8Array, mayDrop: boolean): true | Uint8Array | TinybirdError {
    const added = this.#store.add(line, mayDrop);
    if (added !== true) return added;
    if (this.#waitUntil !== undefined && this.#invocation === undefined)
      this.#keepInvocation(this.#waitUntil);
    if (this.#store.sealFull()) this.#sender.pump();
    if (this.#timer === undefined) this.#awaken(this.#settings.flushAfterMs);
    return true;
  }

  /** Rows there are by now leave without waiting for company. */
  #sendNow(): void {
    this.#urgentBefore = Math.max(this.#urgentBefore, this.#store.numbered);
    this.#sender.pump();
  }

  /** The first row of a while: from now on there is something to see to. */
  #awaken(afterMs: number): void {
    pendingDatasources.add(this);
    deliverAtEnd();
    this.#timer = setTimeout(() => this.#due(), Math.min(afterMs, LONGEST_TIMEOUT_MS));
    unref(this.#timer);
  }

  /** The oldest row has waited long enough for company, unless it left meanwhile. */
  #due(): void {
    this.#timer = undefined;
    const { oldest } = this.#store;
    if (oldest === undefined) return;
    const early = oldest + this.#settings.flushAfterMs - performance.now();
    if (early < 1) {
      this.#store.seal();
      this.#sendNow();
    }
    if (this.#store.oldest !== undefined) this.#awaken(early < 1 ? this.#settings.flushAfterMs : early);
  }

  /** What is sent next: rows that are due or fill a chunk, else what dead processes left. */
  #next(maxBytes: number): Batch | undefined {
    const batch = this.#store.take(maxBytes, this.#urgentBefore);
    if (batch !== undefined) {
      this.#boundInvocation();
      return batch;
    }
    const left = this.#store.takeOfBacklog(maxBytes);
    if (left === undefined && this.#isIdle) this.#moved();
    return left;
  }

  #settled(batch: Batch, fate: Fate): void {
    this.#counts.delivered += fate.delivered;
    this.#counts.quarantined += fate.quarantined;
    this.#counts.dropped += fate.dropped;
    this.#store.settle(batch);
    this.#moved();
  }

  #expire(cutoff: number): number {
    const rows = this.#store.expire(cutoff);
    if (rows > 0) this.#moved();
    return rows;
  }

  /** Rows were settled: there is room, and somebody may have waited for them. */
  #moved(): void {
    this.#writers.admit((line) => this.#keep(line, false) === true);
    // While somebody waits for room, nothing in it waits for company.
    if (this.#writers.waiting) this.#urgentBefore = Math.max(this.#urgentBefore, this.#store.numbered);
    if (!this.#isIdle) {
      this.#waiters.settle(this.#settledBefore);
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#invocation = undefined;
    this.#waiters.settle(Number.POSITIVE_INFINITY);
    pendingDatasources.delete(this);
  }

  #startOnBacklog(): void {
    pendingDatasources.add(this);
    deliverAtEnd();
    unref(setTimeout(() => this.#sender.pump(), 0));
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#urgentBefore = Number.POSITIVE_INFINITY;
    await this.#drain(timeoutMs);
    this.#writers.reject(() => closed(this.name));
    const lost = this.#abandon();
    if (lost > 0) this.#tell(lostAtClose(this.name, lost, timeoutMs));
  }

  /** Waits until nothing is pending, what dead processes left with it, `timeoutMs` at most. */
  async #drain(timeoutMs: number): Promise<void> {
    if (this.#isIdle) return;
    const { settled } = this.#waiters.add(Number.POSITIVE_INFINITY);
    await this.#awaiting(settled, timeoutMs);
  }

  /** Somebody waits for rows: they are sent at once, unless Tinybird said when. */
  async #awaiting(settled: Promise<void>, timeoutMs: number | undefined): Promise<void> {
    this.#hold();
    this.#sendNow();
    this.#sender.probe();
    await within(settled, timeoutMs);
    this.#release();
  }

  /** Ends everything that is under way, keeps on disk what can be, and forgets the rest: says how many rows that was. */
  #abandon(): number {
    let lost = 0;
    this.#store.wake();
    this.#sender.abandon((batch) => {
      if (!this.#store.keep(batch)) lost += batch.rows;
    });
    lost += this.#store.leave();
    this.#counts.dropped += lost;
    this.#moved();
    return lost;
  }

  #keepInvocation(waitUntil: (delivery: Promise<void>) => unknown): void {
    this.#invocation = this.#waiters.add(Number.POSITIVE_INFINITY);
    try {
      waitUntil(this.#invocation.settled);
    } catch (thrown) {
      this.#tell(userFunction('waitUntil', thrown));
    }
  }

  /** What is appended from now on is another invocation's, or another promise of the same. */
  #boundInvocation(): void {
    if (this.#invocation !== undefined) this.#invocation.row = this.#store.numbered;
    this.#invocation = undefined;
  }

  /** Somebody awaits rows: none of our other timers keeps the process alive for them. */
  #hold(): void {
    if (this.#holders++ === 0) this.#holding = keepAlive();
  }

  #release(): void {
    if (--this.#holders === 0) clearInterval(this.#holding);
  }
}

async function within(promise: Promise<void>, timeoutMs: number | undefined): Promise<void> {
  if (timeoutMs === undefined) return promise;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(timeoutMs, LONGEST_TIMEOUT_MS));
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
