import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serveClickHouse } from '../support/clickhouse.js';
import { temporaryDirectory } from '../support/temporary.js';
import { ask, CALLS, datasourceDirectory } from './running-server.js';

const MAIN = resolve('dist/src/cli/main.js');

/** The command as a process of its own, ended with the test. */
interface Command {
  readonly process: ChildProcess;
  /** What it has written so far. */
  readonly output: { stdout: string; stderr: string };
  /** Settles with the code or signal it ended with. */
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
  /** Settles with the url once it listens. */
  listening(): Promise<string>;
}

function run(args: readonly string[], cwd: string): Command {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    output.stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    output.stderr += chunk.toString();
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  return {
    process: child,
    output,
    ended,
    async listening() {
      for (;;) {
        const url = /^Listening on (\S+)\n/m.exec(output.stdout)?.[1];
        if (url !== undefined) return url;
        const what = await Promise.race([once(child.stdout as NodeJS.EventEmitter, 'data'), ended]);
        if ('code' in what) throw new Error(`it ended: ${output.stderr}`);
      }
    },
  };
}

async function runToEnd(args: readonly string[], cwd: string) {
  const command = run(args, cwd);
  return { ...(await command.ended), ...command.output };
}

const post = (url: string, name: string, body: string) =>
  ask(`${url}/v0/events?name=${name}&wait=true`, { method: 'POST', body });

describe('tinybird-llm', () => {
  it('shows how it is used, and its version', async () => {
    const cwd = await temporaryDirectory();
    expect(await runToEnd(['--help'], cwd)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Usage: '),
    });
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await runToEnd(['--version'], cwd)).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  it.each([
    [[], 'tell me what to do'],
    [['serve'], "unknown command 'serve'"],
    [['dev', 'now'], "'now' is too much"],
    [['dev', '--prot', '1'], "Unknown option '--prot'"],
    [['dev', '--port', 'x'], '--port x: a port is a number from 0 to 65535'],
    [['dev', '--port', '70000'], '--port 70000'],
  ])('answers %j with the usage and exit code 2', async (args, message) => {
    const { code, stderr } = await runToEnd(args, await temporaryDirectory());
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain('Usage: tinybird-llm dev');
  });
});

describe('tinybird-llm dev', () => {
  it('starts with the shipped datasources in any directory, says where to send, and ends on SIGTERM', async () => {
    const cwd = await temporaryDirectory();
    const command = run(['dev', '--port', '0'], cwd);
    const url = await command.listening();
    expect(command.output.stdout).toContain(`TINYBIRD_URL=${url}`);
    expect(command.output.stdout).toMatch(/data +\.tinybird-llm\n/);
    expect(command.output.stdout.trimEnd().endsWith(`Listening on ${url}`)).toBe(true);
    expect((await post(url, 'litellm', '{"response":{"id":"r1"}}')).status).toBe(200);

    command.process.kill('SIGTERM');
    expect(await command.ended).toEqual({ code: 0, signal: null });

    const again = run(['dev', '--port', '0'], cwd);
    const answer = await ask(
      `${await again.listening()}/v0/sql?q=SELECT response_id FROM litellm FORMAT CSV`,
    );
    expect(await answer.text()).toBe('"r1"\n');
    again.process.kill('SIGINT');
    expect(await again.ended).toEqual({ code: 0, signal: null });
  });

  it('keeps what was acknowledged when it is killed', async () => {
    const cwd = await temporaryDirectory();
    const first = run(['dev', '--port', '0'], cwd);
    expect((await post(await first.listening(), 'litellm', '{"response":{"id":"r1"}}')).status).toBe(200);
    first.process.kill('SIGKILL');
    await first.ended;
    const second = run(['dev', '--port', '0'], cwd);
    const answer = await ask(`${await second.listening()}/v0/sql?q=SELECT count() FROM litellm FORMAT CSV`);
    expect(await answer.text()).toBe('1\n');
  });

  it('ends on SIGTERM although a query still runs', async () => {
    const command = run(['dev', '--port', '0'], await temporaryDirectory());
    const url = await command.listening();
    const query = ask(`${url}/v0/sql?q=SELECT max(number) FROM numbers(1000000000000)`).catch(
      () => 'cut off',
    );
    const running = "SELECT count() FROM system.processes WHERE query LIKE 'SELECT max%' FORMAT CSV";
    while ((await (await ask(`${url}/v0/sql?q=${encodeURIComponent(running)}`)).text()) !== '1\n');
    command.process.kill('SIGTERM');
    expect(await command.ended).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await query).toBe('cut off');
  });

  it('serves the datasources of a project, from a data directory of its own', async () => {
    const cwd = await temporaryDirectory();
    const datasources = await datasourceDirectory({ calls: CALLS });
    await mkdir(join(cwd, 'rows'));
    const command = run(['dev', '--port', '0', '--data', 'rows', '--project', dirname(datasources)], cwd);
    expect((await post(await command.listening(), 'calls', '{"id":"a"}')).status).toBe(200);
    expect(command.output.stdout).toContain(`datasources   calls (from ${dirname(datasources)})`);
    expect(command.output.stdout).toMatch(/data +rows\n/);
  });

  it('names the port that is in use', async () => {
    const url = await run(['dev', '--port', '0'], await temporaryDirectory()).listening();
    const { port } = new URL(url);
    const second = await runToEnd(['dev', '--port', port], await temporaryDirectory());
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toBe(
      `tinybird-llm: the port ${port} is in use. Stop what listens there, or pass another one with --port (0 picks a free one)\n`,
    );
  });

  it('says that another process holds the data directory', async () => {
    const cwd = await temporaryDirectory();
    await run(['dev', '--port', '0'], cwd).listening();
    const second = await runToEnd(['dev', '--port', '0'], cwd);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/is held by (the process \d+|another process)/);
    expect(second.stderr).toContain('pass another directory with --data');
    expect(second.stderr).not.toContain('    at ');
  });

  it('names the file and line of a datasource it cannot read', async () => {
    const datasources = await datasourceDirectory({ calls: 'SCHEMA >\n    `a` Strin `json:$.a`' });
    const { code, stderr } = await runToEnd(
      ['dev', '--project', dirname(datasources)],
      await temporaryDirectory(),
    );
    expect(code).toBe(1);
    expect(stderr).toContain(
      `${join(datasources, 'calls.datasource')}:2: the column 'a': 'Strin' is not a type`,
    );
  });
});

describe('tinybird-llm dev -- program', () => {
  const SEND = `
    const { TINYBIRD_URL: url, TINYBIRD_TOKEN: token } = process.env;
    const headers = { authorization: 'Bearer ' + token };
    const body = JSON.stringify({ response: { id: 'of-the-program' } });
    await fetch(url + '/v0/events?name=litellm', { method: 'POST', body, headers });
    console.log('from the program', process.argv.slice(1).join(' '));
    process.exitCode = 7;`;

  it('gives it the server, keeps its output apart, ends with its exit code and has stored what it sent', async () => {
    const cwd = await temporaryDirectory();
    const args = ['--input-type=module', '-e', SEND, '--', '--port', 'x'];
    const { code, stdout, stderr } = await runToEnd(
      ['dev', '--port', '0', '--', process.execPath, ...args],
      cwd,
    );
    expect(stdout).toBe('from the program --port x\n');
    expect(stderr).toContain('Listening on http://127.0.0.1:');
    expect(code).toBe(7);
    await runToEnd(['dev', '--export', 'rows'], cwd);
    expect(JSON.parse(readFileSync(join(cwd, 'rows', 'litellm.ndjson'), 'utf8'))).toMatchObject({
      response: { id: 'of-the-program' },
    });
  });

  it('ends as one that a signal ended, which it hands on', async () => {
    const program = "setInterval(() => {}, 1000); console.log('running')";
    const command = run(
      ['dev', '--port', '0', '--', process.execPath, '-e', program],
      await temporaryDirectory(),
    );
    await once(command.process.stdout as NodeJS.EventEmitter, 'data');
    command.process.kill('SIGTERM');
    expect(await command.ended).toEqual({ code: 128 + 15, signal: null });
  });

  it('says that there is no such program', async () => {
    const { code, stderr } = await runToEnd(
      ['dev', '--port', '0', '--', './no-such-program'],
      await temporaryDirectory(),
    );
    expect(code).toBe(1);
    expect(stderr).toContain(
      "tinybird-llm: './no-such-program' cannot be started: there is no such program.",
    );
  });
});

describe('the rows of tinybird-llm dev', () => {
  it('can be exported, forgotten, and sent again, when a datafile no longer fits them', async () => {
    const cwd = await temporaryDirectory();
    const before = dirname(await datasourceDirectory({ calls: CALLS }));
    const after = dirname(await datasourceDirectory({ calls: CALLS.replace('UInt16', 'UInt32') }));
    const first = run(['dev', '--port', '0', '--project', before], cwd);
    await post(await first.listening(), 'calls', '{"id":"a","usage":{"tokens":3}}\n{"id":"b"}\n{}');
    first.process.kill('SIGTERM');
    await first.ended;

    const refused = await runToEnd(['dev', '--port', '0', '--project', after], cwd);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('tinybird-llm dev --export DIR');
    const exported = await runToEnd(['dev', '--project', after, '--export', 'saved'], cwd);
    expect(exported.stdout).toContain(`calls: 2 rows in ${join('saved', 'calls.ndjson')}`);
    expect(exported.stdout).toContain('calls_quarantine: 1 rows in');

    const second = run(['dev', '--port', '0', '--project', after, '--reset'], cwd);
    const url = await second.listening();
    expect(second.output.stdout).toContain('forgot the rows of .tinybird-llm');
    const body = readFileSync(join(cwd, 'saved', 'calls.ndjson'));
    await ask(`${url}/v0/datasources?name=calls&mode=append&format=ndjson`, { method: 'POST', body });
    const answer = await ask(`${url}/v0/sql?q=SELECT id, tokens, note FROM calls ORDER BY id FORMAT CSV`);
    expect(await answer.text()).toBe('"a",3,\\N\n"b",7,\\N\n');
  });

  it('are kept in a ClickHouse of your own', async () => {
    const clickhouse = await serveClickHouse();
    const command = run(
      ['dev', '--port', '0', '--clickhouse', `${clickhouse.url}/observed`],
      await temporaryDirectory(),
    );
    const url = await command.listening();
    expect(command.output.stdout).toMatch(/data +in your ClickHouse\n/);
    expect((await post(url, 'litellm', '{"response":{"id":"r1"}}')).status).toBe(200);
    const answer = await ask(`${url}/v0/sql?q=SELECT response_id FROM litellm FORMAT CSV`);
    expect(await answer.text()).toBe('"r1"\n');
  });

  it.each([
    [['--cluster', 'c'], '--cluster is of a ClickHouse of your own'],
    [['--clickhouse', 'http://h:8123', '--reset'], '--reset is not for --clickhouse'],
    [['--simulate', '500'], '--simulate 500: there are 429, 503, slow, 422'],
    [['--'], 'no program follows --'],
  ])('dev %j is told to be wrong', async (options, message) => {
    const { code, stderr } = await runToEnd(['dev', ...options], await temporaryDirectory());
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
