/** A row that waits for room. */
interface Writer {
  readonly line: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (problem: Error) => void;
}

/** How long rows may be written in one go before others get their turn, ms. */
const BURST_MS = 5;

/** Rows that wait for room in memory, first come, first served. */
export class Writers {
  #waiting: Writer[] = [];
  /** Since when rows were written without anything else having had its turn; undefined: since it had. */
  #burstSince: number | undefined;

  get waiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Resolves when the row was taken. */
  wait(line: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ line, resolve, reject }));
  }

  /** Lets those in for whom `take` has room. */
  admit(take: (line: Uint8Array) => boolean): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (!take(first.line)) return;
      this.#waiting.shift();
      first.resolve();
    }
  }

  /** Nobody waits any longer. */
  reject(problem: () => Error): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(problem());
  }

  /** Somebody who writes row after row, each awaited, would let nothing else run: from time to time they wait a turn. */
  async breathe(): Promise<void> {
    const now = performance.now();
    if (this.#burstSince === undefined) {
      this.#burstSince = now;
      void nextTurn().then(() => {
        this.#burstSince = undefined;
      });
    } else if (now - this.#burstSince > BURST_MS) await nextTurn();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
