import { afterAWhile } from '../recorder/timeout.js';

/** LangChain's own hook, if there is to be one, comes within a few milliseconds of the abort. */
const GRACE_MS = 50;

/**
 * Tells of runs whose signal was aborted. A stream aborted while its reader holds a chunk ends without any hook. One
 * listener a signal, however many runs share it: Node warns of an eleventh.
 */
export class SignalWatch {
  readonly #onAbort: (runId: string, atMs: number) => void;
  readonly #watched = new WeakMap<
    AbortSignal,
    { readonly runs: Set<string>; readonly listener: () => void }
  >();

  /**
   * @param onAbort called for every run that is still watched a moment after its signal's abort, with the time of that by
   *   `performance.now()`
   */
  constructor(onAbort: (runId: string, atMs: number) => void) {
    this.#onAbort = onAbort;
  }

  add(signal: AbortSignal, runId: string): void {
    const watched = this.#watched.get(signal);
    if (watched !== undefined) {
      watched.runs.add(runId);
      return;
    }
    const runs = new Set([runId]);
    const listener = () => {
      const atMs = performance.now();
      afterAWhile(GRACE_MS, () => {
        for (const run of runs) this.#onAbort(run, atMs);
      });
    };
    this.#watched.set(signal, { runs, listener });
    if (!signal.aborted) signal.addEventListener('abort', listener, { once: true });
  }

  delete(signal: AbortSignal, runId: string): void {
    const watched = this.#watched.get(signal);
    if (watched === undefined) return;
    watched.runs.delete(runId);
    if (watched.runs.size > 0) return;
    signal.removeEventListener('abort', watched.listener);
    this.#watched.delete(signal);
  }
}
