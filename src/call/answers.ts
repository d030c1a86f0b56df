/**
 * The answers of the calls that are no chat, each from the shapes in which the APIs and the AI SDK give them: what
 * there is to read is kept as text, vectors and binary data are counted.
 */
import { binaryMarker, markerOfBase64, markerOfObject } from './binary.js';
import type { Answer, Choice } from './call.js';
import { type Fields, fieldsOf, firstText, isFields, listOf, textOf } from './fields.js';
import { identityOf, identityOfSdk } from './identity.js';
import { asText, jsonText } from './plain.js';
import { reportedCostOf } from './reported-cost.js';
import { toUsage } from './usage.js';

/** OpenAI's `{ data: [{ embedding }] }`, the AI SDK's `{ embeddings }`, Cohere's `{ embeddings: { float } }`. */
export function embeddingsAnswer(body: unknown): Answer {
  const result = fieldsOf(body);
  const vectors = vectorsOf(result);
  const usage = toUsage(result.usage ?? fieldsOf(result.meta).billed_units);
  // without a completion the total is the prompt's
  if (usage?.promptTokens === undefined && usage?.totalTokens !== undefined) usage.promptTokens = usage.totalTokens;
  const dimensions = dimensionsOf(vectors[0]);
  return {
    ...identityOf(result),
    ...identityOfSdk(result.response),
    object: 'list',
    choices: [],
    usage,
    reportedCost: reportedCostOf(result.usage),
    embeddings: dimensions === undefined ? { count: vectors.length } : { count: vectors.length, dimensions },
  };
}

function vectorsOf(result: Fields): unknown[] {
  if (Array.isArray(result.data)) return result.data.map((item) => fieldsOf(item).embedding);
  const { embeddings } = result;
  if (Array.isArray(embeddings)) return embeddings;
  const first = Object.values(fieldsOf(embeddings)).find(Array.isArray);
  return first ?? [];
}

/** Base64 text holds 32-bit floats. */
function dimensionsOf(vector: unknown): number | undefined {
  if (Array.isArray(vector)) return vector.length;
  if (ArrayBuffer.isView(vector) && 'length' in vector) return Number(vector.length);
  return typeof vector === 'string' ? Math.floor((vector.replace(/=+$/, '').length * 3) / 16) : undefined;
}

/** OpenAI's `{ data: [{ b64_json | url }] }` and the AI SDK's `{ images }`: one choice an image. */
export function imagesAnswer(body: unknown): Answer {
  const result = fieldsOf(body);
  const mediaType = typeof result.output_format === 'string' ? `image/${result.output_format}` : 'image';
  const images: readonly unknown[] = Array.isArray(result.images) ? result.images : listOf(result.data);
  return {
    ...identityOf(result),
    ...identityOfSdk(result.response),
    choices: images.map((image, index) => finished(index, imageText(image, mediaType))),
    usage: toUsage(result.usage),
    reportedCost: reportedCostOf(result.usage, result.providerMetadata),
  };
}

function imageText(image: unknown, mediaType: string): string {
  if (!isFields(image)) return typeof image === 'string' ? fileText(image, mediaType) : '';
  const { b64_json: data, url, base64 } = image;
  const text = firstText(data, base64, url);
  return text === undefined ? (markerOfObject(image, mediaType) ?? '') : fileText(text, mediaType);
}

/** A file that came as text: its address, or the marker of its data. */
function fileText(text: string, mediaType: string): string {
  return markerOfBase64('data', text, mediaType) ?? asText(text);
}

/** The AI SDK's `{ audio }`, and what is known of an HTTP body that only the caller reads. */
export function speechAnswer(body: unknown): Answer {
  const result = fieldsOf(body);
  const { audio } = result;
  const text = typeof audio === 'string' ? fileText(audio, 'audio') : isFields(audio) ? audioText(audio) : undefined;
  return {
    ...identityOf(result),
    ...identityOfSdk(result.response),
    choices: [finished(0, text ?? httpBodyText(result))],
    usage: toUsage(result.usage),
    reportedCost: reportedCostOf(result.usage, result.providerMetadata),
  };
}

function audioText(audio: Fields): string {
  const mediaType = textOf(audio.mediaType) ?? 'audio';
  const data = audio.uint8Array ?? audio.base64;
  if (typeof data === 'string') return fileText(data, mediaType);
  return markerOfObject(isFields(data) ? data : audio, mediaType) ?? '';
}

function httpBodyText({ headers }: Fields): string {
  if (!(headers instanceof Headers)) return '';
  const bytes = Number(headers.get('content-length') ?? Number.NaN);
  const mediaType = headers.get('content-type') ?? 'audio';
  return Number.isSafeInteger(bytes) ? binaryMarker(mediaType, bytes) : `[${mediaType}]`;
}

/** OpenAI's `{ text, usage }` or bare text, and the AI SDK's `{ text, durationInSeconds }`. */
export function transcriptionAnswer(body: unknown): Answer {
  const result = fieldsOf(body);
  const seconds = [result.durationInSeconds, result.duration].find((said) => typeof said === 'number');
  return {
    ...identityOf(result),
    ...identityOfSdk(result.response),
    choices: [finished(0, typeof body === 'string' ? body : (textOf(result.text) ?? ''))],
    usage: toUsage(result.usage) ?? toUsage({ seconds }),
  };
}

/** One choice an input, which says whether it was flagged and for what. */
export function moderationAnswer(body: unknown): Answer {
  const result = fieldsOf(body);
  return {
    ...identityOf(result),
    choices: listOf(result.results).map(({ flagged, categories }, index) => {
      const found = Object.entries(fieldsOf(categories)).filter(([, isFound]) => isFound === true);
      return finished(index, jsonText({ flagged: flagged === true, categories: found.map(([name]) => name) }));
    }),
    usage: toUsage(result.usage),
    reportedCost: reportedCostOf(result.usage, result.providerMetadata),
  };
}

/** Cohere's `{ results: [{ index, relevance_score }] }` and the AI SDK's `{ ranking }`: the order, without the documents. */
export function rerankAnswer(body: unknown): Answer {
  const result = fieldsOf(body);
  const ranking = listOf(result.ranking ?? result.results ?? result.data).map((item) => ({
    index: item.index ?? item.originalIndex,
    relevance_score: item.relevance_score ?? item.relevanceScore ?? item.score,
  }));
  const meta = fieldsOf(result.meta);
  return {
    ...identityOf(result),
    ...identityOfSdk(result.response),
    choices: [finished(0, jsonText(ranking))],
    usage: toUsage(result.usage ?? meta.billed_units ?? meta.tokens),
  };
}

function finished(index: number, text: string): Choice {
  return { index, text, finishReason: 'stop' };
}
