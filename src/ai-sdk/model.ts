import { fieldsOf, isFields } from '../call/fields.js';

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

export function haveSameNames(one: Model, other: Model): boolean {
  const { provider, modelId } = namesOf(one);
  const names = namesOf(other);
  return names.provider === provider && names.modelId === modelId;
}

/**
 * Objects by which what is asked is recognised, whatever lies between: the SDK makes them for one call, every layer of a
 * model hands on the array, and one that rewrites the prompt mostly keeps its first or last message, or a part of it.
 */
export function marksOf(asked: unknown): object[] {
  try {
    if (!Array.isArray(asked)) return [];
    const first: unknown = asked[0];
    const last: unknown = asked.at(-1);
    const { content } = fieldsOf(last);
    const parts: unknown[] = Array.isArray(content) ? [content[0], content.at(-1)] : [];
    return [asked, first, last, ...parts].filter(isFields);
  } catch {
    return []; // it throws when it is read, and is told as unreadable
  }
}

/** What is asked in the options of a call, if it has marks. */
export function askedIn(params: object): unknown {
  const { prompt, values } = fieldsOf(params);
  return prompt ?? values;
}
