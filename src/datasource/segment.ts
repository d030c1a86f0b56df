import { countRows } from './batch.js';
import { fs, zlib } from './node.js';

/**
 * A segment is the copy of a chunk on disk. Its first line says what it is; each other line is a row behind its checksum:
 *
 *     tinybird-llm 1 events 5d41402a
 *     3610a686 {"id":1}
 *
 * A row holds no raw line break, so a reader that met a broken line goes on at the next.
 */
export interface Segment {
  path: string;
  /** How many rows its chunk had when it was last written: with fewer than the chunk has now, it lacks some. */
  rows: number;
  /** Bytes of the file. */
  bytes: number;
}

/** What a segment's file holds. */
export interface SegmentRows {
  /** NDJSON, every row with its line break. */
  readonly body: Uint8Array;
  readonly rows: number;
  /** Records that were cut off or do not match their checksum: each is a row that is lost. */
  readonly broken: number;
}

const LINE_BREAK = 0x0a;
/** What stands before a row: eight hexadecimal digits and a space. */
export const PREFIX_BYTES = 9;

/** The first line of the segments of one datasource, which must be a segment's own to be read. */
export function firstLine(datasource: string, hash: string): string {
  return `tinybird-llm 1 ${datasource} ${hash}\n`;
}

/** A row as a record. */
export function recordOf(row: Uint8Array): Uint8Array {
  const record = Buffer.allocUnsafe(PREFIX_BYTES + row.byteLength + 1);
  record.write(`${checksum(row)} `, 0, 'latin1');
  record.set(row, PREFIX_BYTES);
  record[record.byteLength - 1] = LINE_BREAK;
  return record;
}

/** NDJSON as records. */
export function recordsOf(body: Uint8Array): Uint8Array {
  const records = Buffer.allocUnsafe(body.byteLength + countRows(body) * PREFIX_BYTES);
  let to = 0;
  for (const row of lines(body)) {
    records.write(`${checksum(row)} `, to, 'latin1');
    records.set(row, to + PREFIX_BYTES);
    to += PREFIX_BYTES + row.byteLength + 1;
    records[to - 1] = LINE_BREAK;
  }
  return records;
}

/**
 * Reads a segment's file.
 * @returns undefined when it is not one of ours: then it is left alone
 * @throws what `fs` throws
 */
export function readSegment(path: string, expectedFirstLine: string): SegmentRows | undefined {
  const file = fs().readFileSync(path);
  const start = Buffer.byteLength(expectedFirstLine);
  if (file.toString('utf8', 0, start) !== expectedFirstLine) {
    // Killed while the first line was written: there is no row in it yet.
    return expectedFirstLine.startsWith(file.toString('utf8'))
      ? { body: file.subarray(0, 0), rows: 0, broken: 0 }
      : undefined;
  }
  return parseRecords(file.subarray(start));
}

function parseRecords(records: Buffer): SegmentRows {
  const body = new Uint8Array(records.byteLength);
  let end = 0;
  let rows = 0;
  let broken = 0;
  for (const line of lines(records)) {
    const row = line.subarray(PREFIX_BYTES);
    if (
      line.byteLength <= PREFIX_BYTES ||
      Buffer.from(line.buffer, line.byteOffset, 8).toString('latin1') !== checksum(row)
    ) {
      broken++;
      continue;
    }
    body.set(row, end);
    end += row.byteLength;
    body[end++] = LINE_BREAK;
    rows++;
  }
  const torn = records.byteLength > 0 && records.at(-1) !== LINE_BREAK ? 1 : 0;
  return { body: body.slice(0, end), rows, broken: broken + torn };
}

function* lines(bytes: Uint8Array): Iterable<Uint8Array> {
  let start = 0;
  for (let end = bytes.indexOf(LINE_BREAK); end !== -1; end = bytes.indexOf(LINE_BREAK, start)) {
    yield bytes.subarray(start, end);
    start = end + 1;
  }
}

function checksum(row: Uint8Array): string {
  return zlib().crc32(row).toString(16).padStart(8, '0');
}
