import { describe, expect, it } from 'vitest';
import { retryAfterMs } from '../../src/api/rate-limit.js';

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
    ['a past date: the minimum', { 'retry-after': 'Wed, 21 Oct 2020 07:28:00 GMT' }, 250],
    ['more than a minute: a minute', { 'retry-after': '3600' }, 60_000],
    ['a relative reset', { 'x-ratelimit-reset': '3' }, 3000],
    ['a reset in epoch seconds', { 'x-ratelimit-reset': String(NOW / 1000 + 5) }, 5000],
    ['a reset in epoch milliseconds', { 'x-ratelimit-reset': String(NOW + 5000) }, 5000],
    ['an unusable Retry-After: the reset', { 'retry-after': 'soon', 'x-ratelimit-reset': '3' }, 3000],
  ])('is told by %s', (_what, headers, expected) => {
    expect(retryAfterMs(headers, NOW)).toBe(expected);
  });

  it.each(['', '-1', 'Infinity', '1e3', '0x10', 'soon', '2026-10-21'])('is not told by %j', (value) => {
    expect(retryAfterMs({ 'retry-after': value }, NOW)).toBeUndefined();
  });

  it('is not told by no header at all', () => {
    expect(retryAfterMs({}, NOW)).toBeUndefined();
  });
});
