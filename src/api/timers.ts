/** `setTimeout` fires at once for more than this, ms. */
export const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** This timer keeps no process alive. Where timers are numbers, as on the edge, none does. */
export function unref(timer: ReturnType<typeof setTimeout>): void {
  if (typeof timer === 'object') timer.unref();
}

const FOREVER_MS = 2 ** 30;

/** The process does not end by itself until this is cleared. */
export function keepAlive(): ReturnType<typeof setInterval> {
  return setInterval(() => {}, FOREVER_MS);
}

const BACKOFF_FIRST_MS = 250;
const BACKOFF_MAXIMUM_MS = 30_000;
const BACKOFF_MINIMUM_MS = 50;

/**
 * How long to wait after so many failures in a row, ms: from 50 to 250, then to twice that each time, to 30,000 at most.
 * Full jitter: a fleet that failed together does not come back together.
 */
export function backoffMs(failures: number): number {
  const ceiling = Math.min(BACKOFF_MAXIMUM_MS, BACKOFF_FIRST_MS * 2 ** (failures - 1));
  return BACKOFF_MINIMUM_MS + Math.random() * (ceiling - BACKOFF_MINIMUM_MS);
}
