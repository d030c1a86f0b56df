import type { StreamRecording } from '../recorder/stream.js';
import { type ApiStream, define } from './client.js';

/**
 * Watches a stream by replacing its `iterator` in place: `for await`, `tee()` and `toReadableStream()` all go through
 * it, and the stream stays the same object. Chunks pass when the reader asks for them, by identity.
 */
export function watchStream(stream: ApiStream, recording: StreamRecording): void {
  const original = stream.iterator;
  let watched = false;
  define(stream, 'iterator', function watchedIterator(this: ApiStream) {
    const iterator = original.call(this);
    // A second iteration only throws that the stream is consumed; it says nothing about the call.
    if (watched) return iterator;
    watched = true;
    try {
      watchIterator(iterator, recording);
    } catch (thrown) {
      recording.failed(thrown); // no iterator to watch: the reader will see the same
    }
    return iterator;
  });
}

function watchIterator(iterator: AsyncIterator<unknown>, recording: StreamRecording): void {
  const next = iterator.next.bind(iterator);
  const leave = iterator.return?.bind(iterator);
  const fail = iterator.throw?.bind(iterator);
  define(iterator, 'next', async (...parameters: [] | [unknown]) => {
    let result: IteratorResult<unknown>;
    try {
      result = await next(...parameters);
    } catch (thrown) {
      recording.failed(thrown);
      throw thrown;
    }
    if (result.done) recording.done();
    else recording.chunk(result.value);
    return result;
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
