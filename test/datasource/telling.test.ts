import { describe, expect, it, vi } from 'vitest';
import { forgetTold } from '../../src/api/tell.js';
import { Datasource } from '../../src/datasource/datasource.js';
import { addsUp, rows, useDatasources } from '../support/datasources.js';
import { json, unusedUrl } from '../support/tinybird.js';
import { TRANSPORTS } from '../support/transports.js';

describe.each(TRANSPORTS)('over %s, what is told', (_name, transport) => {
  const bench = useDatasources();

  it.each([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('to an onError that %s harms nothing', async (_what, onError) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    forgetTold();
    let failures = 2;
    bench.tinybird.answer = (_request, response) => {
      if (failures-- > 0) json(response, 503, {});
    };
    const ds = bench.datasource({ ...transport, onError });
    ds.append('no row' as never);
    ds.append({ id: 1 });
    expect(await ds.flush()).toMatchObject({ delivered: 1, refused: 1, pending: 0 });
    expect(bench.ids()).toEqual([1]);
    expect(warn.mock.calls.length).toBeLessThanOrEqual(1);
  });

  it('without onError is one line a kind of problem on the console', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    forgetTold();
    bench.tinybird.answer = (request, response) => json(response, Number(request.rows[0]?.status), {});
    const ds = bench.datasource({ ...transport, onError: undefined });
    for (const status of [400, 403, 400, 403, 422, 400]) {
      ds.append({ status });
      await ds.flush();
    }
    const lines = warn.mock.calls.map(([line]) => String(line));
    expect(lines.map((line) => /answered (\d+)/.exec(line)?.[1])).toEqual(['400', '403', '422']);
    for (const line of lines) expect(line).toMatch(/^\[tinybird-llm\] [^\n]+$/);
  });

  it('can be appended to the datasource it is told of', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const ds = new Datasource('events', {
      ...transport,
      url: await unusedUrl(),
      maxBufferBytes: 1000,
      onError: (problem) => {
        bench.problems.push(problem);
        ds.append({ problem: problem.code });
      },
    });
    for (const row of rows(300)) ds.append(row);
    await ds.close({ timeoutMs: 1 });
    expect(bench.problems.length).toBeLessThan(10);
    expect(addsUp(ds.stats())).toBe(true);
  });
});

describe.each(TRANSPORTS)('over %s, two datasources', (_name, transport) => {
  const bench = useDatasources();

  it('share no pause, no bound and no problem', async () => {
    const told = { sick: [] as string[], well: [] as string[] };
    const make = (name: 'sick' | 'well', url: string) =>
      new Datasource(name, {
        ...transport,
        url,
        maxBufferBytes: 1000,
        maxRequestBytes: 500,
        onError: (problem) => told[name].push(problem.code),
      });
    bench.tinybird.answer = (request, response) => {
      if (request.url.searchParams.get('name') === 'sick') json(response, 503, {});
      else if (request.rows.length > 10) json(response, 413, {});
    };
    await using sick = make('sick', bench.tinybird.url);
    await using well = make('well', bench.tinybird.url);
    for (let round = 0; round < 10; round++) {
      for (const row of rows(30)) sick.append(row);
      for (const row of rows(30)) well.append(row);
      await Promise.all([well.flush(), sick.flush({ timeoutMs: 20 })]);
    }
    expect(well.stats()).toMatchObject({ delivered: 300, dropped: 0, retried: 0, bytes: 0 });
    expect(sick.stats().delivered).toBe(0);
    expect(sick.stats().dropped).toBeGreaterThan(0);
    expect(told.well).toEqual([]);
    expect(new Set(told.sick)).toEqual(new Set(['server_error', 'dropped']));
    void sick.close({ timeoutMs: 1 });
  });
});
