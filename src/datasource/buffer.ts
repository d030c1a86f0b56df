/** Rows on their way: the body of one request. */
export interface Batch {
  /** NDJSON, every row with its line break. */
  readonly body: Buffer;
  readonly rows: number;
  /** Number of the first row, counted over the datasource's life. */
  readonly firstRow: number;
  /** When the oldest row was appended, ms of the monotonic clock. */
  readonly appendedAt: number;
}

interface Row {
  readonly bytes: Buffer;
  readonly appendedAt: number;
}

/** Rows in the order they came, as UTF-8 bytes: counted exactly, and held outside the JavaScript heap. */
export class RowBuffer {
  #rows: Row[] = [];
  /** Index of the oldest row still here: taking from the front moves this, not the array. */
  #head = 0;
  #bytes = 0;
  #taken = 0;

  get rows(): number {
    return this.#rows.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Number of the oldest row here, counted over the buffer's life. */
  get firstRow(): number {
    return this.#taken;
  }

  push(bytes: Buffer, appendedAt: number): void {
    this.#rows.push({ bytes, appendedAt });
    this.#bytes += bytes.byteLength;
  }

  /** Removes and gives the oldest rows, at least one, at most `maxRows` rows and `maxBytes` bytes. */
  take(maxRows: number, maxBytes: number): Batch | undefined {
    const oldest = this.#rows[this.#head];
    if (oldest === undefined) return undefined;
    const firstRow = this.#taken;
    const parts: Buffer[] = [];
    let bytes = 0;
    for (let row: Row | undefined = oldest; row !== undefined; row = this.#rows[this.#head]) {
      const larger = bytes + row.bytes.byteLength;
      if (parts.length > 0 && (parts.length >= maxRows || larger > maxBytes)) break;
      parts.push(row.bytes);
      bytes = larger;
      this.#dropHead();
    }
    return { body: Buffer.concat(parts, bytes), rows: parts.length, firstRow, appendedAt: oldest.appendedAt };
  }

  /** Removes the oldest rows until at most `maxBytes` are held; gives how many went. */
  shrinkTo(maxBytes: number): number {
    let dropped = 0;
    while (this.#bytes > maxBytes && this.rows > 0) {
      this.#dropHead();
      dropped++;
    }
    return dropped;
  }

  #dropHead(): void {
    this.#bytes -= this.#rows[this.#head]?.bytes.byteLength ?? 0;
    this.#head++;
    this.#taken++;
    // Let the array go as it empties, without moving its rest on every row.
    if (this.#head === this.#rows.length || this.#head > 10_000) {
      this.#rows = this.#rows.slice(this.#head);
      this.#head = 0;
    }
  }
}

/** A batch in two halves at a row's end, for a server that finds it too large. */
export function halve(batch: Batch): [Batch, Batch] {
  const middle = Math.floor(batch.rows / 2);
  let end = 0;
  for (let row = 0; row < middle; row++) end = batch.body.indexOf(0x0a, end) + 1;
  return [
    { ...batch, body: batch.body.subarray(0, end), rows: middle },
    {
      ...batch,
      body: batch.body.subarray(end),
      rows: batch.rows - middle,
      firstRow: batch.firstRow + middle,
    },
  ];
}
