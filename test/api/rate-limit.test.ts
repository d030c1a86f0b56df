import { afterEach, describe, expect, it } from 'vitest';
import { retryAfterMs, toldWait } from '../../src/api/rate-limit.js';

const NOW = Date.UTC(2026, 9, 21, 7, 27, 30);

describe('the wait after a rate limit', () => {
  it.each([
    ['seconds', { 'retry-after': '7' }, 7000],
    ['seconds with blanks', { 'retry-after': ' 7 ' }, 7000],
    ['a fraction', { 'retry-after': '1.5' }, 1500],
    ['zero: the minimum', { 'retry-after': '0' }, 250],
    ['a header sent twice, as undici gives it', { 'retry-after': ['5', '8'] }, 8000],
    ['a header sent twice, as fetch gives it', { 'retry-after': '5, 8' }, 8000],
    ['a date', { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }, 30_000],
    ['an old date form', { 'retry-after': 'Wednesday, 21-Oct-26 07:28:00 GMT' }, 30_000],
    ['the asctime form, which is UTC', { 'retry-after': 'Wed Oct 21 07:28:00 2026' }, 30_000],
    [
      'a date, by the clock of the answer',
      { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT', date: 'Wed, 21 Oct 2026 07:27:50 GMT' },
      10_000,
    ],
    [
      'two dates in one header, the later',
      { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT, Wednesday, 21-Oct-26 07:28:10 GMT' },
      40_000,
    ],
    ['seconds and a date, the later', { 'retry-after': '7, Wed, 21 Oct 2026 07:28:00 GMT' }, 30_000],
    ['a header sent twice, the one that can be used', { 'retry-after': ['soon', '5'] }, 5000],
    [
      'an asctime date with one digit of a day',
      { 'retry-after': 'Sun Nov  1 07:28:00 2026', date: 'Sun Nov  1 07:27:50 2026' },
      10_000,
    ],
    [
      'a year of two digits of the century before: a past date',
      { 'retry-after': 'Wednesday, 21-Oct-98 07:28:00 GMT' },
      250,
    ],
    ['a past date: the minimum', { 'retry-after': 'Wed, 21 Oct 2020 07:28:00 GMT' }, 250],
    ['more than a minute: a minute', { 'retry-after': '3600' }, 60_000],
    ['digits without end: a minute', { 'retry-after': '9'.repeat(400) }, 60_000],
    ['a reset sent twice, the longer', { 'x-ratelimit-reset': ['3', '4'] }, 4000],
    ['a past reset: the minimum', { 'x-ratelimit-reset': String(NOW / 1000 - 5) }, 250],
    ['a relative reset', { 'x-ratelimit-reset': '3' }, 3000],
    ['a reset in epoch seconds', { 'x-ratelimit-reset': String(NOW / 1000 + 5) }, 5000],
    ['a reset in epoch milliseconds', { 'x-ratelimit-reset': String(NOW + 5000) }, 5000],
    ['an unusable Retry-After: the reset', { 'retry-after': 'soon', 'x-ratelimit-reset': '3' }, 3000],
  ])('is told by %s', (_what, headers, expected) => {
    expect(retryAfterMs(headers, NOW)).toBe(expected);
  });

  const unusable = [
    '',
    '-1',
    'Infinity',
    '1e3',
    '0x10',
    '1.',
    '.5',
    '+7',
    'soon',
    '2026-10-21',
    '2026-10-21T07:28:00Z',
    'Wed, 31 Jun 2026 07:28:00 GMT',
    'Wed, 21 Foo 2026 07:28:00 GMT',
    'Wed, 21 Oct 2026 07:28:00 EST',
    'Wed, 21 Oct',
    '7; 8',
  ];
  it.each(unusable)('is not told by %j', (value) => {
    expect(retryAfterMs({ 'retry-after': value }, NOW)).toBeUndefined();
    expect(retryAfterMs({ 'x-ratelimit-reset': value }, NOW)).toBeUndefined();
    expect(retryAfterMs({ 'retry-after': value, 'x-ratelimit-reset': '3' }, NOW)).toBe(3000);
    expect(retryAfterMs({ 'retry-after': '7', date: value }, NOW)).toBe(7000);
  });

  it('is not told by no header at all', () => {
    expect(retryAfterMs({}, NOW)).toBeUndefined();
  });

  it('says when it was cut, and from what', () => {
    expect(toldWait({ 'retry-after': '61' }, NOW)).toEqual({ ms: 60_000, clampedFrom: 61_000 });
    expect(toldWait({ 'retry-after': '60' }, NOW)).toEqual({ ms: 60_000, clampedFrom: undefined });
    expect(toldWait({ 'retry-after': '0' }, NOW)).toEqual({ ms: 250, clampedFrom: undefined });
    expect(toldWait({}, NOW)).toBeUndefined();
  });
});

describe('a date', () => {
  const zone = process.env.TZ;
  afterEach(() => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });

  it.each(['UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland'])(
    'is the same moment in %s, in each of its three forms',
    (name) => {
      process.env.TZ = name;
      expect(new Intl.DateTimeFormat().resolvedOptions().timeZone).toMatch(new RegExp(`${name}|Calcutta`));
      for (const date of [
        'Wed, 21 Oct 2026 07:28:00 GMT',
        'Wednesday, 21-Oct-26 07:28:00 GMT',
        'Wed Oct 21 07:28:00 2026',
      ]) {
        expect(retryAfterMs({ 'retry-after': date }, NOW)).toBe(30_000);
      }
    },
  );
});
