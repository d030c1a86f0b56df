import { describe, expect, it } from 'vitest';
import { ask, json, sharedServer } from '../running-server.js';

const LARGE = `NODE answer
SQL >
    %
    SELECT id, tokens FROM calls WHERE tokens >= {{ UInt16(least, 8) }}

TYPE endpoint
`;
const STRICT = 'NODE answer\nSQL >\n    %\n    SELECT {{ String(who) }} AS who\nTYPE endpoint\n';
const server = sharedServer({ pipes: { large: LARGE, strict: STRICT } });

async function get(sql: string, parameters: string) {
  return json(await ask(`${server().url}/v0/sql?q=${encodeURIComponent(sql)}&${parameters}`));
}

async function first(sql: string, parameters: string) {
  const { status, body } = await get(sql, parameters);
  return status === 200 ? (body.data as Record<string, unknown>[])[0]?.x : body.error;
}

describe('a typed parameter of /v0/sql', () => {
  it.each([
    ['{a:String}', "a=it's\u00a0%0A`\\", "it's\u00a0\n`\\"],
    ['{a:String}', 'param_a=x', 'x'],
    ['{ a : String }', 'a=x', 'x'],
    ['{a:UInt8} + {a:UInt8}', 'a=7', 14],
    ['{a:Float64}', 'a=0.5', 0.5],
    ['{a:Bool}', 'a=true', true],
    ['{a:Date}', 'a=2025-01-02', '2025-01-02'],
    ["{a:DateTime('Asia/Tokyo')}", 'a=2025-01-02 03:04:05', '2025-01-02 03:04:05'],
    ['{a:DateTime64(3)}', 'a=2025-01-02 03:04:05.678', '2025-01-02 03:04:05.678'],
    ['toString({a:UUID})', 'a=0191aa80-7b5b-7ccc-8000-000000000001', '0191aa80-7b5b-7ccc-8000-000000000001'],
    ['{a:Nullable(String)}', 'a=x', 'x'],
    ['{a:Array(String)}', "a=x,y'z", ['x', "y'z"]],
    ['{a:Array(String)}', 'a=x,y&a=z', ['x,y', 'z']],
    ['{a:Array(String)}', 'a=', []],
    ['{a:Array(Int32)}', 'a=1,-2', [1, -2]],
    ['concat({a:String}, {b:String})', 'a=1&b=2', '12'],
    ["map('a', 1)['a']", 'a=x', 1],
    ["'{a:String}'", '', '{a:String}'],
  ])('%s with %s is %j', async (expression, parameters, expected) => {
    expect(await first(`SELECT ${expression} AS x`, parameters)).toEqual(expected);
  });

  it('never becomes SQL', async () => {
    const attack = encodeURIComponent("' OR file('/etc/passwd') = '");
    expect(await first('SELECT {a:String} AS x', `a=${attack}`)).toBe("' OR file('/etc/passwd') = '");
  });

  it.each([
    ['{a:String}', '', "the parameter 'a' is missing: send it as in ?a=…"],
    ['{a:UInt8}', 'a=x', 'BAD_QUERY_PARAMETER'],
    ['{a:Array(Int32)}', 'a=1,x', "the parameter 'a' has an element that is no number"],
    ['{a:Identifier}', 'a=tokens', 'the parameter {a:Identifier} has no type of a value'],
    ['{a:Nothing}', 'a=1', 'has no type of a value'],
    ['{__proto__:String}', '', "the parameter '__proto__' is missing"],
    ['{a:file}', 'a=1', "'file' is not allowed"],
  ])('%s with %j is refused', async (expression, parameters, message) => {
    expect(await first(`SELECT ${expression} AS x`, parameters)).toContain(message);
  });

  it.each(['SELECT * FROM {t:Identifier}', 'SELECT count() FROM {t:Table}'])(
    'cannot be a table: %s',
    async (sql) => {
      expect(await get(sql, 't=system.disks')).toMatchObject({ status: 400 });
    },
  );

  it('comes in the body as well', async () => {
    const post = (body: string | URLSearchParams, headers = {}) =>
      ask(`${server().url}/v0/sql`, { method: 'POST', body, headers }).then(json);
    const q = 'SELECT {a:Array(UInt8)} AS x, {b:String} AS y';
    const expected = { status: 200, body: { data: [{ x: [1, 2], y: 'é' }] } };
    const form = new URLSearchParams({ q, a: '1,2', b: 'é' });
    expect(await post(form)).toMatchObject(expected);
    const type = { 'content-type': 'application/json' };
    expect(await post(JSON.stringify({ q, a: [1, 2], b: 'é' }), type)).toMatchObject(expected);
    expect(await post(JSON.stringify({ q, a: [1, 2], b: {} }), type)).toMatchObject({
      status: 400,
      body: { error: "the parameter 'b' is neither a text nor a number" },
    });
  });
});

describe('a pipe in /v0/sql', () => {
  it('is read like a table, with what its parameters are by default', async () => {
    await server().send('calls', '{"id":"a","usage":{"tokens":8}}\n{"id":"b","usage":{"tokens":2}}');
    expect(await server().rows('SELECT id FROM large')).toEqual([{ id: 'a' }]);
    expect(
      await server().rows('WITH 1 AS one SELECT id, one FROM calls WHERE id IN (SELECT id FROM large)'),
    ).toEqual([{ id: 'a', one: 1 }]);
    const { body } = await get('SELECT id FROM large WHERE tokens < {most:UInt16}', 'most=8');
    expect(body.data).toEqual([]);
  });

  it('says which parameter it cannot do without', async () => {
    expect(await get('SELECT * FROM strict', '')).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('who') },
    });
  });

  it('keeps its own values apart from those of the statement', async () => {
    expect(await get('SELECT {p0:String} AS x FROM large', 'p0=x')).toMatchObject({
      status: 400,
      body: { error: "the parameter 'p0' is also one of the pipe: call it otherwise" },
    });
  });
});
