/** What events still wait for: the price catalogue, the schema. */
const running = new Set<Promise<void>>();

/** Runs on beside the program, and counts as unfinished until it is settled. `work` must not reject. */
export function inBackground(work: Promise<void>): void {
  const tracked = work.finally(() => running.delete(tracked));
  running.add(tracked);
}

/** Resolves when no event waits for anything any more. */
export async function backgroundSettled(): Promise<void> {
  while (running.size > 0) await Promise.all(running);
}
