import { fieldsOf } from '../call/fields.js';

/** The part of a model that is read. Getters may be live: a fallback model answers as whoever serves it. */
export interface Model {
  readonly provider: string;
  readonly modelId: string;
}

/** The part of the call options that is read; each kind of model has its own among them. */
export interface CallParams {
  readonly providerOptions?: unknown;
  readonly abortSignal?: AbortSignal | undefined;
}

/** The names of a model as they are now, whatever it is. */
export function namesOf(model: Model): { provider: string; modelId: string } {
  return { provider: String(model.provider), modelId: String(model.modelId) };
}

/** The array that is asked, prompt or values, if it is one: every layer of a model hands on the same. */
export function askedIn(params: object): object | undefined {
  const { prompt, values } = fieldsOf(params);
  return [prompt, values].find((asked): asked is object => typeof asked === 'object' && asked !== null);
}
