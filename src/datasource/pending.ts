import type { FlushOptions } from './options.js';

/** A datasource, as far as the end of its rows is concerned. */
interface Pending {
  flush(options: FlushOptions): Promise<{ pending: number }>;
  /** Delivers what it can within `timeoutMs`, then gives the rest up and tells. */
  giveUpAfter(timeoutMs: number): Promise<void>;
  /** The process is ending now: what can be kept is, the rest is told. Nothing that takes time. */
  giveUp(): void;
}

/** Datasources with rows that are not settled. One without any is held by nobody here. */
export const pendingDatasources = new Set<Pending>();

/** How long a process that has nothing else to do stays for its rows, ms. */
const EXIT_BUDGET_MS = 5000;
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** What still has rows to give when the process ends. */
const lastRows = new Set<() => void>();

let listensForEnd = false;
let listensForSignals = false;

/** Delivers the pending rows of every datasource of the process, and says how many are pending still; never rejects. */
export async function flushDatasources(options: FlushOptions = {}): Promise<number> {
  const flushed = await Promise.all([...pendingDatasources].map((datasource) => datasource.flush(options)));
  return flushed.reduce((sum, { pending }) => sum + pending, 0);
}

/** `append` is called when the process has nothing else to do, or ends: what it appends is delivered, or told. */
export function atTheEnd(append: () => void): void {
  lastRows.add(append);
  deliverAtEnd();
}

/** Idle timers keep no process alive, so a program that ends by itself delivers at its end. */
export function deliverAtEnd(): void {
  if (listensForEnd) return;
  listensForEnd = true;
  if (!hasProcessEvents()) return;
  // The event comes again each time the loop has emptied; after `giveUpAfter` nothing is pending any more.
  process.on('beforeExit', () => {
    for (const append of lastRows) append();
    void giveUpAllAfter(EXIT_BUDGET_MS);
  });
  // After process.exit(), or an error that nobody caught.
  process.on('exit', () => {
    for (const append of lastRows) append();
    for (const datasource of pendingDatasources) datasource.giveUp();
  });
}

/** On the first signal deliver, then let it have its way; a second one has it at once. */
export function deliverOnSignals(): void {
  if (listensForSignals || !hasProcessEvents()) return;
  listensForSignals = true;
  for (const signal of SIGNALS) {
    process.once(signal, () => {
      // Whoever else listens decides what becomes of the process: a listener takes Node's own end away.
      if (process.listenerCount(signal) > 0) void flushDatasources({ timeoutMs: EXIT_BUDGET_MS });
      else void giveUpAllAfter(EXIT_BUDGET_MS).then(() => process.kill(process.pid, signal));
    });
  }
}

async function giveUpAllAfter(timeoutMs: number): Promise<void> {
  await Promise.all([...pendingDatasources].map((datasource) => datasource.giveUpAfter(timeoutMs)));
}

function hasProcessEvents(): boolean {
  return typeof process !== 'undefined' && typeof process.on === 'function';
}
