import { LONGEST_TIMEOUT_MS, unref } from '../api/timers.js';

/** Calls back after so long, ms, unless the process ends before; gives what takes that back. */
export function afterAWhile(ms: number, then: () => void): () => void {
  const timer = setTimeout(then, Math.min(ms, LONGEST_TIMEOUT_MS));
  unref(timer);
  return () => clearTimeout(timer);
}
