import { endOfRow, LINE_BREAK } from './ndjson.js';
import type { Segment } from './segment.js';

/** A chunk grows with its rows, so that a lone one does not hold a megabyte. */
const GROWTH = 4;

const encoder = new TextEncoder();

/**
 * Rows side by side as they go over the wire: NDJSON, every row with its line break. It holds them while they wait;
 * once they are under way it only keeps count of those whose fate is known.
 */
export class Chunk {
  /** Number of its first row, counted over the datasource's life. */
  readonly firstRow: number;
  /** When its first row was appended, ms of the monotonic clock. */
  readonly appendedAt: number;
  /** Its copy on disk, if there is one. */
  segment: Segment | undefined;
  /** Rows written into it. */
  rows = 0;
  /** Rows whose fate is known. */
  settled = 0;
  #memory: Uint8Array | undefined;
  #start = 0;
  #end = 0;
  /** Where its newest row starts. */
  #newest = 0;

  constructor(firstRow: number, appendedAt: number, memory?: Uint8Array) {
    this.firstRow = firstRow;
    this.appendedAt = appendedAt;
    this.#memory = memory;
    this.#end = memory?.byteLength ?? 0;
  }

  /** Bytes of its rows in memory. */
  get bytes(): number {
    return this.#memory === undefined ? 0 : this.#end - this.#start;
  }

  /** Bytes that were written into it, those of rows it has dropped since with them. */
  get written(): number {
    return this.#end;
  }

  /** Whether its rows are here, and not only on disk or under way. */
  get inMemory(): boolean {
    return this.#memory !== undefined;
  }

  /** Its rows in memory. */
  get body(): Uint8Array {
    return this.#memory?.subarray(this.#start, this.#end) ?? new Uint8Array();
  }

  /** The newest row, without its line break. */
  get newest(): Uint8Array {
    return this.#memory?.subarray(this.#newest, this.#end - 1) ?? new Uint8Array();
  }

  /**
   * Writes a row behind the others, if it leaves the chunk no larger than `most` bytes.
   * @param first bytes to begin with
   * @param usual how large a chunk usually gets, bytes: it grows to this in steps, past it only as far as it must
   * @returns the bytes it took, its line break with them, or 0 when it was too large
   */
  write(line: string | Uint8Array, most: number, first: number, usual: number): number {
    const memory = this.#roomFor(line.length + 1, most, first, usual);
    if (memory === undefined) return 0;
    const length =
      typeof line === 'string' ? encodeInto(line, memory, this.#end) : copyInto(line, memory, this.#end);
    // A text's bytes are known only once they are written: up to three a letter.
    if (length === undefined) return this.write(encoder.encode(line as string), most, first, usual);
    const bytes = length + 1;
    if (this.bytes + bytes > most) return 0;
    memory[this.#end + length] = LINE_BREAK;
    this.#newest = this.#end;
    this.#end += bytes;
    this.rows++;
    return bytes;
  }

  /** Nothing more will be written: a chunk that is not nearly full gives its spare memory back. */
  shrink(): void {
    const memory = this.#memory;
    if (memory === undefined || this.bytes > memory.byteLength * 0.75) return;
    this.#memory = memory.slice(this.#start, this.#end);
    this.#newest -= this.#start;
    this.#start = 0;
    this.#end = this.#memory.byteLength;
  }

  /** Gives its rows away and holds them no longer. */
  release(): Uint8Array {
    const { body } = this;
    this.#memory = undefined;
    return body;
  }

  /** Takes rows read back from disk. */
  restore(memory: Uint8Array): void {
    this.#memory = memory;
    this.#start = 0;
    this.#end = memory.byteLength;
  }

  /** Forgets its oldest row, whose fate is settled by that; gives its bytes. */
  dropOldest(): number {
    const bytes = endOfRow(this.body, 1);
    this.#start += bytes;
    this.settled++;
    return bytes;
  }

  #roomFor(bytes: number, most: number, first: number, usual: number): Uint8Array | undefined {
    const needed = this.#end + bytes;
    if (needed - this.#start > most) return undefined;
    const memory = this.#memory;
    if (memory !== undefined && needed <= memory.byteLength) return memory;
    const next = memory === undefined ? first : memory.byteLength * GROWTH;
    const grown = new Uint8Array(Math.max(needed, Math.min(usual, next)));
    if (memory !== undefined) grown.set(memory);
    this.#memory = grown;
    return grown;
  }
}

/** Whether all its rows are in its segment. */
export function isOnDisk(chunk: Chunk): boolean {
  return chunk.segment !== undefined && chunk.segment.rows === chunk.rows;
}

/** How many bytes of a text were written, or undefined when not all of it fitted with a line break behind. */
function encodeInto(text: string, memory: Uint8Array, at: number): number | undefined {
  const { read, written } = encoder.encodeInto(text, memory.subarray(at, memory.byteLength - 1));
  return read === text.length ? written : undefined;
}

function copyInto(bytes: Uint8Array, memory: Uint8Array, at: number): number {
  memory.set(bytes, at);
  return bytes.byteLength;
}
