import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startAppender } from '../support/appender.js';
import { numbers } from '../support/datasources.js';
import { type Ended, runNode } from '../support/program.js';
import { filesIn, homeOf, idsOnDisk, leave, numbered, ownedBy, segment } from '../support/segments.js';
import {
  distinct,
  down,
  expectAllDelivered,
  type Spilling,
  silent,
  sorted,
  spilling,
} from '../support/spilling.js';
import { temporaryDirectory } from '../support/temporary.js';

const BUILT = new URL('../../dist/src/datasource/datasource.js', import.meta.url).href;
const onLinux = process.platform === 'linux';

/** Segments of ten rows each, in one directory a dead process. */
function leaveSegments(test: Spilling, { processes = 1, segments = 1, owner = ownedBy } = {}): void {
  for (let id = 0, n = 0; n < processes; n++) {
    const files: Record<string, string> = {};
    for (let m = 0; m < segments; m++, id += 10) {
      files[`${String(m).padStart(9, '0')}.seg`] = segment(
        test.directory,
        test.tinybird.url,
        numbered(id, 10),
      );
    }
    leave(test.directory, test.tinybird.url, files, owner());
  }
}

/** When a process started, in the kernel's ticks. */
function startOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
}

describe('what a dead process left', () => {
  it('is delivered once by one of many processes that start at once', async () => {
    const test = await spilling();
    leaveSegments(test, { processes: 8, segments: 5 });
    const url = test.tinybird.url;
    const programs = numbers(6).map((n) =>
      startAppender({ url, spill: test.directory, from: 1000 + n, rows: 1, end: 'await ds.close();' }),
    );
    const ended = await Promise.all(programs.map((program) => program.ended));
    expect(ended.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      programs.map(() => ({ code: 0, stderr: '' })),
    );
    expect(sorted(test.ids())).toEqual([...numbers(400), ...numbers(6).map((n) => 1000 + n)]);
    expect(filesIn(test.directory)).toEqual([]);
  });

  it('is delivered once by one of many datasources of a process', async () => {
    const test = await spilling();
    leaveSegments(test, { processes: 3, segments: 5 });
    await Promise.all(numbers(4).map(() => test.datasource().close()));
    expect(sorted(test.ids())).toEqual(numbers(150));
  });

  it('is delivered in the order in which it was written', async () => {
    const test = await spilling();
    leaveSegments(test, { segments: 12 });
    await test.datasource({ concurrency: 1 }).close();
    expect(test.ids()).toEqual(numbers(120));
  });

  it.runIf(onLinux)('is taken although another process has its number now', async () => {
    const test = await spilling();
    leaveSegments(test, { owner: () => ownedBy({ pid: process.pid, start: startOf(process.pid) - 1 }) });
    await expectAllDelivered(test, numbers(10));
  });

  it.runIf(onLinux)('is taken although its parent has not taken notice of its end', async () => {
    const test = await spilling();
    // The shell starts a program and becomes another, which waits for no child: a killed one stays as a zombie.
    // Killed before that, it would be the shell's, which takes notice.
    const parent = spawn('sh', ['-c', 'sleep 1000 & echo $!; exec sleep 1000']);
    try {
      const pid = await new Promise<number>((resolve) => {
        parent.stdout.once('data', (text) => resolve(Number(text)));
      });
      const start = startOf(pid);
      await expect.poll(() => readFileSync(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n');
      process.kill(pid, 'SIGKILL');
      await expect.poll(() => readFileSync(`/proc/${pid}/stat`, 'utf8')).toContain(') Z ');
      leaveSegments(test, { owner: () => ownedBy({ pid, start }) });
      await expectAllDelivered(test, numbers(10));
    } finally {
      parent.kill('SIGKILL');
    }
  });
});

describe('what belongs to somebody else', () => {
  it('is left alone while its process lives, and taken when it is dead', async () => {
    const test = await spilling();
    test.tinybird.answer = silent;
    const { url } = test.tinybird;
    const living = startAppender({ url, spill: test.directory, rows: 20, end: 'await ds.flush();' });
    await expect.poll(() => living.appended.length).toBe(20);
    test.tinybird.answer = undefined;
    const requests = test.tinybird.requests.length;
    await test.datasource().close();
    expect(test.tinybird.requests.length - requests).toBeLessThanOrEqual(1);
    expect(idsOnDisk(test.directory)).toEqual(numbers(20));
    await living.kill();
    await test.datasource().close();
    expect(distinct(test.ids())).toEqual(numbers(20));
    expect(filesIn(test.directory)).toEqual([]);
  });

  it('is left alone when it is of another datasource of this process', async () => {
    const test = await spilling();
    test.tinybird.answer = down;
    const one = test.datasource();
    one.append({ id: 1 });
    const two = test.datasource();
    two.append({ id: 2 });
    expect(idsOnDisk(test.directory)).toEqual([1, 2]);
    test.tinybird.answer = undefined;
    await two.close();
    expect(test.ids()).toEqual([2]);
    await one.close();
    expect(test.ids()).toEqual([2, 1]);
  });

  it('is left alone when it is of another host, or nobody can tell whose it is', async () => {
    const test = await spilling();
    const owners = [
      ownedBy({ host: 'another-host' }),
      ownedBy({ pid: 1, start: onLinux ? startOf(1) : 1 }),
      'own-without-numbers',
      'left-behind',
      'mine',
    ];
    for (const owner of owners) leaveSegments(test, { owner: () => owner });
    await test.datasource().close();
    expect(test.ids()).toEqual([]);
    expect(readdirSync(homeOf(test.directory, test.tinybird.url).home).sort()).toEqual(owners.sort());
  });
});

describe('a spill directory shared by', () => {
  /** Runs a module that is a file, as programs with children are, and can append 100 rows from a number. */
  async function run(test: Spilling, source: string): Promise<Ended> {
    const file = join(await temporaryDirectory(), 'program.mjs');
    await writeFile(
      file,
      `const { Datasource } = await import(${JSON.stringify(BUILT)});
      const appending = (from) => {
        const ds = new Datasource('events', {
          url: ${JSON.stringify(test.tinybird.url)}, spill: ${JSON.stringify(test.directory)}, maxRows: 20,
        });
        for (let id = from; id < from + 100; id++) ds.append({ id });
        return ds;
      };
      ${source}`,
    );
    return runNode([file]);
  }

  it('cluster children gets every row through, also of those that are killed', async () => {
    const test = await spilling();
    const ended = await run(
      test,
      `const { default: cluster } = await import('node:cluster');
      const { once } = await import('node:events');
      if (cluster.isPrimary) {
        const children = [0, 100, 200].map((FROM) => cluster.fork({ FROM }));
        await Promise.all(children.map((child) => once(child, 'exit')));
        await appending(300).close();
      } else {
        const from = Number(process.env.FROM);
        appending(from);
        if (from === 100) process.kill(process.pid, 'SIGKILL');
        if (from === 200) process.exit();
        process.disconnect();
      }`,
    );
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    await test.datasource().close();
    expect(distinct(test.ids())).toEqual(numbers(400));
    expect(filesIn(test.directory)).toEqual([]);
  });

  it('worker threads gets every row through, also of those that are terminated', async () => {
    const test = await spilling();
    const ended = await run(
      test,
      `const { once } = await import('node:events');
      const { isMainThread, parentPort, Worker, workerData } = await import('node:worker_threads');
      if (isMainThread) {
        const workers = [0, 100, 200].map((workerData) => new Worker(new URL(import.meta.url), { workerData }));
        workers[2].on('message', () => workers[2].terminate());
        await Promise.all(workers.map((worker) => once(worker, 'exit')));
      } else {
        appending(workerData);
        if (workerData === 100) process.exit();
        if (workerData === 200) parentPort.on('message', () => {}).postMessage('appended');
      }`,
    );
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    await test.datasource().close();
    expect(distinct(test.ids())).toEqual(numbers(300));
    expect(filesIn(test.directory)).toEqual([]);
  });
});
