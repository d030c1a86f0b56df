import { resolveConnection } from '../api/connection.js';
import { describeThrown, TinybirdError } from '../api/errors.js';
import { createTell, type Tell } from '../api/tell.js';
import { type Batch, batchOf, chunkOf } from './batch.js';
import { RowBuffer } from './buffer.js';
import { type Chunk, isOnDisk } from './chunk.js';
import { Delivery } from './delivery.js';
import { unref } from './gate.js';
import { Journal } from './journal.js';
import { type DatasourceOptions, type FlushOptions, readSettings, type Settings } from './options.js';
import { deliverAtEnd, deliverOnSignals, pendingDatasources } from './pending.js';
import { closed, lostAtClose, lostAtExit, lostAtOnce, lostOnDisk, overflow, tooLarge } from './problems.js';
import type { SegmentRows } from './segment.js';
import { type Fate, Sender } from './sender.js';
import { type Row, serializeRow } from './serialize.js';
import { Tally } from './tally.js';
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
  /** Requests sent again. */
  retried: number;
  /** Requests under way now. */
  inFlight: number;
  /** Bytes of the rows in memory now. */
  bytes: number;
}

/** How long `close()` waits for rows by default, ms. */
const CLOSE_TIMEOUT_MS = 30_000;
/** An overflow drops row after row: it is told this often, ms. */
const TELL_OVERFLOW_EVERY_MS = 1000;
/** Segments of dead processes that are read in one go at most: each takes about 50 µs of everybody's time. */
const BACKLOG_AT_ONCE = 100;

const LINE_BREAK = 0x0a;
const FOREVER_MS = 2 ** 30;

const encoder = new TextEncoder();

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
  readonly #buffer: RowBuffer;
  readonly #sender: Sender;
  readonly #journal: Journal | undefined;
  readonly #waiters = new Waiters();
  readonly #writers = new Writers();
  readonly #overflowed: Tally;
  /** How much of memory one request may take, bytes. */
  readonly #share: number;
  readonly #counts = { accepted: 0, delivered: 0, quarantined: 0, dropped: 0, refused: 0 };
  /** Rows before this number leave without waiting for company. */
  #urgentBefore = 0;
  /** Rows of dead processes that are under way. */
  #ofBacklog = 0;
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
    this.#overflowed = new Tally(TELL_OVERFLOW_EVERY_MS, (rows) =>
      this.#tell(overflow(name, rows, settings)),
    );
    // Rows under way cannot leave memory for disk: some room must be left for those that can.
    const { spill, maxBufferBytes, concurrency } = settings;
    this.#share = spill === undefined ? maxBufferBytes : maxBufferBytes / (concurrency + 1);
    this.#buffer = new RowBuffer(
      { ...settings, maxBytes: Math.min(settings.maxBytes, this.#share) },
      (chunk) => this.#journal?.seal(chunk),
    );
    const gzip = settings.gzip ?? connection.transport.compresses;
    const patient = settings.spill !== undefined;
    const delivery = new Delivery({ name, connection, gzip, timeoutMs: settings.timeoutMs, patient });
    const source = {
      next: (maxBytes: number) => this.#next(maxBytes),
      settled: (batch: Batch, fate: Fate) => this.#settled(batch, fate),
      failed: (batch: Batch) => this.#keep(batch),
      expire: (cutoff: number) => this.#expire(cutoff),
    };
    this.#sender = new Sender({ name, host: connection.url.host, ...settings }, delivery, source, this.#tell);
    if (settings.spill !== undefined) {
      this.#journal = new Journal(settings.spill, name, connection.url, this.#tell);
      this.#journal.onResume = () => this.#storeAll();
      if (this.#journal.hasBacklog) this.#startOnBacklog();
    }
    if (settings.flushOnSignal) deliverOnSignals();
  }

  /**
   * Takes a row: a plain object, written as JSON here and now, so a later change to it changes nothing; or its JSON, as
   * text or bytes. Returns at once and never throws: a row that cannot be taken is counted and told.
   */
  append(row: Row): void {
    const admitted = this.#admit(row, this.#settings.drop === 'oldest');
    if (admitted instanceof TinybirdError) {
      this.#counts.refused++;
      this.#tell(admitted);
    } else if (admitted !== true) {
      this.#counts.accepted++;
      this.#dropped(1);
    }
  }

  /**
   * Takes a row like `append`, but waits while memory is full instead of dropping any: for more rows than Tinybird
   * takes at once. Resolves when the row is taken, not when it is delivered.
   *
   * @throws TinybirdError when the row cannot be taken: `unserializable`, `dropped` (too large), `closed`
   */
  async write(row: Row): Promise<void> {
    const admitted = this.#admit(row, false);
    if (admitted === true) return this.#writers.breathe();
    if (admitted instanceof TinybirdError) {
      this.#counts.refused++;
      throw admitted;
    }
    this.#hold();
    try {
      const taken = this.#writers.wait(admitted);
      this.#urgentBefore = this.#buffer.numbered;
      this.#sender.pump();
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
      await this.write(row);
      written++;
    }
    return written;
  }

  /**
   * Resolves when every row appended before this call is settled, or after `timeoutMs`; never rejects. A backoff is
   * ended for it, a wait that Tinybird asked for is not.
   */
  async flush(options: FlushOptions = {}): Promise<DatasourceStats> {
    const before = this.#buffer.numbered;
    if (this.#settledBefore < before) {
      this.#urgentBefore = before;
      this.#hold();
      const { settled } = this.#waiters.add(before);
      this.#sender.pump();
      this.#sender.probe();
      await within(settled, options.timeoutMs);
      this.#release();
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
      bytes: this.#bytes,
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

  get #bytes(): number {
    return this.#buffer.bytes + this.#sender.bytes;
  }

  /** Every row before this number is settled. Requests may end out of order. */
  get #settledBefore(): number {
    return Math.min(this.#buffer.firstRow, this.#sender.firstRow);
  }

  /** @returns true when the row was taken, its bytes when there is no room for it, or why it never can be */
  #admit(row: Row, mayDrop: boolean): true | Uint8Array | TinybirdError {
    const line = this.#closing === undefined ? serializeRow(row) : closed(this.name);
    if (line instanceof TinybirdError) return line;
    if (!this.#writers.waiting || mayDrop) {
      const most = typeof line === 'string' ? line.length * 3 + 1 : line.byteLength + 1;
      if (this.#fits(most) && this.#journal?.isFull(most) !== true) return this.#add(line);
    }
    // Once more, with care: the room is measured to the byte, and made.
    const bytes = typeof line === 'string' ? encoder.encode(line) : line.slice();
    const size = bytes.byteLength + 1;
    const { maxRequestBytes, maxBufferBytes } = this.#settings;
    if (size > Math.min(maxRequestBytes, maxBufferBytes)) {
      return tooLarge(this.name, size, Math.min(maxRequestBytes, maxBufferBytes));
    }
    if (this.#writers.waiting && !mayDrop) return bytes;
    return this.#makeRoom(size, mayDrop) ? this.#add(bytes) : bytes;
  }

  #fits(bytes: number): boolean {
    return this.#bytes + bytes <= this.#settings.maxBufferBytes;
  }

  /** Room in memory and on disk for a row of this size; whether there is any. */
  #makeRoom(bytes: number, mayDrop: boolean): boolean {
    while (this.#journal?.isFull(bytes)) {
      if (!mayDrop || !this.#dropSegment(this.#journal)) return false;
    }
    while (!this.#fits(bytes)) {
      if (this.#evict()) continue;
      const excess = this.#bytes + bytes - this.#settings.maxBufferBytes;
      const rows = mayDrop ? this.#buffer.dropOldest(excess) : 0;
      if (rows === 0) return false;
      this.#dropped(rows);
    }
    return true;
  }

  #add(line: string | Uint8Array): true | TinybirdError {
    const chunk = this.#buffer.push(line, performance.now());
    if (chunk === undefined) {
      const size = (typeof line === 'string' ? encoder.encode(line) : line).byteLength + 1;
      return tooLarge(this.name, size, this.#settings.maxRequestBytes);
    }
    this.#counts.accepted++;
    this.#journal?.record(chunk);
    if (this.#waitUntil !== undefined && this.#invocation === undefined)
      this.#keepInvocation(this.#waitUntil);
    if (this.#buffer.sealFull()) this.#sender.pump();
    if (this.#timer === undefined) this.#awaken(this.#settings.flushAfterMs);
    return true;
  }

  /** The first row of a while: from now on there is something to see to. */
  #awaken(afterMs: number): void {
    pendingDatasources.add(this);
    deliverAtEnd();
    this.#timer = setTimeout(() => this.#due(), afterMs);
    unref(this.#timer);
  }

  /** The oldest row has waited long enough for company, unless it left meanwhile. */
  #due(): void {
    this.#timer = undefined;
    const { oldest } = this.#buffer;
    if (oldest === undefined) return;
    const early = oldest + this.#settings.flushAfterMs - performance.now();
    if (early < 1) {
      // What is sealed now keeps its own age, however long it waits for Tinybird.
      this.#buffer.seal();
      this.#urgentBefore = this.#buffer.numbered;
      this.#sender.pump();
    }
    if (this.#buffer.rows > 0) this.#awaken(early < 1 ? this.#settings.flushAfterMs : early);
  }

  /** What is sent next: rows that are due or fill a chunk, else what dead processes left, one request at a time. */
  #next(maxBytes: number): Batch | undefined {
    if (this.#buffer.rows > 0 && (this.#buffer.full || this.#buffer.firstRow < this.#urgentBefore)) {
      const most = Math.min(maxBytes, this.#share);
      const batch = this.#buffer.take(most, (chunk) => this.#readBack(chunk));
      this.#boundInvocation();
      if (batch !== undefined) return batch;
    }
    return this.#nextOfBacklog(maxBytes);
  }

  #settled(batch: Batch, fate: Fate): void {
    this.#counts.delivered += fate.delivered;
    this.#counts.quarantined += fate.quarantined;
    this.#counts.dropped += fate.dropped;
    this.#settleParts(batch);
    this.#moved();
  }

  #settleParts(batch: Batch): void {
    for (const { chunk, rows } of batch.parts) {
      chunk.settled += rows;
      if (chunk.firstRow === Number.POSITIVE_INFINITY) this.#ofBacklog -= rows;
      if (chunk.settled === chunk.rows) this.#journal?.remove(chunk);
    }
  }

  /** Rows were settled: there is room, and somebody may have waited for them. */
  #moved(): void {
    this.#writers.admit((line) => this.#makeRoom(line.byteLength + 1, false) && this.#add(line) === true);
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

  get #isIdle(): boolean {
    const waits = this.#buffer.rows > 0 || this.#sender.bytes > 0 || this.#writers.waiting;
    return !waits && this.#journal?.hasBacklog !== true;
  }

  #dropped(rows: number): void {
    this.#counts.dropped += rows;
    this.#overflowed.add(rows);
    this.#waiters.settle(this.#settledBefore);
  }

  /** Takes rows out of memory that are on disk, or can be put there; whether it could. */
  #evict(): boolean {
    if (this.#journal === undefined) return false;
    if (this.#buffer.evict()) return true;
    this.#buffer.seal();
    const newest = [...this.#buffer.onlyInMemory()].at(-1);
    if (newest !== undefined) this.#journal.store(newest);
    return this.#buffer.evict();
  }

  /** The disk is full: the oldest segment goes that is not under way. Whether there was one. */
  #dropSegment(journal: Journal): boolean {
    const chunk = this.#readBacklog(journal) ?? this.#buffer.dropChunk();
    if (chunk === undefined) return false;
    this.#dropped(chunk.rows - chunk.settled);
    journal.remove(chunk);
    return true;
  }

  #storeAll(): void {
    for (const chunk of this.#buffer.onlyInMemory()) this.#journal?.store(chunk);
  }

  /** Whether the rows of this batch are on disk, where they are put if they are not. */
  #keep(batch: Batch): boolean {
    if (this.#journal === undefined) return false;
    this.#journal.check();
    if (batch.parts.every(({ chunk }) => isOnDisk(chunk))) return true;
    const chunk = chunkOf(batch);
    this.#journal.store(chunk);
    if (!isOnDisk(chunk)) return false;
    this.#settleParts(batch);
    batch.parts = [{ chunk, rows: batch.rows }];
    return true;
  }

  /** Reads rows back from disk whose turn has come. */
  #readBack(chunk: Chunk): boolean {
    while (!this.#fits(chunk.segment?.bytes ?? 0) && this.#evict());
    const read = this.#journal?.load(chunk);
    const expected = chunk.rows - chunk.settled;
    // What was dropped from its front is on disk still.
    const rows = Math.min(expected, read?.rows ?? 0);
    chunk.restore(lastRows(read, rows));
    const lost = expected - rows;
    if (lost > 0) {
      chunk.settled += lost;
      this.#counts.dropped += lost;
      this.#tell(lostOnDisk(this.name, lost));
      if (rows === 0) this.#journal?.remove(chunk);
    }
    return rows > 0;
  }

  #startOnBacklog(): void {
    pendingDatasources.add(this);
    deliverAtEnd();
    unref(setTimeout(() => this.#sender.pump(), 0));
  }

  /** Segments as they are, or many small ones together: one of a quiet program has a row or two. */
  #nextOfBacklog(maxBytes: number): Batch | undefined {
    const journal = this.#journal;
    if (!journal?.hasBacklog || this.#ofBacklog > 0) return undefined;
    if (!this.#fits(journal.backlogBytes) && this.#bytes > 0) return undefined;
    const most = Math.min(maxBytes, this.#settings.maxBytes, this.#settings.maxBufferBytes - this.#bytes);
    const chunks: Chunk[] = [];
    let bytes = 0;
    do {
      const chunk = this.#readBacklog(journal);
      if (chunk === undefined) break;
      chunks.push(chunk);
      bytes += chunk.bytes;
      this.#ofBacklog += chunk.rows;
    } while (chunks.length < BACKLOG_AT_ONCE && journal.hasBacklog && bytes + journal.backlogBytes <= most);
    const newest = chunks.at(-1);
    // As old as the newest of them: rows are rather kept too long than given up too soon.
    if (newest !== undefined) return { ...batchOf(chunks), appendedAt: newest.appendedAt };
    this.#moved();
    return undefined;
  }

  #readBacklog(journal: Journal): Chunk | undefined {
    for (let read = journal.nextOfBacklog(); read !== undefined; read = journal.nextOfBacklog()) {
      const { chunk, broken } = read;
      this.#counts.accepted += chunk.rows + broken;
      this.#counts.dropped += broken;
      if (broken > 0) this.#tell(lostOnDisk(this.name, broken));
      if (chunk.rows > 0) return chunk;
      journal.remove(chunk);
    }
    return undefined;
  }

  /** Rows that could not be delivered for too long. */
  #expire(cutoff: number): number {
    let rows = 0;
    for (const chunk of this.#buffer.expire(cutoff)) {
      rows += chunk.rows - chunk.settled;
      this.#journal?.remove(chunk);
    }
    this.#counts.dropped += rows;
    if (rows > 0) this.#moved();
    return rows;
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
    this.#urgentBefore = Math.max(this.#urgentBefore, this.#buffer.numbered);
    this.#hold();
    const { settled } = this.#waiters.add(Number.POSITIVE_INFINITY);
    this.#sender.pump();
    this.#sender.probe();
    await within(settled, timeoutMs);
    this.#release();
  }

  /** Ends everything that is under way, keeps on disk what can be, and forgets the rest: says how many rows that was. */
  #abandon(): number {
    let lost = 0;
    this.#journal?.wake();
    this.#sender.abandon((batch) => {
      if (!this.#keep(batch)) lost += batch.rows;
    });
    this.#buffer.seal();
    this.#journal?.check();
    this.#storeAll();
    for (let chunk = this.#buffer.dropChunk(); chunk !== undefined; chunk = this.#buffer.dropChunk()) {
      if (!isOnDisk(chunk)) lost += chunk.rows - chunk.settled;
    }
    this.#counts.dropped += lost;
    this.#ofBacklog = 0;
    this.#overflowed.tell();
    this.#journal?.release();
    this.#moved();
    return lost;
  }

  #keepInvocation(waitUntil: (delivery: Promise<void>) => unknown): void {
    this.#invocation = this.#waiters.add(Number.POSITIVE_INFINITY);
    try {
      waitUntil(this.#invocation.settled);
    } catch (thrown) {
      this.#tell(
        new TinybirdError('user_function', `The option waitUntil threw (${describeThrown(thrown)}).`),
      );
    }
  }

  /** What is appended from now on is another invocation's, or another promise of the same. */
  #boundInvocation(): void {
    if (this.#invocation !== undefined) this.#invocation.row = this.#buffer.numbered;
    this.#invocation = undefined;
  }

  /** Somebody awaits rows: none of our other timers keeps the process alive for them. */
  #hold(): void {
    if (this.#holders++ === 0) this.#holding = setInterval(() => {}, FOREVER_MS);
  }

  #release(): void {
    if (--this.#holders === 0) clearInterval(this.#holding);
  }
}

/** The last rows of what was read. */
function lastRows(read: SegmentRows | undefined, rows: number): Uint8Array {
  if (read === undefined) return new Uint8Array();
  let start = 0;
  for (let skip = read.rows - rows; skip > 0; skip--) start = read.body.indexOf(LINE_BREAK, start) + 1;
  return read.body.subarray(start);
}

async function within(promise: Promise<void>, timeoutMs: number | undefined): Promise<void> {
  if (timeoutMs === undefined) return promise;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
