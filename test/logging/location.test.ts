import { afterEach, describe, expect, it, vi } from 'vitest';
import { callerLocation, locationOfFile, takeLocation } from '../../src/logging/location.js';

/** What is on the stack, the nearest first. */
function onStack(...frames: string[]): void {
  vi.spyOn(Error, 'captureStackTrace').mockImplementation((holder) => {
    Object.assign(holder, { stack: ['Error', ...frames.map((frame) => `    at ${frame}`)].join('\n') });
  });
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the place of a caller', () => {
  it.each([
    ['charge (file:///app/shop.ts:8:3)', '/app/shop.ts', 8, 'charge'],
    ['file:///app/shop.ts:8:3', '/app/shop.ts', 8, '<module>'],
    ['Object.<anonymous> (/app/shop.js:1:1)', '/app/shop.js', 1, '<module>'],
    ['async Shop.open (/app/shop.js:1:1)', '/app/shop.js', 1, 'Shop.open'],
    ['async file:///app/shop.ts:8:3', '/app/shop.ts', 8, '<module>'],
    ['Shop.open [as close] (/app/shop.js:1:1)', '/app/shop.js', 1, 'Shop.open'],
    ['new Shop (/app/a (b)/shop.js:1:1)', '/app/a (b)/shop.js', 1, 'new Shop'],
    ['charge (file:///C:/app/a%20b/shop.ts:8:3)', 'C:/app/a b/shop.ts', 8, 'charge'],
    ['charge (C:\\app\\shop.js:8:3)', 'C:\\app\\shop.js', 8, 'charge'],
    ['Array.map (<anonymous>)', undefined, undefined, undefined],
  ])('%s is read', (frame, pathname, lineno, funcName) => {
    onStack(frame);
    const location = callerLocation();
    expect([location?.pathname, location?.lineno, location?.funcName]).toEqual([pathname, lineno, funcName]);
  });

  it('is the first that is neither the logger’s, nor Node’s, nor ours', () => {
    const own = new URL('../../src/logging/', import.meta.url).href;
    onStack(
      `toRow (${own}row.ts:1:1)`,
      `log (${own}winston/transport.ts:1:1)`,
      'write (/app/node_modules/tinybird-llm/dist/src/logging/writer.js:1:1)',
      'asJson (/app/node_modules/pino/lib/tools.js:1:1)',
      'log (C:\\app\\node_modules\\winston\\lib\\winston\\logger.js:1:1)',
      'format (/app/node_modules/logform/combine.js:1:1)',
      'push (/app/node_modules/readable-stream/lib/_stream_transform.js:1:1)',
      'log (/app/node_modules/@logtape/logtape/dist/logger.js:1:1)',
      'emit (node:events:1:1)',
      'Array.forEach (<anonymous>)',
      'charge (/app/node_modules/shop/pino.js:8:1)',
      'main (/app/main.js:1:1)',
    );
    expect(callerLocation()).toEqual({
      pathname: '/app/node_modules/shop/pino.js',
      lineno: 8,
      funcName: 'charge',
    });
  });

  it('is unknown where there is none', () => {
    onStack('emit (node:events:1:1)');
    expect(callerLocation()).toBeUndefined();
    onStack();
    expect(callerLocation()).toBeUndefined();
    vi.spyOn(Error, 'captureStackTrace').mockImplementation(() => {
      throw new Error('x');
    });
    expect(callerLocation()).toBeUndefined();
  });

  it('leaves the limit of stacks as it was, whoever throws', () => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 3;
    try {
      callerLocation();
      expect(Error.stackTraceLimit).toBe(3);
      vi.spyOn(Error, 'captureStackTrace').mockImplementation(() => {
        throw new Error('x');
      });
      callerLocation();
      expect(Error.stackTraceLimit).toBe(3);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  });

  it('is where the function was called that it is told of, and is found without it where it was not called', () => {
    function logger() {
      return callerLocation(logger);
    }
    function program() {
      return logger();
    }
    expect(program()?.funcName).toBe('program');
    function program2() {
      return callerLocation(() => {});
    }
    expect(program2()?.funcName).toBe('program2');
  });
});

describe('a place in a line', () => {
  it('is taken for one only where it is whole', () => {
    const caller = { pathname: '/app/shop.ts', lineno: 8, funcName: 'charge' };
    const fields = { caller: { ...caller, more: 1 }, kept: 1 };
    expect(takeLocation(fields)).toEqual(caller);
    expect(fields).toEqual({ kept: 1 });
    const odd = [
      { ...caller, lineno: '8' },
      { ...caller, lineno: 1.5 },
      { pathname: 'x' },
      null,
      'charge',
      7,
      undefined,
    ];
    const lines = odd.map((given) => ({ caller: given }));
    expect(lines.map(takeLocation)).toEqual(odd.map(() => undefined));
    expect(lines.map(({ caller: left }) => left)).toEqual(odd);
  });

  it('may be a file of which the function is not known', () => {
    expect(locationOfFile('file:///app/a%20b/shop.ts', 8)).toEqual({
      pathname: '/app/a b/shop.ts',
      lineno: 8,
      funcName: '',
    });
  });
});
