/** Vercel AI SDK: a middleware for `wrapLanguageModel`. Imports nothing from `ai`. */
import { endingOfThrown } from '../call/ending.js';
import { providerOfAiSdk } from '../call/provider.js';
import type { CallDetails } from '../recorder/context.js';
import type { TinybirdOptions } from '../recorder/options.js';
import { Recorder } from '../recorder/recorder.js';
import type { Recording } from '../recorder/recording.js';
import { StreamRecording } from '../recorder/stream.js';
import { answerOfResult, StreamAnswer } from './answer.js';
import { watchStream } from './stream.js';

export type { TinybirdOptions } from '../recorder/options.js';

export interface TinybirdMiddlewareOptions extends TinybirdOptions {
  /** The provider's name, when the model's own does not tell it. */
  provider?: string | undefined;
}

interface Model {
  readonly provider: string;
  readonly modelId: string;
}

/** The part of the call options that is read. */
interface CallParams {
  prompt: unknown;
  providerOptions?: unknown;
  abortSignal?: AbortSignal | undefined;
}

/** Fits the middleware type of `ai` 5, 6 and 7: the generations differ in shapes that pass through unread. */
export interface TinybirdMiddleware {
  /** `'v3'`. Typed as what every generation's literal accepts, since each asks for its own. */
  readonly specificationVersion: never;
  transformParams<Params>(options: {
    type: 'generate' | 'stream';
    params: Params;
    model: Model;
  }): Promise<Params>;
  wrapGenerate<Result>(options: {
    doGenerate: () => PromiseLike<Result>;
    params: CallParams;
    model: Model;
  }): Promise<Result>;
  wrapStream<Result extends { stream: ReadableStream }>(options: StreamCall<Result>): Promise<Result>;
}

interface StreamCall<Result> {
  doStream: () => PromiseLike<Result>;
  params: CallParams;
  model: Model;
}

/**
 * One event for every call of the model: each step, retry and tool round has its own. A single call's user,
 * metadata and cost go into `providerOptions.tinybird`, which the provider never sees.
 *
 * @example
 * const model = wrapLanguageModel({ model: openai('gpt-4o'), middleware: tinybirdMiddleware() });
 */
export function tinybirdMiddleware(options: TinybirdMiddlewareOptions = {}): TinybirdMiddleware {
  const recorder = new Recorder(options);
  /** What was under `providerOptions.tinybird`, by the very params object that the SDK hands on. */
  const contexts = new WeakMap<object, CallDetails>();

  const start = (stream: boolean, params: CallParams, model: Model): Recording =>
    recorder.start(() => ({
      type: 'acompletion',
      provider: options.provider ?? providerOfAiSdk(String(model.provider)),
      model: String(model.modelId),
      stream,
      input: params.prompt,
      ...contexts.get(params),
    }));

  return {
    specificationVersion: 'v3' as never,

    async transformParams({ params }) {
      try {
        return withoutContext(params, contexts);
      } catch (thrown) {
        recorder.fault(thrown);
        return params;
      }
    },

    async wrapGenerate({ doGenerate, params, model }) {
      const recording = start(false, params, model);
      try {
        const result = await doGenerate();
        recording.opened();
        recording.end({ kind: 'finished' }, () => answerOfResult(result, String(model.provider)));
        return result;
      } catch (thrown) {
        recording.end(endingOfThrown(thrown, params.abortSignal));
        throw thrown;
      }
    },

    async wrapStream<Opened extends { stream: ReadableStream }>({
      doStream,
      params,
      model,
    }: StreamCall<Opened>) {
      const recording = start(true, params, model);
      const signal = params.abortSignal;
      let result: Opened;
      try {
        result = await doStream();
      } catch (thrown) {
        recording.end(endingOfThrown(thrown, signal));
        throw thrown;
      }
      recording.opened();
      try {
        const watched = new StreamRecording({
          recording,
          gatherer: new StreamAnswer(String(model.provider)),
          signal,
        });
        return { ...result, stream: watchStream(result.stream, watched) };
      } catch (thrown) {
        // no stream, or one that somebody reads already: the SDK's to deal with
        recording.end({ kind: 'failed', error: thrown });
        return result;
      }
    },
  };
}

/** The params without our key, which some providers (the gateway) would post; the same object when it is not there. */
function withoutContext<Params>(params: Params, contexts: WeakMap<object, CallDetails>): Params {
  const { providerOptions } = (params ?? {}) as { providerOptions?: Record<string, unknown> };
  if (providerOptions === undefined || providerOptions === null || !('tinybird' in providerOptions))
    return params;
  const { tinybird, ...others } = providerOptions;
  const stripped: Record<string, unknown> = { ...params, providerOptions: others };
  if (Object.keys(others).length === 0) delete stripped.providerOptions;
  if (typeof tinybird === 'object' && tinybird !== null) contexts.set(stripped, contextOf(tinybird));
  return stripped as Params;
}

function contextOf(given: CallDetails): CallDetails {
  return { user: given.user, metadata: given.metadata, cost: given.cost };
}
