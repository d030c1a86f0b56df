import { ModelCalls, type TinybirdMiddlewareOptions } from './calls.js';
import { isModel, kindOf } from './kinds.js';
import type { CallParams, Model } from './model.js';

/**
 * The same model, watched, for the kinds that the SDK has no wrap function for: reranking, speech, transcription and
 * video models, and embedding and image models in `ai` 5. It also takes a language model. The model itself is left as
 * it is; what comes back has its type, and reads every property from it.
 *
 * @example
 * const model = wrapModel(cohere.reranking('rerank-v3.5'));
 */
export function wrapModel<Wrapped extends object>(
  model: Wrapped,
  options?: TinybirdMiddlewareOptions,
): Wrapped {
  const calls = new ModelCalls(options);
  if (!isModel(model)) {
    calls.recorder.refuse(
      'wrapModel was given no model of the AI SDK, whose doGenerate, doEmbed or the like could be watched: pass what a provider gives, such as openai.speech("tts-1"), not its id.',
    );
    return model;
  }
  const methods = new Map<string | symbol, { readonly original: unknown; readonly watched: Method }>();
  const get = (_shadow: object, key: string | symbol): unknown => {
    // Read from the model itself: with the proxy as `this` its private fields would be out of reach.
    const original: unknown = Reflect.get(model, key, model);
    if (typeof original !== 'function' || key === 'constructor') return original;
    const known = methods.get(key);
    if (known !== undefined && known.original === original) return known.watched;
    const watched = watchedMethod(original as Method, { key, model: model as Wrapped & Model, calls });
    methods.set(key, { original, watched });
    return watched;
  };
  // Not the model itself is what the proxy stands for: of a frozen one it could show nothing but the model's own.
  return new Proxy({}, { ...mirrorOf(model), get }) as Wrapped;
}

/** Everything but reading: the model as it is. */
function mirrorOf(model: object): ProxyHandler<object> {
  return {
    getPrototypeOf: () => Reflect.getPrototypeOf(model),
    has: (_shadow, key) => Reflect.has(model, key),
    set: (_shadow, key, value) => Reflect.set(model, key, value, model),
    defineProperty: (_shadow, key, descriptor) => Reflect.defineProperty(model, key, descriptor),
    deleteProperty: (_shadow, key) => Reflect.deleteProperty(model, key),
    ownKeys: () => Reflect.ownKeys(model),
    getOwnPropertyDescriptor(_shadow, key) {
      const descriptor = Reflect.getOwnPropertyDescriptor(model, key);
      return descriptor === undefined ? undefined : { ...descriptor, configurable: true };
    },
  };
}

type Method = (...parameters: unknown[]) => unknown;

interface Watch {
  readonly key: string | symbol;
  readonly model: Model & object;
  readonly calls: ModelCalls;
}

function watchedMethod(method: Method, { key, model, calls }: Watch): Method {
  return (...parameters) => {
    const [given, ...rest] = parameters;
    const kind = kindOf(key, given, model);
    if (kind === undefined) return method.apply(model, parameters);
    const params = calls.prepare(given as CallParams);
    const ask = () => method.call(model, params, ...rest) as PromiseLike<never>;
    const asked = { kind, model, params, ask, mayDecline: key === 'doGenerateFromUrl' };
    return key === 'doStream' ? calls.stream(asked) : calls.result(asked);
  };
}
