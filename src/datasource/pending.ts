import type { FlushOptions } from './options.js';

/** A datasource, as far as the end of its rows is concerned. */
interface Pending {
  flush(options: FlushOptions): Promise<void>;
  /** Delivers what it can within `timeoutMs`, then drops the rest and tells. */
  giveUpAfter(timeoutMs: number): Promise<void>;
}

/** Datasources with rows that are not settled. One without any is held by nobody here. */
export const pendingDatasources = new Set<Pending>();

/** How long a process that has nothing else to do stays for its rows, ms. */
const EXIT_BUDGET_MS = 5000;

let listening = false;

/** Delivers the pending rows of every datasource of the process; never rejects. */
export async function flushDatasources(options: FlushOptions = {}): Promise<void> {
  await Promise.all([...pendingDatasources].map((datasource) => datasource.flush(options)));
}

/** Idle timers keep no process alive, so a program that ends by itself delivers at its end. */
export function deliverBeforeExit(): void {
  if (listening || typeof process === 'undefined') return;
  listening = true;
  // The event comes again each time the loop has emptied; after `giveUpAfter` nothing is pending any more.
  process.on('beforeExit', () => {
    for (const datasource of pendingDatasources) void datasource.giveUpAfter(EXIT_BUDGET_MS);
  });
}
