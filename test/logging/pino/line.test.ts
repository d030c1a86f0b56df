import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { tbLogSchema } from '../../../schemas/tb-logs.js';
import { lineOfPino, type PinoConfig, parsePino } from '../../../src/logging/pino/line.js';
import { toRow } from '../../../src/logging/row.js';

const NOW = Date.UTC(2026, 10, 24, 1, 57, 56, 325);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

/** The row of a line as pino would write it, and the levels that nobody could make out. */
function read(line: unknown, config: PinoConfig = {}) {
  const odd: unknown[] = [];
  const text = typeof line === 'string' ? line : JSON.stringify(line);
  const row = toRow(
    lineOfPino(parsePino(text), config, (level) => odd.push(level)),
    '',
  );
  expect(() => tbLogSchema.parse(row)).not.toThrow();
  return { row, odd };
}

const HEAD = { level: 30, time: NOW - 1000, pid: 7, hostname: 'h' };

describe('the facts of a line', () => {
  it('are those that pino wrote before the caller’s of the same names', () => {
    const { row, odd } = read(
      '{"level":50,"time":1795485000000,"pid":7,"hostname":"h","name":"svc","level":"x","time":"y","pid":"z","name":4,"msg":"m"}',
    );
    expect(row).toMatchObject({ level: 40, created: 1_795_485_000, process: 7, name: 'svc', message: 'm' });
    expect(row.extra).toEqual({ hostname: 'h', level: 'x', time: 'y', pid: 'z', name: 4 });
    expect(odd).toEqual([]);
  });

  it('are found without a base, without a time, and with names that are escaped', () => {
    expect(read('{"level":40,"msg":"m"}').row).toMatchObject({ level: 30, created: NOW / 1000, extra: {} });
    const { row } = read(
      '{"level":40,"time":1795485000000,"pid":7,"hostname":"a\\"b","name":"c\\"d","level":10,"msg":"m"}',
    );
    expect(row).toMatchObject({ level: 30, process: 7, name: 'c"d', extra: { hostname: 'a"b', level: 10 } });
  });

  it('are found wherever a base and formatters of the program’s own put them', () => {
    const { row } = read({
      severity: 'ERROR',
      time: NOW - 1000,
      service: 's',
      pid: 9,
      name: 'svc',
      msg: 'm',
    });
    expect(row).toMatchObject({ level: 40, created: (NOW - 1000) / 1000, name: 'svc', process: 9 });
    expect(row.extra).toEqual({ severity: 'ERROR', service: 's' });
  });

  it.each([
    ['ms', '1795485000123', 1_795_485_000.123],
    ['ms with a fraction', '1795485000123.5', 1_795_485_000.123_5],
    ['seconds', '1795485000', 1_795_485_000],
    ['ISO text', '"2026-11-24T01:50:00.123Z"', Date.UTC(2026, 10, 24, 1, 50, 0, 123) / 1000],
    [
      'ISO text with nanoseconds',
      '"2026-11-24T01:50:00.123456789Z"',
      Date.UTC(2026, 10, 24, 1, 50, 0, 123) / 1000,
    ],
    ['no time that can be read', '"yesterday"', NOW / 1000],
    ['nanoseconds', '1795485000123000000', NOW / 1000],
  ])('tell the time in %s', (_unit, time, created) => {
    expect(read(`{"level":30,"time":${time},"msg":"m"}`).row.created).toBe(created);
  });

  it('keep what is no time among the fields', () => {
    expect(read({ level: 30, pid: 1, time: 'yesterday', msg: 'm' }).row.extra).toEqual({ time: 'yesterday' });
  });
});

describe('the level of a line', () => {
  const levels = { labels: { 30: 'info', 35: 'notice' }, values: { info: 30, notice: 35 } };

  it.each([
    [10, 5, 'TRACE'],
    [20, 10, 'DEBUG'],
    [30, 20, 'INFO'],
    [35, 25, 'NOTICE'],
    [40, 30, 'WARNING'],
    [50, 40, 'ERROR'],
    [60, 50, 'CRITICAL'],
    [0, 0, 'Level 0'],
    [15, 8, 'Level 8'],
    [-4, -2, 'Level -2'],
    [35.5, 26, 'Level 26'],
    [99, 89, 'Level 89'],
    [9_007_199_254_740_991, 2_147_483_647, 'Level 2147483647'],
    ['"notice"', 25, 'NOTICE'],
    ['"NOTICE"', 25, 'NOTICE'],
    ['"warn"', 30, 'WARNING'],
    ['"Error"', 40, 'ERROR'],
  ])('%s is %i %s', (given, level, levelname) => {
    const { row, odd } = read(`{"level":${given},"time":1795485000000,"msg":"m"}`, { levels });
    expect(row).toMatchObject({ level, levelname, extra: {} });
    expect(odd).toEqual([]);
  });

  it.each([
    ['a word that no logger knows', '"loud"', 'loud', { level: 'loud' }],
    ['a name of Object’s', '"constructor"', 'constructor', { level: 'constructor' }],
    ['no level but a list', '[1]', [1], { level: [1] }],
    ['null', 'null', undefined, { level: null }],
  ])('is INFO where it is %s, which is told and kept', (_what, given, told, extra) => {
    const { row, odd } = read(`{"level":${given},"msg":"m"}`, { levels });
    expect(row).toMatchObject({ level: 20, levelname: 'INFO', extra });
    expect(odd).toEqual([told]);
  });

  it.each([
    ['-4', 'Level -2'],
    ['35.5', 'Level 26'],
  ])('%s is pino’s own, before the caller’s of that name', (given, levelname) => {
    const { row, odd } = read(`{"level":${given},"time":1795485000000,"level":60,"msg":"m"}`);
    expect(row).toMatchObject({ levelname, extra: { level: 60 } });
    expect(odd).toEqual([]);
  });

  it('is INFO where there is none, which is told', () => {
    const { row, odd } = read({ msg: 'm' });
    expect(row).toMatchObject({ level: 20, extra: {} });
    expect(odd).toEqual([undefined]);
  });
});

describe('what is no line of pino’s', () => {
  it.each([
    ['plain text', 'Listening on port 80', 'Listening on port 80'],
    ['a number', '42', '42'],
    ['a list', '[1,2]', '[1,2]'],
    ['null', 'null', 'null'],
    ['JSON that is cut off', '{"level":30,"tim', '{"level":30,"tim'],
    ['nothing', '', ''],
  ])('%s is a row with that text', (_what, text, message) => {
    const { row, odd } = read(text);
    expect(row).toMatchObject({ level: 20, message, created: NOW / 1000, extra: {} });
    expect(odd).toEqual([]);
  });

  it('has the level and the logger of pino where they stand before what is broken', () => {
    const { row } = read(
      '{"level":50,"time":1795485000000,"pid":7,"hostname":"h","name":"svc","msg":undefined}',
    );
    expect(row).toMatchObject({ level: 40, created: 1_795_485_000, process: 7, name: 'svc', extra: {} });
  });
});

describe('the fields of a line', () => {
  it('are taken out of the key under which the logger puts them', () => {
    const nested = { ...HEAD, own: 1, payload: { own: 2, level: 'evil', chat_id: 'c' }, msg: 'm' };
    const { row } = read(nested, { nestedKey: 'payload' });
    expect(row).toMatchObject({ level: 20, chat_id: 'c' });
    expect(row.extra).toEqual({ hostname: 'h', own: 2, level: 'evil' });
  });

  it.each([
    ['a text', 'p'],
    ['a list', [1]],
    ['null', null],
  ])('stay under it where it is %s', (_what, payload) => {
    expect(read({ ...HEAD, payload }, { nestedKey: 'payload' }).row.extra).toEqual({
      hostname: 'h',
      payload,
    });
  });

  it('named __proto__ are fields like others', () => {
    const text = '{"level":30,"payload":{"__proto__":{"polluted":1},"a":1},"msg":"m"}';
    const { row } = read(text, { nestedKey: 'payload' });
    expect(JSON.stringify(row.extra)).toBe('{"__proto__":{"polluted":1},"a":1}');
    expect(row.extra.polluted).toBeUndefined();
  });

  it('say which call and which chat the line belongs to', () => {
    const { row } = read({ ...HEAD, call_id: 'call', chat_id: 5, msg: 'm' });
    expect(row).toMatchObject({ call_id: 'call', chat_id: '5', extra: { hostname: 'h' } });
    const { row: other } = read({ ...HEAD, call_id: { a: 1 }, chat_id: null, msg: 'm' });
    expect(other.extra).toEqual({ hostname: 'h', call_id: { a: 1 }, chat_id: null });
    expect(other).not.toHaveProperty('call_id');
    expect(other).not.toHaveProperty('chat_id');
  });

  it('say where it was logged and in which thread, if they are of our mixins', () => {
    const caller = { pathname: '/app/src/shop.ts', lineno: 8, funcName: 'sell' };
    expect(read({ ...HEAD, workerThread: 3, caller, msg: 'm' }).row).toMatchObject({
      thread: 3,
      threadName: 'worker-3',
      pathname: '/app/src/shop.ts',
      filename: 'shop.ts',
      module: 'shop',
      funcName: 'sell',
      lineno: 8,
      extra: { hostname: 'h' },
    });
    const theirs = { workerThread: 'w', caller: { pathname: 'x' } };
    const { row } = read({ ...HEAD, ...theirs, msg: 'm' });
    expect(row).toMatchObject({ thread: 0, threadName: 'MainThread', extra: theirs });
    expect(row).not.toHaveProperty('pathname');
  });

  it('hold no half of a surrogate pair, however it was written', () => {
    const { row } = read(`{"level":30,"a":"x\\ud83d","b":"\ude00","msg":"\\ud83d"}`);
    expect(row).toMatchObject({ message: '\ufffd', extra: { a: 'x\ufffd', b: '\ufffd' } });
  });
});

describe('the error of a line', () => {
  const err = { type: 'TypeError', message: 'no: why', stack: 'TypeError: no\n    at x', code: 'E1' };

  it('is taken from its key, or from the default one', () => {
    for (const [line, config] of [
      [{ err }, {}],
      [{ error: err }, { errorKey: 'error' }],
      [{ err }, { errorKey: 'error' }],
    ] as const) {
      const { row } = read({ ...HEAD, ...line, msg: 'm' }, config);
      expect(row.exc_info).toEqual({ type: 'TypeError', value: 'no: why', traceback: err.stack });
      expect(row.formatted_message).toBe(`m\n${err.stack}`);
      expect(row.extra).toEqual({ hostname: 'h', code: 'E1' });
    }
  });

  it('leaves the caller their fields of the same names as its own', () => {
    expect(read({ ...HEAD, err, code: 'mine', msg: 'm' }).row.extra).toMatchObject({ code: 'mine' });
  });

  it('has the members of members, and those that are no errors', () => {
    const inner = {
      type: 'AggregateError',
      message: 'inner',
      stack: '',
      aggregateErrors: [{ message: 'deep' }],
    };
    const { row } = read({ ...HEAD, err: { ...err, aggregateErrors: [inner, 'a text'] }, msg: 'm' });
    expect(row.exc_info?.traceback).toBe(
      [
        'TypeError: no',
        '    at x',
        'Error 1 of 2: AggregateError: inner',
        'Error 1 of 1: Error: deep',
        'Error 2 of 2: Error: a text',
      ].join('\n'),
    );
    expect(row.extra).not.toHaveProperty('aggregateErrors');
  });

  it.each([
    ['fields of the caller’s', { code: 'E1', message: 'm' }],
    ['a number', 42],
    ['null', null],
    ['a list', [1]],
  ])('is none where its key holds %s', (_what, given) => {
    const { row } = read({ ...HEAD, err: given, msg: 'm' });
    expect(row.extra).toEqual({ hostname: 'h', err: given });
    expect(row).not.toHaveProperty('exc_info');
  });
});
