import { expect, it } from 'vitest';
import { createRateLimit } from '../../../src/local/server/rate-limit.js';

const told = (remaining: number, more = {}) => ({
  'x-ratelimit-limit': '3',
  'x-ratelimit-remaining': String(remaining),
  'x-ratelimit-reset': '1',
  ...more,
});

it('lets so many requests a second through for each datasource, and tells the others when to come again', () => {
  let now = 5_000;
  const { take, unused } = createRateLimit(3, () => now);
  expect(unused).toEqual(told(3));
  expect(take('a')).toEqual({ allowed: true, headers: told(2) });
  expect(take('a')).toEqual({ allowed: true, headers: told(1) });
  expect(take('b')).toEqual({ allowed: true, headers: told(2) });
  expect(take('a')).toEqual({ allowed: true, headers: told(0) });
  now += 999;
  expect(take('a')).toEqual({ allowed: false, headers: told(0, { 'retry-after': '1' }) });
  expect(take('b')).toEqual({ allowed: true, headers: told(1) });
  now += 1;
  expect(take('a')).toEqual({ allowed: true, headers: told(2) });
});

it('begins anew when the clock is set back', () => {
  let now = 5_000;
  const { take } = createRateLimit(1, () => now);
  take('a');
  now = 1_000;
  expect(take('a').allowed).toBe(true);
});
