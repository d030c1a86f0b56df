import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { runNode } from '../../support/program.js';
import { type FakeTinybird, json, startFakeTinybird, unusedUrl } from '../../support/tinybird.js';

const LINES = 1000;

let tinybird: FakeTinybird;
beforeAll(async () => {
  tinybird = await startFakeTinybird();
});
beforeEach(() => {
  tinybird.rows.length = 0;
  tinybird.requests.length = 0;
  tinybird.answer = undefined;
});
afterAll(() => tinybird.close());

/** Logs its lines through pino's worker, then ends in this way. */
function program(pino: string, ending: string, options = '', target = 'tinybird-llm/pino'): string {
  return `
    import pino from '${pino}';
    const transport = pino.transport({ target: '${target}', options: { ${options} } });
    const log = pino({ name: 'many' }, transport);
    for (let i = 0; i < ${LINES}; i += 1) log.info({ i }, 'line');
    ${ending}`;
}

function run(source: string, environment: Record<string, string> = {}) {
  return runNode(['--input-type=module', '--eval', source], {
    TINYBIRD_URL: tinybird.url,
    TINYBIRD_TOKEN: 'p.test',
    ...environment,
  });
}

const numbers = () => tinybird.rows.map(({ extra }) => (extra as { i: number }).i).sort((a, b) => a - b);
const ALL = Array.from({ length: LINES }, (_, i) => i);

/** The same program with a transport that writes nowhere. */
const bare = (pino: string, ending: string) =>
  run(program(pino, ending, "destination: '/dev/null'", 'pino/file'));

describe.each([
  ['pino 10', 'pino'],
  ['pino 9', 'pino9'],
])('the end of a program that logs by %s', (_name, pino) => {
  it.each([
    ['by itself', '', 0],
    ['by process.exit at once', 'process.exit(3);', 3],
    ['by process.exit later', 'setTimeout(() => process.exit(0), 50);', 0],
    ['by an exception that nobody catches', "setTimeout(() => { throw new Error('end'); }, 10);", 1],
    ['by a rejection that nobody handles', "Promise.reject(new Error('end'));", 1],
    [
      'by a signal that it handles',
      "process.on('SIGTERM', () => process.exit(4)); setTimeout(() => process.kill(process.pid, 'SIGTERM'), 20);",
      4,
    ],
  ])('%s delivers every line', async (_way, ending, code) => {
    const ended = await run(program(pino, ending));
    expect(ended.code).toBe(code);
    expect(ended.stdout).toBe('');
    expect(numbers()).toEqual(ALL);
    expect(tinybird.requests.length).toBeLessThanOrEqual(2);
  });

  it('has the code and the output that it has without us', async () => {
    const ending = "Promise.reject(new Error('end'));";
    const [watched, unwatched] = [await run(program(pino, ending)), await bare(pino, ending)];
    expect(watched).toEqual(unwatched);
    expect(watched.stderr).toContain('Error: end');
  });

  it('is not put off without end when Tinybird is down, and says what is lost', async () => {
    const url = await unusedUrl();
    const ended = await run(program(pino, '', 'closeTimeoutMs: 300'), { TINYBIRD_URL: url });
    expect(ended.code).toBe(0);
    const told = ended.stderr.trimEnd().split('\n');
    expect(told.pop()).toBe(
      `[tinybird-llm] ${LINES} rows of tb_logs dropped: not delivered 300 ms after close.`,
    );
    // that nobody answers, once, where there was time to hear of it
    expect(told.length).toBeLessThan(2);
    expect(told.filter((line) => !line.includes('does not answer'))).toEqual([]);
  });

  it('is as it was where Tinybird refuses the rows, or puts them aside: told once', async () => {
    tinybird.answer = (_request, response) => json(response, 403, { error: 'no' });
    const refused = await run(program(pino, '', 'maxRows: 100'));
    tinybird.answer = ({ rows }, response) =>
      json(response, 200, { successful_rows: 0, quarantined_rows: rows.length });
    const quarantined = await run(program(pino, '', 'maxRows: 100'));
    for (const ended of [refused, quarantined]) {
      expect(ended.code).toBe(0);
      expect(ended.stderr.match(/\[tinybird-llm\]/g)).toHaveLength(1);
    }
    expect(refused.stderr).toContain('403');
    expect(quarantined.stderr).toContain('tb_logs_quarantine');
  });

  it('is as it was without a token, with one warning', async () => {
    const ended = await run(program(pino, ''), { TINYBIRD_URL: '', TINYBIRD_TOKEN: '' });
    expect(ended.code).toBe(0);
    expect(ended.stderr).toMatch(/^\[tinybird-llm\] Nothing is recorded: no Tinybird token\.[^\n]*\n$/);
  });

  it('loses nothing while Tinybird asks to wait', async () => {
    let busy = 2;
    tinybird.answer = (_request, response) => {
      if (busy-- > 0) json(response, 503, {}, { 'retry-after': '1' });
    };
    const ended = await run(program(pino, '', 'closeTimeoutMs: 8000'));
    expect(ended.code).toBe(0);
    // that it had to wait, once
    expect(ended.stderr).toMatch(/^\[tinybird-llm\] [^\n]* answered 503 [^\n]*\n$/);
    expect(numbers()).toEqual(ALL);
  });

  it('comes for the worker alone when that is killed: the program lives if it listens', async () => {
    const ending = `
      transport.on('error', (error) => console.log('error: ' + error.message));
      transport.on('ready', async () => {
        await transport.worker.terminate();
        for (const line of ['after', 'again']) log.info(line);
        console.log('lives');
      });`;
    const ended = await run(program(pino, ending));
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain('lives');
    expect(ended.stdout).toMatch(/error: the worker (thread )?(exited|has exited)/);
  });
});

describe('the flush of a logger', () => {
  it('of pino 10 calls back when the rows are there', async () => {
    const ended = await run(
      program(
        'pino',
        `
        await new Promise((done) => log.flush(done));
        const seen = await fetch(process.env.TINYBIRD_URL + '/seen', { method: 'POST', body: '' });
        await seen.text();`,
      ),
    );
    expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
    const places = tinybird.requests.map(({ url }) => url.pathname);
    expect(places.at(-1)).toBe('/seen');
    expect(tinybird.requests.slice(0, -1).flatMap(({ rows }) => rows)).toHaveLength(LINES);
  });
});

describe('the target', () => {
  it('is found by an ES module and by a CommonJS one', async () => {
    const source = `
      const targets = [{ target: 'tinybird-llm/pino', level: 'warn', options: { appName: 'a' } }];
      const log = pino({}, pino.transport({ targets }));
      log.info('too low');
      log.warn('high enough');`;
    // inside the repository, so that the name means the package as it is published
    await mkdir('.tmp', { recursive: true });
    const folder = await mkdtemp(join('.tmp', 'modules-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await writeFile(join(folder, 'program.mjs'), `import pino from 'pino';${source}`);
    await writeFile(join(folder, 'program.cjs'), `const pino = require('pino');${source}`);
    for (const file of ['program.mjs', 'program.cjs']) {
      const ended = await runNode([join(folder, file)], {
        TINYBIRD_URL: tinybird.url,
        TINYBIRD_TOKEN: 'p.test',
      });
      expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
    }
    expect(tinybird.rows.map(({ message, levelname }) => [message, levelname])).toEqual([
      ['high enough', 'WARNING'],
      ['high enough', 'WARNING'],
    ]);
  });
});
