import { describe, expect, it } from 'vitest';
import { useDatasources } from '../support/datasources.js';
import { runNode, runProgram } from '../support/program.js';
import { serve } from '../support/servers.js';
import { json, unusedUrl } from '../support/tinybird.js';

const bench = useDatasources();

/** A program that appends a row and then does more. */
const appending = (url: string, more = '', options = 'flushAfterMs: 60000') => `
  import { Datasource } from './dist/src/datasource/datasource.js';
  const ds = new Datasource('events', { url: ${JSON.stringify(url)}, ${options} });
  ds.append({ id: 1 });
  ${more}`;

/** A sink that reads and forgets. */
const discarding = () =>
  serve((request, response) => {
    request.resume().on('end', () => response.end('{"successful_rows":1,"quarantined_rows":0}'));
  });

const hang = () => {
  bench.tinybird.answer = (_request, response) => new Promise((resolve) => response.on('close', resolve));
};

describe('a program', () => {
  it('that appends and ends delivers', async () => {
    const ended = await runProgram(appending(bench.tinybird.url));
    expect(ended).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(bench.ids()).toEqual([1]);
  });

  it('that ends with its own exit code keeps it', async () => {
    const ended = await runProgram(appending(bench.tinybird.url, 'process.exitCode = 7;'));
    expect(ended.code).toBe(7);
    expect(bench.ids()).toEqual([1]);
  });

  it('that awaits what never comes delivers, and ends as it would have', async () => {
    const ended = await runProgram(appending(bench.tinybird.url, 'await new Promise(() => {});'));
    expect(ended.code).toBe(13);
    expect(bench.ids()).toEqual([1]);
  });

  it('that awaits a flush during a backoff does not end under it', async () => {
    let failures = 3;
    bench.tinybird.answer = (_request, response) => {
      if (failures-- > 0) json(response, 503, {});
    };
    const more = 'await ds.flush(); console.log("flushed");';
    expect(await runProgram(appending(bench.tinybird.url, more))).toMatchObject({
      code: 0,
      stdout: 'flushed\n',
    });
    expect(bench.ids()).toEqual([1]);
  });

  it('that awaits room for a row does not end under it', async () => {
    let failures = 2;
    bench.tinybird.answer = (_request, response) => {
      if (failures-- > 0) json(response, 503, {});
    };
    const more = 'await ds.write({ id: 2 }); console.log("written");';
    const ended = await runProgram(
      appending(bench.tinybird.url, more, 'flushAfterMs: 60000, maxBufferBytes: 10'),
    );
    expect(ended).toMatchObject({ code: 0, stdout: 'written\n' });
    expect(bench.ids()).toEqual([1, 2]);
  });

  it('that ends while Tinybird is down ends by itself, and says what is lost', async () => {
    const ended = await runProgram(appending(await unusedUrl()));
    expect(ended.code).toBe(0);
    expect(ended.stderr).toContain('1 row of events lost');
  });

  it.each([
    ['before anything was sent', ''],
    [
      'with a request under way',
      'void ds.flush({ timeoutMs: 1 }); await new Promise((r) => setTimeout(r, 300));',
    ],
  ])('that ends while Tinybird hangs, %s, ends within its five seconds', async (_when, more) => {
    hang();
    const spent = `process.on('exit', () => console.log(Math.round(process.uptime() - started)));`;
    const ended = await runProgram(
      appending(bench.tinybird.url, `${more} const started = process.uptime(); ${spent}`),
    );
    expect(ended.code).toBe(0);
    expect(ended.stderr).toContain('1 row of events lost');
    // A request may last thirty: it is not waited for.
    expect(Number(ended.stdout)).toBeLessThan(15);
  });

  it('that has nothing pending is not kept', async () => {
    const more =
      'await ds.flush(); process.exitCode = 7; const started = performance.now(); process.on("exit", () => console.log(performance.now() - started));';
    const ended = await runProgram(appending(bench.tinybird.url, more));
    expect(ended.code).toBe(7);
    expect(Number(ended.stdout)).toBeLessThan(1000);
  });

  it('that ends by process.exit keeps its code, and is told what is lost', async () => {
    const ended = await runProgram(appending(bench.tinybird.url, 'process.exit(3);'));
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('1 row of events lost');
    expect(ended.stderr).toContain('flush()');
    expect(bench.ids()).toEqual([]);
  });

  it('that ends by an error that nobody caught ends as it would have', async () => {
    const program = 'throw new Error("mine");';
    const bare = await runProgram(program);
    const ended = await runProgram(appending(bench.tinybird.url, program));
    expect(ended.code).toBe(bare.code);
    expect(ended.stderr).toContain('Error: mine');
    expect(ended.stderr).toContain('1 row of events lost');
  });
});

describe('a signal', () => {
  const signalled = (signal: string, options: string, more = '') =>
    appending(
      bench.tinybird.url,
      `${more} process.kill(process.pid, '${signal}'); setTimeout(() => console.log('survived'), 3000);`,
      `flushAfterMs: 60000, ${options}`,
    );

  it.each(['SIGTERM', 'SIGINT'])(
    '%s, when asked, delivers, and then ends the process as it would have',
    async (signal) => {
      const ended = await runProgram(signalled(signal, 'flushOnSignal: true'));
      expect(ended).toMatchObject({ code: signal, stdout: '' });
      expect(bench.ids()).toEqual([1]);
    },
  );

  it('when not asked, has no listener of ours', async () => {
    const ended = await runProgram(
      signalled('SIGTERM', '', 'console.log(process.listenerCount("SIGTERM"));'),
    );
    expect(ended).toMatchObject({ code: 'SIGTERM', stdout: '0\n' });
    expect(bench.ids()).toEqual([]);
  });

  it('leaves the end of the process to whoever else listens, and delivers all the same', async () => {
    const more = `process.on('SIGTERM', () => console.log('theirs'));`;
    const ended = await runProgram(signalled('SIGTERM', 'flushOnSignal: true', more));
    expect(ended).toMatchObject({ code: 0, stdout: 'theirs\nsurvived\n' });
    expect(bench.ids()).toEqual([1]);
  });

  it('ends the process at once when it comes twice', async () => {
    hang();
    const more = `setTimeout(() => process.kill(process.pid, 'SIGINT'), 500);`;
    const ended = await runProgram(signalled('SIGINT', 'flushOnSignal: true', more));
    expect(ended).toMatchObject({ code: 'SIGINT', stdout: '' });
  });
});

describe('beside the main thread', () => {
  it('a worker that ends by itself delivers, with counters of its own', async () => {
    const built = new URL('../../dist/src/datasource/datasource.js', import.meta.url).href;
    const appendingRow = (id: number) => `
      const { Datasource } = await import('${built}');
      const ds = new Datasource('events', { url: '${bench.tinybird.url}', flushAfterMs: 60000 });
      ds.append({ id: ${id} });
      console.log(ds.stats().accepted);`;
    const worker = `data:text/javascript,${encodeURIComponent(appendingRow(2))}`;
    const program = `
      ${appendingRow(1)}
      const { Worker } = await import('node:worker_threads');
      new Worker(new URL(${JSON.stringify(worker)}));`;
    const ended = await runNode(['--input-type=module', '--eval', program]);
    expect(ended).toMatchObject({ code: 0, stdout: '1\n1\n' });
    expect(bench.ids().sort()).toEqual([1, 2]);
  });

  it('a fork delivers, with counters of its own', async () => {
    const program = `
      import { spawn } from 'node:child_process';
      ${appending(bench.tinybird.url, 'console.log(ds.stats().accepted);')}
      if (process.env.CHILD === undefined) spawn(process.execPath, ['--input-type=module', '--eval', process.env.SOURCE], { env: { ...process.env, CHILD: '1' }, stdio: 'inherit' });`;
    const ended = await runProgram(program, { SOURCE: program });
    expect(ended).toMatchObject({ code: 0, stdout: '1\n1\n' });
    expect(bench.ids()).toEqual([1, 1]);
  });
});

describe('memory of a process', () => {
  it.each([
    ['fast', discarding],
    ['down', unusedUrl],
  ])(
    'stays bounded over ten million rows with a sink that is %s',
    { timeout: 180_000 },
    async (_what, sink) => {
      const program = `
      const { Datasource } = await import('./dist/src/datasource/datasource.js');
      const ds = new Datasource('events', { url: ${JSON.stringify(await sink())}, onError: () => {} });
      let peak = 0;
      for (let id = 0; id < 10_000_000; id++) {
        ds.append({ id, text: 'a row of some length, as rows are' });
        if (id % 20_000 !== 0) continue;
        await new Promise(setImmediate);
        peak = Math.max(peak, process.memoryUsage.rss());
      }
      console.log(Math.round(peak / 1024 / 1024));
      process.exit();`;
      const ended = await runNode(['--input-type=module', '--eval', program]);
      expect(Number(ended.stdout)).toBeGreaterThan(40);
      expect(Number(ended.stdout)).toBeLessThan(300);
    },
  );

  it('is given back by datasources that were closed', async () => {
    const program = `
      const { Datasource } = await import('./dist/src/datasource/datasource.js');
      const round = async (count) => {
        for (let n = 0; n < count; n++) {
          const ds = new Datasource('events', { url: ${JSON.stringify(bench.tinybird.url)} });
          if (n % 20 === 0) ds.append({ id: n });
          await ds.close();
        }
        gc();
        return process.memoryUsage().heapUsed;
      };
      const before = await round(1000);
      const after = await round(10_000);
      console.log(Math.round((after - before) / 1024));`;
    const ended = await runNode(['--expose-gc', '--input-type=module', '--eval', program]);
    expect(ended.stderr).toBe('');
    // Kilobytes, for ten thousand: nothing of a datasource is kept.
    expect(Number(ended.stdout)).toBeLessThan(2000);
  });
});
