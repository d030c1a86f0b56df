import type { TinybirdError } from '../api/errors.js';
import type { Tell } from '../api/tell.js';
import { type Batch, batchOf, chunkOf } from './batch.js';
import { RowBuffer } from './buffer.js';
import { type Chunk, isOnDisk } from './chunk.js';
import { Journal } from './journal.js';
import type { Settings } from './options.js';
import { lostOnDisk, overflow, tooLarge } from './problems.js';
import { lastRows } from './segment.js';
import { bytesOf } from './serialize.js';
import { Tally } from './tally.js';

/** Rows by what became of them. */
export interface Counts {
  accepted: number;
  delivered: number;
  quarantined: number;
  dropped: number;
  refused: number;
}

/** An overflow drops row after row: it is told this often, ms. */
const TELL_OVERFLOW_EVERY_MS = 1000;
/** Segments of dead processes that are read in one go at most: each takes about 50 µs of everybody's time. */
const BACKLOG_AT_ONCE = 100;

/**
 * The rows of one datasource that wait for their turn: in memory up to a bound, and where there is a journal on disk,
 * with those that dead processes left. What does not fit goes by the policy `drop`, counted and told.
 */
export class Store {
  readonly #name: string;
  readonly #settings: Settings;
  readonly #tell: Tell;
  readonly #counts: Counts;
  /** Bytes of the rows that are under way: they count as held, but are not here. */
  readonly #underWayBytes: () => number;
  readonly #buffer: RowBuffer;
  readonly #journal: Journal | undefined;
  readonly #overflowed: Tally;
  /** How much of memory one request may take, bytes. */
  readonly #share: number;
  /** Rows of dead processes that are under way. */
  #ofBacklog = 0;

  /** @throws TinybirdError `bad_option` for a spill where there is no disk */
  constructor(
    name: string,
    url: URL,
    settings: Settings,
    counts: Counts,
    underWayBytes: () => number,
    tell: Tell,
  ) {
    this.#name = name;
    this.#settings = settings;
    this.#counts = counts;
    this.#underWayBytes = underWayBytes;
    this.#tell = tell;
    this.#overflowed = new Tally(TELL_OVERFLOW_EVERY_MS, (rows) => tell(overflow(name, rows, settings)));
    // Rows under way cannot leave memory for disk: some room must be left for those that can.
    const { spill, maxBytes, maxBufferBytes, concurrency } = settings;
    this.#share = spill === undefined ? maxBufferBytes : maxBufferBytes / (concurrency + 1);
    const chunks = { ...settings, maxBytes: Math.min(maxBytes, this.#share) };
    this.#buffer = new RowBuffer(chunks, (chunk) => this.#journal?.seal(chunk));
    if (spill === undefined) return;
    this.#journal = new Journal(spill, name, url, tell);
    this.#journal.onResume = () => this.#storeAll();
  }

  /** Bytes in memory, of rows that are under way too. */
  get bytes(): number {
    return this.#buffer.bytes + this.#underWayBytes();
  }

  /** How many rows were ever added: the number of the next one. */
  get numbered(): number {
    return this.#buffer.numbered;
  }

  /** Number of the oldest row here, or of the next one. */
  get firstRow(): number {
    return this.#buffer.firstRow;
  }

  /** When the oldest row here was added, ms of the monotonic clock. */
  get oldest(): number | undefined {
    return this.#buffer.oldest;
  }

  /** Whether nothing waits, of dead processes neither. */
  get isEmpty(): boolean {
    return this.#buffer.rows === 0 && !this.hasBacklog;
  }

  get hasBacklog(): boolean {
    return this.#journal?.hasBacklog === true;
  }

  /**
   * @param mayDrop whether older rows may go for it, if that is the policy
   * @returns true when the row was taken, its bytes when there is no room for it, or why it never can be
   */
  add(line: string | Uint8Array, mayDrop: boolean): true | Uint8Array | TinybirdError {
    const most = typeof line === 'string' ? line.length * 3 + 1 : line.byteLength + 1;
    if (this.#fits(most) && this.#journal?.isFull(most) !== true) return this.#push(line);
    // Once more, with care: the room is measured to the byte, and made.
    const bytes = bytesOf(line);
    const size = bytes.byteLength + 1;
    const largest = Math.min(this.#settings.maxRequestBytes, this.#settings.maxBufferBytes);
    if (size > largest) return tooLarge(this.#name, size, largest);
    return this.#makeRoom(size, mayDrop && this.#settings.drop === 'oldest') ? this.#push(bytes) : bytes;
  }

  /** A row was not even taken. */
  dropped(rows: number): void {
    this.#counts.dropped += rows;
    this.#overflowed.add(rows);
  }

  /** Ends the chunk that is being filled, if it is full; whether it was. */
  sealFull(): boolean {
    return this.#buffer.sealFull();
  }

  /** Ends the chunk that is being filled: what is in it keeps its own age, however long it waits. */
  seal(): void {
    this.#buffer.seal();
  }

  /** The oldest rows, `maxBytes` of them at most, if a chunk is full or they come before row `urgentBefore`. */
  take(maxBytes: number, urgentBefore: number): Batch | undefined {
    if (this.#buffer.rows === 0 || !(this.#buffer.full || this.#buffer.firstRow < urgentBefore))
      return undefined;
    const most = Math.min(maxBytes, this.#share);
    return this.#buffer.take(most, (chunk) => this.#readBack(chunk));
  }

  /**
   * What dead processes left, if there is room for it and nothing of the kind is under way: a segment, or many small
   * ones together, since one of a quiet program has a row or two.
   */
  takeOfBacklog(maxBytes: number): Batch | undefined {
    const journal = this.#journal;
    if (!journal?.hasBacklog || this.#ofBacklog > 0) return undefined;
    if (!this.#fits(journal.backlogBytes) && this.bytes > 0) return undefined;
    const most = Math.min(maxBytes, this.#settings.maxBytes, this.#settings.maxBufferBytes - this.bytes);
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
    return newest === undefined ? undefined : { ...batchOf(chunks), appendedAt: newest.appendedAt };
  }

  /** The fate of these rows is known. */
  settle(batch: Batch): void {
    for (const { chunk, rows } of batch.parts) {
      chunk.settled += rows;
      if (chunk.firstRow === Number.POSITIVE_INFINITY) this.#ofBacklog -= rows;
      if (chunk.settled === chunk.rows) this.#journal?.remove(chunk);
    }
  }

  /** Whether the rows of this batch are on disk, where they are put if they are not. */
  keep(batch: Batch): boolean {
    if (this.#journal === undefined) return false;
    this.#journal.check();
    if (batch.parts.every(({ chunk }) => isOnDisk(chunk))) return true;
    const chunk = chunkOf(batch);
    this.#journal.store(chunk);
    if (!isOnDisk(chunk)) return false;
    this.settle(batch);
    if (chunk.firstRow === Number.POSITIVE_INFINITY) this.#ofBacklog += batch.rows;
    batch.parts = [{ chunk, rows: batch.rows }];
    return true;
  }

  /** Gives up the rows that were added before `cutoff`, ms of the monotonic clock; gives how many. */
  expire(cutoff: number): number {
    let rows = 0;
    for (const chunk of this.#buffer.expire(cutoff)) {
      rows += chunk.rows - chunk.settled;
      this.#journal?.remove(chunk);
    }
    this.#counts.dropped += rows;
    return rows;
  }

  /** The end is near: a disk that failed lately is tried once more. */
  wake(): void {
    this.#journal?.wake();
  }

  /** Forgets every row; gives how many of them are lost, because they are not on disk. */
  leave(): number {
    this.#buffer.seal();
    this.#journal?.check();
    this.#storeAll();
    let lost = 0;
    for (let chunk = this.#buffer.dropChunk(); chunk !== undefined; chunk = this.#buffer.dropChunk()) {
      if (!isOnDisk(chunk)) lost += chunk.rows - chunk.settled;
    }
    this.#ofBacklog = 0;
    this.#overflowed.tell();
    this.#journal?.release();
    return lost;
  }

  #fits(bytes: number): boolean {
    return this.bytes + bytes <= this.#settings.maxBufferBytes;
  }

  #push(line: string | Uint8Array): true | TinybirdError {
    const chunk = this.#buffer.push(line, performance.now());
    if (chunk === undefined) {
      return tooLarge(this.#name, bytesOf(line).byteLength + 1, this.#settings.maxRequestBytes);
    }
    this.#counts.accepted++;
    this.#journal?.record(chunk);
    return true;
  }

  /** Room in memory and on disk for a row of this size; whether there is any. */
  #makeRoom(bytes: number, mayDrop: boolean): boolean {
    while (this.#journal?.isFull(bytes)) {
      if (!mayDrop || !this.#dropSegment(this.#journal)) return false;
    }
    while (!this.#fits(bytes)) {
      if (this.#evict()) continue;
      const excess = this.bytes + bytes - this.#settings.maxBufferBytes;
      const rows = mayDrop ? this.#buffer.dropOldest(excess) : 0;
      if (rows === 0) return false;
      this.dropped(rows);
    }
    return true;
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
    this.dropped(chunk.rows - chunk.settled);
    journal.remove(chunk);
    return true;
  }

  #storeAll(): void {
    for (const chunk of this.#buffer.onlyInMemory()) this.#journal?.store(chunk);
  }

  /** Reads rows back from disk whose turn has come; whether there are any. */
  #readBack(chunk: Chunk): boolean {
    while (!this.#fits(chunk.segment?.bytes ?? 0) && this.#evict());
    const read = this.#journal?.load(chunk);
    const expected = chunk.rows - chunk.settled;
    // What was dropped from its front is on disk still.
    const rows = Math.min(expected, read?.rows ?? 0);
    chunk.restore(read === undefined ? new Uint8Array() : lastRows(read, rows));
    this.#lostOnDisk(expected - rows);
    chunk.settled += expected - rows;
    if (rows === 0) this.#journal?.remove(chunk);
    return rows > 0;
  }

  #readBacklog(journal: Journal): Chunk | undefined {
    for (let read = journal.nextOfBacklog(); read !== undefined; read = journal.nextOfBacklog()) {
      const { chunk, broken } = read;
      this.#counts.accepted += chunk.rows + broken;
      this.#lostOnDisk(broken);
      if (chunk.rows > 0) return chunk;
      journal.remove(chunk);
    }
    return undefined;
  }

  #lostOnDisk(rows: number): void {
    if (rows === 0) return;
    this.#counts.dropped += rows;
    this.#tell(lostOnDisk(this.#name, rows));
  }
}
