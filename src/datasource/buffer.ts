import { type Batch, batchOf } from './batch.js';
import { Chunk, isOnDisk } from './chunk.js';

export interface BufferOptions {
  /** A chunk with this many rows is full. */
  readonly maxRows: number;
  /** A chunk of this many bytes is full. */
  readonly maxBytes: number;
  /** No chunk is larger, bytes. */
  readonly maxRequestBytes: number;
}

/** The row that fills a chunk may be longer than what is left of it by this much, bytes, before memory is copied. */
const SPARE_BYTES = 64 * 1024;
/** What a chunk begins with when there is little to do, bytes. */
const FIRST_BYTES = 16 * 1024;

/**
 * Rows waiting for their turn, in the order they came. They are written straight into chunks of the size that a request
 * usually has, so that a chunk already is the body of one: counted exactly, and held outside the JavaScript heap.
 */
export class RowBuffer {
  readonly #options: BufferOptions;
  readonly #usualBytes: number;
  /** Told of every chunk into which nothing more will be written. */
  readonly #sealed: (chunk: Chunk) => void;
  #chunks: Chunk[] = [];
  /** The chunk at the end that still takes rows. */
  #open: Chunk | undefined;
  #rows = 0;
  #bytes = 0;
  #numbered = 0;
  /** What the next chunk begins with, bytes: as much as the last one came to, so that a busy one is not copied. */
  #firstBytes = FIRST_BYTES;

  constructor(options: BufferOptions, sealed: (chunk: Chunk) => void) {
    this.#options = options;
    this.#usualBytes = Math.min(options.maxBytes + SPARE_BYTES, options.maxRequestBytes);
    this.#sealed = sealed;
  }

  /** Rows waiting, in memory or on disk. */
  get rows(): number {
    return this.#rows;
  }

  /** Bytes of the rows in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many rows were ever appended: the number of the next one. */
  get numbered(): number {
    return this.#numbered;
  }

  /** Number of the oldest row here, or of the next one. */
  get firstRow(): number {
    const oldest = this.#chunks[0];
    return oldest === undefined ? this.#numbered : oldest.firstRow + oldest.settled;
  }

  /** When the oldest row here was appended, ms of the monotonic clock. */
  get oldest(): number | undefined {
    return this.#chunks[0]?.appendedAt;
  }

  /** Whether a chunk waits into which nothing more is written. */
  get full(): boolean {
    return this.#chunks.length > (this.#open === undefined ? 0 : 1);
  }

  /** @returns the chunk that took the row, or undefined when it is larger than a request may be */
  push(line: string | Uint8Array, now: number): Chunk | undefined {
    const { maxRequestBytes } = this.#options;
    let chunk = this.#open;
    let bytes = chunk?.write(line, maxRequestBytes, 0, this.#usualBytes) ?? 0;
    if (chunk === undefined || bytes === 0) {
      chunk = new Chunk(this.#numbered, now);
      bytes = chunk.write(line, maxRequestBytes, this.#firstBytes, this.#usualBytes);
      if (bytes === 0) return undefined;
      this.seal();
      this.#chunks.push(chunk);
      this.#open = chunk;
    }
    this.#numbered++;
    this.#rows++;
    this.#bytes += bytes;
    return chunk;
  }

  /** Seals the open chunk if it is full, and says whether it was. */
  sealFull(): boolean {
    const { maxRows, maxBytes } = this.#options;
    const chunk = this.#open;
    // What it dropped counts too: else one that drops as much as it takes would grow for ever.
    if (chunk === undefined || (chunk.rows < maxRows && chunk.written < maxBytes)) return false;
    this.seal();
    return true;
  }

  /** Nothing more is written into the open chunk. */
  seal(): void {
    const chunk = this.#open;
    if (chunk === undefined) return;
    this.#open = undefined;
    this.#firstBytes = Math.min(this.#usualBytes, Math.max(FIRST_BYTES, chunk.bytes + SPARE_BYTES));
    chunk.shrink();
    this.#sealed(chunk);
  }

  /**
   * Removes the oldest rows and gives them as a batch: as many chunks as `maxBytes` allow, one at least. A chunk that is
   * only on disk comes alone, read by `load`, which gives its rows, or nothing when they are lost.
   */
  take(maxBytes: number, load: (chunk: Chunk) => boolean): Batch | undefined {
    for (;;) {
      const chunks = this.#fitting(maxBytes);
      const [oldest] = chunks;
      if (oldest === undefined) return undefined;
      const read = !oldest.inMemory;
      if (chunks.at(-1) === this.#open) this.seal();
      this.#chunks = this.#chunks.slice(chunks.length);
      for (const chunk of chunks) {
        this.#rows -= chunk.rows - chunk.settled;
        this.#bytes -= chunk.bytes;
      }
      if (!read || load(oldest)) return batchOf(chunks);
    }
  }

  /** Forgets the oldest rows in memory, until `bytes` of them are gone or none is left; gives how many went. */
  dropOldest(bytes: number): number {
    const target = Math.max(0, this.#bytes - bytes);
    let dropped = 0;
    while (this.#bytes > target) {
      const oldest = this.#chunks.find((chunk) => chunk.inMemory);
      if (oldest === undefined) break;
      while (this.#bytes > target && oldest.settled < oldest.rows) {
        this.#bytes -= oldest.dropOldest();
        this.#rows--;
        dropped++;
      }
      if (oldest.settled === oldest.rows) this.#remove(oldest);
    }
    return dropped;
  }

  /** Forgets the oldest chunk and gives it. */
  dropChunk(): Chunk | undefined {
    const [oldest] = this.#chunks;
    if (oldest !== undefined) this.#remove(oldest);
    return oldest;
  }

  /** Forgets the chunks that were begun before `cutoff`, ms of the monotonic clock, and gives them. */
  expire(cutoff: number): Chunk[] {
    const expired = this.#chunks.filter((chunk) => chunk.appendedAt < cutoff);
    for (const chunk of expired) this.#remove(chunk);
    return expired;
  }

  /** Takes a chunk out of memory whose rows are all on disk: the one whose turn is farthest. False when there is none. */
  evict(): boolean {
    const chunk = this.#chunks.findLast((one) => one.inMemory && one !== this.#open && isOnDisk(one));
    if (chunk === undefined) return false;
    this.#bytes -= chunk.bytes;
    chunk.release();
    return true;
  }

  /** The chunks with rows that are in memory alone. */
  *onlyInMemory(): Iterable<Chunk> {
    for (const chunk of this.#chunks) if (chunk.inMemory && !isOnDisk(chunk)) yield chunk;
  }

  /** As many of the oldest chunks as a request of `maxBytes` holds, one at least. */
  #fitting(maxBytes: number): Chunk[] {
    const fitting: Chunk[] = [];
    let bytes = 0;
    for (const chunk of this.#chunks) {
      bytes += chunk.bytes;
      if (fitting.length > 0 && (bytes > maxBytes || !chunk.inMemory)) break;
      fitting.push(chunk);
      if (!chunk.inMemory) break;
    }
    return fitting;
  }

  #remove(chunk: Chunk): void {
    if (chunk === this.#open) this.seal();
    if (chunk === this.#chunks[0]) this.#chunks.shift();
    else this.#chunks = this.#chunks.filter((one) => one !== chunk);
    this.#rows -= chunk.rows - chunk.settled;
    this.#bytes -= chunk.bytes;
  }
}
