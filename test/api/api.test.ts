import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TinybirdApi } from '../../src/api/api.js';
import type { ApiOptions, SendOptions } from '../../src/api/api-options.js';
import type { QueryAnswer } from '../../src/api/query.js';
import { runProgram } from '../support/program.js';
import { type FakeTinybird, json, startFakeTinybird, unusedUrl } from '../support/tinybird.js';

let tinybird: FakeTinybird;
beforeEach(async () => {
  tinybird = await startFakeTinybird();
});
afterEach(() => tinybird.close());

const token = 'p.a-token-nobody-may-see';
const api = () => new TinybirdApi({ url: tinybird.url, token });

describe('a request', () => {
  it('goes to the versioned path with the token, its parameters and its body', async () => {
    await api().post('pipes/top.json', {
      params: { limit: 5, tag: ['a', 'b'], none: undefined },
      json: { q: 1 },
    });
    const [request] = tinybird.requests;
    expect(`${request?.url.pathname}${request?.url.search}`).toBe('/v0/pipes/top.json?limit=5&tag=a&tag=b');
    expect(request?.headers.authorization).toBe(`Bearer ${token}`);
    expect(request?.headers['content-type']).toBe('application/json');
    expect(request?.text).toBe('{"q":1}');
  });

  it('takes a path with a leading slash as it is', async () => {
    await api().get('/v1/workspaces');
    expect(tinybird.requests[0]?.url.pathname).toBe('/v1/workspaces');
  });

  it.each(['get', 'post', 'put', 'delete'] as const)('%s uses its method', async (method) => {
    let seen: string | undefined;
    tinybird.answer = (_request, response) => {
      seen = response.req.method;
    };
    await api()[method]('datasources');
    expect(seen).toBe(method.toUpperCase());
  });

  it.each([
    '///evil.example/x',
    '/\\\\evil.example/x',
    '/https://evil.example',
    '/http://a:b@evil.example',
    7 as never,
  ])('to a path that leaves the host is refused: %s', async (path) => {
    await expect(api().get(path)).rejects.toMatchObject({ code: 'bad_option' });
  });

  it('writes every kind of parameter as Tinybird reads it', async () => {
    await api().get('pipes/top.json', {
      params: {
        at: new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 6)),
        big: 12345678901234567890n,
        yes: true,
        none: null,
        list: ['a,b', 2, false],
      },
    });
    expect([...(tinybird.requests[0]?.url.searchParams ?? [])]).toEqual([
      ['at', '2026-01-02 03:04:05.006'],
      ['big', '12345678901234567890'],
      ['yes', 'true'],
      ['list', 'a,b'],
      ['list', '2'],
      ['list', 'false'],
    ]);
  });

  it('has the caller’s headers, whatever their case, over its own', async () => {
    await api().post('events', { data: 'a', headers: { Authorization: 'Bearer other', 'X-One': 'eins' } });
    expect(tinybird.requests[0]?.headers).toMatchObject({ authorization: 'Bearer other', 'x-one': 'eins' });
  });

  const circle: Record<string, unknown> = {};
  circle.self = circle;
  it.each<[string, SendOptions, RegExp]>([
    ['json that goes in a circle', { method: 'POST', json: circle }, /option json.*circular/],
    ['json with a bigint', { method: 'POST', json: { n: 1n } }, /option json.*BigInt/],
    ['json that is a function', { method: 'POST', json: () => 1 }, /option json/],
    ['json beside data', { method: 'POST', json: {}, data: '' }, /json and data/],
    ['data of no bytes', { method: 'POST', data: new URLSearchParams() as never }, /option data/],
    ['a body of a GET', { data: 'a' }, /GET.*no body/],
    ['a method of no letters', { method: 'GET /' }, /option method.*"GET \/"/],
    ['no time', { timeoutMs: 0 }, /option timeoutMs.*0/],
    ['a time that is no number', { timeoutMs: Number.NaN }, /option timeoutMs.*NaN/],
    ['a parameter that is an object', { params: { at: {} as never } }, /parameter at/],
    ['a parameter that is no date', { params: { at: new Date(Number.NaN) } }, /parameter at.*invalid Date/],
    ['a null in a list', { params: { at: [null as never] } }, /parameter at.*null/],
    ['a header with a line break', { headers: { 'x-one': 'hush-hush\n' } }, /header x-one/],
  ])('is refused by name with %s', async (_what, options, words) => {
    const problem = await api()
      .send('events', options)
      .catch((thrown) => thrown);
    expect(problem).toMatchObject({ name: 'TinybirdError', code: 'bad_option' });
    expect(problem.message).toMatch(words);
    expect(inspect(problem)).not.toContain('hush');
    expect(tinybird.requests).toEqual([]);
  });

  it('of SQL gives the rows, asked for as JSON', async () => {
    tinybird.answer = (_request, response) =>
      json(response, 200, { meta: [], data: [{ calls: 3 }], rows: 1 });
    const { data } = await api().sql<{ calls: number }>('SELECT count() AS calls FROM litellm;');
    expect(data).toEqual([{ calls: 3 }]);
    expect(tinybird.requests[0]?.text).toBe('SELECT count() AS calls FROM litellm FORMAT JSON');
  });
});

describe('a question', () => {
  const rows = (answer: Partial<QueryAnswer<unknown>>) => {
    tinybird.answer = (_request, response) => json(response, 200, { meta: [], data: [], rows: 0, ...answer });
  };
  const asked = () => {
    const { url, text } = tinybird.requests[0] ?? {};
    return [url?.pathname, decodeURIComponent((url?.search ?? '').replaceAll('+', ' ')), text];
  };

  it('to a pipe has its parameters in the URL, lists joined by commas', async () => {
    rows({ data: [{ model: 'm' }], rows: 1, rows_before_limit_at_least: 9 });
    const answer = await api().query<{ model: string }>('top_models', {
      since: new Date(0),
      models: ['a', 'b'],
      limit: 1,
      none: undefined,
    });
    expect(answer.data[0]?.model).toBe('m');
    expect(answer.rows_before_limit_at_least).toBe(9);
    expect(asked()).toEqual([
      '/v0/pipes/top_models.json',
      '?since=1970-01-01 00:00:00.000&models=a,b&limit=1',
      '',
    ]);
  });

  it('too long for a URL goes in a body, lists as lists', async () => {
    rows({});
    const ids = Array.from({ length: 500 }, (_, i) => `id-${i}`);
    await api().query('top_models', {
      ids,
      limit: 1,
      big: 2n ** 64n,
      odd: Number.NaN,
      yes: true,
      at: new Date(0),
    });
    const [path, search, text = ''] = asked();
    expect([path, search]).toEqual(['/v0/pipes/top_models.json', '']);
    expect(JSON.parse(text)).toEqual({
      ids,
      limit: 1,
      big: '18446744073709551616',
      odd: 'NaN',
      yes: true,
      at: '1970-01-01 00:00:00.000',
    });
  });

  it('with a comma inside a member of a list goes in a body too', async () => {
    rows({});
    await api().query('top_models', { names: ['Doe, J', 'b'] });
    expect(asked()).toEqual(['/v0/pipes/top_models.json', '', '{"names":["Doe, J","b"]}']);
  });

  it.each(['../sql', 'a/b', '', 'a b', 'top.json', undefined as never])(
    'to no pipe is refused: %j',
    async (pipe) => {
      await expect(api().query(pipe)).rejects.toMatchObject({ code: 'bad_option' });
      expect(tinybird.requests).toEqual([]);
    },
  );

  it.each(['', ' ; ', '-- nothing', undefined as never])('of no SQL is refused: %j', async (query) => {
    await expect(api().sql(query)).rejects.toMatchObject({ code: 'bad_option' });
  });

  it.each(['<html>secret rows</html>', '', '{"data": [{"secret rows"', '[]', '{"rows":1}'])(
    'that is answered without rows is told, and what was answered is not: %j',
    async (text) => {
      tinybird.answer = (_request, response) => response.end(text);
      const problem = await api()
        .sql('SELECT 1')
        .catch((thrown) => thrown);
      expect(problem).toMatchObject({ code: 'bad_answer', status: 200 });
      expect(inspect(problem, { depth: 9 })).not.toContain('secret rows');
    },
  );

  it('ends with the caller’s reason when they abort in the midst of the answer', async () => {
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    tinybird.answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"data":', () => controller.abort(reason));
      return new Promise((resolve) => response.on('close', resolve));
    };
    await expect(api().sql('SELECT 1', { signal: controller.signal })).rejects.toBe(reason);
  });
});

describe('a rate limit', () => {
  const limited = (times: number, headers: Record<string, string> = { 'retry-after': '0.3' }) => {
    const at: number[] = [];
    tinybird.answer = (_request, response) => {
      at.push(performance.now());
      if (at.length <= times) json(response, 429, { error: 'Too many requests' }, headers);
    };
    return at;
  };

  it('is waited out, and the same request made again', async () => {
    const at = limited(2);
    await api().post('events', { data: 'row' });
    expect(tinybird.requests.map(({ text }) => text)).toEqual(['row', 'row', 'row']);
    // A timer may be early by less than a millisecond.
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(298);
    expect((at[2] ?? 0) - (at[1] ?? 0)).toBeGreaterThan(298);
  });

  it('without any word of how long is waited out too', async () => {
    limited(1, {});
    await api().get('pipes');
    expect(tinybird.requests.length).toBe(2);
  });

  it('holds back the other requests of the same api', async () => {
    const at = limited(1);
    const one = api();
    const first = one.get('first');
    await expect.poll(() => at.length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const second = one.get('second');
    await Promise.all([first, second]);
    expect(at.length).toBe(3);
    expect(Math.min(...at.slice(1)) - (at[0] ?? 0)).toBeGreaterThan(298);
  });

  it.each([
    [undefined, 4],
    [1, 2],
    [0, 1],
  ])('with maxRetries %s is asked %i times, then thrown', async (maxRetries, times) => {
    limited(99, { 'retry-after': '0' });
    const one = new TinybirdApi({ url: tinybird.url, token, maxRetries });
    await expect(one.get('pipes')).rejects.toMatchObject({ code: 'rate_limited', status: 429 });
    expect(tinybird.requests.length).toBe(times);
  });

  it('longer than a minute is thrown at once, with when to come back', async () => {
    limited(99, { 'retry-after': '3600' });
    await expect(api().get('pipes')).rejects.toMatchObject({
      code: 'rate_limited',
      message: expect.stringContaining('again in 3600 s'),
      serverMessage: 'Too many requests',
    });
    expect(tinybird.requests.length).toBe(1);
  });

  it('is waited for no longer once the caller aborts', async () => {
    const at = limited(99, { 'retry-after': '50' });
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    const request = api().get('pipes', { signal: controller.signal });
    await expect.poll(() => at.length).toBe(1);
    setTimeout(() => controller.abort(reason), 50);
    await expect(request).rejects.toBe(reason);
    expect(at.length).toBe(1);
  });

  it('is the only failure that is repeated', async () => {
    tinybird.answer = (_request, response) => json(response, 503, {}, { 'retry-after': '0' });
    await expect(api().get('pipes')).rejects.toMatchObject({ code: 'server_error' });
    expect(tinybird.requests.length).toBe(1);
  });

  it('keeps the process alive while somebody waits for it', async () => {
    limited(1);
    const { code, stdout } = await runProgram(
      `import { TinybirdApi } from './dist/src/api/api.js';
       const { status } = await new TinybirdApi({ url: '${tinybird.url}', token: 't' }).get('pipes');
       console.log(status);`,
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: '200\n' });
  });
});

describe('an api that is closed', () => {
  it('settles what is under way, then takes nothing more', async () => {
    let answer = () => {};
    tinybird.answer = () =>
      new Promise<void>((resolve) => {
        answer = resolve;
      });
    const one = api();
    const events: string[] = [];
    const request = one.get('pipes').then(() => events.push('answered'));
    await expect.poll(() => tinybird.requests.length).toBe(1);
    const closing = one.close();
    expect(one.close()).toBe(closing);
    const closed = closing.then(() => events.push('closed'));
    await expect(one.get('pipes')).rejects.toMatchObject({ code: 'closed' });
    expect(events).toEqual([]);
    answer();
    await Promise.all([request, closed]);
    expect(events).toEqual(['answered', 'closed']);
    expect(tinybird.requests.length).toBe(1);
  });

  it('is closed at the end of its block, though a request failed', async () => {
    tinybird.answer = (_request, response) => json(response, 400, {});
    const one = api();
    {
      await using used = one;
      used.get('pipes').catch(() => {});
    }
    expect(tinybird.requests.length).toBe(1);
    await expect(one.sql('SELECT 1')).rejects.toMatchObject({ code: 'closed' });
  });
});

describe('an unusable option', () => {
  it.each<[ApiOptions, RegExp]>([
    [{ timeoutMs: -1 }, /timeoutMs.*-1/],
    [{ timeoutMs: Number.POSITIVE_INFINITY }, /timeoutMs.*Infinity/],
    [{ timeoutMs: '30' as never }, /timeoutMs.*"30"/],
    [{ maxRetries: -1 }, /maxRetries.*-1/],
    [{ maxRetries: Number.NaN }, /maxRetries.*NaN/],
    [{ version: '../v0' }, /version.*"\.\.\/v0"/],
    [{ version: '' }, /version/],
  ])('is refused at construction, with its name and value: %j', (options, words) => {
    expect(() => new TinybirdApi({ url: tinybird.url, token, ...options })).toThrow(
      expect.objectContaining({ code: 'bad_option', message: expect.stringMatching(words) }),
    );
  });
});

describe('an answer outside 2xx', () => {
  it('keeps Tinybird’s own words and documentation beside the message, without the token', async () => {
    const error = `Bad\n column ${token}. ${'long '.repeat(200)}`;
    const documentation = 'https://docs.tinybird.co/query/query-parameters.html';
    tinybird.answer = (_request, response) => json(response, 400, { error, documentation });
    const problem = await api()
      .get('pipes/top.json')
      .catch((thrown) => thrown);
    expect(problem).toMatchObject({ code: 'rejected', documentation });
    expect(problem.serverMessage).toMatch(/^Bad column \*\*\*\*\. long long/);
    expect(problem.serverMessage.length).toBeLessThanOrEqual(300);
  });

  it.each(['', 'a proxy’s page'])('that is no JSON has no documentation: %j', async (text) => {
    tinybird.answer = (_request, response) => response.writeHead(502).end(text);
    const problem = await api()
      .get('pipes')
      .catch((thrown) => thrown);
    expect(problem).toMatchObject({ code: 'server_error', serverMessage: text || undefined });
    expect(problem.documentation).toBeUndefined();
  });

  it('shows no token that went in the URL or in a header of the caller’s', async () => {
    tinybird.answer = (_request, response) => json(response, 403, { error: 'bad p.hush-hush here' });
    const open = new TinybirdApi({ url: tinybird.url });
    for (const options of [
      { params: { token: 'p.hush-hush' } },
      { headers: { Authorization: 'Bearer p.hush-hush' } },
    ]) {
      const problem = await open.get('pipes', options).catch((thrown) => thrown);
      expect(problem).toMatchObject({ code: 'unauthorized', serverMessage: 'bad **** here' });
      expect(inspect(problem, { depth: 9 })).not.toContain('hush');
    }
  });

  it.each([
    [400, 'rejected', /not repeated/],
    [401, 'unauthorized', /token/],
    [403, 'unauthorized', /DATASOURCES:APPEND/],
    [404, 'not_found', /region/],
    [413, 'rejected', /maxRequestBytes/],
    [422, 'rejected', /materialized view/],
    [503, 'server_error', /temporary/],
  ])('%i is thrown as %s with its fix', async (status, code, fix) => {
    tinybird.answer = (_request, response) =>
      json(response, status, { error: `its own words about ${token}` });
    const problem = await api()
      .get('pipes/top.json')
      .catch((thrown) => thrown);
    expect(problem).toMatchObject({ name: 'TinybirdError', code, status });
    expect(problem.message).toMatch(fix);
    expect(problem.message).toContain('its own words about ****');
    expect(JSON.stringify([problem.message, problem.stack])).not.toContain(token);
  });

  it('is not followed when it is a redirect: the token reaches no second host', async () => {
    const other = await startFakeTinybird();
    tinybird.answer = (_request, response) => json(response, 302, {}, { location: `${other.url}/v0/events` });
    await expect(api().post('events')).rejects.toMatchObject({ code: 'rejected', status: 302 });
    expect(other.requests).toEqual([]);
    await other.close();
  });
});

describe('no answer', () => {
  it('is told with the host and the fix when nobody listens', async () => {
    const url = await unusedUrl();
    const problem = await new TinybirdApi({ url, token }).get('pipes').catch((thrown) => thrown);
    expect(problem.code).toBe('unreachable');
    expect(problem.message).toContain(new URL(url).host);
    expect(problem.message).toContain('ECONNREFUSED');
    expect(problem.message).toContain('TINYBIRD_URL');
  });

  it('within the bound is no answer, also when bytes keep dripping', async () => {
    tinybird.answer = async (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
      await new Promise((resolve) => response.on('close', resolve));
    };
    const answer = await api().get('pipes', { timeoutMs: 200 });
    expect(answer).toMatchObject({ status: 200, text: undefined });
  });

  it('is the caller’s own abort when they aborted', async () => {
    tinybird.answer = (_request, response) => new Promise((resolve) => response.on('close', resolve));
    const reason = new Error('changed my mind');
    const controller = new AbortController();
    const request = api().get('pipes', { signal: controller.signal });
    controller.abort(reason);
    await expect(request).rejects.toBe(reason);
  });
});
