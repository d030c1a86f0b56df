import { describe, expect, it } from 'vitest';
import { refusal, useTimedTinybird } from '../support/clock.js';
import { useDatasources } from '../support/datasources.js';
import { json } from '../support/tinybird.js';
import { TRANSPORTS } from '../support/transports.js';

describe('a token function', () => {
  const tinybird = useTimedTinybird();

  it('that is refused and refused again is asked once a minute, and its rows wait', async () => {
    let asked = 0;
    tinybird.answer = ({ authorization }) => (authorization === 'Bearer t5' ? undefined : refusal(403));
    const ds = tinybird.datasource({ token: () => `t${++asked}` });
    ds.append({ id: 1 });
    await tinybird.pass(59_000);
    expect(tinybird.requests.map(({ authorization }) => authorization)).toEqual(['Bearer t1', 'Bearer t2']);
    expect(tinybird.problems.map(({ code }) => code)).toEqual(['unauthorized']);
    expect(ds.stats()).toMatchObject({ pending: 1, dropped: 0 });
    await tinybird.pass(70_000);
    expect(asked).toBe(5);
    expect(tinybird.taken()).toEqual([1]);
  });
});

describe.each(TRANSPORTS)('over %s, a token function', (_name, transport) => {
  const bench = useDatasources();
  const tokens = () => bench.tinybird.requests.map((request) => request.headers.authorization);

  it('is asked before every request', async () => {
    let asked = 0;
    const ds = bench.datasource({ ...transport, token: async () => `token-${++asked}` });
    for (const id of [1, 2]) {
      ds.append({ id });
      await ds.flush();
    }
    expect(tokens()).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it.each([401, 403])(
    'whose token is refused with %i is asked once more at once, and nobody hears of it',
    async (status) => {
      let asked = 0;
      bench.tinybird.answer = (request, response) => {
        if (request.headers.authorization === 'Bearer token-1') json(response, status, {});
      };
      const ds = bench.datasource({ ...transport, token: () => `token-${++asked}` });
      ds.append({ id: 1 });
      expect(await ds.flush()).toMatchObject({ delivered: 1, dropped: 0 });
      expect(tokens()).toEqual(['Bearer token-1', 'Bearer token-2']);
      expect(bench.problems).toEqual([]);
    },
  );

  it.each([
    ['throws', () => Promise.reject(new Error('vault is sealed')), 'user_function'],
    ['gives no token', () => undefined as never, 'bad_option'],
    ['gives one with a line break', () => 'p.hush\nhush', 'bad_option'],
    ['never answers', () => new Promise<string>(() => {}), 'user_function'],
  ])('that %s is told once, and its rows wait for it', async (_what, broken, code) => {
    let isBroken = true;
    const token = () => (isBroken ? broken() : 'p.good');
    const ds = bench.datasource({ ...transport, token, timeoutMs: 300, concurrency: 1 });
    ds.append({ id: 1 });
    void ds.flush();
    await expect.poll(() => ds.stats().retried).toBeGreaterThan(1);
    expect(bench.codes()).toEqual([code]);
    expect(ds.stats()).toMatchObject({ pending: 1, dropped: 0 });
    isBroken = false;
    expect(await ds.flush()).toMatchObject({ delivered: 1, dropped: 0, pending: 0 });
    expect(tokens()).toEqual(['Bearer p.good']);
  });
});
