/** Whether a request may go on, and what every answer to it says of the limit. */
export interface RateVerdict {
  readonly allowed: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Tinybird's limit of requests a second and datasource, as the reference of its Events API has it; its guide says 100,
 * which a busy test on a laptop would pass.
 */
export const REQUESTS_A_SECOND = 1_000;

/**
 * Counts the requests of each datasource in windows of one second.
 *
 * @param now - the time in ms
 */
export function createRateLimit(
  perSecond: number,
  now: () => number = Date.now,
): (name: string) => RateVerdict {
  const windows = new Map<string, { readonly startedAt: number; requests: number }>();
  return (name) => {
    const at = now();
    let window = windows.get(name);
    if (window === undefined || at - window.startedAt >= 1_000 || at < window.startedAt) {
      window = { startedAt: at, requests: 0 };
      windows.set(name, window);
    }
    window.requests += 1;
    const allowed = window.requests <= perSecond;
    return {
      allowed,
      headers: {
        'x-ratelimit-limit': String(perSecond),
        'x-ratelimit-remaining': String(Math.max(0, perSecond - window.requests)),
        // In seconds from now, rounded up: never 0 while the window lasts.
        'x-ratelimit-reset': '1',
        ...(!allowed && { 'retry-after': '1' }),
      },
    };
  };
}
