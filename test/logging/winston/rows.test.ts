import { describe, expect, it } from 'vitest';
import { createLogger, format } from 'winston';
import { type TbLog, tbLogSchema } from '../../../schemas/tb-logs.js';
import { TinybirdTransport } from '../../../src/logging/winston/index.js';
import { winstonLogging } from '../../support/winston.js';
import { ALWAYS } from '../rows.js';

describe("the row of winston's line", () => {
  it('has every key of its own, none of them null, and fits the schema', () => {
    const { log, rows, problems } = winstonLogging(
      { format: format.combine(format.label({ label: 'shop' }), format.json()) },
      { appName: 'bot' },
    );
    const before = Date.now();
    log.warn('low on tea', { user_id: 7, nested: { a: [1, null] } });
    const [row] = rows;
    expect(tbLogSchema.parse(row)).toEqual(row);
    expect(row).toEqual({
      ...ALWAYS,
      app_name: 'bot',
      level: 30,
      levelname: 'WARNING',
      name: 'shop',
      message: 'low on tea',
      formatted_message: 'low on tea',
      extra: { user_id: 7, nested: { a: [1, null] } },
    });
    expect(row?.created).toBeGreaterThanOrEqual(before / 1000);
    expect(Date.parse(row?.asctime ?? '')).toBe(Math.round((row?.created ?? 0) * 1000));
    expect(problems).toEqual([]);
  });

  it("has the time of format.timestamp, as text or a number, and not a time of the caller's", () => {
    const at = Date.UTC(2026, 10, 24, 1, 57, 56, 325);
    const stamped = (stamp: () => string) =>
      winstonLogging({ format: format.timestamp({ format: stamp }) }).log.info('x');
    const rows: TbLog[] = [];
    const written = { transports: [new TinybirdTransport({ datasource: rows })] };
    const stamps = [
      () => new Date(at).toISOString(),
      () => '2026-11-24T03:57:56.325+02:00',
      () => at as never,
    ];
    for (const stamp of stamps)
      createLogger({ ...written, format: format.timestamp({ format: stamp }) }).info('x');
    expect(rows.map(({ created, asctime, msecs }) => [created, asctime, msecs])).toEqual(
      Array(3).fill([1795485476.325, '2026-11-24T01:57:56.325Z', 325]),
    );
    expect(rows.map(({ extra }) => extra)).toEqual([{}, {}, {}]);
    expect(() => stamped(() => 'soon')).not.toThrow();

    // seconds, and a time of no zone: the caller's own
    const { log, rows: others } = winstonLogging();
    const before = Date.now() / 1000;
    log.info('x', { timestamp: 1_700_000_000 });
    log.info('x', { timestamp: '2020-01-01 00:00:00' });
    expect(others.map(({ extra }) => extra)).toEqual([
      { timestamp: 1_700_000_000 },
      { timestamp: '2020-01-01 00:00:00' },
    ]);
    for (const { created } of others) expect(created).toBeGreaterThanOrEqual(before);
  });

  it.each([
    [undefined, ''],
    ['', ''],
    [null, 'null'],
    [0, '0'],
    [42, '42'],
    [2n ** 64n, '18446744073709551616'],
    [true, 'true'],
    [false, 'false'],
    [Symbol('s'), 'Symbol(s)'],
    [{ a: { b: 1 } }, '{"a":{"b":1}}'],
    [['a', 1], '["a",1]'],
    [function named() {}, '[Function: named]'],
  ])('has a text for the message %o, however it was logged', (message, text) => {
    const { log, rows, problems } = winstonLogging();
    log.info(message as never);
    log.log('info', { message } as never);
    log.log({ level: 'info', message } as never);
    log.info(message as never, { a: 1 });
    expect(rows.map((row) => row.message)).toEqual([text, text, text, text]);
    expect(problems).toEqual([]);
  });

  it('holds what the caller added and nothing else in `extra`', () => {
    const { log, rows } = winstonLogging({
      format: format.combine(format.timestamp(), format.label({ label: 'l' })),
      defaultMeta: { service: 'bot' },
    });
    log.info('x', { user: 1, call_id: 'call-1', chat_id: 7 });
    log.info({ message: 'x', user: 2 });
    log.log({ level: 'info', message: 'x', user: 3 });
    expect(rows.map(({ extra }) => extra)).toEqual([
      { service: 'bot', user: 1 },
      { service: 'bot', user: 2 },
      { service: 'bot', user: 3 },
    ]);
    expect(rows[0]).toMatchObject({ call_id: 'call-1', chat_id: '7', message: 'x', name: 'l' });
  });

  it('keeps a field that is called like a column where it belongs', () => {
    const { log, rows } = winstonLogging({}, { appName: 'bot' });
    const evil = {
      level: 'evil',
      levelname: 'evil',
      created: 'evil',
      process: 'evil',
      name: 'evil',
      app_name: 'evil',
    };
    log.info('x', evil);
    expect(rows[0]).toMatchObject({
      level: 20,
      levelname: 'INFO',
      process: process.pid,
      name: '',
      app_name: 'bot',
    });
    expect(rows[0]?.created).toEqual(expect.any(Number));
    expect(rows[0]?.extra).toEqual(evil);
  });

  it('has all bindings of child loggers, of which the inner win', () => {
    const { log, rows } = winstonLogging({ defaultMeta: { service: 'bot', a: 0 } });
    const child = log.child({ a: 1, b: 1 }).child({ b: 2, c: 2 });
    child.info('x', { c: 3 });
    child.error(Object.assign(new TypeError('no', { cause: new Error('why') }), { code: 'E1' }));
    expect(rows.map(({ extra }) => extra.c)).toEqual([3, 2]);
    expect(rows[0]?.extra).toEqual({ service: 'bot', a: 0, b: 2, c: 3 });
    expect(rows[1]).toMatchObject({ message: 'no', extra: { b: 2, c: 2, code: 'E1' } });
    expect(rows[1]?.exc_info).toMatchObject({ type: 'TypeError', value: 'no' });
    expect(rows[1]?.exc_info?.traceback).toMatch(
      /^TypeError: no\n {4}at [\s\S]*\nCaused by: Error: why\n {4}at /,
    );
  });

  it('has its values in the message with format.splat, and beside it without', () => {
    const splat = winstonLogging({ format: format.splat() });
    splat.log.info('hi %s, %d of %j', 'bob', 3, { a: 1 }, { user: 7 });
    splat.log.info('hi', { user: 8 });
    expect(splat.rows.map(({ message, extra }) => [message, extra])).toEqual([
      ['hi bob, 3 of {"a":1}', { user: 7 }],
      ['hi', { user: 8 }],
    ]);

    const { log, rows } = winstonLogging();
    log.info('hi %s', 'bob', { user: 7 });
    log.info('hi', 'bob', 3, { user: 7 });
    log.info('hi', { user: 7 }, { more: 8 });
    log.info('hi bob', 'bob', undefined, () => {});
    log.info('hi', null);
    expect(rows.map(({ message, extra }) => [message, extra])).toEqual([
      ['hi %s', { splat: ['bob', { user: 7 }] }],
      ['hi', { splat: ['bob', 3, { user: 7 }] }],
      ['hi', { user: 7, splat: [{ more: 8 }] }],
      ['hi bob', {}],
      ['hi', { splat: [null] }],
    ]);
  });
});
