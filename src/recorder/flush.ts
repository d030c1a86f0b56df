import type { FlushOptions } from '../datasource/options.js';
import { flushDatasources } from '../datasource/pending.js';
import { allPriced } from './recorder.js';

/**
 * Resolves when every event and row of this process that is complete by now is settled: delivered, quarantined or
 * given up. Never rejects. `timeoutMs` bounds the wait.
 */
export async function flush(options: FlushOptions = {}): Promise<void> {
  await allPriced();
  await flushDatasources(options);
}
