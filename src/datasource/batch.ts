import { Chunk } from './chunk.js';
import { countRows, endOfRow, LINE_BREAK } from './ndjson.js';

/** Rows on their way: the body of one request, and the chunks they came from. */
export interface Batch {
  /** NDJSON, every row with its line break. */
  readonly body: Uint8Array;
  readonly rows: number;
  /** Number of the first row, counted over the datasource's life. */
  readonly firstRow: number;
  /** When the oldest row was appended, ms of the monotonic clock. */
  readonly appendedAt: number;
  /** Whose rows these are, in order. */
  parts: readonly Part[];
}

export interface Part {
  readonly chunk: Chunk;
  readonly rows: number;
}

/** The rows of these chunks, which give them away. One chunk already is a body; several are joined. */
export function batchOf(chunks: readonly Chunk[]): Batch {
  const parts = chunks.map((chunk) => ({ chunk, rows: chunk.rows - chunk.settled }));
  const [oldest] = chunks;
  return {
    firstRow: oldest === undefined ? 0 : oldest.firstRow + oldest.settled,
    appendedAt: oldest?.appendedAt ?? 0,
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    body: join(chunks.map((chunk) => chunk.release())),
    parts,
  };
}

/** The rows of a batch as one chunk again. */
export function chunkOf(batch: Batch): Chunk {
  const chunk = new Chunk(batch.firstRow, batch.appendedAt, batch.body);
  chunk.rows = batch.rows;
  return chunk;
}

/** A batch in two at a row's end: as many rows as `maxBytes` hold, one at least, and the rest, if there is one. */
export function cut(batch: Batch, maxBytes: number): [Batch, Batch | undefined] {
  const { body } = batch;
  if (body.byteLength <= maxBytes || batch.rows === 1) return [batch, undefined];
  const last = body.lastIndexOf(LINE_BREAK, Math.max(0, maxBytes - 1));
  return cutAt(batch, last === -1 ? endOfRow(body, 1) : last + 1);
}

/** A batch in two: its first half of rows, one at least, and the rest, if there is one. */
export function halve(batch: Batch): [Batch, Batch | undefined] {
  return batch.rows === 1 ? [batch, undefined] : cutAt(batch, endOfRow(batch.body, batch.rows >> 1));
}

/** A batch in two: what was appended before `cutoff`, ms of the monotonic clock, chunk by chunk, and the rest. */
export function cutByAge(batch: Batch, cutoff: number): [Batch | undefined, Batch | undefined] {
  let old = 0;
  for (const { chunk, rows } of batch.parts) {
    if (chunk.appendedAt >= cutoff) break;
    old += rows;
  }
  if (old === 0) return [undefined, batch];
  return old === batch.rows ? [batch, undefined] : cutAt(batch, endOfRow(batch.body, old));
}

function cutAt(batch: Batch, end: number): [Batch, Batch] {
  const head = slice(batch, 0, end, 0);
  return [head, slice(batch, end, batch.body.byteLength, head.rows)];
}

function slice(batch: Batch, from: number, to: number, rowsBefore: number): Batch {
  const body = batch.body.subarray(from, to);
  const rows = countRows(body);
  let skip = rowsBefore;
  let left = rows;
  const parts: Part[] = [];
  for (const part of batch.parts) {
    const skipped = Math.min(skip, part.rows);
    const taken = Math.min(left, part.rows - skipped);
    skip -= skipped;
    left -= taken;
    if (taken > 0) parts.push({ chunk: part.chunk, rows: taken });
  }
  const appendedAt = parts[0]?.chunk.appendedAt ?? batch.appendedAt;
  return { body, rows, firstRow: batch.firstRow + rowsBefore, appendedAt, parts };
}

function join(bodies: readonly Uint8Array[]): Uint8Array {
  const [only] = bodies;
  if (only !== undefined && bodies.length === 1) return only;
  const joined = new Uint8Array(bodies.reduce((sum, body) => sum + body.byteLength, 0));
  let at = 0;
  for (const body of bodies) {
    joined.set(body, at);
    at += body.byteLength;
  }
  return joined;
}
