import {
  embeddingsAnswer,
  imagesAnswer,
  rerankAnswer,
  speechAnswer,
  transcriptionAnswer,
  videosAnswer,
} from '../call/answers.js';
import { fileText } from '../call/binary.js';
import type { Answer, CallType } from '../call/call.js';
import { type Fields, fieldsOf, isFields, textOf } from '../call/fields.js';
import { promptWithFiles } from '../call/files.js';
import { answerOfResult } from './answer.js';

/** A kind of model: where what was asked stands in its call options, and what its result says. */
export interface Kind {
  readonly type: CallType;
  input(params: Fields): unknown;
  /** Metadata that the call options tell, and that gives way to any other. */
  metadata?(params: Fields): Record<string, unknown> | undefined;
  answer(result: unknown, provider: string): Answer;
}

export const LANGUAGE: Kind = {
  type: 'acompletion',
  input: ({ prompt }) => prompt,
  metadata: ({ responseFormat }) => formatOf(responseFormat),
  answer: answerOfResult,
};

/** What `generateObject` and `Output.object` ask for; the schema itself may be longer than the prompt. */
function formatOf(responseFormat: unknown): Record<string, unknown> | undefined {
  const { type, name } = fieldsOf(responseFormat);
  return type === 'json' ? { response_format: { type, name } } : undefined;
}

export const EMBEDDING: Kind = {
  type: 'aembedding',
  input: ({ values }) => values,
  answer: embeddingsAnswer,
};

export const IMAGE: Kind = {
  type: 'aimage_generation',
  input: ({ prompt, files, mask }) => promptWithFiles(prompt, [files, mask], 'image'),
  answer: imagesAnswer,
};

export const RERANK: Kind = {
  type: 'arerank',
  input: ({ query }) => query,
  answer: rerankAnswer,
};

export const SPEECH: Kind = {
  type: 'aspeech',
  input: ({ text }) => text,
  answer: speechAnswer,
};

export const TRANSCRIPTION: Kind = {
  type: 'atranscription',
  input: ({ audio, mediaType }) => fileText(audio, textOf(mediaType) ?? 'audio'),
  answer: transcriptionAnswer,
};

const VIDEO: Kind = {
  type: 'acreate_video',
  input: ({ prompt, image, frameImages, inputReferences }) =>
    promptWithFiles(prompt, [image, framesOf(frameImages), inputReferences], 'image'),
  answer: videosAnswer,
};

type FindKind = (params: Fields, model: object) => Kind | undefined;

/** The methods by which the AI SDK asks a model. */
const KINDS: ReadonlyMap<string | symbol, FindKind> = new Map<string | symbol, FindKind>([
  ['doEmbed', () => EMBEDDING],
  ['doGenerate', generatedKind],
  ['doGenerateFromUrl', () => TRANSCRIPTION],
  ['doRerank', () => RERANK],
  ['doStart', () => VIDEO],
  // speech and transcription models of `ai` 7 may have one too, which is experimental
  ['doStream', ({ prompt }) => (Array.isArray(prompt) ? LANGUAGE : undefined)],
]);

export function isModel(value: unknown): boolean {
  return isFields(value) && [...KINDS.keys()].some((method) => method in value);
}

/** What a model is asked for by that method; undefined when it is no call of a kind that is known. */
export function kindOf(method: string | symbol, params: unknown, model: object): Kind | undefined {
  return isFields(params) ? KINDS.get(method)?.(params, model) : undefined;
}

/** Language, image, speech, transcription and video models all have `doGenerate`: their options tell them apart. */
function generatedKind({ prompt, audio, text }: Fields, model: object): Kind {
  if (Array.isArray(prompt)) return LANGUAGE;
  if (audio !== undefined) return TRANSCRIPTION;
  if (text !== undefined) return SPEECH;
  return 'maxVideosPerCall' in model ? VIDEO : IMAGE;
}

/** A frame of a video says where in it it belongs, beside the image. */
function framesOf(frames: unknown): unknown {
  return Array.isArray(frames) ? frames.map((frame: unknown) => fieldsOf(frame).image ?? frame) : frames;
}
