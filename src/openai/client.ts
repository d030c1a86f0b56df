/**
 * The shapes of the `openai` client that are touched, as found in 5.0 to 7.57. Structural on purpose: the package
 * imports nothing from `openai`, and a client's ESM and CommonJS classes are different ones.
 */

/** A client of `openai`, as far as a caller needs to have one. */
export interface OpenAIClient {
  request(...parameters: never[]): unknown;
  baseURL: string;
}

/** What `request` is given; openai 7 mostly gives a promise of it. */
export interface RequestOptions {
  method?: unknown;
  path?: unknown;
  body?: unknown;
  signal?: AbortSignal | null | undefined;
  /** Ours: this call's user, metadata and cost. The client ignores keys it does not know. */
  tinybird?: unknown;
}

/** A promise whose body is parsed only when somebody asks for it. */
export interface ApiPromise extends Promise<unknown> {
  _thenUnwrap(transform: (data: unknown, ...more: unknown[]) => unknown): ApiPromise;
  parse(): Promise<unknown>;
  asResponse(): Promise<unknown>;
  /** Settles when the headers have arrived. */
  responsePromise?: Promise<unknown> | undefined;
}

export interface ApiStream {
  iterator(): AsyncIterator<unknown>;
  controller: AbortController;
}

export function isApiPromise(value: unknown): value is ApiPromise {
  return (
    typeof value === 'object' && value !== null && typeof (value as ApiPromise)._thenUnwrap === 'function'
  );
}

export function isApiStream(value: unknown): value is ApiStream {
  if (typeof value !== 'object' || value === null) return false;
  const { iterator, controller } = value as Partial<ApiStream>;
  return typeof iterator === 'function' && controller instanceof AbortController;
}

/** An own property that `Object.keys` does not show and that can be taken away again. */
export function define(target: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(target, key, { value, configurable: true, writable: true, enumerable: false });
}
