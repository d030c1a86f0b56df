import { describe, expect, it } from 'vitest';
import { excInfoOf, isThrowable, ownFieldsOf } from '../../src/logging/exc-info.js';

/** An error whose stack is known. */
function stacked(error: Error, place: string): Error {
  error.stack = `${error.name}: ${error.message}\n    at ${place}`;
  return error;
}

const unreadable = (): never => {
  throw new Error('of a getter');
};

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe('what was thrown', () => {
  it('is told by its class, its message and its stack', () => {
    class QuotaError extends Error {}
    expect(excInfoOf(stacked(new TypeError('no'), 'x:1'))).toEqual({
      type: 'TypeError',
      value: 'no',
      traceback: 'TypeError: no\n    at x:1',
    });
    expect(excInfoOf(new QuotaError('full'))).toMatchObject({ type: 'QuotaError', value: 'full' });
  });

  it('is told with its causes in their order, whatever they are', () => {
    const last = stacked(new Error('third'), 'c:3');
    const second = stacked(new RangeError('second', { cause: last }), 'b:2');
    const first = stacked(new TypeError('first', { cause: second }), 'a:1');
    last.cause = 'a text';
    expect(excInfoOf(first).traceback).toBe(
      'TypeError: first\n    at a:1\nCaused by: RangeError: second\n    at b:2\nCaused by: Error: third\n    at c:3\nCaused by: a text',
    );
  });

  it('is told once where causes go round in a circle', () => {
    const first = stacked(new Error('first'), 'a:1');
    const second = stacked(new Error('second', { cause: first }), 'b:2');
    first.cause = second;
    expect(excInfoOf(first).traceback).toBe('Error: first\n    at a:1\nCaused by: Error: second\n    at b:2');
    const alone = stacked(new Error('alone'), 'a:1');
    alone.cause = alone;
    expect(excInfoOf(alone).traceback).toBe('Error: alone\n    at a:1');
  });

  it('is told with every member of an AggregateError and their causes, then its own', () => {
    const members = [
      stacked(new TypeError('one', { cause: stacked(new Error('why'), 'w:1') }), 'm:1'),
      'two',
      stacked(new AggregateError([stacked(new RangeError('inner'), 'i:1')], 'three'), 'm:3'),
    ];
    const all = stacked(
      new AggregateError(members, 'all', { cause: stacked(new Error('own'), 'o:1') }),
      'a:1',
    );
    expect(excInfoOf(all)).toEqual({
      type: 'AggregateError',
      value: 'all',
      traceback: [
        'AggregateError: all\n    at a:1',
        'Error 1 of 3: TypeError: one\n    at m:1',
        'Caused by: Error: why\n    at w:1',
        'Error 2 of 3: two',
        'Error 3 of 3: AggregateError: three\n    at m:3',
        'Error 1 of 1: RangeError: inner\n    at i:1',
        'Caused by: Error: own\n    at o:1',
      ].join('\n'),
    });
  });

  it('keeps name and message of thirty members, however long their stacks are', () => {
    const members = Array.from({ length: 30 }, (_, n) =>
      stacked(new RangeError(`member-${n}.`), 'x'.repeat(10_000)),
    );
    const { traceback = '' } = excInfoOf(new AggregateError(members, 'all'));
    for (let n = 0; n < 30; n += 1)
      expect(traceback).toContain(`\nError ${n + 1} of 30: RangeError: member-${n}.`);
    expect(traceback.length).toBeLessThan(128_000);
  });

  it('ends where there are too many to tell', () => {
    const members = Array.from({ length: 5000 }, (_, n) => new Error(`member-${n}.`));
    const { traceback = '' } = excInfoOf(new AggregateError(members, 'all'));
    expect(traceback).toContain('Error 900 of 5000: Error: member-899.');
    expect(traceback).toMatch(/\n… and more$/);
    const long = Array.from({ length: 900 }, () => new Error('x'.repeat(1000)));
    expect(excInfoOf(new AggregateError(long, 'all')).traceback?.length).toBeLessThan(128_100);
  });

  it('is told where it has no stack', () => {
    const error = new TypeError('no');
    delete error.stack;
    expect(excInfoOf(error)).toEqual({ type: 'TypeError', value: 'no', traceback: 'TypeError: no' });
  });

  it.each([
    ['a text', 'text', 'string', 'text'],
    ['an empty text', '', 'string', ''],
    ['null', null, 'null', 'null'],
    ['undefined', undefined, 'undefined', 'undefined'],
    ['a number', 42, 'number', '42'],
    ['a BigInt', 10n, 'bigint', '10'],
    ['a symbol', Symbol('s'), 'symbol', 'Symbol(s)'],
    ['an object', { code: 5, message: 'm' }, 'object', '{"code":5,"message":"m"}'],
    ['a revoked Proxy', revoked(), 'object', '[Unreadable]'],
  ])('is %s and no error, and is told all the same', (_what, thrown, type, value) => {
    expect(excInfoOf(thrown)).toEqual({ type, value });
  });

  it('is told as far as it can be read', () => {
    const noMessage = Object.defineProperty(new TypeError('x'), 'message', { get: unreadable });
    expect(excInfoOf(noMessage)).toMatchObject({ type: 'TypeError', value: '[Unreadable]' });
    const noStack = Object.defineProperty(new TypeError('no'), 'stack', { get: unreadable });
    expect(excInfoOf(noStack)).toEqual({ type: 'TypeError', value: 'no', traceback: 'TypeError: no' });
    const noName = Object.defineProperty(stacked(new TypeError('no'), 'x:1'), 'name', { get: unreadable });
    expect(excInfoOf(noName)).toEqual({ type: 'Error', value: 'no', traceback: 'TypeError: no\n    at x:1' });
    const noCause = Object.defineProperty(stacked(new TypeError('no'), 'x:1'), 'cause', { get: unreadable });
    expect(excInfoOf(noCause).traceback).toBe('TypeError: no\n    at x:1');
    const badCause = stacked(new TypeError('no', { cause: revoked() }), 'x:1');
    expect(excInfoOf(badCause).traceback).toBe('TypeError: no\n    at x:1\nCaused by: [Unreadable]');
    const odd = Object.assign(new TypeError('no'), { message: 7, stack: 7 });
    expect(excInfoOf(odd)).toEqual({ type: 'TypeError', value: '7', traceback: 'TypeError: 7' });
  });

  it('is of another realm, or has the look of an error, and is one', () => {
    const alike = { name: 'RemoteError', message: 'far', stack: 'RemoteError: far\n    at y:1' };
    expect(excInfoOf(alike)).toEqual({
      type: 'RemoteError',
      value: 'far',
      traceback: 'RemoteError: far\n    at y:1',
    });
    expect([alike, new DOMException('x'), {}, null, 'x', revoked()].map(isThrowable)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it('has a message of megabytes, which is cut and well-formed', () => {
    const { value, traceback = '' } = excInfoOf(new Error(`${'😀'.repeat(1_000_000)}\ud83d`));
    expect(value).toMatch(/ … \[cut: \d+ more characters\]$/);
    expect(value.isWellFormed() && traceback.isWellFormed()).toBe(true);
    expect(value.length + traceback.length).toBeLessThan(200_000);
  });
});

describe('the own fields of what was thrown', () => {
  it('are what is said beside the message, the stack, the cause and the members', () => {
    const error = Object.assign(new AggregateError([], 'm', { cause: 1 }), {
      code: 'E1',
      name: 'Own',
      status: 5,
    });
    expect(ownFieldsOf(error)).toEqual({ code: 'E1', status: 5 });
    expect(ownFieldsOf({ code: 5 })).toEqual({ code: 5 });
    for (const none of ['text', null, undefined, 7, Symbol('s'), revoked()])
      expect(ownFieldsOf(none)).toEqual({});
  });

  it('stay where one of them cannot be read', () => {
    const error = Object.assign(new Error('m'), { code: 'E1' });
    Object.defineProperty(error, 'bad', { get: unreadable, enumerable: true });
    expect(ownFieldsOf(error)).toEqual({ code: 'E1', bad: '[Unreadable]' });
  });
});
