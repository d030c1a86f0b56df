import { isFields } from '../call/fields.js';
import type { RequestOptions } from './client.js';

/** Whether to ask the provider for the usage of streams: where that is known to be safe, always, or never. */
export type StreamUsage = 'auto' | boolean;

/**
 * The same request with `stream_options: { include_usage: true }` in a copy of its body; undefined where it is not to
 * be changed: the caller has options of their own there, or the body writes itself as JSON.
 */
export function askingForUsage(request: RequestOptions): RequestOptions | undefined {
  const { body } = request;
  if (!isFields(body) || (body as { stream?: unknown }).stream !== true) return undefined;
  const { stream_options: own, toJSON } = body as { stream_options?: unknown; toJSON?: unknown };
  if (own !== undefined || typeof toJSON === 'function') return undefined;
  return { ...request, body: { ...body, stream_options: { include_usage: true } } };
}

/**
 * OpenAI's own hosts know `stream_options`. Of the servers that speak its protocol some answer 400, older API versions
 * of Azure among them.
 */
export function isSafeToAsk(baseUrl: string): boolean {
  return /^https:\/\/([a-z]+\.)?api\.openai\.com(:\d+)?([/?#]|$)/i.test(baseUrl);
}

/** The chunk that is there only because we asked: the last one, without choices. */
export function isUsageAlone(chunk: unknown): boolean {
  if (!isFields(chunk) || !isFields(chunk.usage)) return false;
  return Array.isArray(chunk.choices) && chunk.choices.length === 0;
}

/** All other chunks say that they have none, which they would not if nobody had asked. */
export function removeEmptyUsage(chunk: unknown): void {
  if (isFields(chunk) && chunk.usage === null) Reflect.deleteProperty(chunk, 'usage');
}
