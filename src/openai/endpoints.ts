import {
  embeddingsAnswer,
  imagesAnswer,
  moderationAnswer,
  rerankAnswer,
  speechAnswer,
  transcriptionAnswer,
  videosAnswer,
} from '../call/answers.js';
import type { Answer, CallType, Ending } from '../call/call.js';
import type { StreamGatherer } from '../recorder/stream.js';
import { endingOfResponse } from './background.js';
import { chatAnswer } from './chat.js';
import { ChatChunks } from './chat-stream.js';
import { imagesInput, responsesInput, transcriptionInput, videosInput } from './inputs.js';
import { ImageEvents, LastChunk, SpeechEvents, TranscriptEvents } from './media-stream.js';
import { responsesAnswer } from './responses.js';
import { ResponsesEvents } from './responses-stream.js';

/** The fields of a request's body. */
export type Body = Readonly<Record<string, unknown>>;

/** How one kind of call is read. */
export interface Endpoint {
  readonly type: CallType;
  /** Whether a stream of it tells its usage only when `stream_options` ask for it. */
  readonly asksForUsage?: boolean;
  /** What was asked. */
  input(body: Body): unknown;
  /** @param data a parsed body, a string, or of speech the unread `Response` */
  answer(data: unknown): Answer;
  /** How the call ended, by what was answered; where an answer says nothing of it, the call is finished. */
  ending?(data: unknown): Ending;
  gatherer(): StreamGatherer;
}

/**
 * The kind of call behind a request; undefined when it is none of ours, which passes untouched and unrecorded.
 *
 * @param path what the client's `request` gets (`/chat/completions?x=y`, or an absolute URL), or a whole URL, of which
 *   the end of the path counts
 * @param own further paths, which go before the known ones
 */
export function endpointOf(
  method: unknown,
  path: unknown,
  own?: Readonly<Record<string, CallType>>,
): Endpoint | undefined {
  if (method !== 'post' && (typeof method !== 'string' || method.toLowerCase() !== 'post')) return undefined;
  if (typeof path !== 'string') return undefined;
  const bare = withoutQuery(path);
  if (bare.startsWith('/'))
    return (own === undefined ? undefined : ownEndpoint(own, bare)) ?? PATHS.get(bare);
  const origin = bare.indexOf('://');
  const start = origin < 1 ? -1 : bare.indexOf('/', origin + 3);
  return start < 0 ? undefined : endpointAtEnd(bare.slice(start), own);
}

/**
 * The request's body as fields to read from: JSON as it is, a form by its entries, of which several of one name (also
 * of `name[]`) are an array under the bare name, and of anything else none. Nothing is converted: a form's values are
 * text or files.
 */
export function bodyOf(given: unknown): Body {
  if (typeof given !== 'object' || given === null) return EMPTY;
  if (isForm(given)) return fieldsOfForm(given);
  const isData = given instanceof Blob || given instanceof ArrayBuffer || 'getReader' in given;
  // an array, bytes, a stream, URLSearchParams
  return isData || Symbol.iterator in given || Symbol.asyncIterator in given ? EMPTY : (given as Body);
}

const EMPTY: Body = Object.freeze({});

const CHAT: Endpoint = {
  type: 'acompletion',
  asksForUsage: true,
  input: ({ messages }) => messages,
  answer: chatAnswer,
  gatherer: () => new ChatChunks(),
};
export const RESPONSES: Endpoint = {
  type: 'aresponses',
  input: responsesInput,
  answer: responsesAnswer,
  ending: endingOfResponse,
  gatherer: () => new ResponsesEvents(),
};
const COMPLETION: Endpoint = {
  type: 'atext_completion',
  asksForUsage: true,
  input: ({ prompt }) => prompt,
  answer: chatAnswer,
  gatherer: () => new ChatChunks('text_completion'),
};
const TRANSCRIPTION: Endpoint = {
  type: 'atranscription',
  input: transcriptionInput,
  answer: transcriptionAnswer,
  gatherer: () => new TranscriptEvents(),
};

const KINDS: Readonly<Record<CallType, Endpoint>> = {
  acompletion: CHAT,
  aresponses: RESPONSES,
  atext_completion: COMPLETION,
  aembedding: unstreamed('aembedding', ({ input }) => input, embeddingsAnswer),
  aimage_generation: images('aimage_generation'),
  aimage_edit: images('aimage_edit'),
  aimage_variation: images('aimage_variation'),
  atranscription: TRANSCRIPTION,
  aspeech: {
    type: 'aspeech',
    input: ({ input }) => input,
    answer: speechAnswer,
    gatherer: () => new SpeechEvents(),
  },
  amoderation: unstreamed('amoderation', ({ input }) => input, moderationAnswer),
  arerank: unstreamed('arerank', ({ query }) => query, rerankAnswer),
  acreate_video: unstreamed('acreate_video', videosInput, videosAnswer),
};

function images(type: CallType): Endpoint {
  return { type, input: imagesInput, answer: imagesAnswer, gatherer: () => new ImageEvents() };
}

/** Of a kind whose streams are nowhere documented. */
function unstreamed(type: CallType, input: Endpoint['input'], answer: Endpoint['answer']): Endpoint {
  return { type, input, answer, gatherer: () => new LastChunk(answer) };
}

const PATHS: ReadonlyMap<string, Endpoint> = new Map([
  ['/chat/completions', CHAT],
  ['/responses', RESPONSES],
  ['/responses/compact', RESPONSES],
  ['/completions', COMPLETION],
  ['/embeddings', KINDS.aembedding],
  ['/images/generations', KINDS.aimage_generation],
  ['/images/edits', KINDS.aimage_edit],
  ['/images/variations', KINDS.aimage_variation],
  ['/audio/transcriptions', TRANSCRIPTION],
  ['/audio/translations', TRANSCRIPTION],
  ['/audio/speech', KINDS.aspeech],
  ['/moderations', KINDS.amoderation],
]);

/** The longest first: `/chat/completions` ends with `/completions`. */
const LONGEST_FIRST = [...PATHS].sort(([one], [other]) => other.length - one.length);

function ownEndpoint(own: Readonly<Record<string, CallType>>, path: string): Endpoint | undefined {
  const type = Object.hasOwn(own, path) ? own[path] : undefined;
  return type !== undefined && Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
}

/** By the end of a path at which a known one stands; each of them begins with the slash that bounds it. */
function endpointAtEnd(pathname: string, own: Readonly<Record<string, CallType>> = {}): Endpoint | undefined {
  const known = LONGEST_FIRST.find(([path]) => pathname.endsWith(path));
  let length = known?.[0].length ?? 0;
  let found = known?.[1];
  for (const path in own) {
    if (path.length < length || !path.startsWith('/') || !pathname.endsWith(path)) continue;
    const endpoint = ownEndpoint(own, path);
    if (endpoint === undefined) continue;
    length = path.length;
    found = endpoint;
  }
  return found;
}

function withoutQuery(path: string): string {
  const query = path.indexOf('?');
  const fragment = path.indexOf('#');
  const end = fragment >= 0 && (query < 0 || fragment < query) ? fragment : query;
  return end < 0 ? path : path.slice(0, end);
}

/** Also one that is not the platform's own. */
function isForm(given: object): given is FormData {
  return Symbol.iterator in given && (given as Partial<FormData>)[Symbol.toStringTag] === 'FormData';
}

function fieldsOfForm(form: FormData): Body {
  // without a prototype, since a form may name its fields as it likes
  const fields: Record<string, unknown> = Object.create(null);
  for (const [key, value] of form) {
    const isMember = key.endsWith('[]');
    const name = isMember ? key.slice(0, -2) : key;
    const before = fields[name];
    if (Array.isArray(before)) before.push(value);
    else if (before !== undefined) fields[name] = [before, value];
    else fields[name] = isMember ? [value] : value;
  }
  return fields;
}
