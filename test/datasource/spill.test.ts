import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Datasource } from '../../src/datasource/datasource.js';
import { numbers } from '../support/datasources.js';
import { filesIn, homeOf, idsOnDisk, leave, numbered, segment } from '../support/segments.js';
import { distinct, down, silent, spilling } from '../support/spilling.js';
import { json, startFakeTinybird } from '../support/tinybird.js';

describe('a row', () => {
  it('is on disk when append returns, behind its checksum, and gone when it is delivered', async () => {
    const { tinybird, directory, datasource } = await spilling();
    const ds = datasource({ flushAfterMs: 60_000 });
    for (const row of numbered(0, 3)) ds.append(row);
    const [file = ''] = filesIn(directory);
    expect(readFileSync(file, 'utf8')).toBe(segment(directory, tinybird.url, numbered(0, 3)));
    expect(dirname(dirname(file))).toBe(homeOf(directory, tinybird.url).home);
    await ds.flush();
    expect(filesIn(directory)).toEqual([]);
  });

  it('is on disk in files that are nobody else’s business', async () => {
    const { directory, datasource } = await spilling();
    datasource().append({ id: 1 });
    const [file = ''] = filesIn(directory);
    const modes = [file, dirname(file), dirname(dirname(file))].map((path) => statSync(path).mode & 0o777);
    expect(modes).toEqual([0o600, 0o700, 0o700]);
  });

  it('is on disk without the token, and so is its path', async () => {
    const { directory, datasource } = await spilling();
    datasource({ token: 'p.secret' }).append({ id: 1 });
    for (const file of filesIn(directory)) {
      expect(file).not.toContain('secret');
      expect(readFileSync(file, 'latin1')).not.toContain('secret');
    }
  });

  it('is on disk until it is settled, also when it is quarantined or refused for good', async () => {
    const { tinybird, directory, datasource } = await spilling();
    const ds = datasource({ concurrency: 1 });
    tinybird.answer = (_request, response) =>
      json(response, 200, { successful_rows: 0, quarantined_rows: 1 });
    ds.append({ id: 1 });
    await ds.flush();
    expect(filesIn(directory)).toEqual([]);
    tinybird.answer = (_request, response) => json(response, 400, {});
    ds.append({ id: 2 });
    await ds.flush();
    expect(filesIn(directory)).toEqual([]);
    expect(ds.stats()).toMatchObject({ quarantined: 1, dropped: 1 });
  });

  it.each([401, 403, 404])('that is answered with %i waits on disk and is not dropped', async (status) => {
    const { tinybird, directory, datasource } = await spilling();
    tinybird.answer = (_request, response) => json(response, status, {});
    const ds = datasource();
    ds.append({ id: 1 });
    await ds.flush({ timeoutMs: 500 });
    await ds.close({ timeoutMs: 1 });
    expect(ds.stats()).toMatchObject({ dropped: 0, pending: 1 });
    expect(idsOnDisk(directory)).toEqual([1]);
  });

  it('is on disk with fsync too', async () => {
    const { tinybird, directory, datasource, ids } = await spilling();
    tinybird.answer = silent;
    const ds = datasource({ maxRows: 2 }, { fsync: 'segment' });
    for (const row of numbered(0, 5)) ds.append(row);
    expect(filesIn(directory).map((path) => path.replace(/.*\./, ''))).toEqual(['seg', 'seg', 'open']);
    expect(idsOnDisk(directory)).toEqual(numbers(5));
    await ds.close({ timeoutMs: 1 });
    tinybird.answer = undefined;
    await datasource().close();
    expect(distinct(ids())).toEqual(numbers(5));
  });
});

describe('close', () => {
  it('leaves an empty directory when everything is delivered', async () => {
    const { tinybird, directory, datasource } = await spilling();
    const ds = datasource({ maxRows: 10 });
    for (const row of numbered(0, 100)) ds.append(row);
    await ds.close();
    expect(readdirSync(homeOf(directory, tinybird.url).home)).toEqual([]);
  });

  it('drops nothing while Tinybird is down: the next datasource delivers it, in the same process too', async () => {
    const { tinybird, directory, datasource, ids, told } = await spilling();
    tinybird.answer = down;
    const ds = datasource({ maxRows: 10 });
    for (const row of numbered(0, 25)) ds.append(row);
    await ds.close({ timeoutMs: 50 });
    expect(ds.stats()).toMatchObject({ accepted: 25, dropped: 0, pending: 25 });
    expect(idsOnDisk(directory)).toEqual(numbers(25));
    tinybird.answer = undefined;
    const next = datasource();
    await next.close();
    expect(distinct(ids())).toEqual(numbers(25));
    expect(next.stats()).toMatchObject({ accepted: 25, delivered: 25, pending: 0 });
    expect(readdirSync(homeOf(directory, tinybird.url).home)).toEqual([]);
    expect(told('dropped')).toEqual([]);
  });

  it('leaves behind no directory of a process that was killed with nothing pending', async () => {
    const { tinybird, directory, datasource } = await spilling();
    leave(directory, tinybird.url, {});
    leave(directory, tinybird.url, {});
    await datasource().close();
    expect(readdirSync(homeOf(directory, tinybird.url).home)).toEqual([]);
  });
});

describe('only rows that failed', () => {
  it('are written: nothing is while all goes well', async () => {
    const { directory, datasource } = await spilling();
    const ds = datasource({ maxRows: 10 }, { rows: 'failed' });
    for (const row of numbered(0, 100)) ds.append(row);
    expect(readdirSync(directory)).toEqual([]);
    await ds.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('are on disk once their request has failed, and gone when they go through', async () => {
    const { tinybird, directory, datasource, ids } = await spilling();
    tinybird.answer = down;
    const ds = datasource({ maxRows: 5, concurrency: 1 }, { rows: 'failed' });
    for (const row of numbered(0, 5)) ds.append(row);
    await expect.poll(() => idsOnDisk(directory)).toEqual(numbers(5));
    tinybird.answer = undefined;
    await ds.flush();
    expect(ids()).toEqual(numbers(5));
    expect(filesIn(directory)).toEqual([]);
  });

  it('and what is pending at close while Tinybird is down are delivered by the next', async () => {
    const { tinybird, directory, datasource, ids } = await spilling();
    tinybird.answer = down;
    const ds = datasource({ maxRows: 10 }, { rows: 'failed' });
    for (const row of numbered(0, 45)) ds.append(row);
    await ds.close({ timeoutMs: 50 });
    expect(ds.stats()).toMatchObject({ dropped: 0, pending: 45 });
    expect(idsOnDisk(directory)).toEqual(numbers(45));
    tinybird.answer = undefined;
    await datasource().close();
    expect(distinct(ids())).toEqual(numbers(45));
  });
});

describe('a spill directory', () => {
  it('is shared by datasources and urls without mixing their rows', async () => {
    const { tinybird, directory, datasource, ids } = await spilling();
    const other = await startFakeTinybird();
    tinybird.answer = down;
    other.answer = down;
    const open = [
      datasource(),
      datasource({ url: other.url }),
      new Datasource('others', { url: tinybird.url, spill: directory, onError: () => {} }),
    ];
    open.forEach((ds, id) => {
      ds.append({ id });
    });
    await Promise.all(open.map((ds) => ds.close({ timeoutMs: 1 })));
    expect(readdirSync(directory).length).toBe(3);
    tinybird.answer = undefined;
    other.answer = undefined;
    await datasource().close();
    expect(distinct(ids())).toEqual([0]);
    await datasource({ url: other.url }).close();
    expect(other.rows).toEqual([{ id: 1 }]);
    await new Datasource('others', { url: tinybird.url, spill: directory }).close();
    expect(tinybird.requests.at(-1)?.url.searchParams.get('name')).toBe('others');
    expect(distinct(ids())).toEqual([0, 2]);
    await other.close();
  });

  it.each([
    ['spill', null],
    ['spill', 7],
    ['spill.directory', ''],
    ['spill.directory', { rows: 'all' }],
    ['spill.rows', { directory: 'x', rows: 'some' }],
    ['spill.maxBytes', { directory: 'x', maxBytes: 0 }],
    ['spill.fsync', { directory: 'x', fsync: true }],
  ])('without a usable %s is refused at construction (%j)', async (option, spill) => {
    const { datasource } = await spilling();
    expect(() => datasource({ spill: spill as never })).toThrow(
      expect.objectContaining({ code: 'bad_option', message: expect.stringContaining(`${option} must be`) }),
    );
  });

  it('is not made before there is a row', async () => {
    const { directory, datasource } = await spilling();
    datasource({ spill: join(directory, 'not', 'yet') });
    expect(readdirSync(directory)).toEqual([]);
  });

  it('may be relative, and stays where it was when the program moves elsewhere', async () => {
    const { directory, datasource } = await spilling();
    const before = process.cwd();
    try {
      process.chdir(directory);
      const ds = datasource({ spill: 'here' });
      process.chdir(before);
      ds.append({ id: 1 });
    } finally {
      process.chdir(before);
    }
    expect(readdirSync(directory)).toEqual(['here']);
    expect(filesIn(directory).map((path) => basename(path))).toEqual(['000000000.open']);
  });
});
