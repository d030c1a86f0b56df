import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CLICKHOUSE_VERSION, openChdb } from '../../../src/local/engine/chdb.js';
import type { Engine } from '../../../src/local/engine/engine.js';
import { DataDirectoryError, EngineMissingError } from '../../../src/local/errors.js';
import { runProgram } from '../../support/program.js';
import { temporaryDirectory } from '../../support/temporary.js';

async function openTemporary(): Promise<Engine> {
  const engine = await openChdb(join(await temporaryDirectory(), 'clickhouse'));
  onTestFinished(() => engine.close());
  return engine;
}

/** The beginning of a program that opens the built engine on a directory. */
const OPENS = `
  import { openChdb } from './dist/src/local/engine/chdb.js';
  const engine = await openChdb(process.env.DIRECTORY).catch((error) => console.log(error.code, error.message));
`;

describe('the embedded ClickHouse', () => {
  it('is the one that data directories are compared with', async () => {
    const version = await (await openTemporary()).read('SELECT version()', { format: 'TSV' });
    expect(version.toString()).toBe(`${CLICKHOUSE_VERSION}\n`);
  });

  it('is one a process', async () => {
    await openTemporary();
    await expect(openTemporary()).rejects.toThrow(/cannot be opened \(.*only one active data directory/);
  });

  it('waits for a query that runs when it closes', async () => {
    const engine = await openChdb(join(await temporaryDirectory(), 'clickhouse'));
    const read = engine.read('SELECT max(number) FROM numbers(300000000)', { format: 'CSV' });
    await engine.close();
    expect((await read).toString()).toBe('299999999\n');
  });

  it('merges what it has stored after everybody who waits, and with little work', async () => {
    const engine = await openTemporary();
    const settings = `
      SELECT name, value
      FROM (SELECT name, value FROM system.server_settings UNION ALL SELECT name, value FROM system.merge_tree_settings)
      WHERE name IN ('os_threads_nice_value_merge_mutate', 'min_bytes_for_wide_part', 'materialize_statistics_on_merge')
      ORDER BY name`;
    expect((await engine.read(settings, { format: 'TSVRaw' })).toString().split('\n')).toEqual([
      'materialize_statistics_on_merge\t0',
      'min_bytes_for_wide_part\t134217728',
      'os_threads_nice_value_merge_mutate\t19',
      '',
    ]);
  });

  it('says how to install it when it is not there', async () => {
    const missing = () => Promise.reject(new Error("Cannot find package 'chdb'\nsomewhere"));
    const opened = openChdb(await temporaryDirectory(), missing);
    await expect(opened).rejects.toThrow(EngineMissingError);
    await expect(opened).rejects.toThrow(
      /\(Cannot find package 'chdb'\)\. .*npm install --save-dev chdb@3\.4\.0/,
    );
  });

  it('says that a directory cannot be written', async () => {
    const file = join(await temporaryDirectory(), 'file');
    await writeFile(file, '');
    const opened = openChdb(join(file, 'clickhouse'));
    await expect(opened).rejects.toThrow(DataDirectoryError);
    await expect(opened).rejects.toThrow(/cannot be written .* Pass another one with --data/);
  });

  it('takes bare times as UTC where the host is in New York', async () => {
    const environment = { TZ: 'America/New_York', DIRECTORY: join(await temporaryDirectory(), 'rows') };
    const program = `${OPENS}
      await engine.exec('CREATE TABLE t (at DateTime) ENGINE = MergeTree ORDER BY at');
      await engine.insert('t', Buffer.from('{"at":"2025-01-02 03:04:05"}'));
      const sql = 'SELECT toUnixTimestamp(at), at, {at:DateTime} = at FROM t';
      console.log(String(await engine.read(sql, { format: 'CSV', params: { at: '2025-01-02 03:04:05' } })));
      for await (const piece of engine.stream('SELECT at FROM t', 'CSV')) console.log(String(piece));
      console.log(new Date(2025, 0, 1).getTimezoneOffset());
      await engine.close();`;
    expect(await runProgram(program, environment)).toMatchObject({
      code: 0,
      stdout: '1735787045,"2025-01-02 03:04:05",1\n\n"2025-01-02 03:04:05"\n\n300\n',
    });
  });

  it('does not take a config.xml of the project it runs in for its own', async () => {
    const project = await temporaryDirectory();
    await writeFile(join(project, 'config.xml'), '<window title="of another program"');
    const program = `process.chdir(process.env.PROJECT); ${OPENS}
      console.log(String(await engine.read('SELECT 1', { format: 'CSV' })));
      await engine.close();`;
    const ended = await runProgram(program, { PROJECT: project, DIRECTORY: join(project, 'rows') });
    expect(ended).toEqual({ code: 0, stdout: '1\n\n', stderr: '' });
  });

  it('refuses a worker thread, whose end it would not survive', async () => {
    const worker = `${OPENS} console.log(engine === undefined);`;
    const program = `
      import { Worker } from 'node:worker_threads';
      const url = new URL('data:text/javascript,' + encodeURIComponent(process.env.WORKER));
      new Worker(url).on('exit', (code) => console.log('ended with', code));`;
    const environment = {
      DIRECTORY: join(await temporaryDirectory(), 'rows'),
      WORKER: worker.replace('./dist', new URL('../../../dist', import.meta.url).href),
    };
    const { code, stdout } = await runProgram(program, environment);
    expect(stdout).toMatch(
      /^worker_thread the embedded ClickHouse cannot run in a worker thread: .*child_process for instance\ntrue\nended with 0\n$/,
    );
    expect(code).toBe(0);
  });

  it('names the process that holds its directory, without a word of its own on stderr', async () => {
    const DIRECTORY = join(await temporaryDirectory(), 'rows');
    const engine = await openChdb(DIRECTORY);
    onTestFinished(() => engine.close());
    const { stdout, stderr } = await runProgram(OPENS, { DIRECTORY });
    expect(stdout).toContain(
      `data_directory the data directory ${DIRECTORY} is held by the process ${process.pid}, `,
    );
    expect(stderr).toBe('');
  });
});
