import type { Answer } from '../call/call.js';
import { endingOfThrown } from '../call/ending.js';
import { fieldsOf, firstText, isFields } from '../call/fields.js';
import type { DetailsReader } from '../recorder/details.js';
import type { BegunCall, Recorder } from '../recorder/recorder.js';
import { type CallCorrections, NOTHING, type Recording } from '../recorder/recording.js';
import { type StreamGatherer, StreamRecording } from '../recorder/stream.js';
import { type BackgroundResponses, isOver } from './background.js';
import { isApiStream, type OpenAIClient, type RequestOptions } from './client.js';
import { isAzure, isStreamed, metadataOf, providerOfClient, userIn } from './describe.js';
import { type Body, bodyOf, type Endpoint, endpointOf, RESPONSES } from './endpoints.js';
import type { InstrumentOpenAIOptions } from './options.js';
import type { PromiseWatcher } from './promise.js';
import { isEventStream, watchResponse } from './response.js';
import { watchIterator, watchStream } from './stream.js';
import { askingForUsage, isSafeToAsk } from './stream-usage.js';
import { WholeBody } from './whole-body.js';

/** What all requests of an instrumented client share. */
export interface Watch {
  readonly client: OpenAIClient;
  readonly recorder: Recorder;
  readonly options: Pick<InstrumentOpenAIOptions, 'provider' | 'streamUsage' | 'endpoints'>;
  readonly abandonedAfterMs: number;
  readonly details: DetailsReader;
  readonly background: BackgroundResponses;
  /** Attempts by the options object, which a retry is given again. */
  readonly attempts: WeakMap<object, number>;
  /** Null or a placeholder while a key function has not been asked. */
  readonly apiKey: () => string | undefined;
}

/** One request, from its options to its end. Of a request that is no LLM call nothing is recorded. */
export class RequestCall implements PromiseWatcher {
  readonly #watch: Watch;
  readonly #startMs = performance.now();
  #request: RequestOptions = {};
  #body: Body = {};
  #endpoint: Endpoint | undefined;
  #recording: Recording = NOTHING;
  /** The response in the background that this request asks for. */
  #followed: string | undefined;
  /** The usage of the stream was asked for by us. */
  #hidesUsage = false;
  #openedMs: number | undefined;
  /** How long nobody asked for the body, ms: no time of the call's. */
  #idleMs = 0;
  /** From now on something else says how the call ends. */
  #isHandedOver = false;

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  /** Whether `begin` may give other options than it is given. */
  get mayAskForUsage(): boolean {
    const { streamUsage = 'auto' } = this.#watch.options;
    return streamUsage === 'auto' ? isSafeToAsk(this.#url()) : streamUsage;
  }

  /** @returns the options to send: those given, or a copy that asks for the usage of the stream */
  begin(given: unknown): unknown {
    try {
      return this.#begin(given);
    } catch (thrown) {
      this.#watch.recorder.fault(thrown);
      return given;
    }
  }

  #begin(given: unknown): unknown {
    // a `request` of somebody's own may be over before it has looked at its options
    if (!isFields(given) || this.#isHandedOver) return given;
    this.note(given);
    const isAsked = this.#recording !== NOTHING && this.#endpoint?.asksForUsage === true;
    const asking = isAsked && this.mayAskForUsage ? askingForUsage(given) : undefined;
    if (asking === undefined) return given;
    this.#hidesUsage = true;
    this.#request = asking;
    return asking;
  }

  /** The options never came, so there is no request; what it would have asked for is known by its path alone. */
  neverSent(request: RequestOptions | undefined): void {
    if (request !== undefined) this.begin(request);
  }

  /** The call begins, and its request goes out as it is. */
  note(request: RequestOptions): void {
    const { recorder, options, background } = this.#watch;
    this.#request = request;
    const endpoint = endpointOf(request.method, request.path, options.endpoints);
    this.#endpoint = endpoint;
    if (endpoint === undefined) this.#followed = background.idIn(request.method, request.path);
    else this.#recording = recorder.start(() => this.#describe(endpoint, request));
  }

  #describe(endpoint: Endpoint, request: RequestOptions): BegunCall {
    const { client, options, details } = this.#watch;
    const body = bodyOf(request.body);
    this.#body = body;
    const own = details.read(request.tinybird);
    const deployment = isAzure(client) ? firstText(body.model) : undefined;
    // written out: spreads would take longer than all the rest
    return {
      type: endpoint.type,
      provider: options.provider ?? providerOfClient(client, this.#url()),
      // of a body that is streamed the client notes the model
      model: firstText(body.model, fieldsOf(request.__metadata).model) ?? 'unknown',
      stream: isStreamed(body),
      input: endpoint.input(body),
      user: own?.user ?? userIn(body),
      name: own?.name,
      metadata: own?.metadata,
      cost: own?.cost,
      defaults: metadataOf(endpoint, body, request, deployment),
      apiKey: this.#watch.apiKey,
      startMs: this.#startMs,
    };
  }

  /** The base URL may be changed at any time, and a path may be a URL of its own. */
  #url(): string {
    const { path } = this.#request;
    return typeof path === 'string' && !path.startsWith('/') ? path : this.#watch.client.baseURL;
  }

  opened(): void {
    this.#openedMs = performance.now();
    this.#recording.opened();
  }

  parsing(): void {
    if (this.#openedMs !== undefined && !this.#isHandedOver)
      this.#idleMs ||= performance.now() - this.#openedMs;
  }

  parsed(data: unknown): void {
    if (this.#isHandedOver) return;
    this.#isHandedOver = true;
    try {
      if (this.#followed !== undefined) this.#look(this.#followed, data);
      else if (this.#endpoint !== undefined && this.#recording !== NOTHING) this.#read(data, this.#endpoint);
    } catch (thrown) {
      this.#watch.recorder.fault(thrown);
    }
  }

  failed(thrown: unknown): void {
    if (this.#isHandedOver) return;
    this.#isHandedOver = true;
    const ending = endingOfThrown(thrown, this.#request.signal);
    this.#recording.end(ending, undefined, this.#attempts(), this.#endMs());
  }

  takenRaw(response: unknown): void {
    if (this.#isHandedOver) return;
    const followed = this.#followed;
    const endpoint = followed === undefined ? this.#endpoint : RESPONSES;
    if (endpoint === undefined || (followed === undefined && this.#recording === NOTHING)) return;
    this.#isHandedOver = true;
    try {
      if (!(response instanceof Response)) {
        this.#recording.end({ kind: 'finished' }, undefined, this.#attempts());
        return;
      }
      const gatherer = isEventStream(response) ? endpoint.gatherer() : new WholeBody(response, endpoint);
      const recording =
        followed === undefined
          ? this.#streamed(gatherer)
          : this.#watch.background.lookingAt(followed, gatherer);
      watchResponse(response, recording, this.#hidesUsage);
    } catch (thrown) {
      this.#watch.recorder.fault(thrown);
    }
  }

  unreachable(): void {
    if (!this.#isHandedOver)
      this.#recording.end({ kind: 'abandoned' }, undefined, this.#attempts(), this.#openedMs);
  }

  #read(data: unknown, endpoint: Endpoint): void {
    this.#recording.opened();
    if (isApiStream(data)) {
      watchStream(data, this.#streamed(endpoint.gatherer(), data.controller.signal), this.#hidesUsage);
    } else if (isIterator(data)) {
      watchIterator(data, this.#streamed(endpoint.gatherer()));
    } else if (data instanceof Response && isEventStream(data)) {
      // speech as events, which the client gives raw as it does audio
      watchResponse(data, this.#streamed(endpoint.gatherer()), false);
    } else {
      const ending = endpoint.ending?.(data) ?? { kind: 'finished' as const };
      const corrections = (answer: Answer) => {
        if (ending.kind === 'queued') this.#remember(answer);
        return this.#attempts();
      };
      this.#recording.end(ending, () => endpoint.answer(data), corrections, this.#endMs());
    }
  }

  /** What a response in the background has come to. */
  #look(id: string, data: unknown): void {
    const { background } = this.#watch;
    if (isApiStream(data)) watchStream(data, background.lookingAt(id, RESPONSES.gatherer()), false);
    else background.saw(id, data);
  }

  #streamed(gatherer: StreamGatherer, streamSignal?: AbortSignal): StreamRecording {
    return new StreamRecording({
      recording: this.#recording,
      gatherer,
      signal: this.#request.signal,
      streamSignal,
      abandonedAfterMs: this.#watch.abandonedAfterMs,
      corrections: (answer) => {
        if (this.#body.background === true && !isOver(gatherer)) this.#remember(answer);
        return this.#attempts();
      },
    });
  }

  #remember({ id }: Answer): void {
    this.#watch.background.remember(id, { recording: this.#recording, startMs: this.#startMs });
  }

  #attempts(): CallCorrections {
    return { attempts: this.#watch.attempts.get(this.#request) ?? 1 };
  }

  #endMs(): number {
    return performance.now() - this.#idleMs;
  }
}

/** An async generator, as stand-ins for a client give one. */
function isIterator(data: unknown): data is AsyncIterator<unknown> {
  return (
    isFields(data) && Symbol.asyncIterator in data && typeof (data as { next?: unknown }).next === 'function'
  );
}
