/**
 * The shapes of the `openai` client that are touched, as found in 5.0 to 7.57. Structural on purpose: the package
 * imports nothing from `openai`, and a client's ESM and CommonJS classes are different ones.
 */

import { isFields } from '../call/fields.js';

/** A client of `openai`, as far as a caller needs to have one. */
export interface OpenAIClient {
  request(...parameters: never[]): unknown;
  baseURL: string;
}

/** What `request` is given, or a promise of it, which openai 7 mostly gives. */
export interface RequestOptions {
  method?: unknown;
  path?: unknown;
  body?: unknown;
  headers?: unknown;
  signal?: AbortSignal | null | undefined;
  /** What the client notes for itself: the helper that made the call, the model of a body that is streamed. */
  __metadata?: unknown;
  /** Ours: this call's user, metadata, name and cost. The client ignores keys it does not know. */
  tinybird?: unknown;
}

/** A promise whose body is parsed only when somebody asks for it. */
export interface ApiPromise extends Promise<unknown> {
  _thenUnwrap(transform: (data: unknown, ...more: unknown[]) => unknown): ApiPromise;
  parse(): Promise<unknown>;
  asResponse(): Promise<Response>;
  /** Settles when the headers have arrived. */
  responsePromise?: Promise<{ readonly response?: unknown }> | undefined;
  /** Reads and parses the body. */
  parseResponse?: ((...parameters: unknown[]) => unknown) | undefined;
}

export interface ApiStream {
  iterator(): AsyncIterator<unknown>;
  controller: AbortController;
}

export function isApiPromise(value: unknown): value is ApiPromise {
  return isFields(value) && typeof (value as Partial<ApiPromise>)._thenUnwrap === 'function';
}

export function isApiStream(value: unknown): value is ApiStream {
  if (!isFields(value)) return false;
  const { iterator, controller } = value as Partial<ApiStream>;
  return typeof iterator === 'function' && controller instanceof AbortController;
}

/**
 * The client that stands behind what others (LangSmith, Braintrust, Langfuse) have made of one: its resources know it.
 * Looked up by descriptors, which pass through their proxies untouched. Without resources it is the object itself.
 */
export function rootOf(client: object): object {
  for (const path of RESOURCES) {
    let resource: unknown = client;
    for (const key of path) resource = ownValue(resource, key);
    const root = ownValue(resource, '_client');
    if (isFields(root) && typeof (root as Partial<OpenAIClient>).request === 'function') return root;
  }
  return client;
}

const RESOURCES = [['chat', 'completions'], ['responses'], ['embeddings'], ['models']] as const;

function ownValue(holder: unknown, key: string): unknown {
  return isFields(holder) ? Object.getOwnPropertyDescriptor(holder, key)?.value : undefined;
}
