import { isThenable } from '../call/fields.js';
import { inCall } from '../recorder/context.js';
import { define } from '../recorder/define.js';
import { shown } from '../recorder/problems.js';
import { readAbandonedAfterMs, readProvider } from '../recorder/read-options.js';
import { Recorder } from '../recorder/recorder.js';
import { beginFetchCall, type FetchWatch } from './fetch-call.js';
import { type InstrumentOpenAIOptions, readEndpoints } from './options.js';

export interface TinybirdFetchOptions extends Omit<InstrumentOpenAIOptions, 'streamUsage'> {
  /** What sends the requests. Default: the `fetch` of the platform, as it is when a request is made. */
  fetch?: Fetch | undefined;
}

type Fetch = typeof globalThis.fetch;

/** Registered, so that two copies of this package agree. */
const INNER = Symbol.for('tinybird-llm.openai.fetch');

/**
 * A `fetch` that records the LLM calls among its requests, for clients that one cannot reach because somebody else
 * makes them: LangChain, LlamaIndex, Instructor. It sees HTTP and no client: every attempt of a call is an event of its
 * own, and whoever lets their client time out has aborted the request. A client of your own is better instrumented.
 *
 * @example
 * new ChatOpenAI({ model: 'gpt-4o', configuration: { fetch: tinybirdFetch() } });
 */
export function tinybirdFetch(options: TinybirdFetchOptions = {}): Fetch {
  const recorder = new Recorder(options);
  const watch: FetchWatch = {
    recorder,
    provider: readProvider(options.provider, recorder),
    endpoints: readEndpoints(options.endpoints, recorder),
    abandonedAfterMs: readAbandonedAfterMs(options.abandonedAfterMs, recorder),
  };
  const inner = innerFetch(options.fetch, recorder);
  const watched: Fetch = (...parameters) => inCall(() => record(...parameters));
  const record: Fetch = (...parameters) => {
    const call = beginFetchCall(parameters, watch);
    if (call === undefined) return inner(...parameters);
    let answer: Promise<Response>;
    try {
      answer = inner(...parameters);
    } catch (thrown) {
      call.failed(thrown);
      throw thrown;
    }
    // a stand-in may answer at once
    if (!isThenable(answer)) return call.answered(answer);
    return answer.then(
      (response) => call.answered(response),
      (thrown: unknown) => {
        call.failed(thrown);
        throw thrown;
      },
    );
  };
  define(watched, INNER, inner);
  return watched;
}

/** What a `tinybirdFetch` sends its requests with; undefined for any other. */
export function withoutTinybird(fetch: unknown): Fetch | undefined {
  return typeof fetch === 'function' ? Reflect.get(fetch, INNER) : undefined;
}

/** Never another of ours, which would record the call too; nor ourselves, where we stand in for the platform's. */
function innerFetch(given: unknown, recorder: Recorder): Fetch {
  if (typeof given === 'function') return withoutTinybird(given) ?? (given as Fetch);
  if (given !== undefined && given !== null)
    recorder.refuse(`The option fetch is ${shown(given)}: give a function such as fetch. It is ignored.`);
  const platform = withoutTinybird(globalThis.fetch) ?? globalThis.fetch;
  return (...parameters) => {
    const { fetch } = globalThis;
    return withoutTinybird(fetch) === undefined ? fetch(...parameters) : platform(...parameters);
  };
}
