import { embeddingsAnswer } from '../call/answers.js';
import type { Answer, CallType } from '../call/call.js';
import type { StreamGatherer } from '../recorder/stream.js';
import { ChatChunks, chatAnswer } from './chat.js';
import { ResponsesEvents, responsesAnswer } from './responses.js';

/** How one kind of call is read. */
export interface Endpoint {
  readonly type: CallType;
  /** What was asked, of the request's body. */
  input(body: Readonly<Record<string, unknown>>): unknown;
  /** The answer in a parsed body. */
  answer(body: unknown): Answer;
  gatherer(): StreamGatherer;
}

/** The calls worth an event, by path. Everything else passes untouched and unrecorded. */
const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  '/chat/completions': {
    type: 'acompletion',
    input: (body) => body.messages,
    answer: chatAnswer,
    gatherer: () => new ChatChunks(),
  },
  '/responses': {
    type: 'aresponses',
    input: (body) => withInstructions(body),
    answer: responsesAnswer,
    gatherer: () => new ResponsesEvents(),
  },
  '/embeddings': {
    type: 'aembedding',
    input: (body) => body.input,
    answer: embeddingsAnswer,
    gatherer: () => new ChatChunks(),
  },
};

/** The kind of call behind a request; undefined when it is none of ours. */
export function endpointOf(method: unknown, path: unknown): Endpoint | undefined {
  if (typeof path !== 'string' || String(method).toLowerCase() !== 'post') return undefined;
  const bare = path.split('?', 1)[0] ?? '';
  return Object.hasOwn(ENDPOINTS, bare) ? ENDPOINTS[bare] : undefined;
}

/** The Responses API keeps the system prompt apart. */
function withInstructions(body: Readonly<Record<string, unknown>>): unknown {
  const input = Array.isArray(body.input) ? body.input : [body.input];
  return typeof body.instructions === 'string'
    ? [{ role: 'system', content: body.instructions }, ...input]
    : input;
}
