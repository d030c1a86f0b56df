/**
 * A text that Tinybird takes for a moment (`YYYY-MM-DD hh:mm:ss`, with `T` or a space, a fraction, `Z` or an offset),
 * as every comparison of ClickHouse reads it: in UTC, with a space. `undefined` when it is none.
 *
 * @param precise - whether a fraction is demanded and kept, as of a DateTime64, or cut off
 */
export function momentText(text: string, precise: boolean): string | undefined {
  const [, year, month, day, time, fraction = '', zone = ''] = MOMENT.exec(text) ?? [];
  if (year === undefined || month === undefined || day === undefined || time === undefined) return undefined;
  if (!isDay(Number(year), Number(month), Number(day)) || !/^([01]\d|2[0-3])(:[0-5]\d){2}$/.test(time))
    return undefined;
  // Tinybird demands the milliseconds of a DateTime64.
  if (precise && fraction.length < 3) return undefined;
  const moment =
    zone === '' ? `${year}-${month}-${day} ${time}` : inUtc(`${year}-${month}-${day}T${time}`, zone);
  return precise && moment !== undefined ? `${moment}.${fraction}` : moment;
}

/** Whether a text is a day of the calendar, `YYYY-MM-DD`. */
export function isDayText(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? [];
  return year !== undefined && isDay(Number(year), Number(month), Number(day));
}

const MOMENT =
  /^(\d{4})[-/.](\d{2})[-/.](\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?\s?(Z|z|[+-]\d{2}:?\d{2})?$/;

function isDay(year: number, month: number, day: number): boolean {
  const lengths = [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return day >= 1 && day <= (lengths[month - 1] ?? 0);
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function inUtc(local: string, zone: string): string | undefined {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone) ?? [];
  if (Number(hours ?? 0) > 23 || Number(minutes ?? 0) > 59) return undefined;
  const offset = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
  const at = new Date(Date.parse(`${local}Z`) - (sign === '-' ? -offset : offset));
  const text = at.toISOString();
  // Beyond the years 0 to 9999 it is written with a sign.
  return text.length === 24 ? text.slice(0, 19).replace('T', ' ') : undefined;
}
