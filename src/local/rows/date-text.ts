import type { JsonValue } from './json-path.js';

/**
 * A moment as ClickHouse takes it without guessing: `YYYY-MM-DD hh:mm:ss[.fraction]` in UTC, or `undefined` when
 * the value is no moment the column can hold. Accepted: ISO 8601 with `T` or a space, with `Z`, an offset or
 * nothing (UTC), a bare date, and whole epoch seconds. Epoch milliseconds are not: ClickHouse would silently
 * store 2106-02-07 for them.
 *
 * @param precision - digits of the fraction that are kept; the rest is cut off, as ClickHouse does
 * @param wide - whether the column goes from 1900 to 2299 (DateTime64) rather than 1970 to 2106
 */
export function dateTimeText(value: JsonValue, precision: number, wide: boolean): string | undefined {
  if (precision === 0 && typeof value === 'string' && PLAIN.test(value))
    return value.replace('T', ' ').slice(0, 19);
  const moment = typeof value === 'string' ? parseMoment(value) : epochSeconds(value);
  if (moment === undefined) return undefined;
  const [earliest, latest] = wide ? WIDE_SECONDS : NARROW_SECONDS;
  if (moment.seconds < earliest || moment.seconds > latest) return undefined;
  if (precision === 9 && moment.seconds > LATEST_NANOSECONDS) return undefined;
  const text = new Date(moment.seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
  return precision === 0 ? text : `${text}.${moment.fraction.padEnd(precision, '0').slice(0, precision)}`;
}

/** A calendar day as `YYYY-MM-DD`, or `undefined` when the value is none or the column cannot hold it. */
export function dateText(value: JsonValue, wide: boolean): string | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value) || !parseMoment(value))
    return undefined;
  const [earliest, latest] = wide ? ['1900-01-01', '2299-12-31'] : ['1970-01-01', '2149-06-06'];
  return value >= earliest && value <= latest ? value : undefined;
}

/**
 * A moment in UTC that every column holds and every month has, as senders write nearly all of theirs: there is
 * nothing to compute, which is the larger part of what a date costs.
 */
const PLAIN =
  /^(?:19[789]|20\d)\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])[T ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z?$/;

interface Moment {
  readonly seconds: number;
  readonly fraction: string;
}

/** What ClickHouse's DateTime (32 bits) and DateTime64 can hold; beyond, it wraps or saturates silently. */
const NARROW_SECONDS = [0, 4_294_967_295] as const;
const WIDE_SECONDS = [Date.UTC(1900, 0, 1) / 1000, Date.UTC(2299, 11, 31, 23, 59, 59) / 1000] as const;

/** Nanoseconds since 1970 leave 64 bits in 2262, and the whole insert fails. */
const LATEST_NANOSECONDS = Date.UTC(2262, 3, 11, 23, 47, 15) / 1000;

const MOMENT =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(?:(Z|z)|([+-])(\d{2}):?(\d{2})?)?)?$/;

function parseMoment(text: string): Moment | undefined {
  const match = MOMENT.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  // Date.UTC takes the years 0 to 99 for 1900 to 1999; no column holds any before 1900.
  if (year < 1900) return undefined;
  const at = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // Date.UTC rolls February 30 over to March: a moment that does not read back is none.
  if (at.getUTCMonth() !== month - 1 || at.getUTCDate() !== day) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const [, , , , , , , fraction = '', , sign, offsetHours, offsetMinutes] = match;
  const offset = (Number(offsetHours ?? 0) * 60 + Number(offsetMinutes ?? 0)) * 60;
  return { seconds: at.getTime() / 1000 - (sign === '-' ? -offset : offset), fraction };
}

function epochSeconds(value: JsonValue): Moment | undefined {
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined;
  return value >= 0 && value <= NARROW_SECONDS[1] ? { seconds: value, fraction: '' } : undefined;
}
