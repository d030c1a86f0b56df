import { textOf } from './rows.js';

/** Chunks of a streamed answer that carry text. */
export const CHUNKS_A_STREAM = 500;

const PROMPT_BYTES = 2048;
export const ANSWER_BYTES = 1024;
/** Of a few letters each, as tokens are. */
export const CHUNK_BYTES = 4;

/** Different in every call, with the number by which the sink knows it again. */
export function promptOf(index: number): string {
  return `This is prompt #${numberOf(index)}. ${textOf(index, PROMPT_BYTES)}`;
}

/** A prompt that the sink does not count, nor its answer. */
export function warmUpPromptOf(index: number): string {
  return `This is warm-up ${numberOf(index)}. ${textOf(index, PROMPT_BYTES)}`;
}

/** What the provider answers to the prompt in this request. */
export function answerTo(request: string): string {
  const index = numberIn(request);
  return `${introductionOf(index)}${textOf(index ?? 0, ANSWER_BYTES)}`;
}

/** The same as a stream: 500 pieces. */
export function answerChunksTo(request: string): string[] {
  const index = numberIn(request);
  const text = `${introductionOf(index)}${textOf(index ?? 0, CHUNKS_A_STREAM * CHUNK_BYTES)}`;
  return [...chunksOf(text, CHUNKS_A_STREAM)];
}

/** The first chunks of a text, made when they are asked for. */
export function* chunksOf(text: string, count: number): Generator<string> {
  for (let from = 0; from < count * CHUNK_BYTES; from += CHUNK_BYTES)
    yield text.slice(from, from + CHUNK_BYTES);
}

function introductionOf(index: number | undefined): string {
  return index === undefined ? 'This is an answer. ' : `This is answer #${numberOf(index)}. `;
}

function numberIn(request: string): number | undefined {
  const digits = /prompt #(\d{8})/.exec(request)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function numberOf(index: number): string {
  return String(index).padStart(8, '0');
}
