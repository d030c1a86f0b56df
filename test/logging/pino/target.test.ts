import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tbLogSchema } from '../../../schemas/tb-logs.js';
import { runNode } from '../../support/program.js';
import { type FakeTinybird, startFakeTinybird } from '../../support/tinybird.js';

let tinybird: FakeTinybird;
let folder: string;
beforeAll(async () => {
  tinybird = await startFakeTinybird();
  // inside the repository, so that the name means the package as it is published
  await mkdir('.tmp', { recursive: true });
  folder = resolve(await mkdtemp(join('.tmp', 'target-')));
});
beforeEach(() => {
  tinybird.rows.length = 0;
});
afterAll(async () => {
  await Promise.all([tinybird.close(), rm(folder, { recursive: true, force: true })]);
});

describe.each([
  ['pino 10', 'pino'],
  ['pino 9', 'pino9'],
])('the worker of %s', (_name, pino) => {
  /** A program in a file of its own: where it logs can be told then. */
  async function run(source: string, environment: Record<string, string> = {}) {
    const file = join(folder, `${pino}.mjs`);
    await writeFile(file, `import pino from '${pino}';\n${source}`);
    const given = { TINYBIRD_URL: tinybird.url, TINYBIRD_TOKEN: 'p.test', ...environment };
    return { file, ...(await runNode([file], given)) };
  }

  it('makes of lines what the main thread would: levels, errors, bindings, places, chats, formats', async () => {
    const { file, ...ended } = await run(`import { withMetadata } from 'tinybird-llm';
import { tinybirdLocationMixin } from 'tinybird-llm/pino';
const options = { appName: 'bot', level: 'notice', format: '%(levelname)s|%(message)s', location: true };
const log = pino(
  { name: 'svc', mixin: tinybirdLocationMixin, errorKey: 'error', customLevels: { notice: 35 }, redact: ['password'] },
  pino.transport({ target: 'tinybird-llm/pino', options }),
);
log.info('too low');
withMetadata({ metadata: { chat_id: 'c1' } }, () => log.child({ request: 1 }).notice({ password: 'hunter2' }, 'noticed'));
log.error(Object.assign(new TypeError('outer', { cause: new Error('inner') }), { code: 'E1' }), 'failed');
log.warn(Symbol('s'));
log.warn('x'.repeat(10_000_000));
log.warn('last');`);
    expect(ended).toMatchObject({ code: 0, stdout: '' });
    expect(ended.stderr).toMatch(
      /^\[tinybird-llm\] The option location [^\n]* tinybirdLocationMixin[^\n]*\n$/,
    );
    const [noticed, failed, symbol, large, last] = tinybird.rows;
    expect(tinybird.rows).toHaveLength(5);
    for (const row of tinybird.rows) expect(tbLogSchema.parse(row)).toEqual(row);
    expect(noticed).toMatchObject({
      app_name: 'bot',
      level: 25,
      levelname: 'NOTICE',
      name: 'svc',
      message: 'noticed',
      formatted_message: 'NOTICE|noticed',
      chat_id: 'c1',
      pathname: file,
      lineno: 10,
      threadName: 'MainThread',
      thread: 0,
      extra: { request: 1, password: '[Redacted]' },
    });
    expect(tinybird.requests.map(({ text }) => text).join()).not.toContain('hunter2');
    expect(failed).toMatchObject({
      level: 40,
      message: 'failed',
      exc_info: { type: 'TypeError', traceback: expect.stringMatching(/outer.*caused by: Error: inner/s) },
      extra: { code: 'E1' },
      lineno: 11,
    });
    expect(failed).not.toHaveProperty('chat_id');
    expect(symbol?.message).toMatch(/^\{"level":40,.*"msg":undefined\}$/);
    expect(large?.message).toMatch(/^x+ … \[cut: \d+ more characters\]$/);
    expect(last).toMatchObject({ message: 'last', formatted_message: 'WARNING|last' });
  });

  it('may be ended before it has a logger, and twice', async () => {
    const { code, stdout, stderr } = await run(`
const transport = pino.transport({ target: 'tinybird-llm/pino' });
transport.end();
transport.end();`);
    const bare = await run(`
const transport = pino.transport({ target: 'pino/file', options: { destination: '/dev/null' } });
transport.end();
transport.end();`);
    expect({ code, stdout, stderr }).toEqual({ code: bare.code, stdout: bare.stdout, stderr: bare.stderr });
    expect(stderr).toBe('');
    expect(tinybird.rows).toEqual([]);
  });

  it('goes on where its options are nonsense, and says what is wrong with each', async () => {
    const options =
      "{ level: 'loud', format: '%d', flushAfterMs: -1, closeTimeoutMs: 'x', appName: 7, datasource: 'no name' }";
    const { code, stderr } = await run(`
const log = pino(pino.transport({ target: 'tinybird-llm/pino', options: ${options} }));
log.info('first');
log.info('second');`);
    expect(code).toBe(0);
    for (const option of ['level', 'format', 'closeTimeoutMs', 'appName']) {
      expect(stderr.split('\n').filter((line) => line.includes(`The option ${option} `))).toHaveLength(1);
    }
    expect(tinybird.rows.map(({ message }) => message)).toEqual(['first', 'second']);
  });
});
