import type { FlushOptions } from '../datasource/options.js';
import { flushDatasources } from '../datasource/pending.js';
import { backgroundSettled } from './background.js';

/**
 * Resolves when every event and row of this process that is complete by now is settled: delivered, quarantined or
 * given up. Never rejects. `timeoutMs` bounds the wait; `pending` says how many rows are not settled then.
 */
export async function flush(options: FlushOptions = {}): Promise<{ pending: number }> {
  await backgroundSettled();
  return { pending: await flushDatasources(options) };
}
