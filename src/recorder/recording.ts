import { internal } from '../api/errors.js';
import type { Tell } from '../api/tell.js';
import type { Answer, Ending, LlmCall } from '../call/call.js';

/** What is known only at the end, and differs from what was begun with. */
export type CallCorrections = Partial<
  Pick<LlmCall, 'cacheHit' | 'attempts' | 'model' | 'provider' | 'stream'>
>;

/** One call under way. Every method returns at once and never throws; only the first `end` counts. */
export interface Recording {
  /** The provider has answered, or its stream is open. */
  opened(): void;
  /** A token has arrived. */
  token(): void;
  /** The call is over. `answer` is asked for what had arrived by now; without it nothing had. */
  end(ending: Ending, answer?: () => Answer, corrections?: CallCorrections): void;
}

/** The recording of a call that goes nowhere. */
export const NOTHING: Recording = { opened() {}, token() {}, end() {} };

/** @see Recording */
export class CallRecording implements Recording {
  readonly #call: LlmCall;
  readonly #tell: Tell;
  readonly #settle: (call: LlmCall) => void;
  readonly #start = performance.now();
  #ended = false;

  constructor(call: LlmCall, tell: Tell, settle: (call: LlmCall) => void) {
    this.#call = call;
    this.#tell = tell;
    this.#settle = settle;
  }

  opened(): void {
    this.#call.openedMs ??= performance.now() - this.#start;
  }

  token(): void {
    this.#call.firstTokenMs ??= performance.now() - this.#start;
  }

  end(ending: Ending, answer?: () => Answer, corrections?: CallCorrections): void {
    if (this.#ended) return;
    this.#ended = true;
    const call = this.#call;
    call.durationMs = performance.now() - this.#start;
    call.ending = ending;
    try {
      if (answer !== undefined) call.answer = answer();
    } catch (thrown) {
      this.#tell(internal(thrown));
    }
    if (corrections !== undefined) Object.assign(call, corrections);
    try {
      this.#settle(call);
    } catch (thrown) {
      this.#tell(internal(thrown));
    }
  }
}
