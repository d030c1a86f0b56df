import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { numbers } from '../support/datasources.js';
import { clock, faultyDisk } from '../support/faulty-disk.js';
import { filesIn, homeOf, idsOnDisk, leave, numbered, segment } from '../support/segments.js';
import { distinct, down, silent, sorted, spilling } from '../support/spilling.js';

/** Longer than a failed disk is left alone. */
const RESTED_MS = 31_000;

describe('a full disk', () => {
  it.each([
    ['that takes half of a row', 'half'],
    ['that takes nothing', 'ENOSPC'],
  ])('%s keeps no half row; rows go on in memory and are delivered, told once', async (_what, fault) => {
    const { tinybird, directory, datasource, ids, told } = await spilling();
    tinybird.answer = down;
    const disk = faultyDisk(directory);
    const ds = datasource({ flushAfterMs: 60_000 });
    for (const row of numbered(0, 3)) ds.append(row);
    disk.fault = (call) => (call === 'writeSync' ? fault : undefined);
    for (const row of numbered(3, 20)) ds.append(row);
    const [file = ''] = filesIn(directory);
    expect(readFileSync(file, 'utf8')).toBe(segment(directory, tinybird.url, numbered(0, 3)));
    expect(told('spill')).toHaveLength(1);
    expect(told('spill')[0]?.message).toMatch(/ENOSPC|disk is full/);
    tinybird.answer = undefined;
    await ds.flush();
    expect(ids()).toEqual(numbers(23));
    expect(ds.stats()).toMatchObject({ delivered: 23, dropped: 0 });
    expect(filesIn(directory)).toEqual([]);
  });

  it('takes all rows that wait, once it has room again', async () => {
    const { tinybird, directory, datasource, told } = await spilling();
    const { pass } = clock();
    tinybird.answer = silent;
    const ds = datasource({ maxRows: 5, concurrency: 1 });
    const disk = faultyDisk(directory);
    disk.fault = (call) => (call === 'writeSync' ? 'half' : undefined);
    for (const row of numbered(0, 23)) ds.append(row);
    expect(idsOnDisk(directory)).toEqual([]);
    disk.fault = undefined;
    ds.append({ id: 23 });
    // It is left alone for a while: a disk that fails is slow, and append must not be.
    expect(idsOnDisk(directory)).toEqual([]);
    pass(RESTED_MS);
    ds.append({ id: 24 });
    // The first five are under way.
    expect(idsOnDisk(directory)).toEqual(numbers(25).slice(5));
    expect(told('spill')).toHaveLength(1);
    // The next time is another: it is told again.
    disk.fault = (call) => (call === 'writeSync' ? 'half' : undefined);
    ds.append({ id: 25 });
    expect(told('spill')).toHaveLength(2);
  });

  it('is tried once more at the end, however lately it failed', async () => {
    const { tinybird, directory, datasource } = await spilling();
    tinybird.answer = down;
    const disk = faultyDisk(directory);
    disk.fault = (call) => (call === 'writeSync' ? 'ENOSPC' : undefined);
    const ds = datasource({ maxRows: 5 });
    for (const row of numbered(0, 23)) ds.append(row);
    disk.fault = undefined;
    await ds.close({ timeoutMs: 1 });
    expect(idsOnDisk(directory)).toEqual(numbers(23));
    expect(ds.stats()).toMatchObject({ dropped: 0, pending: 23 });
  });

  it('drops rows by the policy of memory when that is full too, counted and told', async () => {
    const { tinybird, directory, datasource, told } = await spilling();
    tinybird.answer = down;
    const disk = faultyDisk(directory);
    disk.fault = (call) => (call === 'writeSync' ? 'ENOSPC' : undefined);
    const ds = datasource({ maxBufferBytes: 1000, flushAfterMs: 60_000 });
    for (const row of numbered(100, 200)) ds.append(row);
    const { dropped, pending, bytes } = ds.stats();
    expect(bytes).toBeLessThanOrEqual(1000);
    expect(dropped + pending).toBe(200);
    await ds.close({ timeoutMs: 1 });
    const rows = told('dropped').reduce((sum, problem) => sum + (problem.rows ?? 0), 0);
    expect(rows).toBe(ds.stats().dropped);
  });
});

describe('a disk that fails with', () => {
  it.each([
    ['EROFS', 'mkdirSync'],
    ['EACCES', 'mkdirSync'],
    ['EMFILE', 'openSync'],
    ['EIO', 'writeSync'],
    ['EROFS', 'renameSync'],
    ['EROFS', 'unlinkSync'],
  ] as const)('%s at %s costs no row and no throw, and is told once each time', async (code, at) => {
    const { directory, datasource, ids, told } = await spilling();
    const { pass } = clock();
    const disk = faultyDisk(directory);
    disk.fault = (call) => (call === at ? code : undefined);
    const ds = datasource({ maxRows: 5 });
    for (const row of numbered(0, 50)) ds.append(row);
    pass(RESTED_MS);
    for (const row of numbered(50, 50)) ds.append(row);
    await ds.flush();
    expect(sorted(ids())).toEqual(numbers(100));
    expect(ds.stats()).toMatchObject({ delivered: 100, dropped: 0 });
    expect(told('spill').length).toBeLessThanOrEqual(2);
    for (const problem of told('spill')) expect(problem.message).toContain(code);
    disk.fault = undefined;
    pass(RESTED_MS);
    ds.append({ id: 100 });
    expect(idsOnDisk(directory)).toContain(100);
  });

  it('EACCES where dead processes left rows is told, and their rows stay', async () => {
    const { tinybird, directory, datasource, ids, told } = await spilling();
    leave(directory, tinybird.url, {
      '000000000.seg': segment(directory, tinybird.url, numbered(0, 3)),
      '000000001.seg': segment(directory, tinybird.url, numbered(3, 3)),
    });
    const disk = faultyDisk(directory);
    disk.fault = (call, path) =>
      call === 'readFileSync' && path.endsWith('000000000.seg') ? 'EACCES' : undefined;
    await datasource().close();
    expect(ids()).toEqual([3, 4, 5]);
    expect(told('spill')).toHaveLength(1);
    expect(idsOnDisk(directory)).toEqual([0, 1, 2]);
  });

  it('a file where the directory should be is told, and is left as it is', async () => {
    const { tinybird, directory, datasource, ids, told } = await spilling();
    const { home } = homeOf(directory, tinybird.url);
    writeFileSync(home, 'mine');
    const ds = datasource({ maxRows: 5 });
    for (const row of numbered(0, 20)) ds.append(row);
    await ds.close();
    expect(sorted(ids())).toEqual(numbers(20));
    expect(readFileSync(home, 'utf8')).toBe('mine');
    expect(told('spill').length).toBeGreaterThanOrEqual(1);
    expect(told('spill').length).toBeLessThanOrEqual(2);
    expect(ds.stats()).toMatchObject({ delivered: 20, dropped: 0 });
  });
});

describe('a spill directory that is removed', () => {
  it('between two rows is noticed when their chunk is full, and made anew', async () => {
    const { tinybird, directory, datasource, ids } = await spilling();
    tinybird.answer = silent;
    const ds = datasource({ maxRows: 10, concurrency: 1 });
    for (const row of numbered(0, 5)) ds.append(row);
    rmSync(directory, { recursive: true });
    for (const row of numbered(5, 10)) ds.append(row);
    expect(idsOnDisk(directory)).toEqual(numbers(15));
    await ds.close({ timeoutMs: 1 });
    tinybird.answer = undefined;
    await datasource().close();
    expect(distinct(ids())).toEqual(numbers(15));
  });

  it('with sealed rows in it is noticed, and those still in memory are written again', async () => {
    const { tinybird, directory, datasource, ids, told } = await spilling();
    tinybird.answer = silent;
    const ds = datasource({ maxRows: 10, concurrency: 1 });
    for (const row of numbered(0, 35)) ds.append(row);
    rmSync(directory, { recursive: true });
    for (const row of numbered(35, 5)) ds.append(row);
    // The first ten are under way.
    expect(idsOnDisk(directory)).toEqual(numbers(40).slice(10));
    await ds.close({ timeoutMs: 1 });
    tinybird.answer = undefined;
    await datasource().close();
    expect(distinct(ids())).toEqual(numbers(40));
    expect(told('dropped')).toEqual([]);
  });

  it('while nothing is appended costs no row at close', async () => {
    const { tinybird, directory, datasource, ids, told } = await spilling();
    tinybird.answer = silent;
    const ds = datasource({ maxRows: 10, concurrency: 1 });
    for (const row of numbered(0, 40)) ds.append(row);
    rmSync(directory, { recursive: true });
    await ds.close({ timeoutMs: 1 });
    expect(ds.stats()).toMatchObject({ dropped: 0, pending: 40 });
    tinybird.answer = undefined;
    await datasource().close();
    expect(distinct(ids())).toEqual(numbers(40));
    expect(told('dropped')).toEqual([]);
  });

  it('while rows are under way costs none when they fail', async () => {
    const { tinybird, directory, datasource } = await spilling();
    tinybird.answer = (request, response) => {
      if (tinybird.requests.length === 1) rmSync(directory, { recursive: true });
      return down(request, response);
    };
    const ds = datasource({ maxRows: 10 });
    for (const row of numbered(0, 10)) ds.append(row);
    await expect.poll(() => ds.stats().retried).toBeGreaterThan(0);
    await expect.poll(() => idsOnDisk(directory)).toEqual(numbers(10));
    expect(ds.stats()).toMatchObject({ dropped: 0, pending: 10 });
  });

  it('keeps only what is delivered when the program has time', async () => {
    const { directory, datasource, ids } = await spilling();
    const ds = datasource({ maxRows: 10 });
    for (const row of numbered(0, 25)) ds.append(row);
    rmSync(directory, { recursive: true });
    for (const row of numbered(25, 25)) ds.append(row);
    await ds.close();
    expect(sorted(ids())).toEqual(numbers(50));
    for (const home of readdirSync(directory)) expect(readdirSync(`${directory}/${home}`)).toEqual([]);
  });

  it('one file of it, removed, is like the directory', async () => {
    const { tinybird, directory, datasource } = await spilling();
    tinybird.answer = silent;
    const ds = datasource({ maxRows: 10 });
    for (const row of numbered(0, 5)) ds.append(row);
    const [file = ''] = filesIn(directory);
    rmSync(file);
    for (const row of numbered(5, 5)) ds.append(row);
    expect(idsOnDisk(directory)).toEqual(numbers(10));
  });
});
