/** Vercel AI SDK 5, 6 and 7: middlewares, a wrapper and a telemetry integration. Imports nothing from `ai`. */
export type { TinybirdOptions } from '../recorder/options.js';
export type { TinybirdMiddlewareOptions } from './calls.js';
export { type JsonValue, type TinybirdCallDetails, tinybirdProviderOptions } from './details.js';
export {
  type TinybirdEmbeddingMiddleware,
  type TinybirdImageMiddleware,
  type TinybirdMiddleware,
  tinybirdEmbeddingMiddleware,
  tinybirdImageMiddleware,
  tinybirdMiddleware,
} from './middleware.js';
export { type TinybirdTelemetry, tinybirdTelemetry } from './telemetry.js';
export { wrapModel } from './wrap-model.js';
