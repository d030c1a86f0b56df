import { describe, expect, it } from 'vitest';
import { extraOf, MAX_EXTRA_BYTES } from '../../src/logging/extra.js';
import { put, takeContext } from '../../src/logging/fields.js';

const unreadable = (): never => {
  throw new Error('of a getter');
};

function cyclic(): object {
  const value: Record<string, unknown> = { a: 1 };
  value.self = value;
  value.list = [value];
  return value;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

class Point {
  readonly x = 1;
  readonly #hidden = 2;
  get sum() {
    return this.x + this.#hidden;
  }
}

describe('the fields of a line', () => {
  it.each<[what: string, value: unknown, kept: unknown]>([
    ['a text', 'text', 'text'],
    ['half a character', 'half \ud83d', 'half \ufffd'],
    ['a number', -1.5, -1.5],
    ['a boolean', false, false],
    ['null', null, null],
    ['a BigInt', 2n ** 64n + 1n, '18446744073709551617'],
    ['NaN', Number.NaN, null],
    ['Infinity', Number.NEGATIVE_INFINITY, null],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['a date that is none', new Date(Number.NaN), null],
    ['a URL', new URL('https://a.example/b'), 'https://a.example/b'],
    ['a Map', new Map([['a', new Map([['b', 1n]])]]), { a: { b: '1' } }],
    ['a Set', new Set([1, 'a', null]), [1, 'a', null]],
    [
      'an array with holes and functions',
      [undefined, () => 1, Symbol('s'), Number.NaN],
      [null, null, null, null],
    ],
    ['an object of a class', new Point(), { x: 1 }],
    ['an object with undefined in it', { a: undefined, b: null, c: () => 1 }, { b: null }],
    ['an object with a symbol as key', { [Symbol('s')]: 1, a: 1 }, { a: 1 }],
    ['a key with half a character', { '\ud83d': 1 }, { '\ufffd': 1 }],
    ['a cycle', cyclic(), { a: 1, self: '[Circular]', list: ['[Circular]'] }],
    [
      'a getter that throws',
      {
        get a() {
          return unreadable();
        },
      },
      '[Unreadable]',
    ],
    ['a toJSON', { toJSON: () => ({ a: 1n }) }, { a: '1' }],
    ['a toJSON that throws', { toJSON: unreadable }, '[Unreadable]'],
    ['a revoked Proxy', revoked(), '[Unreadable]'],
    ['bytes', Buffer.from('abcd'), '[binary, 4 bytes]'],
    ['a regular expression', /a/g, {}],
  ])('keep %s as JSON', (_what, value, kept) => {
    const extra = extraOf({ before: 1, value, after: 2 }, undefined);
    expect(extra).toEqual({ before: 1, value: kept, after: 2 });
    expect(JSON.parse(JSON.stringify(extra))).toEqual(extra);
  });

  it.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
  ])('have none of a value that is %s', (_what, value) => {
    expect(extraOf({ before: 1, value, after: 2 }, undefined)).toEqual({ before: 1, after: 2 });
  });

  it('keep an error with its class, its message, its stack and its own fields', () => {
    const inner = Object.assign(new TypeError('no', { cause: new Error('why') }), {
      code: 'E1',
      inner: new Error('in'),
    });
    expect(extraOf({ inner }, undefined)).toEqual({
      inner: {
        type: 'TypeError',
        message: 'no',
        stack: expect.stringMatching(/^TypeError: no\n(?: +at .*\n)+Caused by: Error: why\n/),
        code: 'E1',
        inner: 'Error: in',
      },
    });
    const itself = Object.assign(new Error('me'), { self: null as unknown });
    itself.self = itself;
    expect(extraOf({ itself }, undefined)).toMatchObject({ itself: { message: 'me', self: 'Error: me' } });
  });

  it('stand beside the own fields of what was thrown, and before them', () => {
    const thrown = Object.assign(new Error('no'), { code: 'E1', status: 503, at: new Date(0) });
    expect(extraOf({ status: 'mine', user: 7 }, thrown)).toEqual({
      code: 'E1',
      status: 'mine',
      at: '1970-01-01T00:00:00.000Z',
      user: 7,
    });
    for (const none of ['text', null, 7, Symbol('s')]) expect(extraOf({ a: 1 }, none)).toEqual({ a: 1 });
  });

  it('may be called like what every object has', () => {
    const fields = JSON.parse('{"__proto__":{"evil":1},"constructor":2,"toString":3}');
    const extra = extraOf(fields, undefined);
    expect(JSON.stringify(extra)).toBe('{"__proto__":{"evil":1},"constructor":2,"toString":3}');
    expect(Object.getPrototypeOf(extra)).toBe(Object.prototype);
  });

  it('of eleven megabytes are cut, marked and well-formed, the longest first', () => {
    const extra = extraOf(
      { id: 7, long: '😀'.repeat(2_750_000), nested: { short: 'kept', list: ['x'.repeat(1000)] } },
      undefined,
    );
    expect(extra).toMatchObject({ id: 7, nested: { short: 'kept', list: ['x'.repeat(1000)] } });
    expect(extra.long).toMatch(/^(😀)+ … \[cut: \d+ more characters\]$/u);
    expect(Buffer.byteLength(JSON.stringify(extra))).toBeLessThanOrEqual(MAX_EXTRA_BYTES);
    const many = extraOf(
      Object.fromEntries(Array.from({ length: 1100 }, (_, n) => [`k${n}`, 'x'.repeat(10_000)])),
      undefined,
    );
    expect(Object.keys(many).length).toBe(1100);
    expect(many.k7).toMatch(/^x+ … \[cut: \d+ more characters\]$/);
    expect(Buffer.byteLength(JSON.stringify(many))).toBeLessThanOrEqual(MAX_EXTRA_BYTES);
  });

  it('are counted past the two thousandth', () => {
    const million = Object.fromEntries(Array.from({ length: 1_000_000 }, (_, n) => [`k${n}`, n]));
    const extra = extraOf(million, undefined);
    expect(Object.keys(extra).length).toBe(2001);
    expect(extra).toMatchObject({ k0: 0, k1999: 1999, cut: '998000 more fields' });
  });

  it('stay beside one of a million members, of which the beginning stays', () => {
    const nested = Array.from({ length: 1_000_000 }, (_, n) => n);
    const extra = extraOf({ before: { a: 1 }, nested, after: 1 }, undefined);
    expect(extra).toMatchObject({ before: { a: 1 }, after: 1 });
    expect(extra.nested).toMatch(/^\[0,1,2,3.*,19\d+,"\[\d+ more\]"\]$/);
    const fields = extraOf({ nested: Array(20).fill(nested), after: 1 }, undefined);
    expect(fields.after).toBe(1);
    for (const one of [extra, fields])
      expect(Buffer.byteLength(JSON.stringify(one))).toBeLessThanOrEqual(MAX_EXTRA_BYTES);
  });

  it('are the text of their beginning where their names alone are too long', () => {
    const long = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`${n}${'k'.repeat(500)}`, n]));
    const extra = extraOf(long, undefined);
    expect(Object.keys(extra)).toEqual(['cut']);
    expect(extra.cut).toMatch(/^\{"0k+":0,"1k+":1,.* … \[cut: \d+ more characters\]$/);
    expect(Buffer.byteLength(JSON.stringify(extra))).toBeLessThanOrEqual(MAX_EXTRA_BYTES);
  });

  it('may be nested deeper than anything can be written', () => {
    let deep: object = {};
    for (let level = 0; level < 20_000; level += 1) deep = { deep };
    expect(JSON.stringify(extraOf({ deep }, undefined))).toMatch(/"\[Too deep\]"\}+$/);
  });
});

describe('the call and the chat among the fields of a line', () => {
  it('are taken out of them, and go before what is known where it is written', () => {
    const fields = { call_id: 'call-1', chat_id: 5, user: 7 };
    expect(takeContext(fields, { callId: 'other', chatId: 'other' })).toEqual({
      callId: 'call-1',
      chatId: '5',
    });
    expect(fields).toEqual({ user: 7 });
  });

  it('are left where they are no ids', () => {
    const fields = { call_id: { id: 1 }, chat_id: null };
    expect(takeContext(fields, { callId: 'call-1', chatId: undefined })).toEqual({
      callId: 'call-1',
      chatId: undefined,
    });
    expect(fields).toEqual({ call_id: { id: 1 }, chat_id: null });
  });

  it('are whole characters', () => {
    expect(takeContext({ call_id: '\ud83d' })).toEqual({ callId: '\ufffd', chatId: undefined });
    const fields = {};
    put(fields, '\ud83d', 1);
    expect(fields).toEqual({ '\ufffd': 1 });
  });
});
