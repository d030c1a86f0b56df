import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backoffMs } from '../../src/api/timers.js';
import { Gate } from '../../src/datasource/gate.js';
import { Turns } from '../../src/datasource/turns.js';

describe('a backoff', () => {
  /** Numbers as Math.random gives them, the same every time (mulberry32). */
  function seeded(seed: number): () => number {
    let state = seed;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
  }

  it.each([
    ['the first', 1, 250],
    ['the third', 3, 1000],
    ['the eighth, which is at the cap', 8, 30_000],
    ['the thousandth', 1000, 30_000],
    ['one after more failures than a number can double', 5000, 30_000],
  ])('is spread evenly from the floor to the cap, and is never above it: %s', (_which, failures, cap) => {
    vi.spyOn(Math, 'random').mockImplementation(seeded(1));
    const delays = Array.from({ length: 1000 }, () => backoffMs(failures));
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(50);
    expect(Math.max(...delays)).toBeLessThanOrEqual(cap);
    const tenths = Array.from({ length: 10 }, () => 0);
    for (const delay of delays) {
      const tenth = Math.floor(((delay - 50) / (cap - 50)) * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    // 100 are expected of each; a tenth is outside these bounds once in 10,000 times by chance.
    for (const count of tenths) expect(count).toSatisfy((found: number) => found > 62 && found < 138);
  });
});

describe('a gate', () => {
  let opened: number;
  let gate: Gate;
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    vi.spyOn(Math, 'random').mockReturnValue(1); // the longest of every wait
    opened = 0;
    gate = new Gate(4, () => opened++);
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const pass = (ms: number) => vi.advanceTimersByTime(ms);

  it('counts requests that fail together as one failure', () => {
    const { ticket } = gate;
    for (let request = 0; request < 4; request++) gate.failed(ticket, undefined);
    expect(gate.admits(0)).toBe(false);
    pass(260);
    expect([gate.admits(0), gate.admits(1), opened]).toEqual([true, false, 1]);
    gate.failed(gate.ticket, undefined);
    pass(490);
    expect(gate.admits(0)).toBe(false);
    pass(20);
    expect(gate.admits(0)).toBe(true);
  });

  it('lets one through after a pause, then two, then four, and is as wide as it was', () => {
    gate.failed(gate.ticket, undefined);
    pass(260);
    for (const abreast of [1, 2, 4, 4]) {
      expect([gate.admits(abreast - 1), gate.admits(abreast)]).toEqual([true, false]);
      gate.succeeded(gate.ticket);
    }
    expect(gate.healthy).toBe(true);
  });

  it('is not opened by the success of a request that went out before its pause', () => {
    const { ticket } = gate;
    gate.failed(ticket, undefined);
    gate.succeeded(ticket);
    expect([gate.healthy, gate.admits(0)]).toEqual([false, false]);
    pass(260);
    expect([gate.admits(0), gate.admits(1)]).toEqual([true, false]);
  });

  it('is held longer by a later wait, and never shorter', () => {
    const { ticket } = gate;
    gate.failed(ticket, 10_000);
    gate.failed(ticket, 1000);
    pass(10_990);
    expect(gate.admits(0)).toBe(false);
    gate.failed(ticket, 5000);
    pass(5490);
    expect(gate.admits(0)).toBe(false);
    pass(20);
    expect(gate.admits(0)).toBe(true);
  });

  it('is asked to probe: once a second at most, and never within a told wait', () => {
    for (let failure = 0; failure < 8; failure++) {
      gate.failed(gate.ticket, undefined);
      pass(32_000);
    }
    gate.failed(gate.ticket, undefined);
    pass(500);
    gate.probe();
    expect(gate.admits(0)).toBe(false);
    pass(510);
    expect(gate.admits(0)).toBe(true);

    gate.failed(gate.ticket, 20_000);
    pass(5000);
    gate.probe();
    pass(16_000);
    expect(gate.admits(0)).toBe(false);
    pass(1010);
    expect(gate.admits(0)).toBe(true);
  });

  it('keeps a told wait that a longer backoff covers, if that is ended by a probe', () => {
    for (let failure = 0; failure < 8; failure++) {
      gate.failed(gate.ticket, undefined);
      pass(32_000);
    }
    const { ticket } = gate;
    gate.failed(ticket, undefined);
    gate.failed(ticket, 10_000);
    gate.probe();
    pass(10_990);
    expect(gate.admits(0)).toBe(false);
    pass(20);
    expect(gate.admits(0)).toBe(true);
  });

  it('lets one go alone after the wait of a straggler, whatever became of those that went out meanwhile', () => {
    const straggler = gate.ticket;
    gate.failed(straggler, undefined);
    pass(260);
    const meanwhile = gate.ticket;
    gate.failed(straggler, 1000);
    gate.succeeded(meanwhile);
    expect(gate.healthy).toBe(false);
    pass(1110);
    expect([gate.admits(0), gate.admits(1)]).toEqual([true, false]);
  });

  it('has no timer left once it was opened', () => {
    gate.failed(gate.ticket, 60_000);
    gate.open();
    expect(gate.admits(0)).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('turns', () => {
  it('let so many run at once, the others in the order they came, and go on after a failure', async () => {
    const turns = new Turns(2);
    const running: number[] = [];
    const started: number[] = [];
    let most = 0;
    const settled = await Promise.allSettled(
      Array.from({ length: 10 }, (_, job) =>
        turns.run(async () => {
          started.push(job);
          running.push(job);
          most = Math.max(most, running.length);
          await new Promise((resolve) => setImmediate(resolve));
          running.splice(running.indexOf(job), 1);
          if (job % 3 === 0) throw new Error('no');
          return job;
        }),
      ),
    );
    expect(most).toBe(2);
    expect(started).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(settled.map(({ status }) => status === 'fulfilled')).toEqual(
      Array.from({ length: 10 }, (_, job) => job % 3 !== 0),
    );
  });
});
