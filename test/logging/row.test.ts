import { afterEach, describe, expect, it, vi } from 'vitest';
import { tbLogSchema } from '../../schemas/tb-logs.js';
import type { LogLine } from '../../src/logging/line.js';
import { messageText, toRow } from '../../src/logging/row.js';

const AT = Date.UTC(2026, 10, 24, 1, 57, 56, 325);

function line(own: Partial<LogLine> = {}): LogLine {
  const origin = { process: 7, processName: 'bot', thread: 0 };
  return {
    createdMs: AT,
    level: { number: 20, name: 'INFO' },
    logger: 'shop',
    message: 'hi',
    extra: {},
    origin,
    ...own,
  };
}

afterEach(() => {
  vi.useRealTimers();
});

describe('the row of a line', () => {
  it('has every key that is known of each line, and no other', () => {
    const row = toRow(line(), 'billing');
    expect(row).toEqual({
      app_name: 'billing',
      created: 1_795_485_476.325,
      level: 20,
      levelname: 'INFO',
      name: 'shop',
      message: 'hi',
      formatted_message: 'hi',
      asctime: '2026-11-24T01:57:56.325Z',
      msecs: 325,
      relativeCreated: expect.any(Number),
      thread: 0,
      threadName: 'MainThread',
      process: 7,
      processName: 'bot',
      extra: {},
    });
    expect(tbLogSchema.parse(row)).toEqual(row);
  });

  it('says what else is known where it is', () => {
    const row = toRow(
      line({
        message: 'hi bob',
        template: 'hi %s',
        thrown: Object.assign(new TypeError('no'), { code: 'E1', stack: 'TypeError: no\n    at x:1' }),
        stackInfo: 'Trace\n    at y:2',
        callId: 'call-1',
        chatId: 'c1',
        location: { pathname: 'C:\\app\\shop.test.ts', lineno: 8, funcName: 'charge' },
        origin: { process: 8, processName: 'p', thread: 3 },
        extra: { user: 7 },
      }),
      'billing',
    );
    expect(row).toMatchObject({
      message: 'hi bob',
      formatted_message: 'hi bob\nTypeError: no\n    at x:1\nTrace\n    at y:2',
      exc_info: { type: 'TypeError', value: 'no', traceback: 'TypeError: no\n    at x:1' },
      stack_info: 'Trace\n    at y:2',
      call_id: 'call-1',
      chat_id: 'c1',
      pathname: 'C:\\app\\shop.test.ts',
      filename: 'shop.test.ts',
      module: 'shop.test',
      funcName: 'charge',
      lineno: 8,
      process: 8,
      threadName: 'worker-3',
      extra: { code: 'E1', user: 7, msg: 'hi %s' },
    });
    expect(tbLogSchema.parse(row)).toEqual(row);
  });

  it('counts ms from the beginning of the process', () => {
    const startedMs = Date.now() - process.uptime() * 1000;
    const { relativeCreated } = toRow(line({ createdMs: startedMs + 1500 }), '');
    expect(Math.abs(relativeCreated - 1500)).toBeLessThan(200);
  });

  it.each([
    [AT, 1_795_485_476.325, '2026-11-24T01:57:56.325Z', 325],
    [AT + 0.75, 1_795_485_476.325_75, '2026-11-24T01:57:56.325Z', 325],
    [1, 0.001, '1970-01-01T00:00:00.001Z', 1],
    [Date.UTC(2099, 11, 31, 23, 59, 59, 999), 4_102_444_799.999, '2099-12-31T23:59:59.999Z', 999],
  ])('was written at %d, the line’s own time', (createdMs, created, asctime, msecs) => {
    expect(toRow(line({ createdMs }), '')).toMatchObject({ created, asctime, msecs });
  });

  it.each([
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    -1,
    0,
    Date.UTC(2100, 0),
    8.64e15 + 1,
    '2026' as never,
    undefined as never,
  ])('is written now where its time is none: %s', (createdMs) => {
    vi.useFakeTimers({ now: AT, toFake: ['Date'] });
    expect(toRow(line({ createdMs }), '')).toMatchObject({
      created: 1_795_485_476.325,
      asctime: '2026-11-24T01:57:56.325Z',
    });
  });

  it.each<[what: string, message: unknown, text: string]>([
    ['nothing', undefined, ''],
    ['null', null, 'null'],
    ['an empty text', '', ''],
    ['a number', -0.5, '-0.5'],
    ['NaN', Number.NaN, 'NaN'],
    ['a BigInt', 2n ** 64n, '18446744073709551616'],
    ['a boolean', true, 'true'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['an object', { a: [1, null, undefined], b: 1n }, '{"a":[1,null,null],"b":"1"}'],
    ['an array', ['a', { b: 1 }], '["a",{"b":1}]'],
    ['a function', function charge() {}, '[Function: charge]'],
    [
      'a function without a name',
      (
        () => () =>
          1
      )(),
      '[Function: anonymous]',
    ],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['an error', new TypeError('no'), 'TypeError: no'],
    ['half a character', 'half \ud83d', 'half \ufffd'],
    [
      'an object that cannot be read',
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('x');
          },
        },
      ),
      '[Unreadable]',
    ],
    [
      'a function that cannot be read',
      new Proxy(() => 1, {
        get: () => {
          throw new Error('x');
        },
      }),
      '[Function: anonymous]',
    ],
  ])('has a text for a message that is %s', (_what, message, text) => {
    expect(toRow(line({ message }), '').message).toBe(text);
    expect(messageText(message).toWellFormed()).toBe(text);
  });

  it('keeps what the caller calls like a column in `extra`, and its columns right', () => {
    const evil = { level: 'evil', created: 'x', message: {}, exc_info: 1, app_name: null, call_id: { a: 1 } };
    const row = toRow(line({ extra: evil }), 'billing');
    expect(row).toMatchObject({ level: 20, created: 1_795_485_476.325, message: 'hi', app_name: 'billing' });
    expect(row).not.toHaveProperty('exc_info');
    expect(row).not.toHaveProperty('call_id');
    expect(row.extra).toEqual(evil);
  });

  it('leaves the caller’s own `msg` to them', () => {
    expect(toRow(line({ template: 'hi %s', extra: { msg: 'mine' } }), '').extra).toEqual({ msg: 'mine' });
    expect(toRow(line({ template: 'hi' }), '').extra).toEqual({});
  });

  it('has the library’s own words for the whole line, unless there is a format', () => {
    expect(toRow(line({ formatted: 'as the library has it' }), '').formatted_message).toBe(
      'as the library has it',
    );
    const format = () => 'as our format has it';
    expect(toRow(line({ formatted: 'x' }), '', format).formatted_message).toBe('as our format has it');
  });

  it('has the traceback under its format’s text, as in Python', () => {
    const thrown = Object.assign(new Error('no'), { stack: 'Error: no\n    at x:1' });
    const row = toRow(line({ thrown }), '', ({ levelname, message }) => `${levelname} ${message}`);
    expect(row.formatted_message).toBe('INFO hi\nError: no\n    at x:1');
    expect(toRow(line({ thrown: null }), '').formatted_message).toBe('hi\nnull: null');
  });

  it('holds no half of a character anywhere', () => {
    const half = 'x\ud83d';
    const row = toRow(
      line({
        message: half,
        template: `${half}%s`,
        logger: half,
        formatted: half,
        stackInfo: half,
        excInfo: { type: half, value: half, traceback: half },
        callId: half,
        chatId: half,
        location: { pathname: half, lineno: 1, funcName: half },
        extra: { [half]: [half, { [half]: half }] },
      }),
      '',
    );
    expect(JSON.stringify(row)).not.toMatch(/\\ud/);
    expect(tbLogSchema.parse(row)).toEqual(row);
    expect(row).toMatchObject({
      name: 'x\ufffd',
      call_id: 'x\ufffd',
      chat_id: 'x\ufffd',
      filename: 'x\ufffd',
    });
  });

  it('is about a megabyte at most, cut where it says so', () => {
    const long = '😀'.repeat(2_500_000);
    const row = toRow(
      line({
        message: long,
        template: long + 1,
        stackInfo: long,
        thrown: Object.assign(new Error(long), { own: long }),
        extra: { long },
      }),
      '',
    );
    expect(tbLogSchema.parse(row)).toEqual(row);
    expect(Buffer.byteLength(JSON.stringify(row))).toBeLessThan(1_200_000);
    for (const text of [row.message, row.extra.long, row.extra.own, row.stack_info, row.exc_info?.value])
      expect(text).toMatch(/ … \[cut: \d+ more characters\]$/);
    expect(row.message.startsWith('😀😀')).toBe(true);
  });

  it('takes fields that are JSON already as they are, unless they are too large', () => {
    const extra = { a: { b: [1] } };
    expect(toRow(line({ extra, jsonLength: 100 }), '').extra).toBe(extra);
    const large = { long: 'x'.repeat(1_000_000) };
    expect(toRow(line({ extra: large, jsonLength: 1_000_100 }), '').extra.long).toMatch(
      / more characters\]$/,
    );
  });

  it.each([
    [2 ** 40, 2_147_483_647],
    [-(2 ** 40), -2_147_483_648],
    [17.5, 18],
  ])('has a level that its column takes for %d', (number, level) => {
    expect(toRow(line({ level: { number, name: 'ODD' } }), '')).toMatchObject({ level, levelname: 'ODD' });
  });
});
