import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Datasource } from '../../src/datasource/datasource.js';
import { refusal, useTimedTinybird } from '../support/clock.js';
import { byNumber, numbers, rows, useDatasources } from '../support/datasources.js';
import { runProgram } from '../support/program.js';
import { json } from '../support/tinybird.js';
import { TRANSPORTS } from '../support/transports.js';

/** The last two forms are old, and to be understood all the same; each is UTC. */
function dateForms(date: Date): string[] {
  const [weekday = '', day, month, year = '', time] = date.toUTCString().replace(',', '').split(' ');
  const names = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
  const long = names.find((name) => name.startsWith(weekday));
  return [
    date.toUTCString(),
    `${long}, ${day}-${month}-${year.slice(2)} ${time} GMT`,
    `${weekday} ${month} ${day?.replace(/^0/, ' ')} ${time} ${year}`,
  ];
}

describe.each(TRANSPORTS)('over %s, after a 429', (_name, transport) => {
  const bench = useDatasources();
  const datasource = (options = {}) => bench.datasource({ ...transport, ...options });

  it('the next request comes no earlier than Retry-After says, in seconds or as a date', async () => {
    const date = new Date(Math.ceil(Date.now() / 1000) * 1000 + 2000);
    const ways = ['1', '1.5', ...dateForms(date)];
    const asked = ways.map(() => [] as Date[]);
    bench.tinybird.answer = (request, response) => {
      const way = Number(request.rows[0]?.id);
      asked[way]?.push(new Date());
      if (asked[way]?.length === 1) json(response, 429, {}, { 'retry-after': ways[way] ?? '' });
    };
    const sources = ways.map(() => datasource());
    sources.forEach((ds, id) => {
      ds.append({ id });
    });
    await Promise.all(sources.map((ds) => ds.flush()));
    expect(bench.ids().sort(byNumber)).toEqual(numbers(ways.length));
    ways.forEach((way, at) => {
      const [first = date, second = first] = asked[at] ?? [];
      const until = /^[\d.]+$/.test(way) ? first.getTime() + Number(way) * 1000 : date.getTime();
      expect(second.getTime(), way).toBeGreaterThanOrEqual(until);
    });
    expect(new Set(bench.codes())).toEqual(new Set(['rate_limited']));
  });

  it('no request of that datasource starts, and those of another do', async () => {
    const times: number[] = [];
    bench.tinybird.answer = (request, response) => {
      if (request.url.searchParams.get('name') !== 'events') return;
      times.push(performance.now());
      if (times.length === 1) json(response, 429, {}, { 'retry-after': '1.5' });
    };
    const ds = datasource();
    ds.append({ id: 1 });
    void ds.flush();
    await expect.poll(() => ds.stats().retried).toBe(1);
    const limitedAt = performance.now();
    const others: unknown[] = [];
    const onError = (problem: unknown) => others.push(problem);
    await using other = new Datasource('others', { url: bench.tinybird.url, onError, ...transport });
    for (let id = 10; performance.now() - limitedAt < 1200; id++) {
      ds.append({ id });
      void ds.flush();
      other.append({ id });
      await Promise.all([other.flush(), sleep(50)]);
    }
    expect(other.stats()).toMatchObject({ retried: 0, pending: 0 });
    expect(other.stats().delivered).toBeGreaterThan(1);
    expect(others).toEqual([]);
    expect(await ds.flush()).toMatchObject({ pending: 0, dropped: 0 });
    const [first = 0, second = 0] = times;
    expect(second - first).toBeGreaterThanOrEqual(1500);
  });

  it('one request goes alone, then two, then four', async () => {
    const held: (() => void)[] = [];
    bench.tinybird.answer = (_request, response) => json(response, 429, {}, { 'retry-after': '0' });
    const ds = datasource({ maxRequestBytes: 10 });
    ds.append({ id: 0 });
    void ds.flush();
    await expect.poll(() => ds.stats().retried).toBe(1);
    bench.tinybird.answer = () => new Promise<void>((resolve) => held.push(resolve));
    for (const row of rows(10).slice(1)) ds.append(row);
    void ds.flush();
    for (const abreast of [1, 2, 4, 3]) {
      await expect.poll(() => held.length).toBe(abreast);
      await sleep(50);
      expect(held.length).toBe(abreast);
      for (const release of held.splice(0)) release();
    }
    await ds.flush();
    expect(bench.ids().sort(byNumber)).toEqual(numbers(10));
  });

  it('of one request those that are under way end, and those that fail with it count with it', async () => {
    const held: ((status: number) => void)[] = [];
    bench.tinybird.answer = async (_request, response) => {
      if (held.length >= 4) return;
      const status = await new Promise<number>((resolve) => held.push(resolve));
      if (status !== 200) json(response, status, {}, { 'retry-after': '1' });
    };
    const ds = datasource({ maxRequestBytes: 10 });
    for (const row of rows(8)) ds.append(row);
    void ds.flush();
    await expect.poll(() => held.length).toBe(4);
    held[0]?.(429);
    await expect.poll(() => ds.stats().retried).toBe(1);
    const limitedAt = performance.now();
    held[1]?.(200);
    held[2]?.(503);
    held[3]?.(200);
    await expect.poll(() => ds.stats()).toMatchObject({ delivered: 2, retried: 2, inFlight: 0 });
    expect(bench.tinybird.requests.length).toBe(4);
    await ds.flush();
    expect(performance.now() - limitedAt).toBeGreaterThanOrEqual(900);
    expect(bench.ids().sort(byNumber)).toEqual(numbers(8));
    expect(bench.codes()).toEqual(['rate_limited', 'server_error']);
  });
});

describe('in another time zone, after a 429', () => {
  const bench = useDatasources();

  it.each(['America/New_York', 'Asia/Kolkata'])('dates are UTC: in %s', async (TZ) => {
    let notBefore = 0;
    const times: number[] = [];
    bench.tinybird.answer = (_request, response) => {
      times.push(Date.now());
      if (times.length > 1) return;
      notBefore = Math.ceil(Date.now() / 1000) * 1000 + 1000;
      json(response, 429, {}, { 'retry-after': dateForms(new Date(notBefore))[2] ?? '' });
    };
    const ended = await runProgram(
      `import { Datasource } from './dist/src/datasource/datasource.js';
       const ds = new Datasource('events', { url: ${JSON.stringify(bench.tinybird.url)}, onError: () => {} });
       ds.append({ id: 1 });
       console.log((await ds.flush({ timeoutMs: 20_000 })).delivered);`,
      { TZ },
    );
    expect(ended).toMatchObject({ code: 0, stdout: '1\n' });
    expect(times[1]).toBeGreaterThanOrEqual(notBefore);
  });
});

describe('the wait', () => {
  const tinybird = useTimedTinybird();
  /** When a request came again that was first refused with these headers, ms. */
  const waitAfter = async (status: number, headers: Record<string, string>) => {
    tinybird.answer = () => (tinybird.requests.length === 1 ? refusal(status, headers) : undefined);
    const ds = tinybird.datasource();
    ds.append({ id: 1 });
    void ds.flush();
    await tinybird.pass(1);
    await tinybird.pass(70_000);
    expect(tinybird.taken()).toEqual([1]);
    return tinybird.times()[1] ?? Number.NaN;
  };

  it.each([
    ['seconds', { 'retry-after': ' 7 ' }, 7000],
    ['zero: the least', { 'retry-after': '0' }, 250],
    ['a past date: the least', { 'retry-after': 'Wed, 21 Oct 2020 07:28:00 GMT' }, 250],
    ['a header sent twice: the longest', { 'retry-after': '7, 8' }, 8000],
    ['a relative reset', { 'x-ratelimit-reset': '3' }, 3000],
    ['Retry-After before a reset', { 'retry-after': '2', 'x-ratelimit-reset': '9' }, 2000],
    ['a reset, if Retry-After cannot be used', { 'retry-after': 'soon', 'x-ratelimit-reset': '3' }, 3000],
  ])('after a 429 is what is told by %s', async (_what, headers, ms) => {
    expect((await waitAfter(429, headers)) - ms).toSatisfy((late) => late >= 0 && late <= 5);
  });

  it.each([
    ['seconds', 1],
    ['milliseconds', 1000],
  ])('after a 429 is what is told by a reset in %s of the epoch', async (_unit, factor) => {
    const reset = Math.floor((Date.now() / 1000 + 5) * factor);
    const waited = await waitAfter(429, { 'x-ratelimit-reset': String(reset) });
    expect(waited).toBeGreaterThanOrEqual(4000);
    expect(waited).toBeLessThanOrEqual(5010);
  });

  it.each(['', '-1', 'Infinity', '1e3', '0x10', 'soon', '2026-10-21', '7 s'])(
    'after a 429 is a backoff if it is told by %j',
    async (value) => {
      const waited = await waitAfter(429, { 'retry-after': value, 'x-ratelimit-reset': value });
      expect(waited).toBeGreaterThanOrEqual(50);
      expect(waited).toBeLessThanOrEqual(260);
    },
  );

  it('after a 429 that tells nothing is a backoff', async () => {
    expect(await waitAfter(429, {})).toBeLessThanOrEqual(260);
  });

  it.each(['3600', '99999999999999999999', 'Fri, 31 Dec 2077 23:59:59 GMT'])(
    'after a 429 is a minute if it is told by %s, and the message says so',
    async (value) => {
      const waited = await waitAfter(429, { 'retry-after': value });
      expect(waited).toBeGreaterThanOrEqual(60_000);
      expect(waited).toBeLessThanOrEqual(60_010);
      expect(tinybird.problems.length).toBe(1);
      expect(tinybird.problems[0]?.message).toMatch(/It says to wait \d+ s; it is asked sooner\./);
    },
  );

  it('after a 503 is what Retry-After tells, and never what a reset tells', async () => {
    expect(await waitAfter(503, { 'retry-after': '7' })).toBeGreaterThanOrEqual(7000);
  });

  it('after a 503 is a backoff, whatever a reset tells', async () => {
    expect(await waitAfter(503, { 'x-ratelimit-reset': '7' })).toBeLessThanOrEqual(260);
  });
});

describe('the wait of a fleet', () => {
  const tinybird = useTimedTinybird(1);

  it('is lengthened by up to a tenth, and never shortened', async () => {
    tinybird.answer = () =>
      tinybird.requests.length === 1 ? refusal(429, { 'retry-after': '10' }) : undefined;
    const ds = tinybird.datasource();
    ds.append({ id: 1 });
    void ds.flush();
    await tinybird.pass(12_000);
    expect(tinybird.times()[1]).toBeGreaterThanOrEqual(11_000);
    expect(tinybird.times()[1]).toBeLessThanOrEqual(11_010);
  });
});
