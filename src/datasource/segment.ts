import { countRows, endOfRow, LINE_BREAK } from './ndjson.js';
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

const SPACE = 0x20;
const HEX_DIGITS = [...'0123456789abcdef'].map((digit) => digit.charCodeAt(0));
/** What stands before a row: eight hexadecimal digits and a space. */
export const PREFIX_BYTES = 9;

/** The first line of the segments of one datasource, which must be a segment's own to be read. */
export function firstLine(datasource: string, hash: string): string {
  return `tinybird-llm 1 ${datasource} ${hash}\n`;
}

/** How many bytes a row's record has. */
export function recordBytes(row: Uint8Array): number {
  return PREFIX_BYTES + row.byteLength + 1;
}

/** Writes a row's record into `target`; gives where it ends. */
export function writeRecord(row: Uint8Array, target: Uint8Array, at: number): number {
  writeChecksum(zlib().crc32(row), target, at);
  target[at + PREFIX_BYTES - 1] = SPACE;
  target.set(row, at + PREFIX_BYTES);
  const end = at + recordBytes(row);
  target[end - 1] = LINE_BREAK;
  return end;
}

/** NDJSON as records. */
export function recordsOf(body: Uint8Array): Uint8Array {
  const records = new Uint8Array(body.byteLength + countRows(body) * PREFIX_BYTES);
  let end = 0;
  for (const row of lines(body)) end = writeRecord(row, records, end);
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

/** The last rows of what was read, as NDJSON. */
export function lastRows(read: SegmentRows, rows: number): Uint8Array {
  return read.body.subarray(endOfRow(read.body, read.rows - rows));
}

function parseRecords(records: Buffer): SegmentRows {
  const body = new Uint8Array(records.byteLength);
  let end = 0;
  let rows = 0;
  let broken = 0;
  for (const line of lines(records)) {
    const row = line.subarray(PREFIX_BYTES);
    if (line.byteLength <= PREFIX_BYTES || !matchesChecksum(line)) {
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

/** Eight digits, by hand: a row is written while its caller waits. */
function writeChecksum(crc: number, target: Uint8Array, at: number): void {
  for (let digit = 0; digit < 8; digit++) {
    target[at + digit] = HEX_DIGITS[(crc >>> (28 - 4 * digit)) & 15] ?? 0;
  }
}

function matchesChecksum(line: Uint8Array): boolean {
  const expected = new Uint8Array(8);
  writeChecksum(zlib().crc32(line.subarray(PREFIX_BYTES)), expected, 0);
  return expected.every((digit, at) => line[at] === digit);
}
