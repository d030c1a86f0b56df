/** Never wait less than this after a rate limit, ms. */
const MINIMUM_MS = 250;
/** Never wait longer than this, ms, whatever a header says. */
const MAXIMUM_MS = 60_000;
/** Above this an `X-RateLimit-Reset` is an epoch in seconds, above a thousand times this in ms. */
const EPOCH_SECONDS = 1e9;

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** A wait that an answer asks for. */
export interface ToldWait {
  /** How long to wait, ms: 250 at least, 60,000 at most. */
  readonly ms: number;
  /** How long the answer said, ms, when that was over 60,000 and therefore cut. */
  readonly clampedFrom: number | undefined;
}

/**
 * How long to wait after a 429, in ms: `Retry-After` (seconds or an HTTP date), else `X-RateLimit-Reset`
 * (documented as relative, read as an epoch when it is that large), else undefined: back off.
 *
 * @param now the local clock, ms since the epoch; the answer's own `Date` is preferred for dates.
 */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  return toldWait(headers, now)?.ms;
}

/** As `retryAfterMs`, and whether the wait was cut: for a caller that would rather give up than ask too early. */
export function toldWait(headers: Headers, now: number): ToldWait | undefined {
  const answeredAt = values(headers.date).map(httpDate).find(isKnown) ?? now;
  const told =
    longest(values(headers['retry-after']).map((value) => waitOf(value, answeredAt))) ??
    longest(values(headers['x-ratelimit-reset']).map((value) => resetOf(value, answeredAt)));
  if (told === undefined) return undefined;
  return {
    ms: Math.min(Math.max(told, MINIMUM_MS), MAXIMUM_MS),
    clampedFrom: told > MAXIMUM_MS ? told : undefined,
  };
}

function waitOf(value: string, answeredAt: number): number | undefined {
  const delay = seconds(value);
  if (delay !== undefined) return delay * 1000;
  const date = httpDate(value);
  return date === undefined ? undefined : date - answeredAt;
}

function resetOf(value: string, answeredAt: number): number | undefined {
  const reset = seconds(value);
  if (reset === undefined) return undefined;
  if (reset > EPOCH_SECONDS * 1000) return reset - answeredAt;
  return reset > EPOCH_SECONDS ? reset * 1000 - answeredAt : reset * 1000;
}

/** Only plain digits: `Number` reads '' as 0 and '0x10' as 16. */
function seconds(value: string): number | undefined {
  return /^\d+(\.\d+)?$/.test(value) ? Number(value) : undefined;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** The three forms of RFC 9110, all of them UTC. */
const DATE_FORMS = [
  /^[a-z]{3}, (?<day>\d\d) (?<month>[a-z]{3}) (?<year>\d{4}) (?<time>\d\d:\d\d:\d\d)(?: GMT)?$/i,
  /^[a-z]{6,9}, (?<day>\d\d)-(?<month>[a-z]{3})-(?<year>\d\d) (?<time>\d\d:\d\d:\d\d)(?: GMT)?$/i,
  /^[a-z]{3} (?<month>[a-z]{3}) {1,2}(?<day>\d{1,2}) (?<time>\d\d:\d\d:\d\d) (?<year>\d{4})(?: GMT)?$/i,
];

/**
 * Read by hand: `Date.parse` takes `7` for July 2001, reads the form of asctime in local time, and knows the form with
 * two digits of a year in some engines only.
 */
function httpDate(value: string): number | undefined {
  for (const form of DATE_FORMS) {
    const { day, month, year, time } = form.exec(value)?.groups ?? {};
    if (day === undefined || month === undefined || year === undefined || time === undefined) continue;
    const monthIndex = MONTHS.indexOf(month.toLowerCase());
    if (monthIndex < 0) return undefined;
    const [hours = 0, minutes = 0, secs = 0] = time.split(':').map(Number);
    const date = Date.UTC(fullYear(year), monthIndex, Number(day), hours, minutes, secs);
    // The 31st of June would be the 1st of July.
    return new Date(date).getUTCDate() === Number(day) ? date : undefined;
  }
  return undefined;
}

/** RFC 9110: a year of two digits more than 50 years ahead is of the century before. */
function fullYear(year: string): number {
  if (year.length > 2) return Number(year);
  const thisYear = new Date().getUTCFullYear();
  const near = Math.floor(thisYear / 100) * 100 + Number(year);
  return near > thisYear + 50 ? near - 100 : near;
}

/** A header sent twice: undici gives an array, fetch `7, 8`. A date holds a comma too, which parts nothing. */
function values(header: string | string[] | undefined): string[] {
  if (header === undefined) return [];
  return (Array.isArray(header) ? header : [header])
    .flatMap((value) => value.split(/,\s*(?=[a-z]{3,9}[, ]|\d+(?:\.\d+)?\s*(?:,|$))/i))
    .map((value) => value.trim());
}

function longest(waits: readonly (number | undefined)[]): number | undefined {
  const known = waits.filter(isKnown);
  return known.length === 0 ? undefined : Math.max(...known);
}

function isKnown(value: number | undefined): value is number {
  return value !== undefined;
}
