/** The `openai` client 5, 6 and 7: one instance, watched at the one method that every request goes through. */
export type { TinybirdOptions } from '../recorder/options.js';
export type { OpenAIClient } from './client.js';
export { type TinybirdFetchOptions, tinybirdFetch } from './fetch.js';
export { instrumentOpenAI, uninstrumentOpenAI } from './instrument.js';
export {
  type InstrumentOpenAIOptions,
  type TinybirdRequestDetails,
  type TinybirdRequestOptions,
  tinybirdRequestOptions,
} from './options.js';
