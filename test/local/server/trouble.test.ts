import { describe, expect, it } from 'vitest';
import { Datasource } from '../../../src/index.js';
import { createRateLimit } from '../../../src/local/server/rate-limit.js';
import { ask, json, runServer } from '../running-server.js';

const post = (url: string, id: string) =>
  ask(`${url}/v0/events?name=calls&wait=true`, { method: 'POST', body: JSON.stringify({ id }) });

/** What the sender of this package gets through to a server in trouble. */
async function sent(url: string, rows: number) {
  const datasource = new Datasource('calls', { url, maxRows: 1, onError: () => {} });
  for (let n = 0; n < rows; n += 1) datasource.append({ id: `id-${n}` });
  await datasource.close();
  return datasource.stats();
}

describe('the limit of requests', () => {
  it('is of each datasource and second, and told with every answer', () => {
    let now = 5_000;
    const { take: limit, unused } = createRateLimit(2, () => now);
    const told = (remaining: string) => ({
      'x-ratelimit-limit': '2',
      'x-ratelimit-remaining': remaining,
      'x-ratelimit-reset': '1',
    });
    expect(unused).toEqual(told('2'));
    expect(limit('a')).toEqual({ allowed: true, headers: told('1') });
    expect(limit('a')).toEqual({ allowed: true, headers: told('0') });
    expect(limit('b').allowed).toBe(true);
    expect(limit('a')).toEqual({ allowed: false, headers: { ...told('0'), 'retry-after': '1' } });
    now += 999;
    expect(limit('a').allowed).toBe(false);
    now += 1;
    expect(limit('a')).toEqual({ allowed: true, headers: told('1') });
    now = 0;
    expect(limit('a').allowed).toBe(true);
  });

  it('is far from a program on a laptop', async () => {
    const { url } = await runServer();
    const response = await post(url, 'a');
    expect(response.headers.get('x-ratelimit-limit')).toBe('1000');
    expect(response.headers.get('x-ratelimit-remaining')).toBe('999');
    expect(response.headers.get('retry-after')).toBeNull();
  });
});

describe('simulated trouble', () => {
  it('429 takes one request a second, and says how long to wait', async () => {
    const server = await runServer({ simulate: ['429'] });
    expect((await post(server.url, 'a')).status).toBe(200);
    const refused = await post(server.url, 'b');
    expect(refused.status).toBe(429);
    expect(Object.fromEntries(refused.headers)).toMatchObject({
      'retry-after': '1',
      'x-ratelimit-limit': '1',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': '1',
    });
    expect((await json(refused)).body.error).toContain("too many requests for 'calls'");
    expect(await sent(server.url, 2)).toMatchObject({ delivered: 2, dropped: 0 });
    expect(await server.rows('SELECT count() AS rows FROM calls')).toEqual([{ rows: 3 }]);
  });

  it('503 refuses two of three requests and stores nothing of them', async () => {
    const server = await runServer({ simulate: ['503'] });
    const statuses = [];
    for (const id of ['a', 'b', 'c', 'd']) statuses.push((await post(server.url, id)).status);
    expect(statuses).toEqual([503, 503, 200, 503]);
    expect(await server.rows('SELECT id FROM calls')).toEqual([{ id: 'c' }]);
    expect(await sent(server.url, 2)).toMatchObject({ delivered: 2, dropped: 0 });
  });

  it('slow answers late, once the rows are stored', async () => {
    const server = await runServer({ simulate: ['slow'], limits: { slowMs: 2_000 } });
    let answered = false;
    const answer = post(server.url, 'a').then((response) => {
      answered = true;
      return response.status;
    });
    await expect.poll(() => server.rows('SELECT count() AS rows FROM calls')).toEqual([{ rows: 1 }]);
    expect(answered).toBe(false);
    expect(await answer).toBe(200);
  });

  it('422 says that the rows are stored and must not come again', async () => {
    const server = await runServer({ simulate: ['422'] });
    const { status, body } = await json(await post(server.url, 'a'));
    expect(status).toBe(422);
    expect(body.error).toContain('do not send them again');
    const stats = await sent(server.url, 1);
    expect(await server.rows('SELECT id FROM calls ORDER BY id')).toEqual([{ id: 'a' }, { id: 'id-0' }]);
    expect(stats).toMatchObject({ delivered: 0, dropped: 1 });
  });

  it('413 takes small bodies only, and a sender that splits its own gets every row through', async () => {
    const server = await runServer({ simulate: ['413'] });
    const refused = await server.send('calls', JSON.stringify({ id: 'x'.repeat(10_001) }));
    expect(refused).toMatchObject({
      status: 413,
      body: { error: expect.stringContaining('larger than 10000 bytes uncompressed: send it in parts') },
    });
    const datasource = new Datasource('calls', { url: server.url, onError: () => {} });
    for (let n = 0; n < 300; n += 1) datasource.append({ id: `id-${n}`, note: 'x'.repeat(100) });
    await datasource.close();
    expect(datasource.stats()).toMatchObject({ delivered: 300, dropped: 0 });
    expect(await server.rows('SELECT uniqExact(id) AS ids, count() AS rows FROM calls')).toEqual([
      { ids: 300, rows: 300 },
    ]);
  });

  it('several at once are survived as well, and no row comes twice', async () => {
    const server = await runServer({ simulate: ['503', 'slow'], limits: { slowMs: 50 } });
    expect(await sent(server.url, 6)).toMatchObject({ delivered: 6, dropped: 0 });
    expect(await server.rows('SELECT uniqExact(id) AS ids, count() AS rows FROM calls')).toEqual([
      { ids: 6, rows: 6 },
    ]);
  });
});
