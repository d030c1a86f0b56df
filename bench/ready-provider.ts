import { eventsOf, plainAnswer } from './completions.js';
import { textOf } from './rows.js';
import { ANSWER_BYTES, CHUNK_BYTES, chunksOf } from './texts.js';

/** Chunks of a stream that carry text. */
export const CHUNKS_OF_READY_STREAM = 2000;

/** Different answers: no string is the one before. */
const DISTINCT = 32;
/** Of a stream, as several arrive together. */
const EVENTS_A_PIECE = 16;
const encoder = new TextEncoder();

export type Fetch = (url: unknown, init?: unknown) => Promise<Response>;

/**
 * Completions of about 1 KB, made before anybody asks, in the least of a response that the client reads: undici's own
 * takes as long as all the rest of a call, and varies more than what is measured.
 */
export function fetchReadyCompletion(onAsked: () => void): Fetch {
  const answers = distinct((index) => plainAnswer(`chatcmpl-${index}`, textOf(index, ANSWER_BYTES)));
  const headers = new Headers({ 'content-type': 'application/json', 'x-request-id': 'req_ready' });
  let asked = 0;
  return async () => {
    onAsked();
    asked += 1;
    const answer = answers[asked % DISTINCT] ?? '';
    const json = async () => JSON.parse(answer) as unknown;
    const response = { ok: true, status: 200, url: '', headers, json, text: async () => answer };
    return response as unknown as Response;
  };
}

/** Streams that were made before, too. */
export function fetchReadyStream(): Fetch {
  const streams = distinct((index) => [...streamOf(index)]);
  return fetchStream((index) => streams[index % DISTINCT] ?? []);
}

/** Streams of which nothing is held: each piece is made when somebody reads it, and its text comes but once. */
export function fetchFreshStream(): Fetch {
  return fetchStream(streamOf);
}

function fetchStream(streamAt: (index: number) => Iterable<Uint8Array>): Fetch {
  const headers = { 'content-type': 'text/event-stream', 'x-request-id': 'req_ready' };
  let asked = 0;
  return async () => {
    asked += 1;
    return new Response(bodyOf(streamAt(asked)), { headers });
  };
}

function bodyOf(pieces: Iterable<Uint8Array>): ReadableStream<Uint8Array> {
  const left = pieces[Symbol.iterator]();
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const { done, value } = left.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    },
    { highWaterMark: 0 },
  );
}

function* streamOf(index: number): Generator<Uint8Array> {
  const text = textOf(index, CHUNKS_OF_READY_STREAM * CHUNK_BYTES);
  let piece = '';
  let events = 0;
  for (const event of eventsOf(`chatcmpl-${index}`, chunksOf(text, CHUNKS_OF_READY_STREAM))) {
    piece += event;
    events += 1;
    if (events % EVENTS_A_PIECE > 0) continue;
    yield encoder.encode(piece);
    piece = '';
  }
  if (piece !== '') yield encoder.encode(piece);
}

function distinct<Value>(make: (index: number) => Value): Value[] {
  return Array.from({ length: DISTINCT }, (_, index) => make(index));
}
