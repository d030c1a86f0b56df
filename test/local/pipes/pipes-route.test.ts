import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { QueryError } from '../../../src/local/errors.js';
import { parsePipe } from '../../../src/local/pipes/pipe-file.js';
import { answerPipe } from '../../../src/local/server/pipes-route.js';
import type { LocalTinybird } from '../../../src/local/server/routes.js';
import { ask, json, type RunningServer, runServer } from '../running-server.js';

const USAGE = `DESCRIPTION >
    What was used
NODE big
SQL >
    %
    SELECT id, tokens FROM calls WHERE tokens >= {{ UInt16(least, 1, description="Tokens at least") }}

NODE answer
SQL >
    %
    SELECT id, tokens FROM big
    {% if defined(id) %} WHERE id IN {{ Array(id, 'String') }} {% end %}
    ORDER BY tokens {% if Boolean(up, 0) %} ASC {% else %} DESC {% end %}
    LIMIT {{ Int32(limit, 10) }}

TYPE endpoint
`;

const ROWS = [1, 2, 3, 4]
  .map((tokens) => JSON.stringify({ id: `c${tokens}`, usage: { tokens }, note: null }))
  .join('\n');

function endpoint(sql: string): string {
  return `NODE n\nSQL >\n    %\n    ${sql.replaceAll('\n', '\n    ')}\nTYPE endpoint\n`;
}

async function answerOf(server: RunningServer, path: string, init?: RequestInit) {
  return json(await ask(`${server.url}/v0/pipes/${path}`, init));
}

async function ids(server: RunningServer, path: string, init?: RequestInit) {
  const { status, body } = await answerOf(server, path, init);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return (body.data as { id: string }[]).map(({ id }) => id);
}

describe('an endpoint', () => {
  it('answers with its last node, which reads the others, for the parameters of the URL', async () => {
    const server = await runServer({ pipes: { usage: USAGE } });
    await server.send('calls', ROWS);
    expect(await ids(server, 'usage.json')).toEqual(['c4', 'c3', 'c2', 'c1']);
    expect(await ids(server, 'usage.json?least=2&up=true')).toEqual(['c2', 'c3', 'c4']);
    expect(await ids(server, 'usage.json?limit=1&token=t&from=sdk&__tb__semver=1&other=x')).toEqual(['c4']);
    // an array with commas, as repeated keys, and empty
    expect(await ids(server, 'usage.json?id=c1,c3')).toEqual(['c3', 'c1']);
    expect(await ids(server, 'usage.json?id=c1&id=c3&id=')).toEqual(['c3', 'c1']);
    expect(await ids(server, 'usage.json?id=')).toEqual([]);
    expect(await answerOf(server, 'usage.json?limit=1')).toMatchObject({
      body: {
        meta: [{ name: 'id' }, { name: 'tokens' }],
        rows: 1,
        statistics: { rows_read: expect.any(Number) },
      },
    });
  });

  it('has no parameter of what clients say to Tinybird itself', async () => {
    const server = await runServer({
      pipes: { own: endpoint("SELECT {{ String(token, 'none') }} AS token") },
    });
    for (const path of ['own.json?token=secret', 'own.json?from=sdk&token=secret&__tb__semver=1'])
      expect((await answerOf(server, path)).body.data).toEqual([{ token: 'none' }]);
  });

  it('takes the parameters of a JSON or form body, those of the URL beside them', async () => {
    const server = await runServer({ pipes: { usage: USAGE } });
    await server.send('calls', ROWS);
    const post = (body: string, type?: string) =>
      ids(server, 'usage.json?limit=2', {
        method: 'POST',
        body,
        ...(type !== undefined && { headers: { 'content-type': type } }),
      });
    expect(await post('{"id": ["c1", "c2", "c3"], "least": 2}', 'application/json')).toEqual(['c3', 'c2']);
    expect(await post('{"limit": 1}', 'application/json')).toEqual(['c4']);
    expect(await post('least=3&up=1', 'application/x-www-form-urlencoded')).toEqual(['c3', 'c4']);
    expect(await post('{"up": true}', 'application/x-www-form-urlencoded')).toEqual(['c1', 'c2']);
    expect(await post('', 'application/json')).toEqual(['c4', 'c3']);
  });

  it('runs a statement on top of it, which calls it _ or by its name', async () => {
    const server = await runServer({ pipes: { usage: USAGE } });
    await server.send('calls', ROWS);
    const data = async (path: string, init?: RequestInit) => (await answerOf(server, path, init)).body.data;
    const q = encodeURIComponent('SELECT count() AS n, max(tokens) AS most FROM _');
    expect(await data(`usage.json?q=${q}&least=2`)).toEqual([{ n: 3, most: 4 }]);
    const typed = encodeURIComponent('SELECT id FROM _ WHERE tokens IN {some:Array(UInt16)} ORDER BY id');
    expect(await data(`usage.json?q=${typed}&some=1,3&least=2`)).toEqual([{ id: 'c3' }]);
    const both = 'WITH 2 AS two SELECT a.id AS id FROM usage AS a JOIN _ AS b USING id WHERE a.tokens = two';
    expect(await data('usage.json', { method: 'POST', body: both })).toEqual([{ id: 'c2' }]);
    const curl = {
      method: 'POST',
      body: both,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    };
    expect(await data('usage.json', curl)).toEqual([{ id: 'c2' }]);
    for (const refused of [
      "SELECT file('/etc/passwd') FROM _",
      'SELECT 1 FROM _; DROP TABLE calls',
      'SHOW TABLES',
      'SELECT 1 FROM _ FORMAT CSV',
      'DROP TABLE calls',
      'SELECT {p0:String} FROM _',
      'SELECT {p0:String} FROM _ WHERE {missing:String}',
    ])
      expect(await answerOf(server, `usage.json?p0=1&q=${encodeURIComponent(refused)}`)).toMatchObject({
        status: 400,
      });
    expect(await server.rows('SELECT count() AS n FROM calls')).toEqual([{ n: 4 }]);
  });

  it.each([
    ['csv', '"c4",4\n', 'text/csv; charset=utf-8'],
    ['csvwithnames', '"id","tokens"\n"c4",4\n', 'text/csv; charset=utf-8'],
    ['ndjson', '{"id":"c4","tokens":4}\n', 'application/x-ndjson; charset=utf-8'],
  ])('answers .%s', async (ending, text, contentType) => {
    const server = await runServer({ pipes: { usage: USAGE } });
    await server.send('calls', ROWS);
    const response = await ask(`${server.url}/v0/pipes/usage.${ending}?limit=1`);
    expect(await response.text()).toBe(text);
    expect(response.headers.get('content-type')).toBe(contentType);
  });

  it('answers .parquet', async () => {
    const server = await runServer({ pipes: { one: endpoint('SELECT 1 AS n') } });
    const response = await ask(`${server.url}/v0/pipes/one.parquet`);
    expect(
      Buffer.from(await response.arrayBuffer())
        .toString('latin1')
        .slice(0, 4),
    ).toBe('PAR1');
    expect(response.headers.get('content-type')).toBe('application/vnd.apache.parquet');
  });

  it('answers with an error that names what is wrong', async () => {
    const server = await runServer({
      pipes: {
        usage: USAGE,
        inner: 'NODE n\nSQL >\n    SELECT 1 AS one\n',
        copied: 'NODE n\nSQL >\n    SELECT 1\nTYPE copy\nTARGET_DATASOURCE t\n',
        broken: endpoint('SELECT nope FROM calls'),
        needs: endpoint('SELECT {{ Int32(n) }} AS n'),
        says: endpoint("{% if not defined(a) %}{{ error('give a') }}{% end %}\nSELECT 1"),
        own: endpoint("SELECT {{ custom_error({'error': 'not yours', 'id': 7}, 403) }}"),
        bare: 'NODE n\nSQL >\n    SELECT {{ Int32(a) }}\nTYPE endpoint\n',
        coded: endpoint("SELECT {{ custom_error({'error': 'gone', 'code': 410}) }}"),
      },
    });
    for (const [path, status, error] of [
      ['nope.json', 404, "there is no pipe 'nope': there are bare, broken, coded, needs, own, says, usage"],
      ['__proto__.json', 404, "there is no pipe '__proto__'"],
      ['inner.json', 404, 'add TYPE endpoint below the SQL of its node n'],
      ['copied.json', 400, 'TYPE copy'],
      ['usage.xml', 400, 'usage.json, usage.csv'],
      ['usage', 400, 'there is no format: ask for usage.json'],
      ['broken.json', 400, 'UNKNOWN_IDENTIFIER'],
      ['needs.json', 400, 'Required parameter is not defined. Check the parameters n.'],
      ['needs.json?n=x', 400, "Error validating 'x' to type Int32"],
      ['needs.json?n=1&n=2', 400, "Error validating '1,2' to type Int32"],
      ['usage.json?least=65536', 400, "Error validating '65536' to type UInt16"],
      ['usage.json?q=SELECT+1&q=SELECT+2', 400, 'q is not one statement'],
      ['says.json', 400, 'give a'],
      ['own.json', 403, 'not yours'],
      ['coded.json', 410, 'gone'],
      [
        'bare.json',
        400,
        'line 3 of bare.pipe, has {{ }} or {% %} in it and is no template. Write % in front of it',
      ],
    ] as const) {
      const answered = await answerOf(server, path);
      expect([path, answered.status]).toEqual([path, status]);
      expect(answered.body.error).toContain(error);
    }
    expect((await answerOf(server, 'own.json')).body).toEqual({ error: 'not yours', id: 7 });
    for (const body of ['[1]', '"a"', '{']) {
      const init = { method: 'POST', body, headers: { 'content-type': 'application/json' } };
      expect(await answerOf(server, 'usage.json', init)).toMatchObject({
        status: 400,
        body: { error: expect.stringContaining('no JSON object of parameters') },
      });
    }
  });

  it('answers 408 where ClickHouse gives up, and what is no failure of the read as it is', async () => {
    const pipes = new Map([['slow', parsePipe(endpoint('SELECT 1'), 'slow.pipe')]]);
    const answered = (failure: Error) => {
      const tinybird = { pipes, engine: { read: () => Promise.reject(failure) } } as unknown as LocalTinybird;
      return answerPipe(tinybird, { method: 'GET' } as IncomingMessage, new URL('http://t/'), 'slow.json');
    };
    await expect(answered(new QueryError('timeout exceeded', 159))).rejects.toMatchObject({
      status: 408,
      message: 'timeout exceeded',
    });
    await expect(answered(new TypeError('a fault'))).rejects.toThrow(TypeError);
  });

  it('is listed with its nodes and parameters, among all the pipes', async () => {
    const server = await runServer({ pipes: { usage: USAGE, inner: 'SQL >\n    SELECT 1 AS one\n' } });
    const { body } = await json(await ask(`${server.url}/v0/pipes`));
    expect(body.pipes).toEqual([
      {
        name: 'inner',
        description: '',
        type: 'default',
        endpoint: null,
        parameters: [],
        nodes: [{ name: 'inner_0', description: '', sql: expect.stringContaining('SELECT 1') }],
      },
      {
        name: 'usage',
        description: 'What was used',
        type: 'endpoint',
        endpoint: 'answer',
        parameters: [
          { name: 'least', type: 'UInt16', default: 1, description: 'Tokens at least', required: false },
          { name: 'id', type: 'Array(String)', required: false },
          { name: 'up', type: 'Boolean', default: 0, required: false },
          { name: 'limit', type: 'Int32', default: 10, required: false },
        ],
        nodes: [{ name: 'big' }, { name: 'answer' }].map((node) => expect.objectContaining(node)),
      },
    ]);
  });
});

describe('a parameter of each type', () => {
  const TYPES = [
    ['String', "it's `x` \\ {{y}} % \0\n", "it's `x` \\ {{y}} % \0\n"],
    ['UUID', '61f0c404-5cb3-11e7-907b-a6006ad3dba0', '61f0c404-5cb3-11e7-907b-a6006ad3dba0'],
    ['Boolean', 'true', 1],
    ['Boolean', 'FALSE', 0],
    ['Int8', '-128', -128],
    ['Int16', '-32768', -32768],
    ['Int32', '+7', 7],
    ['Integer', '5', 5],
    ['Int64', '-9223372036854775808', '-9223372036854775808'],
    ['Int128', '-170141183460469231731687303715884105728', '-170141183460469231731687303715884105728'],
    ['UInt8', '255', 255],
    ['UInt32', '4294967295', 4_294_967_295],
    ['UInt64', '18446744073709551615', '18446744073709551615'],
    ['UInt256', String(2n ** 256n - 1n), String(2n ** 256n - 1n)],
    ['Float32', '1.5', 1.5],
    ['Float64', '-1e300', -1e300],
    ['Date', '2024-02-29', '2024-02-29'],
    ['DateTime', '2024-01-02T03:04:05+02:00', '2024-01-02 01:04:05'],
    ['DateTime64', '2024-01-02T03:04:05.678Z', '2024-01-02 03:04:05.678'],
  ] as const;

  it('comes to ClickHouse as what it is', async () => {
    const expressions = TYPES.map(([type], index) => {
      const wide = typeof TYPES[index]?.[2] === 'string';
      return `${wide ? 'toString' : ''}({{ ${type}(p${index}) }}) AS c${index}`;
    });
    const server = await runServer({ pipes: { all: endpoint(`SELECT ${expressions.join(', ')}`) } });
    const query = new URLSearchParams(
      Object.fromEntries(TYPES.map(([, sent], index) => [`p${index}`, sent])),
    );
    const { body } = await answerOf(server, `all.json?${query}`);
    expect(body.data).toEqual([Object.fromEntries(TYPES.map(([, , value], index) => [`c${index}`, value]))]);
  });

  it('is compared with columns, in an array, in LIMIT and in INTERVAL', async () => {
    const server = await runServer({
      datasources: {
        t: `SCHEMA >
    \`id\` UInt64 \`json:$.id\`,
    \`at\` DateTime \`json:$.at\`,
    \`exact\` DateTime64(3) \`json:$.exact\`,
    \`day\` Date \`json:$.day\`,
    \`uuid\` UUID \`json:$.uuid\`,
    \`s\` String \`json:$.s\``,
      },
      pipes: {
        moments:
          endpoint(`SELECT toString(id) AS id FROM t WHERE at >= {{ DateTime(at) }} AND exact = {{ DateTime64(exact) }}
AND day IN {{ Array(days, 'Date') }} AND at > {{ DateTime(at) }} - INTERVAL {{ Int32(n) }} DAY AND uuid = {{ UUID(uuid) }}`),
        arrays:
          endpoint(`SELECT toString(t.id) AS id FROM t WHERE t.id IN {{ Array(ids, 'UInt64') }} AND s IN {{ Array(s) }}
AND has({{ Array(floats, 'Float64') }}, 1.5) AND {{ Array(flags, 'Boolean') }} = [1, 0] LIMIT {{ UInt8(n) }} OFFSET {{ Int32(skip, 0) }}`),
        printed: endpoint(`{% set twice = Int32(n) * 2 %}{% set words = split_to_array(s) %}
SELECT {{ twice }} AS n, {{ words }} AS words, {{ 1.5 }} AS f, {{ -1 }} AS i, {{ True }} AS b, {{ [] }} AS e,
{{ ('a', 1) }} AS t, {{ s }} AS s, {{ 'li\\'t' }} AS l, {{ [True, False] }} AS bs, {{ [[1, 2], [3, 4]] }} AS nested,
toTypeName({{ Int64(n0, 5) }}) AS type, {{ sql_and(n=2, n__in=[3], l=None) }} AS cond`),
      },
    });
    const uuid = '61f0c404-5cb3-11e7-907b-a6006ad3dba0';
    const row = { id: '18446744073709551615', at: '2024-01-02 03:04:05', exact: '2024-01-02 03:04:05.678' };
    await server.send('t', JSON.stringify({ ...row, day: '2024-01-02', uuid, s: "it's" }));
    const rows = async (path: string) => {
      const { status, body } = await answerOf(server, path);
      return status === 200 ? body.data : body;
    };
    const id = [{ id: '18446744073709551615' }];
    const moments = `at=2024-01-02T03:04:05Z&exact=2024-01-02T03:04:05.678Z&days=2024-01-02,2024-01-03&n=1&uuid=${uuid}`;
    expect(await rows(`moments.json?${moments}`)).toEqual(id);
    expect(await rows(`moments.json?${moments.replace('05.678', '05.679')}`)).toEqual([]);
    const arrays = "ids=1,18446744073709551615&s=a,it's&floats=1.5,nan&flags=true,0&n=1";
    expect(await rows(`arrays.json?${arrays}`)).toEqual(id);
    expect(await rows(`arrays.json?${arrays}&skip=1`)).toEqual([]);
    expect(await rows('printed.json?n=21&s=a, b')).toEqual([
      {
        n: 42,
        words: ['a', 'b'],
        f: 1.5,
        i: -1,
        b: true,
        e: [],
        t: ['a', 1],
        s: 'a, b',
        l: "li't",
        bs: [true, false],
        nested: [
          [1, 2],
          [3, 4],
        ],
        type: 'Int64',
        cond: 0,
      },
    ]);
  });
});
