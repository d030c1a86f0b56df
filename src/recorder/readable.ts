import type { StreamRecording } from './stream.js';

/** What is told of a stream as it is read. */
export type ReadAlong = Pick<StreamRecording, 'asked' | 'carriedBy' | 'chunk' | 'done' | 'failed' | 'left'>;

/** What becomes of the parts of a stream on their way to its reader. By default they are recorded and passed on. */
export interface Passage<Part> {
  /** Gives the part to pass on; undefined where there is none yet. */
  pass(part: Part): Part | undefined;
  /** Gives what is left to pass on at the end. */
  end(): Part | undefined;
}

/**
 * The same stream, watched: a part is read only when the reader asks for one, and passed on by identity. Written by
 * hand because a TransformStream reads ahead and hears nothing of a reader who leaves.
 *
 * @param passage with one the stream is left alone until somebody reads, so that its response can be read otherwise
 */
export function watchReadable<Part>(
  stream: ReadableStream<Part>,
  recording: ReadAlong,
  passage?: Passage<Part>,
): ReadableStream<Part> {
  const source = new WatchedSource(stream, recording, passage);
  if (passage !== undefined && isOfBytes(stream)) source.type = 'bytes';
  const watched = new ReadableStream<Part>(source as object, { highWaterMark: 0 });
  recording.carriedBy(watched);
  return watched;
}

/** Whether it can be read into a buffer of the reader's, as the body of a response can. Nobody else tells. */
function isOfBytes(stream: ReadableStream): boolean {
  try {
    stream.getReader({ mode: 'byob' }).releaseLock();
    return true;
  } catch {
    return false;
  }
}

/**
 * Asks for one part at a time. `pull` returns nothing to wait for, which would cost two more promises a part: while a
 * part is on its way it has nothing to do, and `enqueue` has it called again when somebody waits for another.
 */
class WatchedSource<Part> {
  /** Of a stream of bytes. */
  type: 'bytes' | undefined;
  readonly #stream: ReadableStream<Part>;
  readonly #recording: ReadAlong;
  readonly #passage: Passage<Part> | undefined;
  #reader: ReadableStreamDefaultReader<Part> | undefined;
  #controller: ReadableStreamDefaultController<Part> | undefined;
  #isReading = false;
  #isCancelled = false;

  constructor(stream: ReadableStream<Part>, recording: ReadAlong, passage: Passage<Part> | undefined) {
    this.#stream = stream;
    this.#recording = recording;
    this.#passage = passage;
    if (passage === undefined) this.#reader = stream.getReader();
  }

  start(controller: ReadableStreamDefaultController<Part>): void {
    this.#controller = controller;
  }

  pull(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#recording.asked();
    this.#read();
  }

  cancel(reason: unknown): Promise<void> {
    this.#isCancelled = true;
    this.#recording.left();
    return (this.#reader ?? this.#stream).cancel(reason);
  }

  #read(): void {
    this.#reader ??= this.#stream.getReader();
    this.#reader.read().then(this.#pass, this.#break);
  }

  readonly #pass = (next: Awaited<ReturnType<ReadableStreamDefaultReader<Part>['read']>>): void => {
    // After a cancel a late `done` still comes (ai 7), and the controller is closed already.
    if (this.#isCancelled) {
      this.#isReading = false;
      return;
    }
    if (next.done) this.#close();
    else if (this.#passage === undefined) {
      this.#isReading = false;
      this.#recording.chunk(next.value);
      this.#controller?.enqueue(next.value);
    } else this.#passOn(this.#passage.pass(next.value));
  };

  #passOn(part: Part | undefined): void {
    if (part === undefined) {
      this.#read();
      return;
    }
    this.#isReading = false;
    this.#controller?.enqueue(part);
  }

  #close(): void {
    this.#isReading = false;
    const rest = this.#passage?.end();
    if (rest !== undefined) this.#controller?.enqueue(rest);
    this.#recording.done();
    this.#controller?.close();
    // with a buffer of the reader's it waits to be told that nothing goes into it
    if (this.type === 'bytes')
      (this.#controller as Partial<ReadableByteStreamController>).byobRequest?.respond(0);
  }

  /** The reader hears of it as the very same value. */
  readonly #break = (thrown: unknown): void => {
    this.#isReading = false;
    this.#recording.failed(thrown);
    if (!this.#isCancelled) this.#controller?.error(thrown);
  };
}
