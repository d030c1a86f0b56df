import { unref } from '../api/timers.js';

/** Counts what happens row by row, and tells of it once a second at most. */
export class Tally {
  readonly #everyMs: number;
  readonly #tell: (count: number) => void;
  #count = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(everyMs: number, tell: (count: number) => void) {
    this.#everyMs = everyMs;
    this.#tell = tell;
  }

  add(count: number): void {
    this.#count += count;
    if (this.#timer !== undefined) return;
    this.tell();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.tell();
    }, this.#everyMs);
    unref(this.#timer);
  }

  /** Tells what is not told yet. */
  tell(): void {
    const count = this.#count;
    this.#count = 0;
    if (count > 0) this.#tell(count);
  }
}
