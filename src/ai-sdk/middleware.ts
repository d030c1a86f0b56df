import { ModelCalls, type TinybirdMiddlewareOptions } from './calls.js';
import { EMBEDDING, IMAGE, LANGUAGE } from './kinds.js';
import type { CallParams, Model } from './model.js';

/** `'v3'`. Typed as what every generation's literal accepts, since each asks for its own. */
type AnyVersion = never;
const VERSION = 'v3' as AnyVersion;

interface Asked<Params> {
  params: Params;
  model: Model;
}

/** What a hook of this kind is given, and gives back. */
type Wrap<Ask extends string> = <Result>(
  options: { [ask in Ask]: () => PromiseLike<Result> } & Asked<CallParams>,
) => Promise<Result>;

/** Fits the middleware type of `ai` 5, 6 and 7: the generations differ in shapes that pass through unread. */
export interface TinybirdMiddleware {
  readonly specificationVersion: AnyVersion;
  transformParams<Params>(options: { type: 'generate' | 'stream' } & Asked<Params>): Promise<Params>;
  wrapGenerate: Wrap<'doGenerate'>;
  wrapStream<Result extends { stream: ReadableStream }>(
    options: { doStream: () => PromiseLike<Result> } & Asked<CallParams>,
  ): Promise<Result>;
}

/** Fits the middleware type of `wrapEmbeddingModel` in `ai` 6 and 7. */
export interface TinybirdEmbeddingMiddleware {
  readonly specificationVersion: AnyVersion;
  transformParams<Params>(options: Asked<Params>): Promise<Params>;
  wrapEmbed: Wrap<'doEmbed'>;
}

/** Fits the middleware type of `wrapImageModel` in `ai` 6 and 7. */
export interface TinybirdImageMiddleware {
  readonly specificationVersion: AnyVersion;
  transformParams<Params>(options: Asked<Params>): Promise<Params>;
  wrapGenerate: Wrap<'doGenerate'>;
}

/**
 * One event for every call of the model: each step, retry and tool round has its own. A single call's user, metadata,
 * name and cost go into `providerOptions.tinybird`, which the provider never sees.
 *
 * @example
 * const model = wrapLanguageModel({ model: openai('gpt-4o'), middleware: tinybirdMiddleware() });
 */
export function tinybirdMiddleware(options?: TinybirdMiddlewareOptions): TinybirdMiddleware {
  const calls = new ModelCalls(options);
  return {
    specificationVersion: VERSION,
    transformParams: async ({ params }) => calls.prepare(params),
    wrapGenerate: ({ doGenerate: ask, params, model }) =>
      calls.result({ kind: LANGUAGE, model, params, ask }),
    wrapStream: ({ doStream: ask, params, model }) => calls.stream({ kind: LANGUAGE, model, params, ask }),
  };
}

/**
 * One event for every call of an embedding model (`embedMany` makes one for each chunk of values): how many vectors and
 * how long they are, never the vectors. For `ai` 5, which has no `wrapEmbeddingModel`, see `wrapModel`.
 *
 * @example
 * const model = wrapEmbeddingModel({ model: openai.embeddingModel('text-embedding-3-small'), middleware: tinybirdEmbeddingMiddleware() });
 */
export function tinybirdEmbeddingMiddleware(
  options?: TinybirdMiddlewareOptions,
): TinybirdEmbeddingMiddleware {
  const calls = new ModelCalls(options);
  return {
    specificationVersion: VERSION,
    transformParams: async ({ params }) => calls.prepare(params),
    wrapEmbed: ({ doEmbed: ask, params, model }) => calls.result({ kind: EMBEDDING, model, params, ask }),
  };
}

/**
 * One event for every call of an image model: the images' media types and sizes, never the images.
 *
 * @example
 * const model = wrapImageModel({ model: openai.image('gpt-image-1'), middleware: tinybirdImageMiddleware() });
 */
export function tinybirdImageMiddleware(options?: TinybirdMiddlewareOptions): TinybirdImageMiddleware {
  const calls = new ModelCalls(options);
  return {
    specificationVersion: VERSION,
    transformParams: async ({ params }) => calls.prepare(params),
    wrapGenerate: ({ doGenerate: ask, params, model }) => calls.result({ kind: IMAGE, model, params, ask }),
  };
}
