import { describe, expect, it } from 'vitest';
import { ask, json, rawGet, sharedServer } from '../running-server.js';

const server = sharedServer();
const headersOf = ({ headers }: Response) => Object.fromEntries(headers);
const UNUSED = {
  'x-ratelimit-limit': '1000',
  'x-ratelimit-remaining': '1000',
  'x-ratelimit-reset': '1',
};

describe('a token', () => {
  it.each([
    ['GET', '/v0/sql?q=SELECT+1'],
    ['GET', '/v0/sql?q=SELECT+1&token='],
    ['POST', '/v0/events?name=calls'],
    ['GET', '/v0/datasources'],
    ['GET', '/v0/pipes/a.json'],
    ['GET', '/v0/nothing'],
    ['DELETE', '/v0/events'],
  ])('is wanted of %s %s', async (method, path) => {
    expect(await json(await fetch(`${server().url}${path}`, { method }))).toEqual({
      status: 403,
      body: {
        error:
          'no token was sent: send any, as in Authorization: Bearer local or ?token=local; GET /tokens has some',
      },
    });
  });

  it.each(['', 'Bearer', 'Bearer ', 'Basic bG9jYWw=', 'local'])('is not %j', async (authorization) => {
    expect(await rawGet(`${server().url}/v0/datasources`, { authorization })).toMatchObject({ status: 403 });
  });

  it('may be any, in the header or the address', async () => {
    const { url } = server();
    const tokens = await json(await fetch(`${url}/tokens`));
    for (const token of [tokens.body.admin_token, 'p.eyJ1IjoiMSJ9.x', 'local']) {
      const headers = { authorization: `Bearer ${token}` };
      expect((await fetch(`${url}/v0/sql?q=SELECT+1`, { headers })).status).toBe(200);
      expect((await fetch(`${url}/v0/sql?q=SELECT+1&token=${token}`)).status).toBe(200);
    }
  });

  it.each(['/health', '/tokens'])('is not wanted of %s', async (path) => {
    expect((await fetch(`${server().url}${path}`)).status).toBe(200);
  });
});

describe('every answer', () => {
  it.each([
    ['/health', 200],
    ['/v0/sql?q=SELECT+1', 200],
    ['/v0/nothing', 404],
    ['/v0/sql?q=DROP', 400],
  ])('of %s tells who gave it, and is what it says it is', async (path, status) => {
    const response = await ask(`${server().url}${path}`);
    expect(response.status).toBe(status);
    expect(headersOf(response)).toMatchObject({
      'x-powered-by': 'tinybird-llm',
      'x-content-type-options': 'nosniff',
      'content-type': 'application/json; charset=utf-8',
    });
  });
});

describe('a method', () => {
  it.each([
    ['GET', '/v0/events', 'POST, OPTIONS'],
    ['DELETE', '/v0/sql', 'GET, POST, HEAD, OPTIONS'],
    ['PUT', '/v0/datasources', 'GET, POST, HEAD, OPTIONS'],
    ['GET', '/v0/datasources/calls/truncate', 'POST, OPTIONS'],
    ['POST', '/health', 'GET, HEAD, OPTIONS'],
  ])('that is wrong is answered with those that are right: %s %s', async (method, path, allow) => {
    const response = await ask(`${server().url}${path}`, { method });
    expect(response.headers.get('allow')).toBe(allow);
    const { status, body } = await json(response);
    expect(status).toBe(405);
    expect(body.error).toContain(`${path} takes`);
  });

  it('HEAD is answered as GET is, without the body', async () => {
    const head = await ask(`${server().url}/v0/sql?q=SELECT+1+FORMAT+CSV`, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(headersOf(head)).toMatchObject({
      'content-length': '2',
      'content-type': 'text/csv; charset=utf-8',
    });
    expect(await head.text()).toBe('');
  });

  it('OPTIONS says which there are, and lets no other site in', async () => {
    const options = await ask(`${server().url}/v0/events`, { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'POST, OPTIONS']);
    expect(options.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('an address that is broken', () => {
  it.each(['/v0/datasources/%zz', '/v0/datasources/%E0%A4%A/truncate', '/v0/pipes/%.json'])(
    '%s is answered with 400',
    async (path) => {
      const answer = await rawGet(`${server().url}${path}`, { authorization: 'Bearer local' });
      expect(answer).toMatchObject({
        status: 400,
        body: { error: expect.stringContaining('is not encoded as it should be') },
      });
    },
  );
});

describe('the rate limit', () => {
  it.each([
    ['POST', '/v0/events', {}, 400],
    ['POST', '/v0/events?name=nope', {}, 404],
    ['GET', '/v0/events?name=calls', {}, 405],
    ['POST', '/v0/events?name=calls', { authorization: '' }, 403],
  ])('is told also by an answer that counts for nothing: %s %s', async (method, path, headers, status) => {
    const response = await ask(`${server().url}${path}`, { method, headers });
    expect(response.status).toBe(status);
    expect(headersOf(response)).toMatchObject(UNUSED);
  });

  it('is told by what is taken and by what is refused for its body', async () => {
    for (const body of ['{"id":"a"}', 'hello']) {
      const response = await ask(`${server().url}/v0/events?name=calls`, { method: 'POST', body });
      expect(headersOf(response)).toMatchObject({
        'x-ratelimit-limit': '1000',
        'x-ratelimit-remaining': expect.stringMatching(/^99\d$/),
        'x-ratelimit-reset': '1',
      });
      expect(response.headers.get('retry-after')).toBeNull();
    }
  });
});

describe('GET /v0/datasources/NAME', () => {
  it('says what a datasource is and has', async () => {
    const { url, send } = server();
    await send('calls', '{"id":"b"}\n{"id":"c","usage":{"tokens":-1}}');
    const { body } = await json(await ask(`${url}/v0/datasources/calls`));
    expect(body).toEqual({
      id: 'calls',
      name: 'calls',
      description: '',
      engine: { engine: 'MergeTree', engine_sorting_key: 'id', engine_partition_key: '' },
      columns: [
        { name: 'id', type: 'String', nullable: false, jsonpath: '$.id', default_value: null },
        { name: 'tokens', type: 'UInt16', nullable: false, jsonpath: '$.usage.tokens', default_value: '7' },
        { name: 'note', type: 'Nullable(String)', nullable: true, jsonpath: '$.note', default_value: null },
        {
          name: 'at',
          type: 'DateTime',
          nullable: false,
          jsonpath: '$.at',
          default_value: "toDateTime('2020-01-01 00:00:00')",
        },
      ],
      statistics: { row_count: 2, bytes: expect.any(Number) },
      quarantine_rows: 1,
    });
    expect((body.statistics as { bytes: number }).bytes).toBeGreaterThan(0);
  });

  it.each(['nope', '__proto__', 'constructor', 'calls__declared'])('knows no %s', async (name) => {
    expect(await json(await ask(`${server().url}/v0/datasources/${name}`))).toMatchObject({
      status: 404,
      body: { error: expect.stringContaining(`there is no Data Source '${name}': there are calls`) },
    });
  });
});
