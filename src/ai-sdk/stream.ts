import type { StreamRecording } from '../recorder/stream.js';

/**
 * The same stream, watched: a part is read only when the reader asks for one, and passed on by identity. Written by
 * hand because a TransformStream reads ahead and hears nothing of a reader who leaves.
 */
export function watchStream<Part>(
  stream: ReadableStream<Part>,
  recording: StreamRecording,
): ReadableStream<Part> {
  const reader = stream.getReader();
  let cancelled = false;
  const watched = new ReadableStream<Part>(
    {
      async pull(controller) {
        let next: Awaited<ReturnType<typeof reader.read>>;
        recording.asked();
        try {
          next = await reader.read();
        } catch (thrown) {
          recording.failed(thrown);
          throw thrown; // errors the stream with the same value
        }
        // After a cancel a late `done` still comes (ai 7), and the controller is closed already.
        if (cancelled) return;
        if (next.done) {
          recording.done();
          controller.close();
          return;
        }
        recording.chunk(next.value);
        controller.enqueue(next.value);
      },
      cancel(reason) {
        cancelled = true;
        recording.left();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  recording.carriedBy(watched);
  return watched;
}
