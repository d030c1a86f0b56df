import { internal } from '../api/errors.js';
import type { Tell } from '../api/tell.js';
import type { Answer, Ending, LlmCall } from '../call/call.js';
import * as openCalls from './open-calls.js';

/** What is known only at the end, and differs from what was begun with. */
export type CallCorrections = Partial<
  Pick<
    LlmCall,
    'attempts' | 'cacheHit' | 'firstTokenMs' | 'model' | 'provider' | 'requestedProvider' | 'stream'
  >
>;

/** One call under way. Every method returns at once and never throws; only the first `end` counts. */
export interface Recording {
  /** The provider has answered, or its stream is open. */
  opened(): void;
  /** A token has arrived. */
  token(): void;
  /** From now on the stream says whether the call is read, and how it ends if it is abandoned. */
  streamed(stream: openCalls.OpenCall): void;
  /**
   * The call is over. `answer` is asked for what had arrived by now; without it nothing had.
   * @param atMs when it was, by `performance.now()`; default now
   */
  end(ending: Ending, answer?: () => Answer, corrections?: CallCorrections, atMs?: number): void;
  /** Somebody else records this call: there will be no event of it here. */
  discard(): void;
}

/** The recording of a call that goes nowhere. */
export const NOTHING: Recording = { opened() {}, token() {}, streamed() {}, end() {}, discard() {} };

/** @see Recording */
export class CallRecording implements Recording, openCalls.OpenCall {
  readonly #call: LlmCall;
  readonly #tell: Tell;
  readonly #settle: (call: LlmCall | undefined) => void;
  readonly #start = performance.now();
  #stream: openCalls.OpenCall | undefined;
  #ended = false;

  /** @param settle is given the call once it is over, or nothing when there is to be no event of it */
  constructor(call: LlmCall, tell: Tell, settle: (call: LlmCall | undefined) => void) {
    this.#call = call;
    this.#tell = tell;
    this.#settle = settle;
    openCalls.opened(this);
  }

  opened(): void {
    this.#call.openedMs ??= performance.now() - this.#start;
  }

  token(): void {
    this.#call.firstTokenMs ??= performance.now() - this.#start;
  }

  streamed(stream: openCalls.OpenCall): void {
    this.#stream = stream;
  }

  /** Whoever made a call that is no stream waits for it. */
  isUnread(forMs: number): boolean {
    return this.#stream?.isUnread(forMs) ?? false;
  }

  abandon(): void {
    if (this.#stream === undefined) this.end({ kind: 'abandoned' });
    else this.#stream.abandon();
  }

  end(ending: Ending, answer?: () => Answer, corrections?: CallCorrections, atMs = performance.now()): void {
    if (this.#isOver()) return;
    const call = this.#call;
    call.durationMs = atMs - this.#start;
    call.ending = ending;
    try {
      if (answer !== undefined) call.answer = answer();
    } catch (thrown) {
      this.#tell(internal(thrown));
    }
    if (corrections !== undefined) Object.assign(call, corrections);
    this.#settled(call);
  }

  discard(): void {
    if (!this.#isOver()) this.#settled(undefined);
  }

  #isOver(): boolean {
    if (this.#ended) return true;
    this.#ended = true;
    openCalls.ended(this);
    return false;
  }

  #settled(call: LlmCall | undefined): void {
    try {
      this.#settle(call);
    } catch (thrown) {
      this.#tell(internal(thrown));
    }
  }
}
