import type { LitellmEvent } from '../../schemas/litellm.js';
import type { Token } from '../api/connection.js';
import type { OnError } from '../api/tell.js';
import type { LlmCall } from '../call/call.js';
import type { Prices } from '../call/price.js';
import type { FlushOptions } from '../datasource/options.js';
import type { CallContext } from './context.js';

/** Where events go: a `Datasource`, or your own pipeline. */
export interface Sink<Event = LitellmEvent> {
  append(event: Event): unknown;
  /** Delivers what was appended; used to keep a serverless invocation alive. */
  flush?(options?: FlushOptions): Promise<unknown>;
}

/** Which content may leave the process. */
export interface Capture {
  /**
   * What was asked. Default true. Without it, or without `response`, a failure is told by its name, status, code and
   * the places of its stack alone: its message may repeat what nobody should see.
   */
  messages?: boolean | undefined;
  /** What was answered. Default true. */
  response?: boolean | undefined;
  /** `first4****last4` of the API key, where it can be seen, instead of `****`. Default false. */
  apiKey?: boolean | undefined;
}

/** The options that every integration takes. */
export interface TinybirdOptions extends CallContext {
  /** A token with the scope DATASOURCES:APPEND, or a function that gives one. Default: `TINYBIRD_TOKEN`. */
  token?: Token | undefined;
  /** Base URL of the region's API. Default: `TINYBIRD_URL`, else `https://api.tinybird.co`. */
  url?: string | undefined;
  /** A datasource's name, a `Datasource` to share, any sink, or in a test an array. Default `litellm`. */
  datasource?: string | Sink | LitellmEvent[] | undefined;
  capture?: Capture | undefined;
  /** The last word on an event before it is sent; `null` drops the call. If it throws, the event is dropped and told. */
  redact?: ((event: LitellmEvent) => LitellmEvent | null) | undefined;
  /**
   * The share of calls to record, 0..1, failures always; or a function of the call that decides for all of them,
   * with a share or a boolean. Default 1.
   */
  sample?: number | ((call: Readonly<LlmCall>) => number | boolean) | undefined;
  /** Your own prices, asked before the built-in catalogue. */
  prices?: Prices | undefined;
  /** Bytes of one event as JSON, 10,000 at least; the longest texts of a larger one are cut. Default 1,000,000. */
  maxEventBytes?: number | undefined;
  /** Bytes of one message as JSON, 1,000 at least; the longest texts of a larger one are cut. Default 500,000. */
  maxMessageBytes?: number | undefined;
  /**
   * Holds every event against its schema before it is sent and tells what does not fit: for tests, and for what your
   * `redact` makes of it. It is sent all the same. Default false.
   */
  validate?: boolean | undefined;
  /** Keeps a serverless invocation alive until the call's event is delivered. */
  waitUntil?: ((delivery: Promise<void>) => unknown) | undefined;
  /** Told of every problem. Default: one `console.warn` per kind. */
  onError?: OnError | undefined;
}
