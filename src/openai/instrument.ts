import { isFields, isThenable } from '../call/fields.js';
import { inCall } from '../recorder/context.js';
import { DetailsReader } from '../recorder/details.js';
import { shown } from '../recorder/problems.js';
import { readAbandonedAfterMs, readProvider } from '../recorder/read-options.js';
import { Recorder } from '../recorder/recorder.js';
import { BackgroundResponses } from './background.js';
import { type OpenAIClient, type RequestOptions, rootOf } from './client.js';
import { withoutTinybird } from './fetch.js';
import { type InstrumentOpenAIOptions, readEndpoints } from './options.js';
import { Patches } from './patches.js';
import { RequestCall, type Watch } from './request-call.js';
import { watchResources, watchResult } from './resources.js';

/** Registered, so that two copies of this package agree. */
const INSTRUMENTED = Symbol.for('tinybird-llm.openai.instrumented');

/**
 * Watches every LLM call of a client: the same object with the same type comes back, instrumented in place. A client
 * that is instrumented already is left as it is. Of what LangSmith, Braintrust or Langfuse have made of a client, it is
 * the client behind it that is instrumented.
 *
 * @example
 * const client = instrumentOpenAI(new OpenAI());
 */
export function instrumentOpenAI<Client extends OpenAIClient>(
  client: Client,
  options: InstrumentOpenAIOptions = {},
): Client {
  const recorder = new Recorder(options);
  if (!isFields(client)) {
    recorder.refuse(
      'instrumentOpenAI was given no client of the openai package: pass what new OpenAI() gives.',
    );
    return client;
  }
  try {
    instrument(rootOf(client) as OpenAIClient, {
      recorder,
      options: readOptions(options, recorder),
      abandonedAfterMs: readAbandonedAfterMs(options.abandonedAfterMs, recorder),
      details: new DetailsReader((what) =>
        recorder.refuse(
          `The request option tinybird cannot be used as it is: ${what}. Give { user, metadata, name, cost }, or build it with tinybirdRequestOptions().`,
        ),
      ),
      background: new BackgroundResponses(),
    });
  } catch (thrown) {
    recorder.fault(thrown);
  }
  return client;
}

/** Takes the instrumentation away again; calls under way are still recorded. */
export function uninstrumentOpenAI<Client extends OpenAIClient>(client: Client): Client {
  if (!isFields(client)) return client;
  const root = rootOf(client) as { [INSTRUMENTED]?: Patches };
  (root[INSTRUMENTED] ?? patchesOfFrozen.get(root))?.undo();
  patchesOfFrozen.delete(root);
  return client;
}

type Shared = Omit<Watch, 'client' | 'attempts' | 'apiKey'>;

function instrument(client: OpenAIClient, shared: Shared): void {
  const { recorder } = shared;
  if (INSTRUMENTED in client || patchesOfFrozen.has(client)) return;
  const patches = new Patches();
  const watch: Watch = { ...shared, client, attempts: new WeakMap(), apiKey: () => keyOf(client) };
  const isOpen = Object.isExtensible(client);
  try {
    if (isOpen) patches.set(client, INSTRUMENTED, patches);
    else patchesOfFrozen.set(client, patches);
    if (isOpen && typeof client.request === 'function') watchClient(client, watch, patches);
    else if (!watchResources(client, watch, patches)) {
      patches.undo();
      patchesOfFrozen.delete(client);
      recorder.refuse(
        'instrumentOpenAI was given an object with nothing that it could watch: pass what new OpenAI() gives.',
      );
    }
  } catch (thrown) {
    patches.undo();
    recorder.fault(thrown);
  }
}

function keyOf(client: OpenAIClient): string | undefined {
  const { apiKey } = client as { apiKey?: unknown };
  return typeof apiKey === 'string' ? apiKey : undefined;
}

/** A frozen client can carry no mark; its resources can be watched all the same. */
const patchesOfFrozen = new WeakMap<object, Patches>();

function watchClient(client: OpenAIClient, watch: Watch, patches: Patches): void {
  watchRequests(client, watch, patches);
  followCopies(client, watch, patches);
  // what the client itself tells of a call is more than what its requests do
  const inner = withoutTinybird((client as { fetch?: unknown }).fetch);
  if (inner !== undefined) patches.set(client, 'fetch', inner);
}

function watchRequests(client: OpenAIClient, watch: Watch, patches: Patches): void {
  let asked: RequestOptions | undefined;
  // The path of a request whose options are still to come: a file that has to be read, and may not be there.
  patches.replace(client, 'methodRequest', (original) => {
    return function methodRequest(this: unknown, ...parameters: unknown[]) {
      const [method, path] = parameters;
      asked = { method, path };
      try {
        return original.apply(this, parameters);
      } finally {
        asked = undefined;
      }
    };
  });
  patches.replace(client, 'request', (original, isUndone) => {
    return function request(this: unknown, given: unknown, ...others: unknown[]) {
      if (isUndone()) return original.call(this, given, ...others);
      const call = new RequestCall(watch);
      return inCall(() => {
        const options = begun(call, given, asked);
        return watchResult(() => original.call(this, options, ...others), call, watch);
      });
    };
  });
  patches.replace(client, 'retryRequest', (original) => {
    return function retryRequest(this: unknown, ...parameters: unknown[]) {
      const [request] = parameters;
      if (isFields(request)) watch.attempts.set(request, (watch.attempts.get(request) ?? 1) + 1);
      return original.apply(this, parameters);
    };
  });
}

/** What is to be sent: a request, or the promise of one. It begins before the client's own handler rewrites its path. */
function begun(call: RequestCall, given: unknown, asked: RequestOptions | undefined): unknown {
  if (!isThenable(given)) return call.begin(given);
  const options = Promise.resolve(given);
  const begins = options.then(
    (request) => call.begin(request),
    (thrown: unknown) => {
      call.neverSent(asked);
      throw thrown;
    },
  );
  if (call.mayAskForUsage) return begins;
  begins.catch(() => {}); // the client hears of it by itself
  return options;
}

/** A copy of a client inherits nothing of it. */
function followCopies(client: OpenAIClient, shared: Shared, patches: Patches): void {
  patches.replace(client, 'withOptions', (original, isUndone) => {
    return function withOptions(this: unknown, ...parameters: unknown[]) {
      const copy = original.apply(this, parameters);
      if (isFields(copy) && !isUndone()) instrument(copy as unknown as OpenAIClient, shared);
      return copy;
    };
  });
}

function readOptions(options: InstrumentOpenAIOptions, recorder: Recorder): Watch['options'] {
  const { streamUsage } = options;
  const provider = readProvider(options.provider, recorder);
  const endpoints = readEndpoints(options.endpoints, recorder);
  const read: { -readonly [Key in keyof Watch['options']]: Watch['options'][Key] } = { provider, endpoints };
  if (streamUsage === 'auto' || typeof streamUsage === 'boolean') read.streamUsage = streamUsage;
  else if (streamUsage !== undefined && streamUsage !== null)
    recorder.refuse(
      `The option streamUsage is ${shown(streamUsage)}: give 'auto', true or false. It is ignored.`,
    );
  return read;
}
