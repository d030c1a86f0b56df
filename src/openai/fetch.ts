import { endingOfThrown } from '../call/ending.js';
import { firstText, isFields } from '../call/fields.js';
import { readAbandonedAfterMs } from '../recorder/read-options.js';
import { Recorder } from '../recorder/recorder.js';
import { NOTHING, type Recording } from '../recorder/recording.js';
import { StreamRecording } from '../recorder/stream.js';
import { define } from './client.js';
import { isStreamed, providerOfUrl, userIn } from './describe.js';
import { bodyOf, type Endpoint, endpointOf } from './endpoints.js';
import type { InstrumentOpenAIOptions } from './options.js';
import { isEventStream, WholeBody, watchResponse } from './response.js';

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
  const abandonedAfterMs = readAbandonedAfterMs(options.abandonedAfterMs, recorder);
  const inner: Fetch = (input, init) => (options.fetch ?? globalThis.fetch)(input, init);

  const watched: Fetch = (input, init) => {
    const request = requestOf(input, init, options, recorder);
    if (request === undefined) return inner(input, init);
    const { recording, endpoint } = request;
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    const failed = (thrown: unknown) => recording.end(endingOfThrown(thrown, signal));
    let answer: Promise<Response>;
    try {
      answer = inner(input, init);
    } catch (thrown) {
      failed(thrown);
      throw thrown;
    }
    return answer.then(
      (response) => {
        recording.opened();
        try {
          const gatherer =
            response.ok && isEventStream(response)
              ? endpoint.gatherer()
              : new WholeBody(response, (body) => endpoint.answer(body));
          watchResponse(
            response,
            new StreamRecording({ recording, gatherer, signal, abandonedAfterMs }),
            false,
          );
        } catch (thrown) {
          recorder.fault(thrown);
        }
        return response;
      },
      (thrown: unknown) => {
        failed(thrown);
        throw thrown;
      },
    );
  };
  define(watched, INNER, inner);
  return watched;
}

/** What a `tinybirdFetch` sends its requests with; undefined for any other. */
export function withoutTinybird(fetch: unknown): unknown {
  return typeof fetch === 'function' ? Reflect.get(fetch, INNER) : undefined;
}

interface SeenRequest {
  readonly endpoint: Endpoint;
  readonly recording: Recording;
}

/** Undefined when it is no LLM call, or has nowhere to be recorded. */
function requestOf(
  input: Parameters<Fetch>[0],
  init: RequestInit | undefined,
  options: TinybirdFetchOptions,
  recorder: Recorder,
): SeenRequest | undefined {
  try {
    const given = input instanceof Request ? input : undefined;
    const url = given?.url ?? String(input);
    const endpoint = endpointOf(init?.method ?? given?.method ?? 'GET', url, options.endpoints);
    if (endpoint === undefined) return undefined;
    const recording = recorder.start(() => {
      const body = bodyOf(parsedBody(init?.body));
      return {
        type: endpoint.type,
        model: firstText(body.model, deploymentIn(url)) ?? 'unknown',
        stream: isStreamed(body),
        input: endpoint.input(body),
        user: userIn(body),
        provider: options.provider ?? providerOfUrl(originOf(url)),
        apiKey: () => keyIn(init?.headers ?? given?.headers),
      };
    });
    return recording === NOTHING ? undefined : { endpoint, recording };
  } catch (thrown) {
    recorder.fault(thrown);
    return undefined;
  }
}

/** Only what can be read without taking it away from the request: a text, or a form. */
function parsedBody(body: unknown): unknown {
  if (typeof body !== 'string') return isFields(body) ? body : undefined;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** One entry a host, however many paths it has. */
function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}

/** Azure has the name of what is asked in the path. */
function deploymentIn(url: string): string | undefined {
  return /\/deployments\/([^/?]+)\//.exec(url)?.[1];
}

function keyIn(given: ConstructorParameters<typeof Headers>[0]): string | undefined {
  const headers = new Headers(given);
  return headers.get('api-key') ?? headers.get('authorization')?.replace(/^bearer /i, '');
}
