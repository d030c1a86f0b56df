/**
 * A stand-in for Tinybird and for the servers of its peers, in a process of its own: whatever is posted to it is
 * counted and thrown away. It shares the machine with the sender, so while time is taken it must do no more than that.
 *
 *     node --import tsx bench/sink.ts 7199
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { listen } from './listen.js';
import { peerAnswer } from './peer-answers.js';
import { ROW_MARK } from './rows.js';

/** What the sink does with rows. */
export type SinkMode =
  /** Takes them at once. */
  | 'up'
  /** Takes them after `delayMs`. */
  | 'slow'
  /** Answers 503. */
  | 'failing'
  /** Closes the connection without an answer. */
  | 'down'
  /** Reads the request and never answers. */
  | 'silent';

export interface SinkSettings {
  mode: SinkMode;
  /** Of mode `slow`, ms. */
  delayMs: number;
  /** Inflate every body and look for the rows in it. Not while time is taken. */
  verify: boolean;
  /** Bytes of a row with its line break: what the rows of an answer are reckoned from when nothing is verified. */
  rowBytes: number;
}

export interface SinkCounts {
  /** Requests that were answered with 200; the same holds for everything below. */
  requests: number;
  /** As they came over the wire. */
  wireBytes: number;
  /** Before gzip, which a gzip body tells in its last four bytes. */
  plainBytes: number;
  /** Rows whose number was seen in prompt and answer; 0 unless verified. */
  distinctRows: number;
  /** Rows that came once more, by their prompt; 0 unless verified. */
  repeatedRows: number;
}

const DEFAULTS: SinkSettings = { mode: 'up', delayMs: 0, verify: false, rowBytes: 0 };
const JSON_HEADERS = { 'content-type': 'application/json' };

let settings: SinkSettings = { ...DEFAULTS };
let counts = noCounts();
/** Of every row number, which of its two texts were seen. */
let seen = new Map<number, number>();

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://sink');
  if (pathname === '/bench/set') set(searchParams);
  const asked = peerAnswer(pathname, `http://${request.headers.host}`);
  if (pathname.startsWith('/bench/')) answer(response, 200, { settings, counts: { ...counts, ...tally() } });
  else if (asked !== undefined) answer(response, 200, asked);
  else if (request.method === 'POST') take(request, response);
  else answer(response, 200, {}); // what a client asks for that is no row: configuration, flags
});
listen(server);

function set(query: URLSearchParams): void {
  settings = {
    mode: (query.get('mode') ?? DEFAULTS.mode) as SinkMode,
    delayMs: Number(query.get('delayMs') ?? DEFAULTS.delayMs),
    verify: query.get('verify') === 'true',
    rowBytes: Number(query.get('rowBytes') ?? DEFAULTS.rowBytes),
  };
  counts = noCounts();
  seen = new Map();
}

function take(request: IncomingMessage, response: ServerResponse): void {
  const gzipped = request.headers['content-encoding'] === 'gzip';
  const { mode, verify, delayMs } = settings;
  const kept: Buffer[] = [];
  let wireBytes = 0;
  let last: Buffer = Buffer.alloc(0);
  request.on('data', (chunk: Buffer) => {
    wireBytes += chunk.byteLength;
    last = chunk.byteLength >= 4 ? chunk : Buffer.concat([last, chunk]);
    if (verify) kept.push(chunk);
  });
  request.on('end', () => {
    if (mode === 'silent') return;
    if (mode === 'down') {
      request.socket.destroy();
      return;
    }
    if (mode === 'failing') {
      answer(response, 503, { error: 'the sink was told to fail' });
      return;
    }
    const plainBytes = gzipped && last.byteLength >= 4 ? last.readUInt32LE(last.byteLength - 4) : wireBytes;
    counts.requests += 1;
    counts.wireBytes += wireBytes;
    counts.plainBytes += plainBytes;
    if (verify) look(Buffer.concat(kept), gzipped);
    const rows = settings.rowBytes > 0 ? Math.round(plainBytes / settings.rowBytes) : 0;
    const accept = () => answer(response, 200, { successful_rows: rows, quarantined_rows: 0 });
    if (mode === 'slow') setTimeout(accept, delayMs);
    else accept();
  });
}

/** By their marks and not by their lines: every sender has an envelope of its own. */
function look(body: Buffer, gzipped: boolean): void {
  for (const [, text, digits] of (gzipped ? gunzipSync(body) : body).toString('latin1').matchAll(ROW_MARK)) {
    const number = Number(digits);
    const flag = text === 'prompt' ? 1 : 2;
    const known = seen.get(number) ?? 0;
    if (flag === 1 && (known & 1) === 1) counts.repeatedRows += 1;
    seen.set(number, known | flag);
  }
}

function tally(): Pick<SinkCounts, 'distinctRows'> {
  let distinctRows = 0;
  for (const flags of seen.values()) if (flags === 3) distinctRows += 1;
  return { distinctRows };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, JSON_HEADERS);
  response.end(JSON.stringify(body));
}

function noCounts(): SinkCounts {
  return { requests: 0, wireBytes: 0, plainBytes: 0, distinctRows: 0, repeatedRows: 0 };
}
