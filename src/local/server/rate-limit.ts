/** What every answer of the Events API says of its limit. */
type RateHeaders = Readonly<Record<string, string>>;

/** Counts the requests of each datasource. */
export interface RateLimit {
  /** Counts one, and says whether it may go on. */
  take(datasource: string): { readonly allowed: boolean; readonly headers: RateHeaders };
  /** What an answer says that counted for no datasource. */
  readonly unused: RateHeaders;
}

/**
 * Tinybird's limit of requests a second and datasource, as the reference of its Events API has it; its guide says 100,
 * which a busy test on a laptop would pass.
 */
export const REQUESTS_A_SECOND = 1_000;

const WINDOW_MS = 1_000;

/**
 * Lets so many requests a second through for each datasource, in windows of one second.
 *
 * @param now - the time in ms
 */
export function createRateLimit(perSecond: number, now: () => number = Date.now): RateLimit {
  const windows = new Map<string, { readonly startedAt: number; requests: number }>();
  const headers = (requests: number): RateHeaders => ({
    'x-ratelimit-limit': String(perSecond),
    'x-ratelimit-remaining': String(Math.max(0, perSecond - requests)),
    // In seconds from now, rounded up: never 0 while the window lasts.
    'x-ratelimit-reset': '1',
    ...(requests > perSecond && { 'retry-after': '1' }),
  });
  return {
    take(name) {
      const at = now();
      let window = windows.get(name);
      if (window === undefined || at - window.startedAt >= WINDOW_MS || at < window.startedAt) {
        window = { startedAt: at, requests: 0 };
        windows.set(name, window);
      }
      window.requests += 1;
      return { allowed: window.requests <= perSecond, headers: headers(window.requests) };
    },
    unused: headers(0),
  };
}
