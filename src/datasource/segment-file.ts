import { fs, path } from './node.js';
import { recordBytes, recordsOf, type Segment, writeRecord } from './segment.js';

/** A segment that is being written. Every method throws what `fs` throws. */
export class SegmentFile {
  readonly segment: Segment;
  readonly #file: number;
  /** Every record is put together here. */
  #scratch = new Uint8Array(4096);

  /** Makes a file in `directory` that must not exist. */
  constructor(directory: string, number: number, rows: number) {
    const at = path().join(directory, `${String(number).padStart(9, '0')}.open`);
    this.#file = fs().openSync(at, 'ax', 0o600);
    this.segment = { path: at, rows, bytes: 0 };
  }

  /** Writes a row behind the others. */
  append(row: Uint8Array): void {
    const bytes = recordBytes(row);
    if (this.#scratch.byteLength < bytes) this.#scratch = new Uint8Array(bytes * 2);
    writeRecord(row, this.#scratch, 0);
    this.#write(this.#scratch.subarray(0, bytes));
  }

  /** Writes the first line and the rows there are. */
  begin(firstLine: string, rows: Uint8Array): void {
    this.#write(new TextEncoder().encode(firstLine));
    this.#write(recordsOf(rows));
  }

  /** Nothing more is written: the name says so, and with `sync` the disk has it. */
  finish(sync: boolean): void {
    const { segment } = this;
    try {
      if (sync) fs().fdatasyncSync(this.#file);
    } finally {
      this.close();
    }
    const sealed = segment.path.replace(/open$/, 'seg');
    fs().renameSync(segment.path, sealed);
    segment.path = sealed;
    if (!sync) return;
    const directory = fs().openSync(path().dirname(sealed), 'r');
    try {
      fs().fsyncSync(directory);
    } finally {
      fs().closeSync(directory);
    }
  }

  close(): void {
    fs().closeSync(this.#file);
  }

  /** A full disk takes a part without an error: the half record goes again. */
  #write(bytes: Uint8Array): void {
    const written = fs().writeSync(this.#file, bytes);
    if (written < bytes.byteLength) {
      fs().ftruncateSync(this.#file, this.segment.bytes);
      throw Object.assign(new Error('the disk is full'), { code: 'ENOSPC' });
    }
    this.segment.bytes += written;
  }
}
