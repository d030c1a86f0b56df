import type { Answer, Ending } from '../call/call.js';
import { endingOfCancel, endingOfCut, endingOfThrown } from '../call/ending.js';
import type { CallCorrections, Recording } from './recorder.js';

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

/** The recording of a stream: the same endings whatever carries the chunks. Nothing here throws. */
export class StreamRecording {
  readonly #recording: Recording;
  readonly #gatherer: StreamGatherer;
  readonly #signal: AbortSignal | undefined;
  readonly #corrections: (() => CallCorrections) | undefined;

  constructor(
    recording: Recording,
    gatherer: StreamGatherer,
    signal: AbortSignal | undefined,
    corrections?: () => CallCorrections,
  ) {
    this.#recording = recording;
    this.#gatherer = gatherer;
    this.#signal = signal;
    this.#corrections = corrections;
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
    else this.#end(finished ? { kind: 'finished' } : endingOfCut(this.#signal));
  }

  failed(thrown: unknown): void {
    this.#end(endingOfThrown(thrown, this.#signal));
  }

  /** The reader left; if all had arrived by then, they missed nothing. */
  left(): void {
    if (this.#gatherer.finished || this.#gatherer.error !== undefined) this.done();
    else this.#end(endingOfCancel(this.#signal));
  }

  #end(ending: Ending): void {
    this.#recording.end(ending, () => this.#gatherer.answer(), this.#corrections?.());
  }
}
