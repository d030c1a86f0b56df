import { type ReadAlong, watchReadable } from '../recorder/readable.js';
import type { StreamRecording } from '../recorder/stream.js';
import { define, isThenable } from './client.js';
import { ServerEvents } from './server-events.js';

/** A body whose text is longer is not read along: it is vectors, or no answer at all. Characters. */
const MAXIMUM_BODY = 16 * 1024 * 1024;

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

/** Reads along what of a body passes by. Never throws. */
class BodyReader {
  readonly #recording: ReadAlong;
  readonly #decoder = new TextDecoder();
  readonly #encoder = new TextEncoder();
  readonly #events: ServerEvents | undefined;
  readonly #hidesUsage: boolean;
  readonly #isText: boolean;
  #text: string[] = [];
  #length = 0;

  constructor(mediaType: string, recording: ReadAlong, hidesUsage: boolean) {
    this.#recording = recording;
    this.#isText = /json|^text\//.test(mediaType);
    const isStream = mediaType.startsWith('text/event-stream');
    this.#hidesUsage = hidesUsage && isStream;
    if (isStream) this.#events = new ServerEvents((data) => recording.chunk(data), hidesUsage);
  }

  /** A body read at once, as parsed JSON. */
  whole(body: unknown): unknown {
    this.#recording.chunk(body);
    return body;
  }

  /** A body read at once, as text. */
  text(body: string): string {
    const passed = this.#read(body) + this.#end();
    return this.#hidesUsage ? passed : body;
  }

  /** A body read at once, as bytes. */
  bytes(body: Uint8Array): Uint8Array {
    const passed = this.text(this.#isText ? this.#decoder.decode(body) : '');
    return this.#hidesUsage ? this.#encoder.encode(passed) : body;
  }

  /** A body read at once, as a Blob: of what is no text nothing is known but its end. */
  blob(body: Blob): Blob | Promise<Blob> {
    if (this.#isText) {
      return body.text().then((text) => {
        const passed = this.text(text);
        return this.#hidesUsage ? new Blob([passed], { type: body.type }) : body;
      });
    }
    this.#recording.chunk(undefined);
    return body;
  }

  /** A piece of a body that is read piece by piece. */
  pass(piece: Uint8Array): Uint8Array | undefined {
    if (!this.#isText || !(piece instanceof Uint8Array)) return piece;
    const passed = this.#read(this.#decoder.decode(piece, { stream: true }));
    if (!this.#hidesUsage) return piece;
    return passed === '' ? undefined : this.#encoder.encode(passed);
  }

  /** The end of such a body. */
  end(): Uint8Array | undefined {
    const passed = this.#read(this.#isText ? this.#decoder.decode() : '') + this.#end();
    return this.#hidesUsage && passed !== '' ? this.#encoder.encode(passed) : undefined;
  }

  #read(text: string): string {
    if (this.#events !== undefined) return this.#events.read(text);
    this.#length += text.length;
    if (this.#length <= MAXIMUM_BODY) this.#text.push(text);
    else this.#text = [];
    return text;
  }

  #end(): string {
    if (this.#events !== undefined) return this.#events.end();
    const text = this.#text.join('');
    this.#text = [];
    this.#recording.chunk(this.#isText ? parsed(text) : undefined);
    return '';
  }
}

/** A body that is no JSON, such as subtitles, is its text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
