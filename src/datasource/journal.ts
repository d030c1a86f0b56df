import type { Tell } from '../api/tell.js';
import { Chunk } from './chunk.js';
import { type Claimed, claimAbandoned } from './claim.js';
import { fs, nodeCrypto, path } from './node.js';
import { leftName, ownName } from './owner.js';
import { diskTrouble } from './problems.js';
import { firstLine, PREFIX_BYTES, readSegment, type Segment, type SegmentRows } from './segment.js';
import { SegmentFile } from './segment-file.js';

export interface JournalOptions {
  /** Where segments lie, for all datasources and processes of the host. */
  readonly directory: string;
  /** Every row as it is appended, or only those of a request that failed. */
  readonly rows: 'all' | 'failed';
  /** Segments hold at most this many bytes. */
  readonly maxBytes: number;
  /** When the disk must have what was written: never before the kernel likes, or at a segment's end. */
  readonly fsync: 'never' | 'segment';
}

/** After the disk failed, rows are in memory alone for this long before it is tried again, ms. */
const RETRY_MS = 30_000;

/**
 * Chunks on disk, a file each, unlinked when their rows are settled: what is there is what is not delivered yet. There
 * is no ledger that could disagree with it. A disk that fails is told and never thrown: rows go on in memory.
 */
export class Journal {
  /** Called when a disk that failed takes rows again, or what was on it is gone: rows that are in memory alone may go there. */
  onResume: () => void = () => {};
  readonly #options: JournalOptions;
  readonly #tell: Tell;
  readonly #name: string;
  /** Where the segments of this datasource and url lie, of every process. */
  readonly #home: string;
  readonly #firstLine: string;
  /** The directory of this journal alone; undefined until there is something to write. */
  #own: string | undefined;
  readonly #claimed: string[];
  /** The segments of chunks that are not settled. */
  readonly #kept = new Set<Segment>();
  /** What dead processes left, oldest first. */
  readonly #backlog: Claimed['segments'];
  #open: { readonly file: SegmentFile; readonly chunk: Chunk } | undefined;
  #bytes = 0;
  #created = 0;
  #restsUntil: number | undefined;
  readonly #told = new Set<string>();

  /** @throws TinybirdError `bad_option` where there is no disk */
  constructor(options: JournalOptions, name: string, url: URL, tell: Tell) {
    const hash = nodeCrypto().createHash('sha256').update(url.href).digest('hex').slice(0, 12);
    this.#options = options;
    this.#tell = tell;
    this.#name = name;
    this.#home = path().resolve(options.directory, `${name}-${hash}`);
    this.#firstLine = firstLine(name, hash);
    const { directories, segments } = claimAbandoned(this.#home, (thrown) => this.#trouble(thrown));
    this.#claimed = directories;
    this.#backlog = segments;
    for (const segment of segments) this.#bytes += segment.bytes;
  }

  /** Whether there is something that dead processes left. */
  get hasBacklog(): boolean {
    return this.#backlog.length > 0;
  }

  /** Bytes that the next chunk of the backlog may take in memory. */
  get backlogBytes(): number {
    return this.#backlog[0]?.bytes ?? 0;
  }

  /** Whether another `rows`, of so many bytes with their line breaks, would be too many: in a segment of their own. */
  isFull(bytes: number, rows = 1): boolean {
    return this.#bytes + this.#firstLine.length + bytes + rows * PREFIX_BYTES > this.#options.maxBytes;
  }

  /** Writes the newest row of the open chunk, and those before it that are not on disk yet. */
  record(chunk: Chunk): void {
    if (this.#options.rows === 'failed' || this.#isResting()) return;
    // After a rest there are more rows in it than room was made for.
    if (this.#open?.chunk !== chunk && this.#lacksRoomFor(chunk)) return;
    this.#attempt(() => {
      if (this.#open?.chunk !== chunk) return this.#begin(chunk);
      const { file } = this.#open;
      const before = file.segment.bytes;
      file.append(chunk.newest);
      file.segment.rows = chunk.rows;
      this.#bytes += file.segment.bytes - before;
    });
  }

  /** Nothing more is written into this chunk. */
  seal(chunk: Chunk): void {
    const open = this.#open;
    if (open?.chunk !== chunk) return;
    this.#open = undefined;
    this.#attempt(() => {
      try {
        open.file.finish(this.#syncs);
      } catch (thrown) {
        if (codeOf(thrown) !== 'ENOENT') throw thrown;
        // The directory was removed: writes went on, into nowhere.
        this.#storeWhole(chunk);
        this.#missed();
      }
    });
  }

  /** Notices that somebody removed the directory, where no write would. */
  check(): void {
    const directories = this.#own === undefined ? this.#claimed : [this.#own, ...this.#claimed];
    if (!directories.every((directory) => fs().existsSync(directory))) this.#missed();
  }

  /** The next write is the last chance of its rows: a disk that failed is tried again now. */
  wake(): void {
    if (this.#isResting()) this.#restsUntil = performance.now();
  }

  /** Writes all rows of a chunk that is in memory, unless the disk rests or is full. */
  store(chunk: Chunk): void {
    if (this.#isResting() || this.#lacksRoomFor(chunk)) return;
    this.#attempt(() => this.#storeWhole(chunk));
  }

  /** Reads the rows of a chunk back. Undefined when they are gone. */
  load(chunk: Chunk): SegmentRows | undefined {
    const { segment } = chunk;
    if (segment === undefined) return undefined;
    try {
      return readSegment(segment.path, this.#firstLine);
    } catch (thrown) {
      this.#trouble(thrown);
      return undefined;
    }
  }

  /** Reads the next segment that a dead process left, as a chunk of its own. Undefined when there is none left. */
  nextOfBacklog(): { chunk: Chunk; broken: number } | undefined {
    for (let segment = this.#backlog.shift(); segment !== undefined; segment = this.#backlog.shift()) {
      try {
        const read = readSegment(segment.path, this.#firstLine);
        if (read === undefined) {
          this.#bytes -= segment.bytes;
          continue; // somebody else's file: it is left alone
        }
        const chunk = new Chunk(Number.POSITIVE_INFINITY, monotonic(segment.modifiedAt), read.body);
        chunk.rows = read.rows;
        chunk.segment = segment;
        segment.rows = read.rows;
        this.#kept.add(segment);
        if (read.rows > 0 || read.broken > 0) return { chunk, broken: read.broken };
        this.remove(chunk);
      } catch (thrown) {
        this.#bytes -= segment.bytes;
        if (codeOf(thrown) === 'ENOENT') continue;
        this.#trouble(thrown);
        this.#quietly(() => fs().renameSync(segment.path, `${segment.path}.bad`));
      }
    }
    return undefined;
  }

  /** Every row of this chunk is settled. */
  remove(chunk: Chunk): void {
    const { segment } = chunk;
    if (segment === undefined) return;
    chunk.segment = undefined;
    if (this.#open?.chunk === chunk) this.#closeOpen();
    this.#unlink(segment);
  }

  /** The end of its datasource: an empty directory goes; what is left in one is anybody's. */
  release(): void {
    if (this.#open !== undefined) this.seal(this.#open.chunk);
    for (const directory of [...this.#claimed, ...(this.#own === undefined ? [] : [this.#own])]) {
      if (this.#quietly(() => fs().rmdirSync(directory))) continue;
      this.#quietly(() => fs().renameSync(directory, path().join(this.#home, leftName())));
    }
    this.#own = undefined;
    this.#claimed.length = 0;
    this.#backlog.length = 0;
  }

  #lacksRoomFor(chunk: Chunk): boolean {
    return this.isFull(chunk.bytes, chunk.rows - chunk.settled);
  }

  get #syncs(): boolean {
    return this.#options.fsync === 'segment';
  }

  /** A segment for the chunk that is being filled, with the rows it already has. */
  #begin(chunk: Chunk): void {
    const cutShort = chunk.segment;
    const file = this.#create(chunk);
    this.#open = { file, chunk };
    chunk.segment = file.segment;
    if (cutShort !== undefined) this.#unlink(cutShort);
  }

  #storeWhole(chunk: Chunk): void {
    const cutShort = chunk.segment;
    const file = this.#create(chunk);
    file.finish(this.#syncs);
    chunk.segment = file.segment;
    if (cutShort !== undefined) this.#unlink(cutShort);
  }

  /** A new file with the rows that the chunk has by now. */
  #create(chunk: Chunk): SegmentFile {
    const file = this.#openNew(this.#created++, chunk.rows);
    const { segment } = file;
    this.#kept.add(segment);
    try {
      file.begin(this.#firstLine, chunk.body);
      this.#bytes += segment.bytes;
      return file;
    } catch (thrown) {
      this.#bytes += segment.bytes;
      this.#quietly(() => file.close());
      this.#unlink(segment);
      throw thrown;
    }
  }

  #openNew(number: number, rows: number): SegmentFile {
    if (this.#own !== undefined) {
      try {
        return new SegmentFile(this.#own, number, rows);
      } catch (thrown) {
        if (codeOf(thrown) !== 'ENOENT') throw thrown; // else it was removed: a new one
      }
    }
    this.#own = path().join(this.#home, ownName());
    fs().mkdirSync(this.#own, { recursive: true, mode: 0o700 });
    return new SegmentFile(this.#own, number, rows);
  }

  /** Files were removed under us: what they held is no longer on disk. */
  #missed(): void {
    if (this.#own !== undefined && !fs().existsSync(this.#own)) this.#own = undefined;
    for (const segment of this.#kept) {
      if (fs().existsSync(segment.path)) continue;
      this.#bytes -= segment.bytes;
      segment.bytes = 0;
      segment.rows = 0;
    }
    this.onResume();
  }

  #closeOpen(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open !== undefined) this.#quietly(() => open.file.close());
  }

  #isResting(): boolean {
    return this.#restsUntil !== undefined && performance.now() < this.#restsUntil;
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch (thrown) {
      this.#trouble(thrown);
      this.#restsUntil = performance.now() + RETRY_MS;
      this.#closeOpen();
      return;
    }
    if (this.#restsUntil === undefined) return;
    this.#restsUntil = undefined;
    this.#told.clear();
    this.onResume();
  }

  #trouble(thrown: unknown): void {
    const code = codeOf(thrown) ?? 'unknown';
    if (this.#told.has(code)) return;
    this.#told.add(code);
    this.#tell(diskTrouble(this.#name, this.#home, thrown));
  }

  #quietly(work: () => void): boolean {
    try {
      work();
      return true;
    } catch {
      return false;
    }
  }

  #unlink(segment: Segment): void {
    this.#kept.delete(segment);
    this.#bytes -= segment.bytes;
    this.#quietly(() => fs().unlinkSync(segment.path));
  }
}

function codeOf(thrown: unknown): string | undefined {
  return (thrown as NodeJS.ErrnoException | null)?.code;
}

/** A time of the wall clock as one of the monotonic clock, ms. */
function monotonic(time: number): number {
  return performance.now() - Math.max(0, Date.now() - time);
}
