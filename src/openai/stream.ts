import { define } from '../recorder/define.js';
import type { StreamRecording } from '../recorder/stream.js';
import type { ApiStream } from './client.js';
import { isUsageAlone, removeEmptyUsage } from './stream-usage.js';

/**
 * Watches a stream by replacing its `iterator` in place: `for await`, `tee()` and `toReadableStream()` all go through
 * it, and the stream stays the same object. Chunks pass when the reader asks for them, by identity.
 *
 * @param hidesUsage the usage was asked for by us: the reader sees the chunks as if it had not been
 */
export function watchStream(stream: ApiStream, recording: StreamRecording, hidesUsage: boolean): void {
  const original = stream.iterator;
  let isWatched = false;
  recording.carriedBy(stream);
  define(stream, 'iterator', function watchedIterator(this: ApiStream) {
    const iterator = original.call(this);
    // A second iteration only throws that the stream is consumed; it says nothing about the call.
    if (isWatched) return iterator;
    isWatched = true;
    try {
      watchIterator(iterator, recording, hidesUsage);
    } catch (thrown) {
      recording.failed(thrown); // no iterator to watch: the reader will see the same
    }
    return iterator;
  });
}

/** Watches an iterator in place; without somebody who holds it, nobody can read any more. */
export function watchIterator(
  iterator: AsyncIterator<unknown>,
  recording: StreamRecording,
  hidesUsage = false,
): void {
  recording.carriedBy(iterator);
  const next = iterator.next.bind(iterator);
  const leave = iterator.return?.bind(iterator);
  const fail = iterator.throw?.bind(iterator);

  const passed = (result: IteratorResult<unknown>) => {
    if (result.done) recording.done();
    else recording.chunk(result.value);
    return result;
  };
  const hidden = (result: IteratorResult<unknown>): typeof result | Promise<typeof result> => {
    passed(result);
    if (result.done) return result;
    if (isUsageAlone(result.value)) return Promise.resolve(next()).then(hidden, failed);
    removeEmptyUsage(result.value);
    return result;
  };
  const failed = (thrown: unknown) => {
    recording.failed(thrown);
    throw thrown;
  };

  const seen = hidesUsage ? hidden : passed;
  define(iterator, 'next', (...parameters: [] | [unknown]) => {
    recording.asked();
    return Promise.resolve(next(...parameters)).then(seen, failed);
  });
  if (leave !== undefined) {
    define(iterator, 'return', (value?: unknown) => {
      recording.left();
      return leave(value);
    });
  }
  if (fail !== undefined) {
    define(iterator, 'throw', (thrown?: unknown) => {
      recording.left();
      return fail(thrown);
    });
  }
}
