import type { ConnectionOptions } from '../api/connection.js';
import { unusableOption } from '../api/errors.js';
import type { OnError } from '../api/tell.js';
import type { JournalOptions } from './journal.js';

export interface DatasourceOptions extends ConnectionOptions {
  /** The oldest row waits at most this long for company, ms. Default 1,000. */
  flushAfterMs?: number | undefined;
  /** This many rows leave at once. Default 10,000. */
  maxRows?: number | undefined;
  /** This many bytes of rows leave at once. Default 1 MiB. */
  maxBytes?: number | undefined;
  /** No request is larger, bytes before gzip; a single row over it is dropped. Default 10 MB: the free plan's limit. */
  maxRequestBytes?: number | undefined;
  /** Rows on their way hold at most this many bytes of memory. Default 64 MiB. */
  maxBufferBytes?: number | undefined;
  /** Which rows go, counted and told, when there are more than `maxBufferBytes`: the oldest waiting, or the new one. Default `oldest`. */
  drop?: 'oldest' | 'newest' | undefined;
  /** Requests under way at once. Default 4. */
  concurrency?: number | undefined;
  /** Compress bodies over 1 KiB. Default: true on Node, false where requests go through `fetch`. */
  gzip?: boolean | undefined;
  /** Bound on one request, ms. Default 30,000. */
  timeoutMs?: number | undefined;
  /** Rows that could not be delivered for this long are given up, ms. Default 600,000; with `spill` 86,400,000. */
  maxAgeMs?: number | undefined;
  /**
   * Keeps rows on disk until they are settled, so that they survive the end of the process, whatever it is; the next
   * one that uses the directory delivers them. Delivery is at least once. Default: memory alone.
   */
  spill?: string | SpillOptions | undefined;
  /**
   * When Tinybird refuses a batch as wrong (400), find the rows it is wrong for by halves and deliver the others: up to
   * 2·log2(rows) + 1 requests a bad row. Default false: the batch is dropped and told.
   */
  bisect?: boolean | undefined;
  /** On SIGTERM and SIGINT deliver what is pending, 5 s at most, then let the signal have its way. Default false. */
  flushOnSignal?: boolean | undefined;
  /** Keeps a serverless invocation alive until what it appended is delivered. */
  waitUntil?: ((delivery: Promise<void>) => unknown) | undefined;
  /** Told of every problem. Default: one `console.warn` per kind. */
  onError?: OnError | undefined;
}

/** Where and how rows are kept on disk. */
export interface SpillOptions {
  /** May be shared by datasources and by the processes of one host. It is made when it is missing. */
  directory: string;
  /**
   * `all`: every row, as it is appended, survives even `kill -9`. `failed`: only rows of requests that failed, and what
   * is pending when the process ends by itself or by `process.exit`; appending costs nothing more then. Default `all`.
   */
  rows?: 'all' | 'failed' | undefined;
  /** Bytes on disk at most; past it `drop` decides. Default 1 GiB. */
  maxBytes?: number | undefined;
  /** `segment`: the disk has written each segment when it is full, so that it survives a power cut too. Default `never`. */
  fsync?: 'never' | 'segment' | undefined;
}

export interface FlushOptions {
  /** Give up waiting after this long, ms; the rows go on being delivered. Default: wait until they are settled. */
  timeoutMs?: number | undefined;
}

const NUMBERS = {
  flushAfterMs: 1000,
  maxRows: 10_000,
  maxBytes: 1024 * 1024,
  maxRequestBytes: 10_000_000,
  maxBufferBytes: 64 * 1024 * 1024,
  concurrency: 4,
  timeoutMs: 30_000,
  maxAgeMs: 600_000,
};
const SPILL_MAX_AGE_MS = 24 * 60 * 60 * 1000;
const SPILL_MAX_BYTES = 1024 * 1024 * 1024;

/** The options, each with a value. */
export type Settings = typeof NUMBERS & {
  readonly drop: 'oldest' | 'newest';
  readonly bisect: boolean;
  readonly flushOnSignal: boolean;
  /** Undefined: as the transport does it. */
  readonly gzip: boolean | undefined;
  readonly spill: JournalOptions | undefined;
};

/** @throws TinybirdError `bad_option`, naming the option and its value */
export function readSettings(options: DatasourceOptions): Settings {
  const numbers = { ...NUMBERS };
  const spill = options.spill === undefined ? undefined : readSpill(options.spill);
  if (spill !== undefined) numbers.maxAgeMs = SPILL_MAX_AGE_MS;
  for (const key of Object.keys(NUMBERS) as (keyof typeof NUMBERS)[]) {
    numbers[key] = readNumber(key, options[key], numbers[key]);
  }
  if (options.waitUntil !== undefined && typeof options.waitUntil !== 'function') {
    throw unusableOption('waitUntil', options.waitUntil, 'a function of a promise');
  }
  if (options.onError !== undefined && typeof options.onError !== 'function') {
    throw unusableOption('onError', options.onError, 'a function of a problem');
  }
  return {
    ...numbers,
    drop: readWord('drop', options.drop, ['oldest', 'newest']),
    bisect: readSwitch('bisect', options.bisect) ?? false,
    flushOnSignal: readSwitch('flushOnSignal', options.flushOnSignal) ?? false,
    gzip: readSwitch('gzip', options.gzip),
    spill,
  };
}

function readSpill(given: string | SpillOptions): JournalOptions {
  const spill: Partial<SpillOptions> | null = typeof given === 'string' ? { directory: given } : given;
  if (typeof spill !== 'object' || spill === null) throw unusableOption('spill', given, 'a directory');
  const { directory } = spill;
  if (typeof directory !== 'string' || directory === '')
    throw unusableOption('spill.directory', directory, 'a path');
  return {
    directory,
    rows: readWord('spill.rows', spill.rows, ['all', 'failed']),
    maxBytes: readNumber('spill.maxBytes', spill.maxBytes, SPILL_MAX_BYTES),
    fsync: readWord('spill.fsync', spill.fsync, ['never', 'segment']),
  };
}

function readNumber(option: string, given: unknown, otherwise: number): number {
  if (given === undefined) return otherwise;
  if (typeof given === 'number' && Number.isFinite(given) && given > 0) return given;
  throw unusableOption(option, given, 'a positive number');
}

function readSwitch(option: string, given: unknown): boolean | undefined {
  if (given === undefined || typeof given === 'boolean') return given;
  throw unusableOption(option, given, 'true or false');
}

/** The first of the words is the default. */
function readWord<Word extends string>(option: string, given: unknown, words: readonly [Word, Word]): Word {
  if (given === undefined) return words[0];
  const word = words.find((one) => one === given);
  if (word === undefined) throw unusableOption(option, given, `'${words[0]}' or '${words[1]}'`);
  return word;
}
