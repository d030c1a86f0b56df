import type { FlushOptions } from '../datasource/options.js';
import { flushDatasources } from '../datasource/pending.js';
import { backgroundSettled } from './background.js';
import { abandonUnread } from './open-calls.js';

/**
 * Resolves when every event and row of this process that is complete by now is settled: delivered, quarantined or
 * given up. A stream that nobody reads any more is complete too, with what had arrived. Never rejects. `timeoutMs`
 * bounds the wait; `pending` says how many rows are not settled then.
 */
export async function flush(options: FlushOptions = {}): Promise<{ pending: number }> {
  const { timeoutMs = Number.POSITIVE_INFINITY } = options;
  const startedAt = performance.now();
  const unread = abandonUnread(timeoutMs);
  const pending = await deliver(options);
  if ((await unread) === 0) return { pending };
  const left = Math.max(0, timeoutMs - (performance.now() - startedAt));
  return { pending: await deliver(left === Number.POSITIVE_INFINITY ? {} : { timeoutMs: left }) };
}

async function deliver(options: FlushOptions): Promise<number> {
  await backgroundSettled();
  return flushDatasources(options);
}
