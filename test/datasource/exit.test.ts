import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { numbers } from '../support/datasources.js';
import { filesIn, homeOf, idsOnDisk } from '../support/segments.js';
import {
  distinct,
  down,
  expectAllDelivered,
  leaveByKill,
  program,
  silent,
  spilling,
} from '../support/spilling.js';
import { type Answer, json } from '../support/tinybird.js';

describe.concurrent('a program that ends while Tinybird is down', () => {
  it.for<[string, string, number | string]>([
    ['by itself', '', 0],
    ['by process.exit', 'process.exit(3);', 3],
    ['by an error that nobody catches', 'setTimeout(() => { throw new Error("of the program"); });', 1],
    ['by a rejection that nobody handles', 'void Promise.reject(new Error("of the program"));', 1],
    ['by an await that never ends', 'await new Promise(() => {});', 13],
    ['by SIGTERM', 'process.kill(process.pid, "SIGTERM"); await sleep(60_000);', 'SIGTERM'],
  ])('%s keeps its rows, all of them', async ([, end, code], { onTestFinished }) => {
    const test = await spilling(onTestFinished);
    test.tinybird.answer = down;
    const { appended, ended } = program(test, { rows: 25, options: { maxRows: 10 }, end });
    const { stderr, ...how } = await ended;
    expect(how.code).toBe(code);
    expect(stderr).not.toContain('lost');
    if (code === 1) expect(stderr).toContain('Error: of the program');
    expect(idsOnDisk(test.directory)).toEqual(numbers(25));
    await expectAllDelivered(test, appended);
  });

  it.for<[string, string, number | string]>([
    ['by itself', '', 0],
    ['by process.exit', 'process.exit(3);', 3],
    ['by an error that nobody catches', 'setTimeout(() => { throw new Error("of the program"); });', 1],
    ['by SIGTERM, asked to see to it', 'process.kill(process.pid, "SIGTERM");', 'SIGTERM'],
  ])(
    '%s keeps its rows, when only those that failed are written',
    async ([, end, code], { onTestFinished }) => {
      const test = await spilling(onTestFinished);
      test.tinybird.answer = down;
      const spill = { directory: test.directory, rows: 'failed' } as const;
      const options = { maxRows: 10, flushOnSignal: true };
      const { appended, ended } = program(test, { spill, rows: 25, options, end });
      const { stderr, ...how } = await ended;
      expect(how.code).toBe(code);
      expect(stderr).not.toContain('lost');
      expect(idsOnDisk(test.directory)).toEqual(numbers(25));
      await expectAllDelivered(test, appended);
    },
  );
});

describe.concurrent('a short program', () => {
  it('delivers what others left before it ends', async ({ onTestFinished }) => {
    const test = await spilling(onTestFinished);
    await leaveByKill(test, 55);
    expect(await program(test, { from: 55, rows: 1 }).ended).toMatchObject({ code: 0, stderr: '' });
    expect(distinct(test.ids())).toEqual(numbers(56));
    expect(filesIn(test.directory)).toEqual([]);
  });

  it('delivers what others left also when it appends nothing', async ({ onTestFinished }) => {
    const test = await spilling(onTestFinished);
    await leaveByKill(test, 15);
    expect(await program(test, { rows: 0 }).ended).toMatchObject({ code: 0, stderr: '' });
    expect(distinct(test.ids())).toEqual(numbers(15));
  });

  it.for<[string, Answer]>([
    ['resets connections', (_request, response) => response.socket?.resetAndDestroy()],
    ['hangs', silent],
    ['asks to wait an hour', (_request, response) => json(response, 429, {}, { 'retry-after': '3600' })],
  ])(
    'ends by itself while Tinybird %s, and leaves the rows for the next',
    async ([, answer], { onTestFinished }) => {
      const test = await spilling(onTestFinished);
      await leaveByKill(test, 55);
      test.tinybird.answer = answer;
      const ended = await program(test, { rows: 0 }).ended;
      expect(ended.code).toBe(0);
      expect(ended.stderr).not.toContain('lost');
      expect(idsOnDisk(test.directory)).toEqual(numbers(55));
      await expectAllDelivered(test, numbers(55));
    },
  );

  it('that ends with nothing pending leaves one empty directory at most, however often it runs', async ({
    onTestFinished,
  }) => {
    const test = await spilling(onTestFinished);
    for (let run = 0; run < 3; run++) await program(test, { end: 'await ds.flush();' }).ended;
    const { home } = homeOf(test.directory, test.tinybird.url);
    expect(readdirSync(home).length).toBeLessThanOrEqual(1);
    await test.datasource().close();
    expect(readdirSync(home)).toEqual([]);
  });
});
