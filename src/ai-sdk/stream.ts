import type { StreamRecording } from '../recorder/stream.js';

/**
 * The same stream, watched: a part is read only when the reader asks for one, and passed on by identity. Written by
 * hand because a TransformStream reads ahead and hears nothing of a reader who leaves.
 */
export function watchStream<Part>(
  stream: ReadableStream<Part>,
  recording: StreamRecording,
): ReadableStream<Part> {
  const source = new WatchedSource(stream.getReader(), recording);
  const watched = new ReadableStream<Part>(source, { highWaterMark: 0 });
  recording.carriedBy(watched);
  return watched;
}

/**
 * Asks for one part at a time. `pull` returns nothing to wait for, which would cost two more promises a part: while a
 * part is on its way it has nothing to do, and `enqueue` has it called again when somebody waits for another.
 */
class WatchedSource<Part> {
  readonly #reader: ReadableStreamDefaultReader<Part>;
  readonly #recording: StreamRecording;
  #controller: ReadableStreamDefaultController<Part> | undefined;
  #isReading = false;
  #isCancelled = false;

  constructor(reader: ReadableStreamDefaultReader<Part>, recording: StreamRecording) {
    this.#reader = reader;
    this.#recording = recording;
  }

  start(controller: ReadableStreamDefaultController<Part>): void {
    this.#controller = controller;
  }

  pull(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#recording.asked();
    this.#reader.read().then(this.#pass, this.#break);
  }

  cancel(reason: unknown): Promise<void> {
    this.#isCancelled = true;
    this.#recording.left();
    return this.#reader.cancel(reason);
  }

  readonly #pass = (next: Awaited<ReturnType<ReadableStreamDefaultReader<Part>['read']>>): void => {
    this.#isReading = false;
    // After a cancel a late `done` still comes (ai 7), and the controller is closed already.
    if (this.#isCancelled) return;
    if (next.done) {
      this.#recording.done();
      this.#controller?.close();
      return;
    }
    this.#recording.chunk(next.value);
    this.#controller?.enqueue(next.value);
  };

  /** The reader hears of it as the very same value. */
  readonly #break = (thrown: unknown): void => {
    this.#isReading = false;
    this.#recording.failed(thrown);
    if (!this.#isCancelled) this.#controller?.error(thrown);
  };
}
