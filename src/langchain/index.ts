/** LangChain 0.3 and 1, and LangGraph: a callback handler for its models, and a wrapper for its embeddings. */
export type { CallDetails } from '../recorder/context.js';
export type { TinybirdOptions } from '../recorder/options.js';
export { type EmbeddingsLike, type WrapEmbeddingsOptions, wrapEmbeddings } from './embeddings.js';
export { TinybirdCallbackHandler, type TinybirdCallbackHandlerOptions } from './handler.js';
