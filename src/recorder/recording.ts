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
  end(ending: Ending, answer?: () => Answer, corrections?: Corrections, atMs?: number): void;
  /** Somebody else records this call: there will be no event of it here. */
  discard(): void;
  /** Another event of the same call, which began when it did: for an answer that comes after its end. */
  again(): Recording;
}

/** Those that depend on the answer are asked for when it is known. */
export type Corrections = CallCorrections | ((answer: Answer) => CallCorrections);

/** The recording of a call that goes nowhere. */
export const NOTHING: Recording = {
  opened() {},
  token() {},
  streamed() {},
  end() {},
  discard() {},
  again: () => NOTHING,
};

/** Gives what takes a finished call, or nothing when there is to be no event of it. */
export type Settler = () => (call: LlmCall | undefined) => void;

/** @see Recording */
export class CallRecording implements Recording, openCalls.OpenCall {
  readonly #call: LlmCall;
  readonly #tell: Tell;
  readonly #settler: Settler;
  readonly #settle: (call: LlmCall | undefined) => void;
  readonly #startMs: number;
  #stream: openCalls.OpenCall | undefined;
  #ended = false;

  /** @param startMs when it began, by `performance.now()` */
  constructor(call: LlmCall, tell: Tell, settler: Settler, startMs: number) {
    this.#call = call;
    this.#tell = tell;
    this.#settler = settler;
    this.#settle = settler();
    this.#startMs = startMs;
    openCalls.opened(this);
  }

  opened(): void {
    this.#call.openedMs ??= performance.now() - this.#startMs;
  }

  token(): void {
    this.#call.firstTokenMs ??= performance.now() - this.#startMs;
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

  end(ending: Ending, answer?: () => Answer, corrections?: Corrections, atMs = performance.now()): void {
    if (this.#isOver()) return;
    const call = this.#call;
    call.durationMs = atMs - this.#startMs;
    call.ending = ending;
    try {
      if (answer !== undefined) call.answer = answer();
    } catch (thrown) {
      this.#tell(internal(thrown));
    }
    // also where the answer could not be read
    try {
      if (corrections !== undefined)
        Object.assign(call, typeof corrections === 'function' ? corrections(call.answer) : corrections);
    } catch (thrown) {
      this.#tell(internal(thrown));
    }
    this.#settled(call);
  }

  again(): Recording {
    const id = globalThis.crypto.randomUUID();
    const call = { ...this.#call, id, answer: { choices: [] }, openedMs: undefined, firstTokenMs: undefined };
    return new CallRecording(call, this.#tell, this.#settler, this.#startMs);
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
