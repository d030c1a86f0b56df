import type { Answer, Ending } from '../call/call.js';
import { endingOfCancel, endingOfCut, endingOfThrown } from '../call/ending.js';
import { onCollected } from './collected.js';
import type { OpenCall } from './open-calls.js';
import type { CallCorrections, Recording } from './recording.js';
import { afterAWhile } from './timeout.js';

/** Gathers the answer from a stream's chunks, each integration from its own kind. */
export interface StreamGatherer {
  /** Takes a chunk; gives whether it is output, which the first token is counted by. */
  add(chunk: unknown): boolean;
  /** Whether the stream said that it was complete. */
  readonly finished: boolean;
  /** The failure that a chunk told of, if one did. */
  readonly error: { readonly error: unknown } | undefined;
  /** How it ended that was complete, where that was no answer. */
  readonly ending?: Ending | undefined;
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
  corrections?: ((answer: Answer) => CallCorrections) | undefined;
  /**
   * Settles a stream as abandoned of which nobody has asked for more for so long, ms. For carriers that say when their
   * reader asks; without it the stream counts as read for as long as it is open.
   */
  abandonedAfterMs?: number | undefined;
}

/** The recording of a stream: the same endings whatever carries the chunks. Nothing here throws. */
export class StreamRecording implements OpenCall {
  readonly #recording: Recording;
  readonly #gatherer: StreamGatherer;
  readonly #options: StreamRecordingOptions;
  /** Somebody waits for the next chunk. */
  #isAwaited: boolean;
  /** When the last chunk came, or the stream was opened, by `performance.now()`. */
  #movedAt = performance.now();
  #hasMoved = false;
  /** The longest that the reader took for a chunk before asking for another, ms. */
  #longestPauseMs = 0;
  #isOver = false;
  #stopTimer: (() => void) | undefined;
  #forgetCarrier: (() => void) | undefined;

  constructor(options: StreamRecordingOptions) {
    const { recording, gatherer, abandonedAfterMs } = options;
    this.#recording = recording;
    this.#gatherer = gatherer;
    this.#options = options;
    this.#isAwaited = abandonedAfterMs === undefined;
    recording.streamed(this);
    if (abandonedAfterMs !== undefined) this.#lookAgainAfter(abandonedAfterMs);
  }

  /**
   * When that object is collected, nobody can read the stream any more. It takes the place of the one before, and must
   * not be reachable from here.
   */
  carriedBy(carrier: object): void {
    this.#forgetCarrier?.();
    if (!this.#isOver) this.#forgetCarrier = onCollected(carrier, () => this.abandon());
  }

  /** The reader asks for the next chunk. */
  asked(): void {
    this.#isAwaited = true;
    if (this.#hasMoved)
      this.#longestPauseMs = Math.max(this.#longestPauseMs, performance.now() - this.#movedAt);
  }

  chunk(chunk: unknown): void {
    if (this.#isOver) return;
    this.#hasMoved = true;
    this.#isAwaited = this.#options.abandonedAfterMs === undefined;
    try {
      if (this.#gatherer.add(chunk)) this.#recording.token();
    } catch {
      // a chunk with a hostile getter: the reader's business, not ours
    }
    this.#movedAt = performance.now(); // no earlier than its token
  }

  /** The stream is over, as far as its carrier says. */
  done(): void {
    this.#done(performance.now());
  }

  failed(thrown: unknown): void {
    this.#end(endingOfThrown(thrown, this.#options.signal));
  }

  /**
   * The reader left; if all had arrived by then, they missed nothing.
   * @param atMs when, by `performance.now()`; default now
   */
  left(atMs = performance.now()): void {
    if (this.#isComplete) this.#done(atMs);
    else this.#end(endingOfCancel(this.#abortedSignal()), atMs);
  }

  /** A slow reader is no reader who left: it may take twice as long as ever before. */
  isUnread(forMs: number): boolean {
    return this.#idleMs >= Math.max(forMs, 2 * this.#longestPauseMs);
  }

  /** For how long nothing of it has come, ms. */
  get quietMs(): number {
    return performance.now() - this.#movedAt;
  }

  /** For how long nobody has asked for more of it. */
  get #idleMs(): number {
    return this.#isAwaited ? 0 : this.quietMs;
  }

  /** It ended when the last of it came: how long nobody came back is no time of the call's. */
  abandon(): void {
    const signal = this.#abortedSignal();
    if (this.#isComplete) this.#done(this.#movedAt);
    else this.#end(signal?.aborted ? endingOfCancel(signal) : { kind: 'abandoned' }, this.#movedAt);
  }

  get #isComplete(): boolean {
    return this.#gatherer.finished || this.#gatherer.error !== undefined;
  }

  #done(atMs: number): void {
    const { error, finished, ending } = this.#gatherer;
    if (error !== undefined) this.#end(this.#endingOfTold(error.error), atMs);
    else if (finished) this.#end(ending ?? { kind: 'finished' }, atMs);
    else this.#end(endingOfCut(this.#abortedSignal()), atMs);
  }

  /** A chunk may tell of the caller's abort too; what it told of before that was not their doing. */
  #endingOfTold(error: unknown): Ending {
    const { signal } = this.#options;
    return endingOfThrown(error, signal?.reason === error ? signal : undefined);
  }

  /** One timer a stream, set again for what is left: a chunk only notes its time. */
  #lookAgainAfter(ms: number): void {
    const { abandonedAfterMs = Number.POSITIVE_INFINITY } = this.#options;
    this.#stopTimer = afterAWhile(ms, () => {
      const left = abandonedAfterMs - this.#idleMs;
      if (left > 0) this.#lookAgainAfter(left);
      else this.abandon();
    });
  }

  #abortedSignal(): AbortSignal | undefined {
    const { signal, streamSignal } = this.#options;
    return signal?.aborted ? signal : streamSignal;
  }

  #end(ending: Ending, atMs?: number): void {
    this.#isOver = true;
    this.#stopTimer?.();
    this.#forgetCarrier?.();
    this.#recording.end(ending, () => this.#gatherer.answer(), this.#options.corrections, atMs);
  }
}
