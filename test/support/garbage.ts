import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'vitest';
import type { Recorded } from './events.js';

setFlagsFromString('--expose-gc');

/** Collects the garbage of this process. */
export const collect = runInNewContext('gc') as () => void;

/** Until the call that nobody can ask for any more has its event, which is the one there is. */
export async function settledWhenCollected(recorded: Recorded): Promise<void> {
  await expect
    .poll(() => {
      collect();
      return recorded.soFar.length;
    })
    .toBe(1);
}
