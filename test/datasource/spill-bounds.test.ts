import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { numbers } from '../support/datasources.js';
import { bytesIn, filesIn, idsOnDisk, leave, numbered, segment } from '../support/segments.js';
import { distinct, down, silent, sorted, spilling } from '../support/spilling.js';

describe('rows for which memory has no room', () => {
  const wide = (id: number) => ({ id, text: 'x'.repeat(1000) });
  const MEMORY = 20_000;

  it.each(['all', 'failed'] as const)('wait on disk and come back in order (rows: %s)', async (rows) => {
    const { tinybird, directory, datasource, ids } = await spilling();
    tinybird.answer = down;
    const ds = datasource({ concurrency: 1, maxBytes: 3000, maxBufferBytes: MEMORY }, { rows });
    for (const { id } of numbered(0, 200)) {
      ds.append(wide(id));
      expect(ds.stats().bytes).toBeLessThanOrEqual(MEMORY);
    }
    expect(idsOnDisk(directory).length).toBeGreaterThan(170);
    tinybird.answer = undefined;
    await ds.close();
    expect(ids()).toEqual(numbers(200));
    expect(ds.stats()).toMatchObject({ delivered: 200, dropped: 0 });
    expect(filesIn(directory)).toEqual([]);
  });

  it('never make memory larger than its bound when they are read back beside new ones', async () => {
    const { tinybird, datasource, ids } = await spilling();
    tinybird.answer = down;
    const ds = datasource({ concurrency: 4, maxBytes: 3000, maxBufferBytes: MEMORY });
    for (const { id } of numbered(0, 200)) ds.append(wide(id));
    let most = 0;
    let id = 200;
    tinybird.answer = (request, response) => {
      most = Math.max(most, ds.stats().bytes);
      // Now and then it fails: then one request goes alone, and several read back after it.
      if (tinybird.requests.length % 12 === 0) down(request, response);
      for (const end = id + 6; id < Math.min(end, 500); id++) ds.append(wide(id));
    };
    while (ds.stats().pending > 0) await ds.flush();
    expect(most).toBeLessThanOrEqual(MEMORY);
    expect(ds.stats()).toMatchObject({ accepted: 500, delivered: 500 });
    expect(sorted(ids())).toEqual(numbers(id));
  });

  it('are not dropped while a large request holds much of it', async () => {
    const { tinybird, datasource, directory } = await spilling();
    const ds = datasource({ concurrency: 1, maxBytes: 3000, maxBufferBytes: MEMORY });
    // The first row fails, then goes through: the request after it could take all that gathered meanwhile.
    tinybird.answer = (request, response) => {
      const { length } = tinybird.requests;
      return length === 2 ? undefined : (length === 1 ? down : silent)(request, response);
    };
    ds.append({ id: 0 });
    const flushed = ds.flush();
    await expect.poll(() => tinybird.requests.length).toBe(1);
    for (const { id } of numbered(1, 19)) ds.append(wide(id));
    await flushed;
    await expect.poll(() => tinybird.requests.length).toBe(3);
    for (const { id } of numbered(20, 100)) ds.append(wide(id));
    expect(ds.stats()).toMatchObject({ delivered: 1, dropped: 0, pending: 119 });
    expect(idsOnDisk(directory)).toEqual(numbers(120).slice(1));
  });

  it('are counted, told and waited for no longer when their files are removed', async () => {
    const { tinybird, directory, datasource, ids, told } = await spilling();
    tinybird.answer = down;
    const ds = datasource({ concurrency: 1, maxBytes: 3000, maxBufferBytes: MEMORY, flushAfterMs: 60_000 });
    for (const { id } of numbered(0, 100)) ds.append(wide(id));
    for (const file of filesIn(directory).slice(0, -1)) rmSync(file);
    tinybird.answer = undefined;
    await ds.flush();
    const { delivered, dropped } = ds.stats();
    expect(delivered).toBe(ids().length);
    expect(delivered + dropped).toBe(100);
    expect(told('dropped').reduce((sum, { rows = 0 }) => sum + rows, 0)).toBe(dropped);
  });
});

describe('the bound on disk', () => {
  const MAX = 10_000;

  it('holds; the oldest segments go whole, counted and told', async () => {
    const { tinybird, directory, datasource, ids, told } = await spilling();
    tinybird.answer = silent;
    const ds = datasource({ maxRows: 10, concurrency: 1 }, { maxBytes: MAX });
    for (const row of numbered(0, 2000)) {
      ds.append(row);
      if (row.id % 50 === 0) expect(bytesIn(directory)).toBeLessThanOrEqual(MAX);
    }
    await ds.close({ timeoutMs: 1 });
    const { dropped } = ds.stats();
    expect(dropped % 10).toBe(0);
    expect(told('dropped').reduce((sum, { rows = 0 }) => sum + rows, 0)).toBe(dropped);
    expect(told('dropped')[0]?.message).toContain(`spill.maxBytes (${MAX})`);
    tinybird.answer = undefined;
    await datasource().close();
    // The ten under way are not dropped; of the others the newest are there.
    expect(distinct(ids())).toEqual([...numbers(10), ...numbers(2000).slice(dropped + 10)]);
  });

  it('holds; with drop newest the new rows go, counted and told', async () => {
    const { tinybird, directory, datasource, ids, told } = await spilling();
    tinybird.answer = silent;
    const ds = datasource({ maxRows: 10, drop: 'newest' }, { maxBytes: MAX });
    for (const row of numbered(0, 2000)) ds.append(row);
    expect(bytesIn(directory)).toBeLessThanOrEqual(MAX);
    await ds.close({ timeoutMs: 1 });
    const { dropped, pending } = ds.stats();
    expect(dropped + pending).toBe(2000);
    expect(told('dropped').reduce((sum, { rows = 0 }) => sum + rows, 0)).toBe(dropped);
    tinybird.answer = undefined;
    await datasource().close();
    expect(distinct(ids())).toEqual(numbers(pending));
  });

  it('holds for rows that are written because they failed', async () => {
    const { tinybird, directory, datasource } = await spilling();
    tinybird.answer = down;
    const ds = datasource({ maxRows: 10, maxBufferBytes: 500 }, { maxBytes: MAX, rows: 'failed' });
    for (const row of numbered(0, 2000)) {
      ds.append(row);
      if (row.id % 50 === 0) expect(bytesIn(directory)).toBeLessThanOrEqual(MAX);
    }
    await ds.close({ timeoutMs: 1 });
    expect(bytesIn(directory)).toBeLessThanOrEqual(MAX);
  });

  it('counts what dead processes left, which goes first', async () => {
    const { tinybird, directory, datasource, ids } = await spilling();
    const left = numbers(10).map((n) => [
      `${String(n).padStart(9, '0')}.seg`,
      segment(directory, tinybird.url, numbered(n * 40, 40)),
    ]);
    leave(directory, tinybird.url, Object.fromEntries(left));
    tinybird.answer = silent;
    const ds = datasource({ maxRows: 10, maxBytes: 500 }, { maxBytes: MAX });
    await expect.poll(() => tinybird.requests.length).toBe(1);
    for (const row of numbered(1000, 100)) ds.append(row);
    expect(bytesIn(directory)).toBeLessThanOrEqual(MAX);
    await ds.close({ timeoutMs: 1 });
    tinybird.answer = undefined;
    await datasource().close();
    expect(ids()).toEqual(expect.arrayContaining(numbered(1000, 100).map(({ id }) => id)));
    expect(ds.stats().dropped % 40).toBe(0);
    expect(ds.stats().dropped).toBeGreaterThan(0);
  });
});
