/**
 * One gate for everybody who asks the same server: a rate limit that one request met holds back all of them. Its timers
 * keep the process alive, since somebody awaits what waits here.
 */
export class Pause {
  #until = 0;

  /** From now on nothing passes for so long, ms; a longer pause that is under way stays. */
  extend(ms: number): void {
    this.#until = Math.max(this.#until, performance.now() + ms);
  }

  /**
   * Resolves once no pause is under way.
   * @throws the reason of the signal, at once
   */
  async over(signal?: AbortSignal): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      const ms = this.#until - performance.now();
      if (ms <= 0) return;
      await sleep(ms, signal);
    }
  }
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
