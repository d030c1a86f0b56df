import type { FlushOptions } from '../datasource/options.js';
import { flushDatasources } from '../datasource/pending.js';
import { backgroundSettled } from './background.js';

/**
 * Resolves when every event and row of this process that is complete by now is settled: delivered, quarantined or
 * given up. Never rejects. `timeoutMs` bounds the wait.
 */
export async function flush(options: FlushOptions = {}): Promise<void> {
  await backgroundSettled();
  await flushDatasources(options);
}
