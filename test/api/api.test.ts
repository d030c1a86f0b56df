import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TinybirdApi } from '../../src/api/api.js';
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

  it('of SQL gives the rows, asked for as JSON', async () => {
    tinybird.answer = (_request, response) =>
      json(response, 200, { meta: [], data: [{ calls: 3 }], rows: 1 });
    const { data } = await api().sql<{ calls: number }>('SELECT count() AS calls FROM litellm;');
    expect(data).toEqual([{ calls: 3 }]);
    expect(tinybird.requests[0]?.text).toBe('SELECT count() AS calls FROM litellm FORMAT JSON');
  });
});

describe('an answer outside 2xx', () => {
  it.each([
    [400, 'rejected', /not repeated/],
    [401, 'unauthorized', /token/],
    [403, 'unauthorized', /DATASOURCES:APPEND/],
    [404, 'not_found', /region/],
    [413, 'rejected', /maxRequestBytes/],
    [422, 'rejected', /materialized view/],
    [429, 'rate_limited', /Too many requests/],
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
