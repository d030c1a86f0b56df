import { describe, expect, it } from 'vitest';
import { TOKEN, useDatasources } from '../support/datasources.js';

const bench = useDatasources();

/** What arrived of one row. */
async function arrived(row: unknown): Promise<unknown> {
  const ds = bench.datasource();
  ds.append(row as object);
  await ds.flush();
  return bench.tinybird.rows.at(-1);
}

/** The text of all requests, each of which must be lines of JSON and nothing else. */
function lines(): string[] {
  return bench.tinybird.requests.flatMap(({ text }) => {
    expect(text.endsWith('\n')).toBe(true);
    const all = text.slice(0, -1).split('\n');
    for (const line of all) expect(JSON.parse(line)).toBeTypeOf('object');
    return all;
  });
}

const thrower = () => {
  throw new Error('not today');
};
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const deep = () => {
  let nested: object = {};
  for (let level = 0; level < 100_000; level++) nested = { nested };
  return nested;
};

/** Every value that cannot be a row, and those that fight back. */
const NO_ROWS: readonly (readonly [string, unknown])[] = [
  ['undefined', undefined],
  ['null', null],
  ['a number', 1],
  ['a boolean', true],
  ['a symbol', Symbol('row')],
  ['a BigInt', 1n],
  ['an array', [1]],
  ['a function', () => {}],
  ['an object whose toJSON gives text', { toJSON: () => 'text' }],
  ['an object whose toJSON gives nothing', { toJSON: () => undefined }],
  ['an object whose toJSON throws', { toJSON: thrower }],
  ['an object with a getter that throws', Object.defineProperty({}, 'x', { get: thrower, enumerable: true })],
  ['a proxy that throws', new Proxy({}, { ownKeys: thrower })],
  ['a proxy that was revoked', revoked()],
  ['an object nested too deep', deep()],
  ['a Date', new Date(0)],
  ['no text', ''],
  ['blank text', ' \n\t '],
  ['text that is no JSON', 'hello'],
  ['JSON that is cut off', '{"id":1'],
  ['JSON of a number', '1'],
  ['JSON of an array', '[{"id":1}]'],
  ['JSON of null', 'null'],
  ['JSON of two rows', '{"id":1}\n{"id":2}'],
  ['no bytes', new Uint8Array()],
  ['bytes that are not UTF-8', new Uint8Array([0x7b, 0xff, 0x7d])],
];

describe('a row', () => {
  it('goes to the Events API, acknowledged only when written, with the token', async () => {
    await arrived({ id: 1 });
    const [request] = bench.tinybird.requests;
    expect(`${request?.url.pathname}${request?.url.search}`).toBe('/v0/events?name=events&wait=true');
    expect(request?.headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      'content-type': 'application/x-ndjson',
    });
    expect(request?.text).toBe('{"id":1}\n');
  });

  it('arrives as it was when it was appended', async () => {
    const ds = bench.datasource();
    const row = { id: 1, nested: { a: [1] } };
    const bytes = new TextEncoder().encode('{"id":2}');
    ds.append(row);
    ds.append(bytes);
    row.nested.a.push(2);
    bytes.fill(0);
    await ds.flush();
    expect(bench.tinybird.rows).toEqual([{ id: 1, nested: { a: [1] } }, { id: 2 }]);
  });

  it('is sent by nobody before the caller goes on', async () => {
    const ds = bench.datasource({ maxRows: 1 });
    expect(ds.append({ id: 1 })).toBeUndefined();
    expect(ds.stats()).toMatchObject({ accepted: 1, delivered: 0 });
    expect(bench.tinybird.requests).toEqual([]);
  });

  it('without anything in it is a row', async () => {
    expect(await arrived({})).toEqual({});
  });

  it('with a BigInt, a cycle or a function in it arrives in a form that can be written', async () => {
    const row: Record<string, unknown> = { id: 1, n: 10n, f: () => {}, twice: { a: 1 } };
    row.again = row.twice;
    row.self = { row };
    expect(await arrived(row)).toEqual({
      id: 1,
      n: '10',
      twice: { a: 1 },
      again: { a: 1 },
      self: { row: '[Circular]' },
    });
    expect(bench.problems).toEqual([]);
  });

  it('holds what JSON makes of dates, errors, maps, sets, numbers that are none, and bytes', async () => {
    const row = {
      date: new Date(0),
      error: new Error('no'),
      map: new Map([['a', 1]]),
      set: new Set([1]),
      pattern: /x/,
      nan: Number.NaN,
      infinite: Number.POSITIVE_INFINITY,
      buffer: Buffer.from('ab'),
      bytes: new Uint8Array([1, 2]),
    };
    expect(await arrived(row)).toEqual({
      date: '1970-01-01T00:00:00.000Z',
      error: {},
      map: {},
      set: {},
      pattern: {},
      nan: null,
      infinite: null,
      buffer: { type: 'Buffer', data: [97, 98] },
      bytes: { 0: 1, 1: 2 },
    });
  });

  it('with a key __proto__ of its own keeps it, and changes no other object', async () => {
    await arrived(JSON.parse('{"id":1,"__proto__":{"polluted":true}}'));
    expect(lines()).toEqual(['{"id":1,"__proto__":{"polluted":true}}']);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('with half a surrogate pair arrives with U+FFFD for it; what only looks like one stays', async () => {
    const text = '\ud800a \udc00b \ud83d\ude00 \\ud800 \\\\ud83d';
    expect(await arrived({ text, 'k\ud800': 1 })).toEqual({
      text: '\ufffda \ufffdb \ud83d\ude00 \\ud800 \\\\ud83d',
      'k\ufffd': 1,
    });
  });

  it('stays one line with line breaks of any kind in it', async () => {
    const text = 'a\nb\r\nc\u2028d\u2029e\u0085f';
    expect(await arrived({ text })).toEqual({ text });
    expect(lines().length).toBe(1);
  });

  it('of 5 MiB arrives whole', async () => {
    const text = 'é'.repeat(2.5 * 1024 * 1024);
    expect(await arrived({ text })).toEqual({ text });
  });

  it.each([1, 2, 3, 4])('arrives whole where %i-byte letters cross the end of every chunk', async (bytes) => {
    const letter = ['a', 'é', '漢', '😀'][bytes - 1] ?? '';
    const ds = bench.datasource({ maxBytes: 20_000 });
    const sent = Array.from({ length: 300 }, (_, id) => ({ id, text: letter.repeat((id * 37) % 997) }));
    for (const row of sent) ds.append(row);
    await ds.flush();
    expect([...bench.tinybird.rows].sort((a, b) => Number(a.id) - Number(b.id))).toEqual(sent);
  });
});

describe('a row that is written already', () => {
  it.each([
    ['text', '{"id": 12345678901234567890, "a":"\\ud83d\\ude00"}'],
    ['text with spaces around', '  {"id":1}  '],
    ['bytes', new TextEncoder().encode('{ "id" : 1.0, "漢":"😀" }')],
  ])('as %s is sent byte for byte', async (_what, row) => {
    await arrived(row);
    expect(lines()).toEqual([typeof row === 'string' ? row : new TextDecoder().decode(row)]);
  });

  it.each([
    ['text', '{\n  "id": 12345678901234567890,\r\n  "a": "b"\n}\n'],
    ['bytes', new TextEncoder().encode('{\n  "id": 12345678901234567890,\r\n  "a": "b"\n}\n')],
  ])('as %s over several lines becomes one, and loses no digit', async (_what, row) => {
    await arrived(row);
    expect(lines()).toEqual(['{   "id": 12345678901234567890,\r   "a": "b" } ']);
  });

  it('loses its byte order mark, which no line may begin with', async () => {
    const ds = bench.datasource();
    ds.append('\ufeff{"id":1}');
    ds.append(new TextEncoder().encode('\ufeff{"id":2}'));
    await ds.flush();
    expect(lines()).toEqual(['{"id":1}', '{"id":2}']);
  });

  it('with half a surrogate pair arrives with U+FFFD for it', async () => {
    expect(await arrived('{"a":"\ud800"}')).toEqual({ a: '\ufffd' });
  });
});

describe('what is no row', () => {
  it.each(NO_ROWS)('such as %s is refused, counted and told, and never thrown', async (_what, row) => {
    const ds = bench.datasource();
    ds.append({ id: 1 });
    ds.append(row as object);
    ds.append({ id: 2 });
    await ds.flush();
    expect(bench.ids()).toEqual([1, 2]);
    expect(bench.problems).toEqual([expect.objectContaining({ code: 'unserializable', rows: 1 })]);
    expect(ds.stats()).toMatchObject({ accepted: 2, refused: 1, delivered: 2 });
  });

  it('is told without a word of what stands in it', () => {
    const ds = bench.datasource();
    ds.append('{"secret-key":"secret-value"');
    ds.append({
      toJSON() {
        throw new Error('secret-value');
      },
    });
    expect(bench.problems.length).toBe(2);
    for (const { message, stack } of bench.problems) expect(`${message}${stack}`).not.toContain('secret');
  });

  it('longer than a text can be is dropped and told', async () => {
    const ds = bench.datasource();
    const half = 'x'.repeat(2 ** 28);
    ds.append({ half, other: half });
    ds.append({ id: 1 });
    await ds.flush();
    expect(bench.ids()).toEqual([1]);
    expect(bench.codes()).toEqual(['unserializable']);
  });

  it('larger than a request may be is dropped and told with its size; its neighbours arrive', async () => {
    const ds = bench.datasource({ maxRequestBytes: 1000 });
    ds.append({ id: 1 });
    ds.append({ id: 2, text: 'é'.repeat(500) });
    ds.append({ id: 3 });
    await ds.flush();
    expect(bench.ids()).toEqual([1, 3]);
    expect(bench.problems[0]).toMatchObject({ code: 'dropped', rows: 1 });
    expect(bench.problems[0]?.message).toMatch(/1019 bytes.*maxRequestBytes/);
    expect(ds.stats()).toMatchObject({ accepted: 2, refused: 1 });
  });
});
