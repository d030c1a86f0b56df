import { beforeEach, describe, expect, it } from 'vitest';
import { format } from 'winston';
import { tbLogSchema } from '../../../schemas/tb-logs.js';
import { forgetTold } from '../../../src/api/tell.js';
import { winstonLogging } from '../../support/winston.js';

const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

const throwing = {
  toJSON() {
    throw new Error('no');
  },
};

const inner = {
  get unreadable() {
    throw new Error('no');
  },
  fine: 1,
};

const cyclic: Record<string, unknown> = { a: 1 };
cyclic.self = cyclic;

/** A value that a caller may log under `given`, and what is left of it. */
const VALUES: readonly (readonly [name: string, given: unknown, kept: unknown])[] = [
  ['a cycle', cyclic, { a: 1, self: expect.stringMatching(/circular/i) }],
  ['a BigInt', 2n ** 64n + 1n, '18446744073709551617'],
  ['a getter that throws', inner, '[Unreadable]'],
  ['a toJSON that throws', throwing, expect.anything()],
  ['a revoked Proxy', revoked(), expect.any(String)],
  ['a Map', new Map([['a', 1]]), expect.anything()],
  ['a Set', new Set([1]), expect.anything()],
  ['a Date', new Date(0), '1970-01-01T00:00:00.000Z'],
  ['a Date that is none', new Date(Number.NaN), null],
  ['a Buffer', Buffer.from('abc'), expect.anything()],
  ['a symbol', Symbol('s'), undefined],
  ['a function', () => {}, undefined],
  ['symbol keys', { [Symbol('s')]: 1, a: 1 }, { a: 1 }],
  ['NaN', Number.NaN, null],
  ['a lone surrogate', 'half \ud83d', 'half \ufffd'],
];

describe('whatever is logged by winston', () => {
  beforeEach(forgetTold);

  it.each(VALUES)('%s costs no line', (_name, given, kept) => {
    const { log, rows, problems } = winstonLogging();
    log.info('x', { given, other: 1 });
    log.info({ message: 'y', given, other: 1 });
    log.info('z', 'text', given);
    log.child({ given, other: 1 }).info('c');
    expect(rows.map(({ message }) => message)).toEqual(['x', 'y', 'z', 'c']);
    for (const row of rows) expect(tbLogSchema.parse(row)).toEqual(row);
    for (const index of [0, 1, 3]) {
      expect(rows[index]?.extra.other).toBe(1);
      expect(rows[index]?.extra.given).toEqual(kept);
    }
    expect(problems).toEqual([]);
  });

  it.each(VALUES)('%s as the message costs no line', (_name, given) => {
    const { log, rows, problems } = winstonLogging();
    log.log({ level: 'info', message: given as never });
    expect(rows).toHaveLength(1);
    expect(tbLogSchema.parse(rows[0])).toEqual(rows[0]);
    expect(problems).toEqual([]);
  });

  it('a getter that throws in the line itself costs its field alone', () => {
    const { log, rows, problems } = winstonLogging();
    log.write(
      Object.defineProperty({ level: 'info', message: 'x', a: 1 }, 'bad', {
        enumerable: true,
        get() {
          throw new Error('no');
        },
      }),
    );
    expect(rows[0]).toMatchObject({ message: 'x', extra: { a: 1, bad: '[Unreadable]' } });
    expect(problems).toEqual([]);
  });

  it('lone surrogates become U+FFFD wherever they are', () => {
    const half = 'half \ud83d';
    const { log, rows } = winstonLogging({ format: format.label({ label: half }) }, { appName: half });
    log.error(half, { [half]: half, call_id: half, err: Object.assign(new Error(half), { code: half }) });
    const whole = 'half \ufffd';
    expect(tbLogSchema.parse(rows[0])).toEqual(rows[0]);
    expect(rows[0]).toMatchObject({
      app_name: whole,
      name: whole,
      message: whole,
      call_id: whole,
      exc_info: { type: 'Error', value: whole },
      extra: { [whole]: whole, code: whole },
    });
  });

  it('10 MB of message and 11 MB of fields are cut, with a mark, and the lines beside them are whole', () => {
    const { log, rows } = winstonLogging();
    log.info('before');
    log.info('m'.repeat(10_000_000));
    log.info('x', { long: 'e'.repeat(11_000_000), short: 'kept' });
    log.info('after');
    expect(rows.map(({ message }) => message.slice(0, 6))).toEqual(['before', 'mmmmmm', 'x', 'after']);
    expect(rows[1]?.message).toMatch(/^m+[^m]+/);
    expect(rows[2]?.extra).toMatchObject({ short: 'kept', long: expect.stringMatching(/^e+[^e]+/) });
    for (const row of rows) expect(JSON.stringify(row).length).toBeLessThan(1_100_000);
  });

  it('the line of winston is as it was, for every other transport', () => {
    const line = deepFrozen({
      level: 'info',
      [Symbol.for('level')]: 'info',
      [Symbol.for('message')]: '{"message":"x"}',
      [Symbol.for('splat')]: ['s', { level: 'evil' }],
      message: 'x',
      timestamp: '2026-11-24T01:57:56.325Z',
      label: 'l',
      caller: { pathname: '/a/b.ts', lineno: 3, funcName: 'f' },
      call_id: 'call-1',
      stack: 'Error: x\n    at y',
      cause: new Error('why'),
      nested: { err: new TypeError('no') },
    });
    const frozen = format(() => line)();
    for (const options of [
      { format: frozen },
      { format: format.combine(frozen, format((info) => info)()) },
    ]) {
      const { log, rows, problems } = winstonLogging(options);
      log.info('ignored');
      expect(rows[0]).toMatchObject({
        message: 'x',
        name: 'l',
        call_id: 'call-1',
        lineno: 3,
        created: 1795485476.325,
      });
      expect(rows[0]?.extra).toEqual({ nested: expect.anything(), splat: ['s', { level: 'evil' }] });
      expect(problems).toEqual([]);
    }
    const error = deepFrozen(
      Object.assign(new Error('no'), { level: 'error', [Symbol.for('level')]: 'error', code: 1 }),
    );
    const { log, rows, problems } = winstonLogging({ format: format(() => error as never)() });
    log.info('ignored');
    expect(rows[0]).toMatchObject({ level: 40, message: 'no', extra: { code: 1 } });
    expect(problems).toEqual([]);
  });
});

function deepFrozen<Value extends object>(value: Value): Value {
  for (const key of Reflect.ownKeys(value)) {
    const member: unknown = Reflect.get(value, key);
    if (typeof member === 'object' && member !== null) deepFrozen(member);
  }
  return Object.freeze(value);
}
