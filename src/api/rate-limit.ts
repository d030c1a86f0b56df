/** Never wait less than this after a rate limit, ms. */
const MINIMUM_MS = 250;
/** Never wait longer than this, ms, whatever a header says. */
const MAXIMUM_MS = 60_000;
/** Above this an `X-RateLimit-Reset` is an epoch in seconds, above a thousand times this in ms. */
const EPOCH_SECONDS = 1e9;

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * How long to wait after a 429, in ms: `Retry-After` (seconds or an HTTP date), else `X-RateLimit-Reset`
 * (documented as relative, read as an epoch when it is that large), else undefined: back off.
 *
 * @param now the local clock, ms since the epoch; the answer's own `Date` is preferred for dates.
 */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  const answeredAt = httpDate(first(headers.date)) ?? now;
  const waits = values(headers['retry-after']).map((value) => waitFrom(value, answeredAt));
  const longest = Math.max(...waits.filter((wait) => wait !== undefined));
  if (Number.isFinite(longest)) return clamp(longest);
  const reset = seconds(first(headers['x-ratelimit-reset']));
  if (reset === undefined) return undefined;
  if (reset > EPOCH_SECONDS * 1000) return clamp(reset - answeredAt);
  return clamp(reset > EPOCH_SECONDS ? reset * 1000 - answeredAt : reset * 1000);
}

function waitFrom(value: string, answeredAt: number): number | undefined {
  const delay = seconds(value);
  if (delay !== undefined) return delay * 1000;
  const date = httpDate(value);
  return date === undefined ? undefined : date - answeredAt;
}

/** Only plain digits: `Number` reads '' as 0 and '0x10' as 16. */
function seconds(value: string | undefined): number | undefined {
  return value !== undefined && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : undefined;
}

/** Only the weekday-first forms of RFC 9110: `Date.parse('7')` is July 2001. The asctime form lacks its zone. */
function httpDate(value: string | undefined): number | undefined {
  if (value === undefined || !/^\s*(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(value)) return undefined;
  const parsed = Date.parse(/GMT\s*$/.test(value) ? value : `${value} GMT`);
  return Number.isNaN(parsed) ? undefined : parsed;
}

/** A header sent twice: undici gives an array, fetch `7, 8`; a date holds a comma too. */
function values(header: string | string[] | undefined): string[] {
  if (header === undefined) return [];
  return (Array.isArray(header) ? header : [header]).flatMap((value) =>
    /^[\d.\s,]+$/.test(value) ? value.split(',') : [value],
  );
}

function first(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function clamp(ms: number): number {
  return Math.min(Math.max(ms, MINIMUM_MS), MAXIMUM_MS);
}
