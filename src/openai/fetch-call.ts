import type { Answer } from '../call/call.js';
import { endingOfThrown } from '../call/ending.js';
import { fieldsOf, firstText, isFields } from '../call/fields.js';
import type { BegunCall, Recorder } from '../recorder/recorder.js';
import { type CallCorrections, NOTHING, type Recording } from '../recorder/recording.js';
import { StreamRecording } from '../recorder/stream.js';
import { isStreamed, metadataOf, providerOfUrl, userIn } from './describe.js';
import { type Body, bodyOf, type Endpoint, endpointOf } from './endpoints.js';
import type { InstrumentOpenAIOptions } from './options.js';
import { isEventStream, watchResponse } from './response.js';
import { WholeBody } from './whole-body.js';

/** What all requests of a `tinybirdFetch` share. */
export interface FetchWatch extends Pick<InstrumentOpenAIOptions, 'provider' | 'endpoints'> {
  readonly recorder: Recorder;
  readonly abandonedAfterMs: number;
}

type Parameters = readonly [input: unknown, init?: RequestInit | undefined];

/** Begins the recording of a request; undefined when it is no LLM call, or has nowhere to be recorded. Never throws. */
export function beginFetchCall(parameters: Parameters, watch: FetchWatch): FetchCall | undefined {
  const { recorder, endpoints } = watch;
  try {
    const request = seen(parameters);
    const endpoint = endpointOf(request.method, request.url, endpoints);
    if (endpoint === undefined) return undefined;
    const call = new FetchCall(request, endpoint, watch);
    return call.isRecorded ? call : undefined;
  } catch (thrown) {
    recorder.fault(thrown);
    return undefined;
  }
}

/** One request of HTTP, from its parameters to the end of its body. Nothing here throws. */
class FetchCall {
  readonly #request: SeenRequest;
  readonly #endpoint: Endpoint;
  readonly #watch: FetchWatch;
  readonly #recording: Recording;
  /** Of a body that cannot be read nothing is known: the answer knows more. */
  #isModelKnown = true;

  constructor(request: SeenRequest, endpoint: Endpoint, watch: FetchWatch) {
    this.#request = request;
    this.#endpoint = endpoint;
    this.#watch = watch;
    this.#recording = watch.recorder.start(() => this.#describe());
  }

  get isRecorded(): boolean {
    return this.#recording !== NOTHING;
  }

  #describe(): BegunCall {
    const { url, headers } = this.#request;
    const body = bodyOf(parsed(this.#request.body));
    const deployment = deploymentIn(url);
    const model = firstText(body.model, deployment);
    this.#isModelKnown = model !== undefined;
    const { provider = deployment === undefined ? providerOfUrl(originOf(url)) : 'azure' } = this.#watch;
    return {
      type: this.#endpoint.type,
      model: model ?? 'unknown',
      stream: isStreamed(body),
      input: this.#endpoint.input(body),
      user: userIn(body),
      provider,
      defaults: this.#metadata(body, deployment),
      apiKey: () => headerIn(headers, 'api-key') ?? headerIn(headers, 'authorization')?.replace(BEARER, ''),
    };
  }

  #metadata(body: Body, deployment: string | undefined): BegunCall['defaults'] {
    const helper = headerIn(this.#request.headers, 'x-stainless-helper-method');
    return metadataOf(
      this.#endpoint,
      body,
      { __metadata: { helperMethod: helper } },
      deployment && firstText(body.model, deployment),
    );
  }

  failed(thrown: unknown): void {
    this.#recording.end(endingOfThrown(thrown, this.#request.signal));
  }

  /** Gives the response, watched in place. */
  answered<Given>(response: Given): Given {
    try {
      this.#recording.opened();
      if (isResponse(response)) this.#read(response);
      else this.#recording.end({ kind: 'finished' });
    } catch (thrown) {
      this.#watch.recorder.fault(thrown);
    }
    return response;
  }

  #read(response: Response): void {
    const isStream = response.ok && isEventStream(response);
    const stream = new StreamRecording({
      recording: this.#recording,
      gatherer: isStream ? this.#endpoint.gatherer() : new WholeBody(response, this.#endpoint),
      signal: this.#request.signal,
      abandonedAfterMs: this.#watch.abandonedAfterMs,
      corrections: (answer) => this.#corrections(answer, isStream),
    });
    watchResponse(response, stream, false);
  }

  #corrections({ model }: Answer, isStream: boolean): CallCorrections {
    const corrections: CallCorrections = {};
    if (isStream) corrections.stream = true;
    if (!this.#isModelKnown && model) corrections.model = model;
    return corrections;
  }
}

/** What can be seen of a request without taking anything away from it. */
interface SeenRequest {
  readonly method: unknown;
  readonly url: string;
  readonly headers: unknown;
  readonly signal: AbortSignal | null | undefined;
  readonly body: unknown;
}

function seen([input, init]: Parameters): SeenRequest {
  // a Request, of whatever making
  const given = isFields(input) && typeof input.url === 'string' ? (input as unknown as Request) : undefined;
  const url = given?.url ?? String(input);
  return {
    method: init?.method ?? given?.method ?? 'GET',
    // in a browser a path is one of the page's own host
    url: url.startsWith('/') ? `http://localhost${url}` : url,
    headers: init?.headers ?? given?.headers,
    signal: init?.signal ?? given?.signal,
    body: init?.body,
  };
}

/** Only what can be read without taking it away from the request: a text, or a form. */
function parsed(body: unknown): unknown {
  if (typeof body !== 'string') return isFields(body) ? body : undefined;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

const BEARER = /^bearer /i;

/** Not through `new Headers()`, which would use up headers that can be read once, and throws at wrong ones. */
function headerIn(headers: unknown, name: string): string | undefined {
  if (!isFields(headers)) return undefined;
  if (typeof headers.get === 'function') return (headers as unknown as Headers).get(name) ?? undefined;
  const entries: readonly unknown[] = Array.isArray(headers) ? headers : Object.entries(headers);
  const entry = entries.find((pair) => Array.isArray(pair) && String(pair[0]).toLowerCase() === name);
  return firstText(Array.isArray(entry) ? entry[1] : undefined);
}

/** One entry a host, however many paths it has. */
function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}

/** Azure has the name of what is asked in the path. */
function deploymentIn(url: string): string | undefined {
  const name = /\/deployments\/([^/?#]+)\//.exec(url)?.[1];
  try {
    return name === undefined ? undefined : decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Also one of a client's own making, or a test's. */
function isResponse(value: unknown): value is Response {
  return isFields(value) && typeof fieldsOf(value).status === 'number';
}
