import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { addsUp, byNumber, numbers, rows, useDatasources } from '../support/datasources.js';
import { type EventsRequest, json, unusedUrl } from '../support/tinybird.js';

const bench = useDatasources();
const sizes = () => bench.tinybird.requests.map(({ rows: sent }) => sent.length);

/** Answers nothing until `open` is called; counts how many requests are open at most. */
function gated(): { open(): void; readonly most: number } {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  let now = 0;
  let most = 0;
  bench.tinybird.answer = async () => {
    most = Math.max(most, ++now);
    await opened;
    now--;
  };
  return {
    open,
    get most() {
      return most;
    },
  };
}

describe('a batch', () => {
  it('leaves by itself a moment after its first row, and steady traffic does not postpone it', async () => {
    const ds = bench.datasource({ flushAfterMs: 50 });
    let id = 0;
    while (bench.tinybird.requests.length === 0 && id < 1000) {
      ds.append({ id: id++ });
      await sleep(10);
    }
    expect(bench.tinybird.requests.length).toBeGreaterThanOrEqual(1);
    expect(sizes()[0]).toBeGreaterThanOrEqual(2);
  });

  it('leaves at once with the last row that fits', async () => {
    const ds = bench.datasource({ flushAfterMs: 60_000, maxRows: 3 });
    for (const row of rows(4)) ds.append(row);
    await expect.poll(bench.ids).toEqual([0, 1, 2]);
  });

  it('has 10,000 rows or 1 MiB when nothing else is said', async () => {
    const ds = bench.datasource({ flushAfterMs: 60_000 });
    for (const row of rows(10_001)) ds.append(row);
    await expect.poll(() => bench.ids().length).toBe(10_000);
    const long = bench.datasource({ flushAfterMs: 60_000 });
    for (const row of rows(1100, 1000)) long.append(row);
    await expect.poll(() => bench.tinybird.requests.length).toBe(2);
    const bytes = Buffer.byteLength(bench.tinybird.requests[1]?.text ?? '');
    expect(bytes).toBeGreaterThanOrEqual(1024 * 1024);
    expect(bytes).toBeLessThan(1024 * 1024 + 1100);
  });

  it('leaves at once with the row that reaches its bytes', async () => {
    const ds = bench.datasource({ flushAfterMs: 60_000, maxBytes: 25 });
    for (const row of rows(3)) ds.append(row);
    await expect.poll(bench.ids).toEqual([0, 1, 2]);
  });

  it('is compressed over a kilobyte, and only then', async () => {
    const ds = bench.datasource();
    ds.append({ id: 1, text: 'x'.repeat(2000) });
    await ds.flush();
    ds.append({ id: 2 });
    await ds.flush();
    const encodings = bench.tinybird.requests.map(({ headers }) => headers['content-encoding']);
    expect(encodings).toEqual(['gzip', undefined]);
    expect(Number(bench.tinybird.requests[0]?.headers['content-length'])).toBeLessThan(200);
    expect(bench.ids()).toEqual([1, 2]);
  });

  it.each([
    [{ gzip: false }, undefined],
    [{ fetch: globalThis.fetch }, undefined],
    [{ fetch: globalThis.fetch, gzip: true }, 'gzip'],
  ])('is compressed as asked: %o', async (options, encoding) => {
    const ds = bench.datasource(options);
    ds.append({ id: 1, text: 'x'.repeat(2000) });
    await ds.flush();
    expect(bench.tinybird.requests[0]?.headers['content-encoding']).toBe(encoding);
    expect(bench.ids()).toEqual([1]);
  });

  it('is never over maxRequestBytes, and every row arrives once and in order', async () => {
    const ds = bench.datasource({ maxRequestBytes: 2000, concurrency: 1 });
    for (const { id } of rows(500)) ds.append({ id, text: 'é'.repeat(id % 50) });
    await ds.flush();
    expect(bench.ids()).toEqual(numbers(500));
    for (const { text } of bench.tinybird.requests) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(2000);
  });

  it('gathers rows while every slot is busy, into few requests that stay under maxRequestBytes', async () => {
    const gate = gated();
    const ds = bench.datasource({ maxRows: 10, concurrency: 2, maxRequestBytes: 5000 });
    for (const row of rows(1000)) ds.append(row);
    await expect.poll(() => bench.tinybird.requests.length).toBe(2);
    gate.open();
    await ds.flush();
    expect(bench.ids().sort(byNumber)).toEqual(numbers(1000));
    expect(sizes().slice(0, 2)).toEqual([10, 10]);
    expect(sizes().length).toBeLessThanOrEqual(7);
    for (const { text } of bench.tinybird.requests) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(5000);
  });

  it('is one of at most so many under way, whatever is called', async () => {
    const gate = gated();
    const ds = bench.datasource({ maxRows: 7, concurrency: 3 });
    const written = ds.writeAll(rows(500));
    for (const row of rows(500)) ds.append(row);
    const flushed = [ds.flush(), ds.flush()];
    await expect.poll(() => bench.tinybird.requests.length).toBe(3);
    gate.open();
    await Promise.all([written, ...flushed]);
    await ds.flush();
    expect(gate.most).toBe(3);
    expect(bench.ids().length).toBe(1000);
  });
});

describe('memory', () => {
  it.each(['oldest', 'newest'] as const)(
    'full with the sink down loses the %s rows, counted and told',
    async (drop) => {
      const url = await unusedUrl();
      const ds = bench.datasource({ url, maxBufferBytes: 1100, flushAfterMs: 60_000, maxBytes: 100, drop });
      for (let id = 100; id < 300; id++) {
        ds.append({ id });
        expect(ds.stats().bytes).toBeLessThanOrEqual(1100);
        expect(addsUp(ds.stats())).toBe(true);
      }
      expect(ds.stats()).toMatchObject({ accepted: 200, pending: 100, dropped: 100 });
      await expect
        .poll(() =>
          bench.problems.filter(({ code }) => code === 'dropped').reduce((sum, p) => sum + (p.rows ?? 0), 0),
        )
        .toBe(100);
      expect(bench.problems.at(-1)?.message).toContain('maxBufferBytes');
    },
  );

  it.each([
    ['oldest', numbers(200).slice(100)],
    ['newest', numbers(100)],
  ] as const)('full keeps the rows that the policy %s leaves, and they arrive', async (drop, kept) => {
    // Five digits a number: every row has the same size.
    const gate = gated();
    const ds = bench.datasource({ maxBufferBytes: 1313, concurrency: 1, drop });
    ds.append({ id: 99_999 });
    void ds.flush();
    await expect.poll(() => bench.tinybird.requests.length).toBe(1);
    for (const id of numbers(200)) ds.append({ id: 10_000 + id });
    gate.open();
    await ds.flush();
    expect(bench.ids()).toEqual([99_999, ...kept.map((id) => 10_000 + id)]);
    expect(ds.stats()).toMatchObject({ delivered: 101, dropped: 100, pending: 0 });
  });

  it('never drops what is under way', async () => {
    const gate = gated();
    const ds = bench.datasource({ maxBufferBytes: 1300, maxRows: 50, concurrency: 1, flushAfterMs: 60_000 });
    for (const id of numbers(500)) ds.append({ id: 10_000 + id });
    await expect.poll(() => bench.tinybird.requests.length).toBe(1);
    gate.open();
    await ds.flush();
    expect(bench.ids()).toEqual([...numbers(50), ...numbers(500).slice(450)].map((id) => 10_000 + id));
  });

  it('smaller than a batch stays small, however many rows go through it', async () => {
    const ds = bench.datasource({ url: await unusedUrl(), maxBufferBytes: 100_000 });
    const before = process.memoryUsage().arrayBuffers;
    for (const row of rows(9000, 2000)) ds.append(row);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
    expect(ds.stats().bytes).toBeLessThanOrEqual(100_000);
    expect(addsUp(ds.stats())).toBe(true);
  });

  it('tells of an overflow once in a while, not with every row', async () => {
    const ds = bench.datasource({ url: await unusedUrl(), maxBufferBytes: 100, flushAfterMs: 60_000 });
    for (const row of rows(10_000)) ds.append(row);
    expect(bench.codes().filter((code) => code === 'dropped').length).toBe(1);
  });

  it('adds up at every moment, whatever Tinybird answers', async () => {
    let request = 0;
    const answers = [200, 503, 200, 200, 429, 400, 200, 200, 422];
    bench.tinybird.answer = ({ rows: sent }: EventsRequest, response) => {
      const status = sent.length > 15 ? 413 : (answers[request++ % answers.length] ?? 200);
      if (status === 200) {
        json(response, 200, { successful_rows: sent.length - 1, quarantined_rows: 1 });
      } else json(response, status, {}, { 'retry-after': '0' });
    };
    const ds = bench.datasource({ maxRows: 20, concurrency: 3, maxBufferBytes: 5000 });
    for (const row of rows(1000)) {
      ds.append(row);
      expect(addsUp(ds.stats())).toBe(true);
      if (row.id % 50 === 0) await sleep(1);
    }
    const { pending } = await ds.flush();
    expect(pending).toBe(0);
    expect(addsUp(ds.stats())).toBe(true);
    expect(ds.stats()).toMatchObject({ accepted: 1000, inFlight: 0, bytes: 0 });
    expect(ds.stats().quarantined).toBeGreaterThan(0);
  });
});

describe('write', () => {
  it('waits while memory is full, and loses nothing', async () => {
    const gate = gated();
    const ds = bench.datasource({ maxBufferBytes: 1000, maxRows: 10, concurrency: 1 });
    let taken = 0;
    const all = rows(500).map((row) => ds.write(row).then(() => taken++));
    await expect.poll(() => bench.tinybird.requests.length).toBe(1);
    expect(taken).toBeLessThan(200);
    expect(ds.stats().bytes).toBeLessThanOrEqual(1000);
    gate.open();
    await Promise.all(all);
    await ds.flush();
    expect(bench.ids()).toEqual(numbers(500));
    expect(ds.stats()).toMatchObject({ delivered: 500, dropped: 0 });
    expect(bench.problems).toEqual([]);
  });

  it('takes the row as it was when it was given', async () => {
    const gate = gated();
    const ds = bench.datasource({ maxBufferBytes: 20, concurrency: 1 });
    await ds.write({ id: 1, a: 'x' });
    const row = { id: 2 };
    const written = ds.write(row);
    row.id = 3;
    gate.open();
    await written;
    await ds.flush();
    expect(bench.ids()).toEqual([1, 2]);
  });

  it.each([
    ['no row', 'text', 'unserializable'],
    ['a row that is too large', { text: 'x'.repeat(2000) }, 'dropped'],
  ])('rejects %s with its fix, and counts it', async (_what, row, code) => {
    const ds = bench.datasource({ maxRequestBytes: 1000 });
    await expect(ds.write(row)).rejects.toMatchObject({ name: 'TinybirdError', code });
    expect(ds.stats()).toMatchObject({ accepted: 0, refused: 1 });
    expect(bench.problems).toEqual([]);
  });

  it('rejects after close, and when it still waits at the end of one', async () => {
    gated();
    const ds = bench.datasource({ maxBufferBytes: 20 });
    await ds.write({ id: 1, a: 'x' });
    const waiting = ds.write({ id: 2 });
    const rejected = expect(waiting).rejects.toMatchObject({ code: 'closed' });
    await ds.close({ timeoutMs: 50 });
    await rejected;
    await expect(ds.write({ id: 3 })).rejects.toMatchObject({ code: 'closed' });
    expect(addsUp(ds.stats())).toBe(true);
  });

  it('that still waits at a close is delivered by it when there is time', async () => {
    const gate = gated();
    const ds = bench.datasource({ maxBufferBytes: 20, flushAfterMs: 60_000 });
    await ds.write({ id: 1, a: 'x' });
    const waiting = [ds.write({ id: 2, a: 'x' }), ds.write({ id: 3, a: 'x' })];
    const closed = ds.close();
    gate.open();
    await Promise.all([closed, ...waiting]);
    expect(bench.ids()).toEqual([1, 2, 3]);
  });

  it('of row after row lets everything else have its turn', async () => {
    const ds = bench.datasource();
    let turns = 0;
    const other = setInterval(() => turns++, 1);
    for (const row of rows(20_000, 500)) await ds.write(row);
    clearInterval(other);
    expect(turns).toBeGreaterThan(3);
  });
});

describe('writeAll', () => {
  it.each([
    ['an array', () => rows(1000)],
    ['a generator', () => rows(1000).values()],
    [
      'an async generator',
      async function* () {
        for (const row of rows(1000)) yield row;
      },
    ],
  ])('delivers every row of %s', async (_what, make) => {
    const ds = bench.datasource({ maxBufferBytes: 2000, concurrency: 1 });
    expect(await ds.writeAll(make())).toBe(1000);
    await ds.flush();
    expect(bench.ids()).toEqual(numbers(1000));
  });

  it('pulls no more rows than there is room for', async () => {
    const gate = gated();
    let pulled = 0;
    function* endless() {
      for (;;) yield { id: 10_000 + pulled++ };
    }
    const ds = bench.datasource({ maxBufferBytes: 1300, concurrency: 1 });
    const written = ds.writeAll(endless());
    const rejected = expect(written).rejects.toMatchObject({ code: 'closed' });
    await expect.poll(() => bench.tinybird.requests.length).toBe(1);
    await sleep(50);
    expect(pulled).toBe(101);
    gate.open();
    await ds.close();
    await rejected;
  });

  it('closes the iterable when it is stopped, and says where it was', async () => {
    let closed = false;
    async function* some() {
      try {
        yield { id: 1 };
        yield 'no row';
        yield { id: 2 };
      } finally {
        closed = true;
      }
    }
    const ds = bench.datasource();
    await expect(ds.writeAll(some())).rejects.toMatchObject({
      code: 'unserializable',
      message: expect.stringContaining('after 1 row'),
    });
    expect(closed).toBe(true);
    await ds.flush();
    expect(bench.ids()).toEqual([1]);
  });
});
