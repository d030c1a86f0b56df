/** Somebody who waits until every row before a number is settled. */
export interface Waiter {
  /** Infinity while it is not known yet. */
  row: number;
  readonly settled: Promise<void>;
}

/** Everybody who waits for rows. */
export class Waiters {
  #waiting: { readonly waiter: Waiter; readonly resolve: () => void }[] = [];

  add(row: number): Waiter {
    let resolve: () => void = () => {};
    const settled = new Promise<void>((done) => {
      resolve = done;
    });
    const waiter = { row, settled };
    this.#waiting.push({ waiter, resolve });
    return waiter;
  }

  /** Every row before this number is settled. */
  settle(before: number): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ waiter }) => waiter.row > before);
    for (const { waiter, resolve } of waiting) if (waiter.row <= before) resolve();
  }
}
