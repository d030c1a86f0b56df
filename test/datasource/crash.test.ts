import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { KillAt } from '../support/appender.js';
import { numbers } from '../support/datasources.js';
import { idsOnDisk } from '../support/segments.js';
import { down, expectAllDelivered, leaveByKill, program, silent, spilling } from '../support/spilling.js';

describe('a program that is killed', () => {
  it('at any moment of its appends loses none that had returned', async () => {
    const test = await spilling();
    const appended: number[] = [];
    let rounds = 0;
    while (rounds++ < 6) {
      const from = (appended.at(-1) ?? -1) + 1;
      test.tinybird.answer = rounds % 2 === 0 ? down : undefined;
      const killed = program(test, { from, rows: 1e9, atOnce: 20, options: { maxRows: 100 } });
      await expect.poll(() => killed.appended.length).toBeGreaterThan(0);
      await sleep(Math.random() * 150);
      await killed.kill();
      appended.push(...killed.appended);
    }
    await expectAllDelivered(test, appended);
  });

  it('while its request is under way loses none, whether Tinybird took it or not', async () => {
    const test = await spilling();
    for (const taken of [false, true]) {
      const from = taken ? 100 : 0;
      const killed = program(test, { from, options: { maxRows: 10 }, end: 'await ds.flush();' });
      test.tinybird.answer = (_request, response) => {
        if (response.destroyed) return undefined;
        process.kill(killed.pid, 'SIGKILL');
        return taken ? undefined : silent(_request, response);
      };
      await killed.ended;
      expect(killed.appended.length).toBeGreaterThanOrEqual(10);
      await expectAllDelivered(test, killed.appended);
    }
  });

  it.each<[string, KillAt]>([
    ['before it made its directory', { call: 'mkdirSync', nth: 1, when: 'before' }],
    ['when its directory was made', { call: 'mkdirSync', nth: 1, when: 'after' }],
    ['when a segment was made, which is empty still', { call: 'openSync', nth: 2, when: 'after' }],
    ['before it sealed a segment', { call: 'renameSync', nth: 3, when: 'before' }],
    ['when it had sealed a segment', { call: 'renameSync', nth: 3, when: 'after' }],
    ['between an answer and the removal of its segment', { call: 'unlinkSync', nth: 1, when: 'before' }],
    ['when the segment of an answer was removed', { call: 'unlinkSync', nth: 2, when: 'after' }],
  ])('%s loses none', async (_moment, killAt) => {
    const test = await spilling();
    const options = { maxRows: 10 };
    const killed = program(test, { atOnce: 7, options, killAt, end: 'await ds.flush();' });
    expect(await killed.ended).toMatchObject({ code: 'SIGKILL' });
    await expectAllDelivered(test, killed.appended);
  });

  it.each<[string, KillAt]>([
    ['before it claimed what another had left', { call: 'renameSync', nth: 1, when: 'before' }],
    ['when it had claimed what another had left', { call: 'renameSync', nth: 1, when: 'after' }],
    ['before it looked into what it had claimed', { call: 'readdirSync', nth: 2, when: 'before' }],
    ['before it read a segment back', { call: 'readFileSync', nth: 1, when: 'before' }],
    ['when it had read a segment back', { call: 'readFileSync', nth: 3, when: 'after' }],
    ['before it removed a segment it had read back', { call: 'unlinkSync', nth: 2, when: 'before' }],
  ])('%s loses none, of either', async (_moment, killAt) => {
    const test = await spilling();
    await leaveByKill(test, 55);
    expect(idsOnDisk(test.directory)).toEqual(numbers(55));
    const killed = program(test, { from: 55, rows: 5, killAt, end: 'await ds.close();' });
    expect(await killed.ended).toMatchObject({ code: 'SIGKILL' });
    await expectAllDelivered(test, [...numbers(55), ...killed.appended]);
  });

  it('again and again while it delivers what was left loses none', async () => {
    const test = await spilling();
    await leaveByKill(test, 200);
    for (let nth = 1; nth <= 4; nth++) {
      const killAt: KillAt = { call: 'unlinkSync', nth, when: nth % 2 === 0 ? 'before' : 'after' };
      const killed = program(test, { from: 200, rows: 0, killAt, end: 'await ds.close();' });
      expect(await killed.ended).toMatchObject({ code: 'SIGKILL' });
    }
    await expectAllDelivered(test, numbers(200));
  });

  it('with only failed rows on disk loses none of those', async () => {
    const test = await spilling();
    test.tinybird.answer = down;
    const spill = { directory: test.directory, rows: 'failed' } as const;
    const killed = program(test, { spill, rows: 10, options: { maxRows: 10 }, end: 'await ds.flush();' });
    await expect.poll(() => idsOnDisk(test.directory)).toEqual(numbers(10));
    await killed.kill();
    await expectAllDelivered(test, numbers(10));
  });
});
