import { describe, expect, it } from 'vitest';
import type { TbLog } from '../../../schemas/tb-logs.js';
import type { ConsoleCapture } from '../../../src/logging/console/index.js';
import { flush } from '../../../src/recorder/flush.js';
import { quietConsole, useCaptured } from './captured.js';

const captured = useCaptured();

describe('the end of a capture', () => {
  const METHODS = Object.keys(quietConsole().target) as (keyof Console)[];

  it.each([
    ['restore()', (made: ConsoleCapture) => made.restore()],
    ['`using`', (made: ConsoleCapture) => made[Symbol.dispose]()],
    ['`await using`', (made: ConsoleCapture) => made[Symbol.asyncDispose]()],
  ])('%s gives back the very methods that were there', async (_how, end) => {
    const before = METHODS.map((name) => captured.target[name]);
    const made = captured.capture();
    expect(METHODS.filter((name, index) => captured.target[name] !== before[index]).toSorted()).toEqual(
      ['assert', 'count', 'debug', 'dir', 'dirxml', 'error', 'group', 'groupCollapsed', 'info', 'log']
        .concat(['table', 'timeEnd', 'timeLog', 'trace', 'warn'])
        .toSorted(),
    );
    expect(captured.target.log.name).toBe('log');
    await end(made);
    expect(METHODS.map((name) => captured.target[name])).toEqual(before);
    captured.target.log('after');
    expect(captured.rows).toEqual([]);
    expect(() => made.restore()).not.toThrow();
  });

  it('leaves the wrapper that somebody has put on since, and passes through what it calls', () => {
    const made = captured.capture();
    const { log: ours } = captured.target;
    const theirs = (...values: unknown[]) => ours('theirs:', ...values);
    captured.target.log = theirs;
    captured.target.log('one');
    made.restore();
    expect(captured.target.log).toBe(theirs);
    captured.target.log('two');
    captured.target.warn('three');
    expect(captured.written()).toBe('theirs: one\ntheirs: two\nthree\n');
    expect(captured.messages()).toEqual(['theirs: one']);
  });

  it('of one of two, in any order, leaves the other at work', () => {
    const others: TbLog[] = [];
    const first = captured.capture();
    const second = captured.capture({ datasource: others });
    first.restore();
    captured.target.log('one');
    second.restore();
    captured.target.log('two');
    expect(captured.rows).toEqual([]);
    expect(others.map(({ message }) => message)).toEqual(['one']);
    expect(captured.written()).toBe('one\ntwo\n');
  });

  it('delivers with the package’s `flush()` what was captured', async () => {
    const made = captured.sending();
    captured.target.log('one');
    captured.target.warn('two');
    made.restore();
    expect(await flush()).toEqual({ pending: 0 });
    expect(captured.tinybird.rows.map(({ message }) => message)).toEqual(['one', 'two']);
    expect(captured.tinybird.requests[0]?.url.searchParams.get('name')).toBe('tb_logs');
  });

  it('delivers by its own `flush`, and as it is disposed of', async () => {
    const made = captured.sending();
    captured.target.log('one');
    await made.flush();
    expect(captured.tinybird.rows.length).toBe(1);
    captured.target.log('two');
    await made[Symbol.asyncDispose]();
    expect(captured.tinybird.rows.length).toBe(2);
    await made.flush();
    expect(captured.tinybird.requests.length).toBe(2);
  });
});
