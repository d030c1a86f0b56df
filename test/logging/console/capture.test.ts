import { describe, expect, it, vi } from 'vitest';
import { quietConsole, useCaptured } from './captured.js';

const captured = useCaptured();

describe('a captured console', () => {
  it('gives each method the level that it has in Python', () => {
    captured.capture({ appName: 'bot' });
    captured.target.log('log');
    captured.target.info('info');
    captured.target.debug('debug');
    captured.target.warn('warn');
    captured.target.error('error');
    captured.target.trace('trace');
    captured.target.assert(false, 'assert');
    captured.target.dir('dir');
    captured.target.dirxml('dirxml');
    captured.target.table('table');
    captured.target.count('count');
    captured.target.group('group');
    captured.target.groupCollapsed('groupCollapsed');
    captured.target.time('time');
    captured.target.timeLog('time');
    captured.target.timeEnd('time');
    const said = captured.rows.map(({ message, level, levelname }) => [
      message.split(':')[0],
      level,
      levelname,
    ]);
    expect(said).toEqual([
      ['log', 20, 'INFO'],
      ['info', 20, 'INFO'],
      ['debug', 10, 'DEBUG'],
      ['warn', 30, 'WARNING'],
      ['error', 40, 'ERROR'],
      ['trace', 10, 'DEBUG'],
      ['Assertion failed', 30, 'WARNING'],
      ["'dir'", 20, 'INFO'],
      ['dirxml', 20, 'INFO'],
      ['table', 20, 'INFO'],
      ['count', 20, 'INFO'],
      ['group', 20, 'INFO'],
      ['groupCollapsed', 20, 'INFO'],
      ['time', 20, 'INFO'],
      ['time', 20, 'INFO'],
    ]);
    expect(captured.rows.map(({ name, app_name }) => `${app_name} ${name}`)).toEqual(
      Array(15).fill('bot console'),
    );
    expect(captured.rows.map(({ stack_info: stack }) => stack !== undefined).indexOf(true)).toBe(5);
  });

  it('sends what is as grave as `level` says, and writes all of it', () => {
    captured.capture({ level: 'warning' });
    for (const method of ['debug', 'log', 'warn', 'error', 'trace'] as const) captured.target[method](method);
    expect(captured.messages()).toEqual(['warn', 'error']);
    expect(captured.written()).toMatch(/^debug\nlog\nwarn\nerror\nTrace: trace\n/);
  });

  it('tells an error among the arguments by its class, its message and its stack with the causes', () => {
    captured.capture();
    const cause = new SyntaxError('why', { cause: new TypeError('really', { cause: new Error('at last') }) });
    const error = new RangeError('no', { cause });
    captured.target.error(error);
    captured.target.log('it failed:', { user: 7 }, error, new Error('second'));
    captured.target.warn('%s', error);
    captured.target.assert(false, error as never);
    captured.target.table(error as never);
    const info = { type: 'RangeError', value: 'no', traceback: expect.any(String) };
    expect(captured.rows.map(({ exc_info }) => exc_info)).toEqual([info, info, info, info, info]);
    const traceback = String(captured.rows[0]?.exc_info?.traceback);
    expect(traceback.match(/^(RangeError|Caused by|Error|TypeError).*$/gm)).toEqual([
      'RangeError: no',
      'Caused by: SyntaxError: why',
      'Caused by: TypeError: really',
      'Caused by: Error: at last',
    ]);
    expect(captured.rows[1]?.message).toMatch(/^it failed: \{ user: 7 \} RangeError: no\n {4}at /);
    expect(captured.rows[1]?.formatted_message).toBe(`${captured.rows[1]?.message}\n${traceback}`);
  });

  it('keeps the own fields of an error in `extra`', () => {
    captured.capture();
    captured.target.error(Object.assign(new Error('no'), { code: 'E1', status: 503 }));
    expect(captured.rows[0]?.extra).toEqual({ code: 'E1', status: 503 });
  });

  it('says what it wrote without the colours of a terminal', () => {
    const { target, written } = quietConsole({ colorMode: true });
    captured.capture({ console: target });
    target.log({ n: 1 });
    target.dir({ n: 1 });
    target.table([{ n: 1 }]);
    target.trace({ n: 1 });
    target.count();
    expect(written()).toContain('\u001b[33m1\u001b[39m');
    expect(JSON.stringify(captured.rows)).not.toContain('\\u001b');
    expect(captured.rows.map(({ message }) => message.includes('1'))).toEqual([true, true, true, true, true]);
    expect(captured.rows[3]?.stack_info).toMatch(/^Trace: \{ n: 1 \}\n {4}at /);
  });

  it.each([
    [
      'a getter',
      {
        get a() {
          throw new Error('x');
        },
      },
      '{ a: [Getter] }',
    ],
    [
      'a toJSON that throws',
      {
        toJSON() {
          throw new Error('x');
        },
      },
      '{ toJSON: [Function: toJSON] }',
    ],
    // Node 24 leaves the brackets out
    ['a symbol as key', { [Symbol('s')]: 1 }, expect.stringMatching(/^\{ \[?Symbol\(s\)\]?: 1 \}$/)],
    ['a BigInt', 2n ** 64n, '18446744073709551616n'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['a function', function named() {}, '[Function: named]'],
    ['a Map', new Map([[1, new Set([2])]]), 'Map(1) { 1 => Set(1) { 2 } }'],
    ['a date that is none', new Date(Number.NaN), 'Invalid Date'],
    ['NaN', Number.NaN, 'NaN'],
    ['half a character', 'half \ud83d', 'half \ufffd'],
    ['an object without a prototype', Object.create(null), '[Object: null prototype] {}'],
  ])('has a row for %s', (_what, value, message) => {
    captured.capture();
    captured.target.log(value);
    captured.target.log('%o %O %j', 1, value);
    expect(captured.rows[0]?.message).toEqual(message);
    expect(captured.written()).not.toBe('');
  });

  it('has a row for a Proxy that is revoked', () => {
    captured.capture();
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    captured.target.log(proxy);
    expect(captured.messages()).toEqual(['<Revoked Proxy>']);
    expect(captured.written()).toBe('<Revoked Proxy>\n');
  });

  it('cuts what is too long for a row, and writes all of it', () => {
    captured.capture();
    captured.target.log('x'.repeat(10_000_000));
    expect(captured.rows[0]?.message).toMatch(/^x+ … \[cut: \d+ more characters\]$/);
    expect(JSON.stringify(captured.rows[0]).length).toBeLessThan(1_100_000);
    expect(captured.written().length).toBe(10_000_001);
  });

  it('throws to the program what its console throws, and has no row of what was not written', () => {
    captured.capture();
    const thrown = new Error('no look');
    const odd = {
      [Symbol.for('nodejs.util.inspect.custom')]() {
        throw thrown;
      },
    };
    for (const method of ['log', 'error', 'trace', 'dirxml', 'group'] as const)
      expect(() => captured.target[method](odd)).toThrow(thrown);
    expect(() => captured.target.log('%j', { big: 10n })).toThrow('Do not know how to serialize a BigInt');
    expect(captured.rows).toEqual([]);
    captured.target.log('on');
    expect(captured.messages()).toEqual(['on']);
    expect(captured.written()).toBe('on\n');
  });

  it('says where it was called only when asked to, and looks at no stack otherwise', () => {
    const looked = vi.spyOn(Error, 'captureStackTrace');
    captured.capture();
    captured.target.log('no place');
    expect(looked).not.toHaveBeenCalled();
    expect(captured.rows[0]).not.toHaveProperty('pathname');
  });
});
