/** The `openai` client: one instance, watched at the one method that every request goes through. */
import { endingOfThrown } from '../call/ending.js';
import { providerOfBaseUrl } from '../call/provider.js';
import type { CallDetails } from '../recorder/context.js';
import type { TinybirdOptions } from '../recorder/options.js';
import { Recorder } from '../recorder/recorder.js';
import type { Recording } from '../recorder/recording.js';
import { StreamRecording } from '../recorder/stream.js';
import { define, isApiPromise, isApiStream, type OpenAIClient, type RequestOptions } from './client.js';
import { type Endpoint, endpointOf } from './endpoints.js';
import { type PromiseWatcher, watchPromise } from './promise.js';
import { watchStream } from './stream.js';

export type { TinybirdOptions } from '../recorder/options.js';
export type { OpenAIClient } from './client.js';

export interface InstrumentOpenAIOptions extends TinybirdOptions {
  /** The provider's name, when neither the client's class nor its base URL tells it. */
  provider?: string | undefined;
}

/** Registered, so that two copies of this package agree. */
const INSTRUMENTED = Symbol.for('tinybird-llm.openai.instrumented');

/**
 * Watches every LLM call of a client: the same object with the same type comes back, instrumented in place. A client
 * that is instrumented already is left as it is, and so is an object without `request`, which is told.
 *
 * @example
 * const client = instrumentOpenAI(new OpenAI());
 */
export function instrumentOpenAI<Client extends OpenAIClient>(
  client: Client,
  options: InstrumentOpenAIOptions = {},
): Client {
  instrument(client, new Recorder(options), options);
  return client;
}

/** Takes the instrumentation away again; calls under way are still recorded. */
export function uninstrumentOpenAI<Client extends OpenAIClient>(client: Client): Client {
  const added = (client as { [INSTRUMENTED]?: readonly string[] })[INSTRUMENTED] ?? [];
  for (const key of added) Reflect.deleteProperty(client, key);
  Reflect.deleteProperty(client, INSTRUMENTED);
  return client;
}

type Method = (...parameters: unknown[]) => unknown;

function instrument(client: OpenAIClient, recorder: Recorder, options: InstrumentOpenAIOptions): void {
  if (typeof client !== 'object' || client === null || typeof client.request !== 'function') {
    recorder.refuse(
      'instrumentOpenAI was given no client of the openai package: pass what new OpenAI() gives.',
    );
    return;
  }
  if (INSTRUMENTED in client) return;
  if (!Object.isExtensible(client)) {
    recorder.refuse('instrumentOpenAI was given a frozen client: instrument it before it is frozen.');
    return;
  }
  const added: string[] = [];
  const replace = (key: string, make: (original: Method) => Method) => {
    const original = (client as unknown as Record<string, unknown>)[key];
    if (typeof original !== 'function') return;
    define(client, key, make(original as Method));
    added.push(key);
  };
  const attempts = new WeakMap<object, number>();
  try {
    define(client, INSTRUMENTED, added);
    replace('request', (original) => watchedRequest(original, { client, recorder, options, attempts }));
    replace(
      'retryRequest',
      (original) =>
        function retryRequest(this: unknown, ...parameters) {
          const [request] = parameters;
          if (typeof request === 'object' && request !== null)
            attempts.set(request, (attempts.get(request) ?? 1) + 1);
          return original.apply(this, parameters);
        },
    );
    replace(
      'withOptions',
      (original) =>
        function withOptions(this: unknown, ...parameters) {
          const clone = original.apply(this, parameters);
          if (typeof clone === 'object' && clone !== null)
            instrument(clone as OpenAIClient, recorder, options);
          return clone;
        },
    );
  } catch (thrown) {
    uninstrumentOpenAI(client);
    recorder.fault(thrown);
  }
}

/** What all requests of an instrumented client share. */
interface Watch {
  readonly client: OpenAIClient;
  readonly recorder: Recorder;
  readonly options: InstrumentOpenAIOptions;
  /** Attempts by the options object, which a retry is given again. */
  readonly attempts: WeakMap<object, number>;
}

function watchedRequest(original: Method, watch: Watch): Method {
  return function request(this: unknown, ...parameters) {
    const call = new RequestCall(watch);
    const [given] = parameters;
    // Registered before the client's own handler, which for Azure rewrites the path.
    if (given instanceof Promise)
      given.then(
        (resolved) => call.begin(resolved),
        () => {},
      );
    else call.begin(given);
    let promise: unknown;
    try {
      promise = original.apply(this, parameters);
    } catch (thrown) {
      call.failed(thrown);
      throw thrown;
    }
    if (!isApiPromise(promise)) return promise;
    try {
      return watchPromise(promise, call);
    } catch (thrown) {
      watch.recorder.fault(thrown);
      return promise;
    }
  };
}

/** One request, from its options to its end. Of a request that is no LLM call nothing is recorded. */
class RequestCall implements PromiseWatcher {
  readonly #watch: Watch;
  #endpoint: Endpoint | undefined;
  #recording: Recording | undefined;
  #request: RequestOptions = {};

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  begin(given: unknown): void {
    const { client, recorder, options } = this.#watch;
    try {
      const request = (given ?? {}) as RequestOptions;
      const endpoint = endpointOf(request.method, request.path);
      if (endpoint === undefined) return;
      this.#request = request;
      this.#endpoint = endpoint;
      const body = (request.body ?? {}) as Readonly<Record<string, unknown>>;
      const { user, metadata, cost } = (request.tinybird ?? {}) as CallDetails;
      this.#recording = recorder.start(() => ({
        type: endpoint.type,
        provider: options.provider ?? providerOf(client),
        model: String(body.model ?? 'unknown'),
        stream: body.stream === true,
        input: endpoint.input(body),
        user: user ?? (typeof body.user === 'string' ? body.user : undefined),
        metadata,
        cost,
        apiKey: keyOf(client),
      }));
    } catch (thrown) {
      recorder.fault(thrown);
    }
  }

  opened(): void {
    this.#recording?.opened();
  }

  parsed(data: unknown): void {
    const recording = this.#recording;
    const endpoint = this.#endpoint;
    if (recording === undefined || endpoint === undefined) return;
    try {
      recording.opened();
      if (isApiStream(data)) {
        const watched = new StreamRecording({
          recording,
          gatherer: endpoint.gatherer(),
          signal: this.#request.signal,
          streamSignal: data.controller.signal,
          corrections: () => this.#corrections(),
        });
        watchStream(data, watched);
      } else recording.end({ kind: 'finished' }, () => endpoint.answer(data), this.#corrections());
    } catch (thrown) {
      this.#watch.recorder.fault(thrown);
    }
  }

  failed(thrown: unknown): void {
    const ending = endingOfThrown(thrown, this.#request.signal);
    this.#recording?.end(ending, undefined, this.#corrections());
  }

  takenRaw(): void {
    this.#recording?.end({ kind: 'finished' }, undefined, this.#corrections());
  }

  #corrections(): { attempts: number } {
    return { attempts: this.#watch.attempts.get(this.#request) ?? 1 };
  }
}

/** An Azure client's base URL may be a private host; its class and its API version tell it. */
function providerOf(client: OpenAIClient): string {
  if ('apiVersion' in client && typeof client.apiVersion === 'string') return 'azure';
  // A host that is nobody's speaks OpenAI's protocol: LiteLLM calls it openai too.
  return providerOfBaseUrl(client.baseURL) ?? 'openai';
}

/** Null or a placeholder while a key function has not been asked. */
function keyOf(client: OpenAIClient): string | undefined {
  const { apiKey } = client as { apiKey?: unknown };
  return typeof apiKey === 'string' ? apiKey : undefined;
}
