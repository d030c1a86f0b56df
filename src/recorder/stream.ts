import type { Answer, Ending } from '../call/call.js';
import { endingOfCancel, endingOfCut, endingOfThrown } from '../call/ending.js';
import type { CallCorrections, Recording } from './recording.js';

/** Gathers the answer from a stream's chunks, each integration from its own kind. */
export interface StreamGatherer {
  /** Takes a chunk; gives whether it is output, which the first token is counted by. */
  add(chunk: unknown): boolean;
  /** Whether the stream said that it was complete. */
  readonly finished: boolean;
  /** The failure that a chunk told of, if one did. */
  readonly error: { readonly error: unknown } | undefined;
  answer(): Answer;
}

export interface StreamRecordingOptions {
  recording: Recording;
  gatherer: StreamGatherer;
  /** The caller's: what it says of an abort is why the call ended. */
  signal?: AbortSignal | null | undefined;
  /** The stream's own, which the caller may abort too. It also is when the stream breaks, so it explains no error. */
  streamSignal?: AbortSignal | undefined;
  /** Asked at the end. */
  corrections?: (() => CallCorrections) | undefined;
}

/** The recording of a stream: the same endings whatever carries the chunks. Nothing here throws. */
export class StreamRecording {
  readonly #recording: Recording;
  readonly #gatherer: StreamGatherer;
  readonly #options: StreamRecordingOptions;

  constructor(options: StreamRecordingOptions) {
    this.#recording = options.recording;
    this.#gatherer = options.gatherer;
    this.#options = options;
  }

  chunk(chunk: unknown): void {
    try {
      if (this.#gatherer.add(chunk)) this.#recording.token();
    } catch {
      // a chunk with a hostile getter: the reader's business, not ours
    }
  }

  /** The stream is over, as far as its carrier says. */
  done(): void {
    const { error, finished } = this.#gatherer;
    if (error !== undefined) this.#end({ kind: 'failed', error: error.error });
    else this.#end(finished ? { kind: 'finished' } : endingOfCut(this.#abortedSignal()));
  }

  failed(thrown: unknown): void {
    this.#end(endingOfThrown(thrown, this.#options.signal));
  }

  /** The reader left; if all had arrived by then, they missed nothing. */
  left(): void {
    if (this.#gatherer.finished || this.#gatherer.error !== undefined) this.done();
    else this.#end(endingOfCancel(this.#abortedSignal()));
  }

  #abortedSignal(): AbortSignal | undefined {
    const { signal, streamSignal } = this.#options;
    return signal?.aborted ? signal : streamSignal;
  }

  #end(ending: Ending): void {
    this.#recording.end(ending, () => this.#gatherer.answer(), this.#options.corrections?.());
  }
}
