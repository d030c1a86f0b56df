import { isThenable } from '../call/fields.js';
import { define } from '../recorder/define.js';
import { type ReadAlong, watchReadable } from '../recorder/readable.js';
import type { StreamRecording } from '../recorder/stream.js';
import { BodyReader } from './body-reader.js';

/** Whether a response's body is a stream of events. */
export function isEventStream(response: Response): boolean {
  return mediaTypeOf(response).startsWith('text/event-stream');
}

function mediaTypeOf(response: Response): string {
  return response.headers?.get?.('content-type')?.toLowerCase() ?? '';
}

/**
 * Watches a response in place whose body somebody else reads: whichever way they read it, at their pace, and nothing
 * is read that they do not ask for. Of an event stream every event's data is a chunk of the recording, of any other body
 * the parsed whole.
 *
 * @param hidesUsage the usage of the stream was asked for by us: it passes as if it had not been
 */
export function watchResponse(response: Response, recording: StreamRecording, hidesUsage: boolean): void {
  const shared = new SharedBody(recording);
  recording.carriedBy(shared);
  watchReads(response, shared, hidesUsage);
}

function watchReads(response: Response, shared: SharedBody, hidesUsage: boolean): void {
  const recording = new BodyRecording(shared);
  const body = watchBody(response, recording, hidesUsage);
  for (const [name, passOn] of WHOLE) {
    const read: unknown = Reflect.get(response, name);
    if (typeof read !== 'function') continue;
    define(response, name, () => {
      // refused, which says nothing about the call
      if (response.bodyUsed === true || body.isLocked) return body.locking(() => read.call(response));
      body.lock();
      const whole: unknown = read.call(response);
      if (!isThenable(whole)) return whole; // a stand-in's
      recording.asked();
      return whole.then(
        (given) => {
          const passed = passOn(given, readerOf(response, recording, hidesUsage));
          if (passed instanceof Promise) return passed.finally(() => recording.done());
          recording.done();
          return passed;
        },
        (thrown: unknown) => {
          recording.failed(thrown);
          throw thrown;
        },
      );
    });
  }
  const { clone } = response;
  if (typeof clone !== 'function') return;
  define(response, 'clone', () => {
    const cloned = body.locking(() => clone.call(response));
    shared.isCloned = true;
    watchReads(cloned, shared, hidesUsage);
    return cloned;
  });
}

/** What a response and its clones have in common. All of them hold it, and when it is collected nobody can read any more. */
class SharedBody {
  readonly recording: StreamRecording;
  isCloned = false;
  /** Whose body was read first. */
  first: BodyRecording | undefined;

  constructor(recording: StreamRecording) {
    this.recording = recording;
  }
}

/** The recording as one of them knows it: the body is the same, so what the first reader sees is recorded, and once. */
class BodyRecording implements ReadAlong {
  readonly #shared: SharedBody;

  constructor(shared: SharedBody) {
    this.#shared = shared;
  }

  get #recording(): StreamRecording | undefined {
    const { first, recording } = this.#shared;
    return first === this ? recording : undefined;
  }

  asked(): void {
    this.#shared.first ??= this;
    this.#recording?.asked();
  }

  chunk(chunk: unknown): void {
    this.#recording?.chunk(chunk);
  }

  done(): void {
    this.#recording?.done();
  }

  failed(thrown: unknown): void {
    this.#recording?.failed(thrown);
  }

  /** Of several that nobody has read, another may still be. */
  left(): void {
    if (!this.#shared.isCloned) this.#shared.first ??= this;
    this.#recording?.left();
  }

  /** The stream of one of them is not what all of them hold. */
  carriedBy(): void {}
}

/** The ways to read a body at once, and how to hand what they give to a reader; each gives what to pass on. */
const WHOLE: readonly (readonly [name: string, read: (body: unknown, reader: BodyReader) => unknown])[] = [
  ['text', (body, reader) => reader.text(String(body))],
  ['json', (body, reader) => reader.whole(body)],
  ['arrayBuffer', (body, reader) => reader.bytes(new Uint8Array(body as ArrayBuffer)).buffer],
  ['bytes', (body, reader) => reader.bytes(body as Uint8Array)],
  ['blob', (body, reader) => reader.blob(body as Blob)],
];

/** The `body` of a response, of which a reader may have ours where the response's own would be locked. */
interface WatchedBody {
  readonly isLocked: boolean;
  /** It is read at once, and locked from then on. */
  lock(): void;
  /** Does what a response does not do when its body is locked. */
  locking<Result>(act: () => Result): Result;
}

/** `body` is looked at by many who then read otherwise: the stream behind it is left alone until somebody reads. */
function watchBody(response: Response, recording: ReadAlong, hidesUsage: boolean): WatchedBody {
  let original: ReadableStream | undefined;
  let watched: ReadableStream | undefined;
  // a stand-in for a response has one of its own
  const own = Object.getOwnPropertyDescriptor(response, 'body');
  const holder = own === undefined ? Object.getPrototypeOf(response) : Object.defineProperty({}, 'body', own);
  Object.defineProperty(response, 'body', {
    configurable: true,
    enumerable: own?.enumerable ?? false,
    get() {
      const body: unknown = Reflect.get(holder, 'body', response);
      if (!(body instanceof ReadableStream)) return body;
      if (body !== original && body.locked) return body;
      if (body !== original) {
        original = body;
        watched = watchReadable(body, recording, readerOf(response, recording, hidesUsage));
        responses.set(watched, response);
      }
      return watched;
    },
  });
  return {
    get isLocked() {
      return watched?.locked === true;
    },
    lock() {
      watched?.getReader();
    },
    locking(act) {
      const reader =
        watched?.locked === true && original?.locked === false ? original.getReader() : undefined;
      try {
        return act();
      } finally {
        reader?.releaseLock();
      }
    },
  };
}

/**
 * Keeps a response for as long as somebody has its body: `fetch` cancels that of a response that is collected, unless
 * it is locked, which with a reader of ours it is only from the first read on.
 */
const responses = new WeakMap<ReadableStream, Response>();

function readerOf(response: Response, recording: ReadAlong, hidesUsage: boolean): BodyReader {
  return new BodyReader(mediaTypeOf(response), recording, hidesUsage);
}
