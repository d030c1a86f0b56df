import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TinybirdError } from '../src/api/errors.js';
import { Datasource } from '../src/datasource/datasource.js';
import type { DatasourceOptions } from '../src/datasource/options.js';
import { flushDatasources } from '../src/datasource/pending.js';
import { runProgram } from './support/program.js';
import { type FakeTinybird, json, startFakeTinybird, unusedUrl } from './support/tinybird.js';

const token = 'p.a-token-nobody-may-see';
let tinybird: FakeTinybird;
let problems: TinybirdError[];
let open: Datasource[];

beforeEach(async () => {
  tinybird = await startFakeTinybird();
  problems = [];
  open = [];
});
afterEach(async () => {
  await Promise.all(open.map((datasource) => datasource.close({ timeoutMs: 1 })));
  await tinybird.close();
});

function datasource(options: DatasourceOptions = {}): Datasource {
  const made = new Datasource('events', {
    url: tinybird.url,
    token,
    onError: (problem) => problems.push(problem),
    ...options,
  });
  open.push(made);
  return made;
}

const codes = () => problems.map((problem) => problem.code);
const ids = () => tinybird.rows.map((row) => row.id);

describe('a row', () => {
  it('arrives as it was when it was appended', async () => {
    const ds = datasource();
    const row = { id: 1, nested: { a: [1] } };
    ds.append(row);
    row.nested.a.push(2);
    await ds.flush();
    expect(tinybird.rows).toEqual([{ id: 1, nested: { a: [1] } }]);
  });

  it('goes to the Events API, acknowledged only when written, with the token', async () => {
    const ds = datasource();
    ds.append({ id: 1 });
    await ds.flush();
    const [request] = tinybird.requests;
    expect(`${request?.url.pathname}${request?.url.search}`).toBe('/v0/events?name=events&wait=true');
    expect(request?.headers).toMatchObject({
      authorization: `Bearer ${token}`,
      'content-type': 'application/x-ndjson',
    });
    expect(request?.text).toBe('{"id":1}\n');
  });

  it('with a BigInt, a cycle or a function in it arrives in a form that can be written', async () => {
    const ds = datasource();
    const cycle: Record<string, unknown> = { id: 1, n: 10n, f: () => {}, twice: { a: 1 } };
    cycle.again = cycle.twice;
    cycle.self = { cycle };
    ds.append(cycle);
    await ds.flush();
    expect(tinybird.rows).toEqual([
      { id: 1, n: '10', twice: { a: 1 }, again: { a: 1 }, self: { cycle: '[Circular]' } },
    ]);
    expect(problems).toEqual([]);
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a number', 1],
    ['a string', 'text'],
    ['an array', [1]],
    ['a function', () => {}],
    ['an object whose toJSON gives text', { toJSON: () => 'text' }],
    [
      'an object whose toJSON throws',
      {
        toJSON: () => {
          throw new Error('no');
        },
      },
    ],
  ])('that is %s is refused, counted and told, and never thrown', async (_what, row) => {
    const ds = datasource();
    ds.append(row as object);
    ds.append({ id: 1 });
    await ds.flush();
    expect(codes()).toEqual(['unserializable']);
    expect(ds.stats()).toMatchObject({ accepted: 1, refused: 1, delivered: 1 });
  });

  it('larger than a request may be is dropped and told with its size; its neighbours arrive', async () => {
    const ds = datasource({ maxRequestBytes: 1000 });
    ds.append({ id: 1 });
    ds.append({ id: 2, text: 'x'.repeat(1000) });
    ds.append({ id: 3 });
    await ds.flush();
    expect(ids()).toEqual([1, 3]);
    expect(problems[0]?.message).toMatch(/1019 bytes.*maxRequestBytes/);
  });
});

describe('a batch', () => {
  it('leaves a moment after its first row, and steady traffic does not postpone it', async () => {
    const ds = datasource({ flushAfterMs: 50 });
    for (let id = 0; id < 40; id++) {
      ds.append({ id });
      await sleep(25);
    }
    expect(tinybird.requests.length).toBeGreaterThanOrEqual(1);
  });

  it('leaves at once with the last row that fits', async () => {
    const ds = datasource({ flushAfterMs: 60_000, maxRows: 3 });
    for (let id = 0; id < 3; id++) ds.append({ id });
    await expect.poll(ids).toEqual([0, 1, 2]);
  });

  it('leaves at once with the last byte that fits', async () => {
    const ds = datasource({ flushAfterMs: 60_000, maxBytes: 25 });
    for (let id = 0; id < 3; id++) ds.append({ id });
    await expect.poll(ids).toEqual([0, 1, 2]);
  });

  it('is compressed over a kilobyte, and only then', async () => {
    const ds = datasource();
    ds.append({ id: 1, text: 'x'.repeat(2000) });
    await ds.flush();
    ds.append({ id: 2 });
    await ds.flush();
    expect(tinybird.requests.map((request) => request.headers['content-encoding'])).toEqual([
      'gzip',
      undefined,
    ]);
    expect(Number(tinybird.requests[0]?.headers['content-length'])).toBeLessThan(200);
    expect(ids()).toEqual([1, 2]);
  });

  it('is never over maxRequestBytes, and every row arrives once and in order', async () => {
    const ds = datasource({ maxRequestBytes: 2000, concurrency: 1 });
    for (let id = 0; id < 500; id++) ds.append({ id, text: 'x'.repeat(id % 50) });
    await ds.flush();
    expect(ids()).toEqual(Array.from({ length: 500 }, (_, id) => id));
    for (const { text } of tinybird.requests) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(2000);
  });

  it('gathers more rows while every slot is busy, and never are more requests open than allowed', async () => {
    let now = 0;
    let most = 0;
    tinybird.answer = async () => {
      most = Math.max(most, ++now);
      await sleep(20);
      now--;
    };
    const ds = datasource({ maxRows: 10, concurrency: 2 });
    for (let id = 0; id < 1000; id++) ds.append({ id });
    await ds.flush();
    expect(most).toBe(2);
    expect(new Set(ids()).size).toBe(1000);
  });
});

describe('flush', () => {
  it('of nothing resolves at once and sends nothing', async () => {
    await datasource().flush();
    expect(tinybird.requests).toEqual([]);
  });

  it('twice at once sends nothing twice, and both wait', async () => {
    const ds = datasource();
    ds.append({ id: 1 });
    await Promise.all([ds.flush(), ds.flush()]);
    expect(ids()).toEqual([1]);
  });

  it('waits for the rows before it, and a row after it is delivered all the same', async () => {
    const ds = datasource({ flushAfterMs: 50 });
    ds.append({ id: 1 });
    const flushed = ds.flush();
    ds.append({ id: 2 });
    await flushed;
    expect(ids()).toContain(1);
    await expect.poll(ids).toEqual([1, 2]);
  });

  it('does not reject when Tinybird refuses, and gives up waiting when told to', async () => {
    const ds = datasource({ url: await unusedUrl() });
    ds.append({ id: 1 });
    await ds.flush({ timeoutMs: 50 });
    expect(ds.stats().pending).toBe(1);
  });

  it('of the process delivers every datasource', async () => {
    const one = datasource();
    const two = new Datasource('others', { url: tinybird.url });
    open.push(two);
    one.append({ id: 1 });
    two.append({ id: 2 });
    await flushDatasources();
    expect(ids().sort()).toEqual([1, 2]);
  });
});

describe('close', () => {
  it('delivers, then takes no more rows and tells of them', async () => {
    const ds = datasource();
    ds.append({ id: 1 });
    const closed = ds.close();
    expect(ds.close()).toBe(closed);
    await closed;
    ds.append({ id: 2 });
    expect(ids()).toEqual([1]);
    expect(codes()).toEqual(['closed']);
    expect(ds.stats()).toMatchObject({ accepted: 1, delivered: 1, refused: 1 });
  });

  it('comes with the end of its block, also when the block throws', async () => {
    const block = async () => {
      await using ds = datasource();
      ds.append({ id: 1 });
      throw new Error('from the block');
    };
    await expect(block).rejects.toThrow('from the block');
    expect(ids()).toEqual([1]);
  });

  it('drops what cannot be delivered in time, and tells how much', async () => {
    const ds = datasource({ url: await unusedUrl() });
    for (let id = 0; id < 3; id++) ds.append({ id });
    await ds.close({ timeoutMs: 50 });
    expect(problems.at(-1)).toMatchObject({ code: 'dropped', rows: 3 });
    await expect.poll(() => ds.stats()).toMatchObject({ accepted: 3, dropped: 3, pending: 0 });
  });
});

describe('an option', () => {
  it.each([
    ['a name with a dash', () => new Datasource('my-rows', { token })],
    ['a negative number', () => datasource({ maxRows: -1 })],
    ['no number', () => datasource({ flushAfterMs: 'soon' as never })],
  ])('that is %s is refused at construction', (_what, make) => {
    expect(make).toThrow(expect.objectContaining({ name: 'TinybirdError', code: 'bad_option' }));
  });

  it('waitUntil is given the delivery of what was appended', async () => {
    const deliveries: Promise<void>[] = [];
    const ds = datasource({ flushAfterMs: 20, waitUntil: (delivery) => deliveries.push(delivery) });
    ds.append({ id: 1 });
    ds.append({ id: 2 });
    expect(deliveries.length).toBe(1);
    await Promise.all(deliveries);
    expect(ids()).toContain(1);
  });
});

describe('a program', () => {
  const appending = (url: string, more = '') => `
    import { Datasource } from './src/datasource/datasource.ts';
    const ds = new Datasource('events', { url: ${JSON.stringify(url)}, flushAfterMs: 60000 });
    ds.append({ id: 1 });
    ${more}`;

  it('that appends and ends delivers', async () => {
    const ended = await runProgram(appending(tinybird.url));
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ids()).toEqual([1]);
  });

  it('that awaits a flush during a backoff does not end under it', async () => {
    let failures = 3;
    tinybird.answer = (_request, response) => {
      if (failures-- > 0) json(response, 503, {});
    };
    const ended = await runProgram(appending(tinybird.url, 'await ds.flush(); console.log("flushed");'));
    expect(ended).toMatchObject({ code: 0, stdout: 'flushed\n' });
    expect(ids()).toEqual([1]);
  });

  it('that ends while Tinybird is down ends by itself, and says what is lost', async () => {
    const ended = await runProgram(appending(await unusedUrl()));
    expect(ended.code).toBe(0);
    expect(ended.stderr).toContain('1 row of events lost');
  });

  it('that ends while Tinybird hangs ends by itself too', async () => {
    tinybird.answer = (_request, response) => new Promise((resolve) => response.on('close', resolve));
    const ended = await runProgram(appending(tinybird.url));
    expect(ended.code).toBe(0);
    expect(ended.stderr).toContain('1 row of events lost');
  });

  it('that has nothing pending is not kept alive, and its own exit code stays', async () => {
    const ended = await runProgram(appending(tinybird.url, 'await ds.flush(); process.exitCode = 7;'));
    expect(ended.code).toBe(7);
  });
});
