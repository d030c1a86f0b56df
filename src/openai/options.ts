import type { CallType } from '../call/call.js';
import { isFields } from '../call/fields.js';
import type { CallDetails } from '../recorder/context.js';
import type { TinybirdOptions } from '../recorder/options.js';
import { shown } from '../recorder/problems.js';
import type { Recorder } from '../recorder/recorder.js';
import { endpointOf } from './endpoints.js';
import type { StreamUsage } from './stream-usage.js';

export interface InstrumentOpenAIOptions extends TinybirdOptions {
  /** The provider's name, when neither the client's class nor its base URL tells it. */
  provider?: string | undefined;
  /**
   * OpenAI says what a stream of chat or text completions took only to who asks for it with `stream_options`. `'auto'`
   * asks for it where the caller has no `stream_options` and the host is OpenAI's own, `true` on any host, `false`
   * never. What is sent is a copy of the body, and the reader sees the same chunks as without it. Default `'auto'`.
   */
  streamUsage?: StreamUsage | undefined;
  /**
   * Settles a stream as abandoned of which nobody has asked for more for so long, ms; what is read of it later is not
   * recorded. Default 60,000.
   */
  abandonedAfterMs?: number | undefined;
  /**
   * Further paths to record, by the kind of call that is behind them: `{ '/rerank': 'arerank' }`. They are those that
   * `client.post` is given.
   */
  endpoints?: Readonly<Record<string, CallType>> | undefined;
}

/** What a single call can be told of itself. */
export type TinybirdRequestDetails = CallDetails;

/**
 * The request option that tells what a single call is; the provider never sees it.
 *
 * @example
 * await client.chat.completions.create(body, { ...tinybirdRequestOptions({ user: 'u1' }), timeout: 5000 });
 */
export function tinybirdRequestOptions(details: TinybirdRequestDetails): TinybirdRequestOptions {
  return { tinybird: details };
}

/** Fits wherever the client takes options, of which all are optional: `maxRetries` says that it is one of those. */
export interface TinybirdRequestOptions {
  readonly tinybird: TinybirdRequestDetails;
  readonly maxRetries?: never;
}

/** The paths among those given that can be worked with; every other is told. */
export function readEndpoints(given: unknown, recorder: Recorder): InstrumentOpenAIOptions['endpoints'] {
  if (given === undefined || given === null) return undefined;
  if (!isFields(given)) {
    recorder.refuse(`The option endpoints is ${shown(given)}: give { path: call type }. It is ignored.`);
    return undefined;
  }
  const endpoints: Record<string, CallType> = {};
  for (const [path, type] of Object.entries(given as Record<string, CallType>)) {
    if (path.startsWith('/') && endpointOf('post', path, { [path]: type })?.type === type) {
      endpoints[path] = type;
    } else {
      const entry = `${shown(path)}: ${shown(type)}`;
      recorder.refuse(
        `The option endpoints has { ${entry} }: give a path that begins with / and a call type such as arerank. It is ignored.`,
      );
    }
  }
  return endpoints;
}
