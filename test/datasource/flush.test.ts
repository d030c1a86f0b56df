import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Datasource } from '../../src/datasource/datasource.js';
import { flushDatasources } from '../../src/datasource/pending.js';
import { flush } from '../../src/recorder/flush.js';
import { numbers, rows, useDatasources } from '../support/datasources.js';
import { json, unusedUrl } from '../support/tinybird.js';

const bench = useDatasources();

describe('flush', () => {
  it('of nothing resolves at once and sends nothing', async () => {
    const ds = bench.datasource();
    expect(await ds.flush()).toEqual({
      accepted: 0,
      delivered: 0,
      quarantined: 0,
      dropped: 0,
      pending: 0,
      refused: 0,
      retried: 0,
      inFlight: 0,
      bytes: 0,
    });
    expect(bench.tinybird.requests).toEqual([]);
  });

  it('twice at once sends nothing twice, and both wait for what is under way', async () => {
    let answered = 0;
    bench.tinybird.answer = async () => {
      await sleep(30);
      answered++;
    };
    const ds = bench.datasource({ maxRows: 1 });
    ds.append({ id: 1 });
    await expect.poll(() => bench.tinybird.requests.length).toBe(1);
    const first = ds.flush().then(() => answered);
    const second = ds.flush().then(() => answered);
    expect(await Promise.all([first, second])).toEqual([1, 1]);
    expect(bench.ids()).toEqual([1]);
  });

  it('waits for the rows before it, and a row after it is delivered without another call', async () => {
    const ds = bench.datasource({ flushAfterMs: 50 });
    ds.append({ id: 1 });
    const flushed = ds.flush();
    ds.append({ id: 2 });
    await flushed;
    expect(bench.ids()).toContain(1);
    await expect.poll(bench.ids).toEqual([1, 2]);
  });

  it('ends, however many rows are appended meanwhile', async () => {
    const ds = bench.datasource({ maxRows: 5 });
    let id = 0;
    const appending = setInterval(() => {
      for (let n = 0; n < 20; n++) ds.append({ id: id++ });
    }, 1);
    try {
      await expect.poll(() => id).toBeGreaterThan(100);
      const before = id;
      await ds.flush();
      expect(new Set(bench.ids())).toEqual(expect.objectContaining({ size: expect.any(Number) }));
      expect(numbers(before).filter((one) => !bench.ids().includes(one))).toEqual([]);
    } finally {
      clearInterval(appending);
    }
  });

  it('waits no longer than it is told to, says what is pending, and does not reject', async () => {
    const ds = bench.datasource({ url: await unusedUrl() });
    ds.append({ id: 1 });
    expect(await ds.flush({ timeoutMs: 50 })).toMatchObject({ pending: 1 });
  });

  it('may be told to wait for ever, as a row may for company', async () => {
    bench.tinybird.answer = () => sleep(50);
    const ds = bench.datasource({ flushAfterMs: 1e12 });
    ds.append({ id: 1 });
    await sleep(50);
    expect(bench.tinybird.requests).toEqual([]);
    expect(await ds.flush({ timeoutMs: Number.POSITIVE_INFINITY })).toMatchObject({ pending: 0 });
  });

  it.each([400, 403, 422])('does not reject for an answer of %i', async (status) => {
    bench.tinybird.answer = (_request, response) => json(response, status, {});
    const ds = bench.datasource();
    ds.append({ id: 1 });
    expect(await ds.flush()).toMatchObject({ pending: 0, dropped: 1 });
  });

  it('of the process delivers every datasource, and says what is pending', async () => {
    const one = bench.datasource();
    const two = bench.datasource();
    one.append({ id: 1 });
    two.append({ id: 2 });
    expect(await flush()).toEqual({ pending: 0 });
    expect(bench.ids().sort()).toEqual([1, 2]);
    const down = bench.datasource({ url: await unusedUrl() });
    down.append({ id: 3 });
    down.append({ id: 4 });
    expect(await flush({ timeoutMs: 50 })).toEqual({ pending: 2 });
  });
});

describe('close', () => {
  it('delivers, then takes no more rows and tells of them; a second one is the same', async () => {
    const ds = bench.datasource();
    ds.append({ id: 1 });
    const closed = ds.close();
    expect(ds.close()).toBe(closed);
    ds.append({ id: 2 });
    await closed;
    ds.append({ id: 3 });
    expect(bench.ids()).toEqual([1]);
    expect(bench.problems.map(({ code, rows: count }) => [code, count])).toEqual([
      ['closed', 1],
      ['closed', 1],
    ]);
    expect(ds.stats()).toMatchObject({ accepted: 1, delivered: 1, refused: 2 });
  });

  it('comes with the end of its block, also when the block throws', async () => {
    const block = async () => {
      await using ds = bench.datasource();
      ds.append({ id: 1 });
      throw new Error('from the block');
    };
    await expect(block).rejects.toThrow('from the block');
    expect(bench.ids()).toEqual([1]);
  });

  it('beside a flush delivers once', async () => {
    const ds = bench.datasource();
    for (const row of rows(10)) ds.append(row);
    await Promise.all([ds.flush(), ds.close(), ds.flush()]);
    expect(bench.ids()).toEqual(numbers(10));
  });

  it('drops what cannot be delivered in time, and tells how much', async () => {
    const ds = bench.datasource({ url: await unusedUrl(), maxRows: 1 });
    for (const row of rows(3)) ds.append(row);
    await ds.close({ timeoutMs: 50 });
    expect(bench.problems.at(-1)).toMatchObject({ code: 'dropped', rows: 3 });
    expect(ds.stats()).toMatchObject({ accepted: 3, dropped: 3, pending: 0, bytes: 0, inFlight: 0 });
  });

  it('ends a request that hangs, and a wait that Tinybird asked for', async () => {
    bench.tinybird.answer = (_request, response) => new Promise((resolve) => response.on('close', resolve));
    const hanging = bench.datasource();
    hanging.append({ id: 1 });
    await hanging.close({ timeoutMs: 50 });
    bench.tinybird.answer = (_request, response) => json(response, 429, {}, { 'retry-after': '3600' });
    const limited = bench.datasource();
    limited.append({ id: 2 });
    await limited.close({ timeoutMs: 50 });
    expect(bench.problems.filter(({ code }) => code === 'dropped').length).toBe(2);
  });
});

describe('waitUntil', () => {
  it('is given a promise for every batch, in the call that appends its first row', async () => {
    const deliveries: Promise<void>[] = [];
    const ds = bench.datasource({
      flushAfterMs: 60_000,
      maxRows: 2,
      waitUntil: (delivery) => deliveries.push(delivery),
    });
    const seen = rows(5).map((row) => {
      ds.append(row);
      return deliveries.length;
    });
    expect(seen).toEqual([1, 1, 2, 2, 3]);
    await deliveries[0];
    expect(bench.ids()).toEqual(expect.arrayContaining([0, 1]));
    await deliveries[1];
    expect(bench.ids()).toEqual(expect.arrayContaining([0, 1, 2, 3]));
    void ds.flush();
    await deliveries[2];
    expect(bench.ids().length).toBe(5);
  });

  it('has its promise kept when the rows are dropped, too', async () => {
    const deliveries: Promise<void>[] = [];
    const waitUntil = (delivery: Promise<void>) => deliveries.push(delivery);
    const ds = bench.datasource({ url: await unusedUrl(), waitUntil });
    ds.append({ id: 1 });
    await ds.close({ timeoutMs: 20 });
    await Promise.all(deliveries);
    expect(deliveries.length).toBe(1);
  });

  it('that throws harms nothing, and is told', async () => {
    const ds = bench.datasource({
      waitUntil: () => {
        throw new Error('outside a request');
      },
    });
    ds.append({ id: 1 });
    await ds.flush();
    expect(bench.ids()).toEqual([1]);
    expect(bench.codes()).toEqual(['user_function']);
  });
});

describe('an option', () => {
  it.each([
    ['a name with a dash', 'name', () => new Datasource('my-rows', { token: 'p.x' })],
    ['a negative number', 'maxRows', () => bench.datasource({ maxRows: -1 })],
    ['no number', 'flushAfterMs', () => bench.datasource({ flushAfterMs: 'soon' as never })],
    ['an infinite number', 'maxBufferBytes', () => bench.datasource({ maxBufferBytes: Infinity })],
    ['an unknown policy', 'drop', () => bench.datasource({ drop: 'all' as never })],
    ['no switch', 'gzip', () => bench.datasource({ gzip: 'yes' as never })],
    ['no function', 'waitUntil', () => bench.datasource({ waitUntil: 1 as never })],
    ['no listener', 'onError', () => bench.datasource({ onError: {} as never })],
    ['no directory', 'spill', () => bench.datasource({ spill: 1 as never })],
    ['an empty directory', 'spill', () => bench.datasource({ spill: '' })],
    [
      'an unknown fsync',
      'spill.fsync',
      () => bench.datasource({ spill: { directory: 'x', fsync: 'row' as never } }),
    ],
  ])('that is %s is refused at construction, by its name', (_what, name, make) => {
    expect(make).toThrow(
      expect.objectContaining({ code: 'bad_option', message: expect.stringContaining(name) }),
    );
  });
});

describe('every datasource', () => {
  it('is forgotten by the process when it has nothing pending', async () => {
    const ds = bench.datasource();
    ds.append({ id: 1 });
    await ds.flush();
    expect(await flushDatasources({ timeoutMs: 1 })).toBe(0);
    ds.append({ id: 2 });
    await flushDatasources();
    expect(bench.ids()).toEqual([1, 2]);
  });
});
