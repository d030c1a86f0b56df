import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { forgetTold } from '../../src/api/tell.js';
import { refusal, useTimedTinybird } from '../support/clock.js';
import { addsUp, byNumber, numbers, rows, useDatasources } from '../support/datasources.js';
import { json } from '../support/tinybird.js';
import { TRANSPORTS } from '../support/transports.js';

describe('an outage of 10 s under 1,000 appends a second', () => {
  const bench = useDatasources();

  it('costs 15 requests at most and no row, over undici and fetch', async () => {
    const down = { undici: 0, fetch: 0 };
    let isDown = true;
    bench.tinybird.answer = (request, response) => {
      const over = request.rows[0]?.over as 'undici' | 'fetch';
      if (!isDown) return;
      down[over]++;
      json(response, 503, {});
    };
    const sources = TRANSPORTS.map(([over, transport]) => ({ over, ds: bench.datasource(transport) }));
    let appended = 0;
    const began = performance.now();
    while (performance.now() - began < 10_000) {
      const due = performance.now() - began;
      for (; appended < due; appended++)
        for (const { over, ds } of sources) ds.append({ over, id: appended });
      await sleep(10);
    }
    isDown = false;
    for (const { over, ds } of sources) {
      expect(await ds.flush()).toMatchObject({ accepted: appended, delivered: appended, dropped: 0 });
      const arrived = bench.tinybird.rows.filter((row) => row.over === over).map((row) => row.id);
      expect(arrived.sort(byNumber)).toEqual(numbers(appended));
    }
    for (const requests of Object.values(down)) {
      expect(requests).toBeGreaterThan(0);
      expect(requests).toBeLessThanOrEqual(15);
    }
    expect(bench.codes()).toEqual(['server_error', 'server_error']);
  });
});

describe('in an outage', () => {
  const tinybird = useTimedTinybird(1); // the longest of every backoff
  const down = () => refusal(503);

  it('requests come farther and farther apart, up to half a minute', async () => {
    tinybird.answer = down;
    const ds = tinybird.datasource({ maxRows: 1, concurrency: 1 });
    for (const row of rows(10)) ds.append(row);
    await tinybird.pass(120_000);
    const gaps = tinybird.times().map((at, n, all) => at - (all[n - 1] ?? at));
    expect(gaps.slice(1).map((gap) => Math.round(gap / 250))).toEqual([1, 2, 4, 8, 16, 32, 64, 120, 120]);
  });

  it('a flush asks at once, but no more than once a second', async () => {
    tinybird.answer = down;
    const ds = tinybird.datasource();
    ds.append({ id: 1 });
    void ds.flush();
    await tinybird.pass(40_000);
    const before = tinybird.requests.length;
    for (let flushes = 0; flushes < 100; flushes++) {
      void ds.flush();
      await tinybird.pass(50);
    }
    const after = tinybird.requests.length - before;
    expect(after).toBeGreaterThanOrEqual(4);
    expect(after).toBeLessThanOrEqual(6);
    tinybird.answer = () => undefined;
    await tinybird.pass(1000);
    void ds.flush();
    await tinybird.pass(1000);
    expect(tinybird.taken()).toEqual([1]);
  });

  it('a flush does not ask within a wait that Tinybird asked for', async () => {
    tinybird.answer = () => refusal(429, { 'retry-after': '30' });
    const ds = tinybird.datasource();
    ds.append({ id: 1 });
    for (let second = 0; second < 25; second++) {
      void ds.flush();
      await tinybird.pass(1000);
    }
    expect(tinybird.requests.length).toBe(1);
  });

  it('is told when it begins and once a minute, and so is another kind of problem within it', async () => {
    tinybird.answer = down;
    const ds = tinybird.datasource();
    ds.append({ id: 1 });
    await tinybird.pass(50_000);
    expect(tinybird.problems.map(({ code }) => code)).toEqual(['server_error']);
    tinybird.answer = () => refusal(429);
    await tinybird.pass(50_000);
    expect(tinybird.problems.map(({ code }) => code)).toEqual(['server_error', 'rate_limited']);
    await tinybird.pass(100_000);
    expect(tinybird.problems.length).toBeLessThanOrEqual(4);
  });

  it('of some rows alone the others arrive, and those when it is over', async () => {
    tinybird.answer = ({ ids }) => (ids.includes(0) ? refusal(500) : undefined);
    const ds = tinybird.datasource({ maxRows: 1, concurrency: 1 });
    ds.append({ id: 0 });
    for (let id = 1; id <= 20; id++) {
      await tinybird.pass(1000);
      ds.append({ id });
    }
    await tinybird.pass(120_000);
    expect(tinybird.taken().sort(byNumber)).toEqual(numbers(21).slice(1));
    expect(ds.stats()).toMatchObject({ pending: 1, dropped: 0 });
    tinybird.answer = () => undefined;
    await tinybird.pass(31_000);
    expect(ds.stats()).toMatchObject({ pending: 0, delivered: 21 });
  });
});

describe('rows older than maxAgeMs', () => {
  const tinybird = useTimedTinybird(0); // the shortest of every backoff, 50 ms

  it('are dropped, counted and told once, the waiting ones too; younger ones wait on', async () => {
    tinybird.answer = () => refusal(503);
    const ds = tinybird.datasource({ maxAgeMs: 10_000, flushAfterMs: 100, maxRows: 1 });
    for (const id of [1, 2, 3]) ds.append({ id });
    await tinybird.pass(5000);
    ds.append({ id: 4 });
    await tinybird.pass(5200);
    expect(ds.stats()).toMatchObject({ accepted: 4, dropped: 3, pending: 1 });
    const told = tinybird.problems.filter(({ code }) => code === 'dropped');
    expect(told.reduce((sum, problem) => sum + (problem.rows ?? 0), 0)).toBe(3);
    expect(told[0]?.message).toMatch(/of events dropped: not delivered within maxAgeMs \(10000\)\..*503/);
    tinybird.answer = () => undefined;
    await tinybird.pass(1000);
    expect(tinybird.taken()).toEqual([4]);
    expect(addsUp(ds.stats())).toBe(true);
  });

  it('take no younger ones with them that are in the same request', async () => {
    tinybird.answer = () => refusal(429, { 'retry-after': '8' });
    const ds = tinybird.datasource({ maxAgeMs: 9000, flushAfterMs: 100 });
    ds.append({ id: 0 });
    await tinybird.pass(1000);
    ds.append({ id: 1 });
    ds.append({ id: 2 });
    await tinybird.pass(6500);
    ds.append({ id: 3 });
    tinybird.answer = ({ ids }) => (ids.includes(0) ? undefined : refusal(503));
    await tinybird.pass(1500);
    expect(tinybird.requests.at(-1)?.ids).toEqual([1, 2, 3]);
    await tinybird.pass(2000);
    expect(tinybird.requests.at(-1)?.ids).toEqual([3]);
    expect(ds.stats()).toMatchObject({ delivered: 1, dropped: 2, pending: 1 });
    expect(tinybird.problems.at(-1)).toMatchObject({ code: 'dropped', rows: 2 });
    tinybird.answer = () => undefined;
    await tinybird.pass(1000);
    expect(tinybird.taken()).toEqual([0, 3]);
  });

  it('are not told of in the words of the outage, which the console has told already', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    forgetTold();
    tinybird.answer = () => refusal(503);
    const ds = tinybird.datasource({ maxAgeMs: 1000, onError: undefined });
    ds.append({ id: 1 });
    await tinybird.pass(10_000);
    ds.append({ id: 2 });
    await tinybird.pass(10_000);
    expect(warn.mock.calls.map(([line]) => String(line))).toEqual([
      expect.stringContaining('answered 503'),
      expect.stringContaining('1 row of events dropped'),
    ]);
  });
});

describe.each(TRANSPORTS)('over %s, a clock that is set', (_name, transport) => {
  const bench = useDatasources();
  const HOUR = 3_600_000;
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    ['an hour forth', HOUR],
    ['an hour back', -HOUR],
  ])('%s changes neither the age of rows nor a backoff', async (_how, by) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const times: number[] = [];
    bench.tinybird.answer = (_request, response) => {
      times.push(performance.now());
      if (times.length === 1) return json(response, 429, {}, { 'retry-after': '1' });
      if (times.length < 4) json(response, 503, {});
    };
    const ds = bench.datasource({ ...transport, maxAgeMs: 600_000 });
    ds.append({ id: 1 });
    void ds.flush();
    await expect.poll(() => ds.stats().retried).toBe(1);
    vi.setSystemTime(Date.now() + by);
    ds.append({ id: 2 });
    expect(await ds.flush()).toMatchObject({ delivered: 2, dropped: 0, pending: 0 });
    const [first = 0, second = 0] = times;
    expect(second - first).toBeGreaterThanOrEqual(1000);
  });
});
