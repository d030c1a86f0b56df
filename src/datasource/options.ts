import type { ConnectionOptions } from '../api/connection.js';
import { TinybirdError } from '../api/errors.js';
import type { OnError } from '../api/tell.js';

export interface DatasourceOptions extends ConnectionOptions {
  /** The oldest row waits at most this long for company, ms. Default 1,000. */
  flushAfterMs?: number | undefined;
  /** This many rows leave at once. Default 10,000. */
  maxRows?: number | undefined;
  /** This many bytes of rows leave at once. Default 1 MiB. */
  maxBytes?: number | undefined;
  /** No request is larger, bytes before gzip; a single row over it is dropped. Default 10 MB: the free plan's limit. */
  maxRequestBytes?: number | undefined;
  /** Rows waiting for their turn hold at most this many bytes; past it the oldest are dropped and told. Default 64 MiB. */
  maxBufferBytes?: number | undefined;
  /** Requests under way at once. Default 4. */
  concurrency?: number | undefined;
  /** Compress bodies over 1 KiB. Default true. */
  gzip?: boolean | undefined;
  /** Bound on one request, ms. Default 30,000. */
  timeoutMs?: number | undefined;
  /** Rows that could not be delivered for this long are given up, ms. Default 600,000. */
  maxAgeMs?: number | undefined;
  /** Keeps a serverless invocation alive until what it appended is delivered. */
  waitUntil?: ((delivery: Promise<void>) => unknown) | undefined;
  /** Told of every problem. Default: one `console.warn` per kind. */
  onError?: OnError | undefined;
}

export interface FlushOptions {
  /** Give up waiting after this long, ms; the rows go on being delivered. Default: wait until they are settled. */
  timeoutMs?: number | undefined;
}

const DEFAULTS = {
  flushAfterMs: 1000,
  maxRows: 10_000,
  maxBytes: 1024 * 1024,
  maxRequestBytes: 10_000_000,
  maxBufferBytes: 64 * 1024 * 1024,
  concurrency: 4,
  timeoutMs: 30_000,
  maxAgeMs: 600_000,
};

/** The options that are numbers, each with a value. */
export type Settings = typeof DEFAULTS;

/** @throws TinybirdError `bad_option`, naming the option and its value */
export function readSettings(options: DatasourceOptions): Settings {
  const settings = { ...DEFAULTS };
  for (const key of Object.keys(DEFAULTS) as (keyof Settings)[]) {
    const given = options[key];
    if (given === undefined) continue;
    if (typeof given !== 'number' || !Number.isFinite(given) || given <= 0) {
      throw new TinybirdError(
        'bad_option',
        `The option ${key} must be a positive number, not ${String(given)}.`,
      );
    }
    settings[key] = given;
  }
  return settings;
}
