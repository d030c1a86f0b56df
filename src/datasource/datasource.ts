import { resolveConnection } from '../api/connection.js';
import { describeThrown, TinybirdError } from '../api/errors.js';
import { createTell, type Tell } from '../api/tell.js';
import { undiciTransport } from '../api/transport.js';
import { RowBuffer } from './buffer.js';
import { Delivery } from './delivery.js';
import { type DatasourceOptions, type FlushOptions, readSettings, type Settings } from './options.js';
import { deliverBeforeExit, pendingDatasources } from './pending.js';
import { closed, lostAtClose, lostAtExit, overflow, tooLarge } from './problems.js';
import { serializeRow } from './serialize.js';

/** Rows by what became of them: `accepted = delivered + quarantined + dropped + pending`. */
export interface DatasourceStats {
  accepted: number;
  delivered: number;
  quarantined: number;
  /** Given up after they had been accepted. */
  dropped: number;
  pending: number;
  /** Never accepted: not a JSON object, too large, or appended after close. */
  refused: number;
  /** Requests sent again. */
  retried: number;
}

interface Waiter {
  /** Settled when every row before this number is. */
  readonly row: number;
  readonly resolve: () => void;
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
  readonly #delivery: Delivery;
  readonly #buffer = new RowBuffer();
  #stop = new AbortController();
  /** Number of the first row of every request under way. */
  readonly #underWay = new Set<{ readonly firstRow: number }>();
  readonly #counts = { accepted: 0, delivered: 0, quarantined: 0, dropped: 0, refused: 0 };
  #waiters: Waiter[] = [];
  /** Rows before this number leave without waiting for company. */
  #urgentBefore = 0;
  #timer: NodeJS.Timeout | undefined;
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
    this.#settings = readSettings(options);
    this.#waitUntil = options.waitUntil;
    const connection = resolveConnection(options);
    this.#tell = createTell(options.onError, name);
    this.#delivery = new Delivery({
      name,
      connection,
      transport: undiciTransport,
      tell: this.#tell,
      gzip: options.gzip ?? true,
      timeoutMs: this.#settings.timeoutMs,
      maxAgeMs: this.#settings.maxAgeMs,
    });
  }

  /**
   * Takes a row: a plain object, written as JSON here and now, so a later change to it changes nothing. Returns at
   * once and never throws; a row that cannot be taken is counted and told.
   */
  append(row: object): void {
    const line = this.#closing === undefined ? serializeRow(row) : closed(this.name);
    if (typeof line !== 'string') {
      this.#refuse(line);
      return;
    }
    const bytes = Buffer.from(`${line}\n`);
    const { maxRequestBytes, maxBufferBytes, maxBytes, maxRows, flushAfterMs } = this.#settings;
    if (bytes.byteLength > Math.min(maxRequestBytes, maxBufferBytes)) {
      this.#refuse(tooLarge(this.name, bytes.byteLength, maxRequestBytes));
      return;
    }
    const first = this.#buffer.rows === 0;
    this.#buffer.push(bytes, performance.now());
    this.#counts.accepted++;
    if (this.#buffer.bytes > maxBufferBytes) this.#overflow();
    pendingDatasources.add(this);
    deliverBeforeExit();
    if (first && this.#waitUntil !== undefined) this.#keepAlive(this.#waitUntil);
    if (this.#buffer.rows >= maxRows || this.#buffer.bytes >= maxBytes) this.#send();
    else this.#timer ??= setTimeout(() => this.#due(), flushAfterMs).unref();
  }

  /** Resolves when every row appended before this call is settled; never rejects. */
  async flush(options: FlushOptions = {}): Promise<void> {
    const before = this.#counts.accepted;
    if (this.#settledBefore() >= before) return;
    this.#urgentBefore = Math.max(this.#urgentBefore, before);
    this.#delivery.hold();
    try {
      const settled = this.#whenSettled(before);
      this.#send();
      this.#delivery.probe();
      await within(settled, options.timeoutMs);
    } finally {
      this.#delivery.release();
    }
  }

  /**
   * Delivers what is pending, then takes no more rows. Rows not delivered within `timeoutMs` (default 30,000) are
   * dropped and told. A second call gives the same promise.
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
    const pending = accepted - delivered - quarantined - dropped;
    return { accepted, delivered, quarantined, dropped, pending, refused, retried: this.#delivery.retried };
  }

  /** @internal The exit drain: what is not delivered in time is lost with the process, so it is told. */
  async giveUpAfter(timeoutMs: number): Promise<void> {
    await this.flush({ timeoutMs });
    const lost = this.stats().pending;
    if (lost === 0) return;
    this.#abandon();
    pendingDatasources.delete(this);
    this.#tell(lostAtExit(this.name, lost, timeoutMs));
  }

  async #close(timeoutMs: number): Promise<void> {
    await this.flush({ timeoutMs });
    const lost = this.stats().pending;
    this.#abandon();
    if (lost === 0) return;
    this.#tell(lostAtClose(this.name, lost, timeoutMs));
  }

  #due(): void {
    this.#timer = undefined;
    this.#urgentBefore = this.#counts.accepted;
    this.#send();
  }

  /** Starts requests while there is a free slot and a reason to send. */
  #send(): void {
    const { concurrency, maxRows, maxBytes, maxRequestBytes } = this.#settings;
    while (this.#underWay.size < concurrency && this.#buffer.rows > 0) {
      const full = this.#buffer.rows >= maxRows || this.#buffer.bytes >= maxBytes;
      if (!full && this.#buffer.firstRow >= this.#urgentBefore) break;
      const batch = this.#buffer.take(maxRows, maxRequestBytes);
      if (batch === undefined) break;
      const entry = { firstRow: batch.firstRow };
      this.#underWay.add(entry);
      void this.#delivery.deliver(batch, this.#stop.signal).then((outcome) => {
        this.#underWay.delete(entry);
        this.#counts.delivered += outcome.delivered;
        this.#counts.quarantined += outcome.quarantined;
        this.#counts.dropped += outcome.dropped;
        this.#settle();
      });
    }
  }

  #settle(): void {
    this.#send();
    const settled = this.#settledBefore();
    const waiting: Waiter[] = [];
    for (const waiter of this.#waiters) {
      if (waiter.row <= settled) waiter.resolve();
      else waiting.push(waiter);
    }
    this.#waiters = waiting;
    if (this.#buffer.rows === 0 && this.#underWay.size === 0) pendingDatasources.delete(this);
  }

  /** Every row before this number is settled. Requests may end out of order. */
  #settledBefore(): number {
    let first = this.#buffer.firstRow;
    for (const { firstRow } of this.#underWay) first = Math.min(first, firstRow);
    return first;
  }

  #whenSettled(row: number): Promise<void> {
    return new Promise((resolve) => this.#waiters.push({ row, resolve }));
  }

  #keepAlive(waitUntil: (delivery: Promise<void>) => unknown): void {
    try {
      waitUntil(this.#whenSettled(this.#counts.accepted));
    } catch (thrown) {
      this.#tell(
        new TinybirdError('user_function', `The option waitUntil threw (${describeThrown(thrown)}).`),
      );
    }
  }

  #refuse(problem: TinybirdError): void {
    this.#counts.refused++;
    this.#tell(problem);
  }

  #overflow(): void {
    const rows = this.#buffer.shrinkTo(this.#settings.maxBufferBytes);
    this.#counts.dropped += rows;
    this.#tell(overflow(this.name, rows, this.#settings.maxBufferBytes));
  }

  /** Drops what is buffered and ends the requests under way, which count their rows as dropped themselves. */
  #abandon(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#delivery.stopWaiting();
    this.#counts.dropped += this.#buffer.shrinkTo(0);
    this.#settle();
  }
}

/** The timer keeps the process alive: whoever awaits a flush would otherwise end with it. */
async function within(promise: Promise<void>, timeoutMs: number | undefined): Promise<void> {
  if (timeoutMs === undefined) return promise;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
