import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { byNumber, numbers, rows, TOKEN, useDatasources } from '../support/datasources.js';
import { serve } from '../support/servers.js';
import { json } from '../support/tinybird.js';
import { tokenWith } from '../support/tokens.js';
import { TRANSPORTS } from '../support/transports.js';

const bench = useDatasources();

describe.each(TRANSPORTS)('over %s, an answer of Tinybird', (_name, transport) => {
  const datasource = (options = {}) => bench.datasource({ ...transport, ...options });
  const answerWith = (status: number, body: unknown) => {
    bench.tinybird.answer = (_request, response) => json(response, status, body);
  };

  describe.each([200, 202])('of %i', (status) => {
    it('without quarantine is silent', async () => {
      answerWith(status, { successful_rows: 2, quarantined_rows: 0 });
      const ds = datasource();
      for (const row of rows(2)) ds.append(row);
      expect(await ds.flush()).toMatchObject({ delivered: 2, quarantined: 0, pending: 0 });
      expect(bench.problems).toEqual([]);
    });

    it('that quarantined rows is told with where to look, and nothing is sent again', async () => {
      answerWith(status, { successful_rows: 1, quarantined_rows: 2 });
      const ds = datasource();
      for (const row of rows(3)) ds.append(row);
      expect(await ds.flush()).toMatchObject({ delivered: 1, quarantined: 2, dropped: 0, pending: 0 });
      expect(bench.codes()).toEqual(['quarantined']);
      expect(bench.problems[0]).toMatchObject({ rows: 2 });
      expect(bench.problems[0]?.message).toContain('events_quarantine');
      expect(bench.tinybird.requests.length).toBe(1);
    });
  });

  it.each([
    ['all of the rows', { successful_rows: 0, quarantined_rows: 3 }, 3],
    ['more rows than were sent', { successful_rows: 0, quarantined_rows: 99 }, 3],
    ['rows, and not how many it took', { quarantined_rows: 3 }, 3],
    ['fewer rows than none', { successful_rows: 3, quarantined_rows: -2 }, 0],
    ['half a row', { successful_rows: 3, quarantined_rows: 0.5 }, 0],
  ])('that quarantined %s leaves every row in one place', async (_what, body, quarantined) => {
    answerWith(200, body);
    const ds = datasource();
    for (const row of rows(3)) ds.append(row);
    expect(await ds.flush()).toMatchObject({ delivered: 3 - quarantined, quarantined, pending: 0 });
    expect(bench.tinybird.requests.length).toBe(1);
  });

  it.each([
    ['nothing', ''],
    ['a web page', '<html>hello</html>'],
    ['half of it', '{"successful_ro'],
    ['a list', '[]'],
    ['null', 'null'],
  ])('of 200 with %s is a delivery, told once', async (_what, text) => {
    bench.tinybird.answer = (_request, response) => response.writeHead(200).end(text);
    const ds = datasource();
    for (const id of [1, 2]) {
      ds.append({ id });
      await ds.flush();
    }
    expect(bench.tinybird.requests.length).toBe(2);
    expect(bench.codes()).toEqual(['bad_answer']);
    expect(ds.stats()).toMatchObject({ delivered: 2, pending: 0 });
  });

  it('of 204 is a delivery, told once', async () => {
    bench.tinybird.answer = (_request, response) => response.writeHead(204).end();
    const ds = datasource();
    ds.append({ id: 1 });
    expect(await ds.flush()).toMatchObject({ delivered: 1, pending: 0 });
    expect(bench.codes()).toEqual(['bad_answer']);
  });

  it.each([
    ['closed', (socket: { destroy(): unknown }) => socket.destroy()],
    ['reset', (socket: { resetAndDestroy(): unknown }) => socket.resetAndDestroy()],
  ])('of 200 whose connection is %s within its body is a delivery, not sent again', async (_how, cut) => {
    bench.tinybird.answer = async (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"succ');
      await sleep(50);
      if (response.socket) cut(response.socket);
    };
    const ds = datasource();
    ds.append({ id: 1 });
    expect(await ds.flush()).toMatchObject({ delivered: 1, retried: 0, pending: 0 });
    expect(bench.tinybird.requests.length).toBe(1);
  });

  it.each([
    [400, 'rejected', /wrong as it is and is not repeated/],
    [401, 'unauthorized', /Check that the token is current/],
    [403, 'unauthorized', /scope DATASOURCES:APPEND/],
    [404, 'not_found', /another region than the token .*or the resource is not deployed/],
    [405, 'rejected', /wrong as it is and is not repeated/],
    [422, 'rejected', /materialized view failed.*check the views/],
  ])('of %i is told once with its own fix, and not asked for again', async (status, code, fix) => {
    answerWith(status, { error: `its own words about ${TOKEN}` });
    const ds = datasource();
    for (const row of rows(3)) ds.append(row);
    expect(await ds.flush()).toMatchObject({ dropped: 3, retried: 0, pending: 0 });
    expect(bench.tinybird.requests.length).toBe(1);
    expect(bench.codes()).toEqual([code]);
    expect(bench.problems[0]).toMatchObject({ status, rows: 3 });
    expect(bench.problems[0]?.message).toMatch(/3 rows given up: .*its own words about \*\*\*\*/);
    expect(bench.problems[0]?.message).toMatch(fix);
  });

  it('of "workspace not found" names the region of the token, or where it is to be found', async () => {
    answerWith(404, { error: 'Workspace with id 1234 not found' });
    for (const token of [tokenWith({ host: 'us_east' }), TOKEN]) {
      const ds = datasource({ token });
      ds.append({ id: 1 });
      await ds.flush();
    }
    const [known, unknown] = bench.problems;
    expect(known?.message).toMatch(
      /region gcp-us-east4: set TINYBIRD_URL=https:\/\/api\.us-east\.tinybird\.co/,
    );
    expect(unknown?.message).toMatch(/not on this host: set TINYBIRD_URL to the API host of its region/);
  });

  it.each([301, 302, 303, 307, 308])('of %i is not followed and delivers nothing', async (status) => {
    const asked: unknown[] = [];
    const other = await serve((request, response) => {
      asked.push(request.headers);
      json(response, 200, { successful_rows: 1, quarantined_rows: 0 });
    });
    bench.tinybird.answer = (_request, response) =>
      json(response, status, {}, { location: `${other}v0/events` });
    const ds = datasource();
    ds.append({ id: 1 });
    expect(await ds.flush()).toMatchObject({ delivered: 0, dropped: 1, pending: 0 });
    expect(bench.codes()).toEqual(['rejected']);
    expect(bench.problems[0]?.message).toMatch(/redirect is not followed: set the url to the API host/);
    expect(asked).toEqual([]);
  });

  it('of whatever kind, in any mix, never lets more requests be open than allowed', async () => {
    const faults = [503, 413, 429, 'reset', 202, 500, 413, 'page', 408, 413, 'reset', 400];
    let open = 0;
    let most = 0;
    bench.tinybird.answer = async (_request, response) => {
      most = Math.max(most, ++open);
      await sleep(5);
      open--;
      const fault = bench.tinybird.requests.length % 4 === 0 ? faults.shift() : undefined;
      if (typeof fault === 'number') json(response, fault, {}, { 'retry-after': '0' });
      else if (fault === 'reset') response.socket?.resetAndDestroy();
      else if (fault === 'page') response.writeHead(200).end('<html>');
    };
    const ds = datasource({ concurrency: 3, maxRows: 5, maxRequestBytes: 60 });
    for (const row of rows(500)) ds.append(row);
    const settled = await ds.flush();
    expect(faults).toEqual([]);
    expect(most).toBe(3);
    expect(settled).toMatchObject({ pending: 0, inFlight: 0, bytes: 0, accepted: 500 });
    expect(bench.ids().length).toBe(new Set(bench.ids()).size);
    expect(settled.delivered + settled.dropped).toBe(500);
  });
});

describe.each(TRANSPORTS)('over %s, a request that Tinybird finds too large', (_name, transport) => {
  const datasource = (options = {}) => bench.datasource({ ...transport, ...options });
  const takeAtMost = (most: number) => {
    bench.tinybird.answer = (request, response) => {
      if (request.rows.length > most) json(response, 413, { error: 'too large' });
    };
  };
  const sizes = () => bench.tinybird.requests.map((request) => request.rows.length);

  it.each([1, 4])('goes in parts, in no more than 4 · rows / n requests, %i at once', async (concurrency) => {
    takeAtMost(10);
    const ds = datasource({ concurrency });
    for (const row of rows(1000)) ds.append(row);
    expect(await ds.flush()).toMatchObject({ delivered: 1000, dropped: 0, retried: 0, pending: 0 });
    expect(bench.ids().sort(byNumber)).toEqual(numbers(1000));
    expect(bench.tinybird.requests.length).toBeLessThanOrEqual((4 * 1000) / 10);
    expect(bench.problems).toEqual([]);
  });

  it('is not made so large again, until larger ones go through', async () => {
    takeAtMost(10);
    const ds = datasource();
    for (const row of rows(200)) ds.append(row);
    await ds.flush();
    const before = bench.tinybird.requests.length;
    for (const row of rows(200)) ds.append(row);
    await ds.flush();
    expect(Math.max(...sizes().slice(before))).toBeLessThan(2 * 10);

    bench.tinybird.answer = undefined;
    for (const row of rows(6000)) ds.append(row);
    await ds.flush();
    expect(Math.max(...sizes())).toBeGreaterThan(200);
  });

  it('is made larger again even if a row alone takes most of what goes through', async () => {
    takeAtMost(1);
    const ds = datasource();
    for (const row of rows(8, 400)) ds.append(row);
    await ds.flush();
    bench.tinybird.answer = undefined;
    for (const row of rows(300, 400)) ds.append(row);
    await ds.flush();
    expect(Math.max(...sizes().slice(-10))).toBeGreaterThan(10);
  });

  it('with one row is given up with it; the others arrive', async () => {
    bench.tinybird.answer = (request, response) => {
      if (request.rows.some((row) => row.id === 7)) json(response, 413, {});
    };
    const ds = datasource();
    for (const row of rows(20)) ds.append(row);
    expect(await ds.flush()).toMatchObject({ delivered: 19, dropped: 1, pending: 0 });
    expect(bench.ids().sort(byNumber)).toEqual(numbers(20).filter((id) => id !== 7));
    expect(bench.problems.map(({ status, rows }) => [status, rows])).toEqual([[413, 1]]);
    expect(bench.problems[0]?.message).toContain('maxRequestBytes');
  });

  it.each(['closed', 'reset'])(
    'and whose connection is %s before it is read, goes in parts too',
    async (how) => {
      const taken: unknown[] = [];
      const url = await serve(async (request, response) => {
        if (Number(request.headers['content-length']) > 500_000) {
          response.writeHead(413, { connection: 'close' });
          response.end('{"error":"too large"}', () => {
            setTimeout(
              () => (how === 'closed' ? request.socket.end() : request.socket.resetAndDestroy()),
              50,
            );
          });
          return;
        }
        let text = '';
        for await (const bytes of request) text += bytes;
        const lines = text.trimEnd().split('\n');
        taken.push(...lines.map((line) => JSON.parse(line).id));
        json(response, 200, { successful_rows: lines.length, quarantined_rows: 0 });
      });
      const ds = datasource({ url, gzip: false, maxBytes: 10_000_000, concurrency: 1 });
      for (const row of rows(40, 100_000)) ds.append(row);
      expect(await ds.flush()).toMatchObject({ delivered: 40, dropped: 0, pending: 0 });
      expect(taken.sort(byNumber)).toEqual(numbers(40));
      expect(bench.problems).toEqual([]);
    },
  );
});

describe.each(TRANSPORTS)('over %s, with bisect, rows that Tinybird refuses', (_name, transport) => {
  const refuse = (poison: readonly number[]) => {
    bench.tinybird.answer = (request, response) => {
      if (request.rows.some((row) => poison.includes(row.id as number)))
        json(response, 400, { error: 'bad row' });
    };
  };
  /** From the whole down to the row, at each level both halves. */
  const mostRequests = (rows: number, poison: number) => poison * (2 * Math.ceil(Math.log2(rows)) + 1);

  it.each([
    ['the first', [0]],
    ['one in the middle', [617]],
    ['the last', [999]],
    ['two side by side', [499, 500]],
    ['three', [3, 500, 998]],
  ])('cost themselves only: %s', async (_which, poison) => {
    refuse(poison);
    const ds = bench.datasource({ ...transport, bisect: true });
    for (const row of rows(1000)) ds.append(row);
    const dropped = poison.length;
    expect(await ds.flush()).toMatchObject({ delivered: 1000 - dropped, dropped, pending: 0 });
    expect(bench.ids().sort(byNumber)).toEqual(numbers(1000).filter((id) => !poison.includes(id)));
    expect(bench.problems.map(({ status, rows }) => [status, rows])).toEqual(poison.map(() => [400, 1]));
    expect(bench.tinybird.requests.length).toBeLessThanOrEqual(mostRequests(1000, dropped));
  });

  it('are found as fast when rows are of very different sizes', async () => {
    refuse([15]);
    const ds = bench.datasource({ ...transport, bisect: true });
    for (const id of numbers(16)) ds.append({ id, text: 'x'.repeat(2 ** (16 - id)) });
    expect(await ds.flush()).toMatchObject({ delivered: 15, dropped: 1, pending: 0 });
    expect(bench.tinybird.requests.length).toBeLessThanOrEqual(mostRequests(16, 1));
  });
});
