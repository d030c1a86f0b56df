/**
 * The answers of the calls that are no chat, each from the shapes in which the APIs and the AI SDK give them: what
 * there is to read is kept as text, vectors and binary data are counted.
 */
import { billingOf } from './billing.js';
import { binaryMarker, fileText } from './binary.js';
import type { Answer, Choice } from './call.js';
import { type Fields, fieldsOf, isFields, listOf, textOf } from './fields.js';
import { identityOf, identityOfSdk } from './identity.js';
import { jsonText } from './plain.js';

/** OpenAI's `{ data: [{ embedding }] }`, the AI SDK's `{ embeddings }`, Cohere's `{ embeddings: { float } }`. */
export function embeddingsAnswer(body: unknown): Answer {
  const result = fieldsOf(body);
  const vectors = vectorsOf(result);
  const billing = billingOf(result.usage ?? fieldsOf(result.meta).billed_units, {
    metadata: result.providerMetadata,
  });
  // without a completion the total is the prompt's
  if (billing.usage?.totalTokens !== undefined) billing.usage.promptTokens ??= billing.usage.totalTokens;
  const dimensions = dimensionsOf(vectors[0]);
  return {
    ...identityOf(result),
    ...identityOfSdk(result.response),
    object: 'list',
    choices: [],
    ...billing,
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
    choices: images.map((image, index) => finished(index, fileText(image, mediaType))),
    ...billingOf(result.usage, { metadata: result.providerMetadata }),
  };
}

/** The AI SDK's `{ videos }`: one choice a video; none when the video was only ordered, as in OpenAI's own answer. */
export function videosAnswer(body: unknown): Answer {
  const result = fieldsOf(body);
  return {
    ...identityOf(result),
    ...identityOfSdk(result.response),
    choices: listOf(result.videos).map((video, index) => finished(index, fileText(video, 'video'))),
    ...billingOf(result.usage, { metadata: result.providerMetadata }),
  };
}

/** The AI SDK's `{ audio }`, and what is known of an HTTP body that only the caller reads. */
export function speechAnswer(body: unknown): Answer {
  const result = fieldsOf(body);
  const text = result.audio === undefined ? httpBodyText(result) : fileText(result.audio, 'audio');
  return {
    ...identityOf(result),
    ...identityOfSdk(result.response),
    choices: [finished(0, text)],
    ...billingOf(result.usage, { metadata: result.providerMetadata }),
  };
}

/** Headers that have `get`: a client may be given another `fetch`, with classes of its own. */
function httpBodyText({ headers }: Fields): string {
  if (!isHeaders(headers)) return '';
  const bytes = Number(headers.get('content-length') ?? Number.NaN);
  const mediaType = headers.get('content-type') ?? 'audio';
  return Number.isSafeInteger(bytes) ? binaryMarker(mediaType, bytes) : `[${mediaType}]`;
}

function isHeaders(value: unknown): value is Pick<Headers, 'get'> {
  return isFields(value) && typeof value.get === 'function';
}

/** OpenAI's `{ text, usage }` or bare text, and the AI SDK's `{ text, durationInSeconds }`. */
export function transcriptionAnswer(body: unknown): Answer {
  const result = fieldsOf(body);
  const seconds = [result.durationInSeconds, result.duration].find((said) => typeof said === 'number');
  return {
    ...identityOf(result),
    ...identityOfSdk(result.response),
    choices: [finished(0, textOf(body) ?? textOf(result.text) ?? segmentsText(result.segments))],
    ...billingOf(result.usage ?? { seconds }, { metadata: result.providerMetadata }),
  };
}

/** Segments begin with the space between them, or have none. */
function segmentsText(segments: unknown): string {
  const texts = listOf(segments).map(({ text }) => (textOf(text) ?? '').trim());
  return texts.filter((text) => text !== '').join(' ');
}

/** One choice an input, which says whether it was flagged and for what. */
export function moderationAnswer(body: unknown): Answer {
  const result = fieldsOf(body);
  return {
    ...identityOf(result),
    choices: listOf(result.results).map(({ flagged, categories }, index) => {
      const found = Object.entries(fieldsOf(categories)).filter(([, isFound]) => isFound === true);
      return finished(
        index,
        jsonText({ flagged: flagged === true, categories: found.map(([name]) => name) }),
      );
    }),
    ...billingOf(result.usage, { metadata: result.providerMetadata }),
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
    ...billingOf(result.usage ?? meta.billed_units ?? meta.tokens, { metadata: result.providerMetadata }),
  };
}

function finished(index: number, text: string): Choice {
  return { index, text, finishReason: 'stop' };
}
