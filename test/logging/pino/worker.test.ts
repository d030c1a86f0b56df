import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { tbLogSchema } from '../../../schemas/tb-logs.js';
import { type Ended, runNode } from '../../support/program.js';
import { startFakeTinybird } from '../../support/tinybird.js';
import { levelsOf, SIX_LEVELS } from '../rows.js';

/** Its loggers differ in how they write their lines; `appName` says which is which. */
const PROGRAM = `
import { Worker } from 'node:worker_threads';
import { withMetadata } from 'tinybird-llm';
import { tinybirdLocationMixin, tinybirdMixin } from 'tinybird-llm/pino';
import pino from 'PINO';

const target = 'tinybird-llm/pino';
const logger = (options, own) => pino(options, pino.transport({ target, options: own }));

const format = '%(asctime)s - %(name)s - %(levelname)s - %(message)s';
const plain = logger({ name: 'svc', level: 'trace' }, { appName: 'plain', format });
for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal']) plain[level]('level');
plain.child({ a: 1, b: 1 }, { msgPrefix: '[a] ' }).child({ b: 2 }, { msgPrefix: '[b] ' }).info({ c: null }, 'fields');
plain.error(new AggregateError([new RangeError('one'), 'two'], 'several'));
const cycle = { nan: NaN, big: 12n, map: new Map() };
cycle.self = cycle;
plain.info({ cycle, broken: { toJSON() { throw new Error('no'); } }, text: 'half \\ud83d' }, 'odd');

const scoped = logger({ mixin: tinybirdMixin }, { appName: 'scoped' });
await Promise.all(Array.from({ length: 100 }, (_, chat) =>
  withMetadata({ metadata: { chat_id: 'c' + chat } }, async () => {
    for (let line = 0; line < 20; line += 1) {
      scoped.info({ chat: 'c' + chat });
      await new Promise(setImmediate);
    }
  }),
));
scoped.info('outside');

const keys = { messageKey: 'text', errorKey: 'error', nestedKey: 'payload', mixin: tinybirdLocationMixin };
const several = pino({ ...keys, redact: ['password', 'user.token'] }, pino.transport({ targets: [
  { target, level: 'warn', options: { appName: 'several', nestedKey: 'payload' } },
  { target: 'pino/file', level: 'warn', options: { destination: process.env.COPY } },
] }));
several.info('too low');
several.warn({ password: 'hunter2', user: { token: 'hunter3' }, level: 'evil' }, 'secret');
function sell() {
  several.error({ error: new Error('broken') }, 'located');
}
sell();

const iso = pino.stdTimeFunctions.isoTime;
const renamed = { level: (label) => ({ severity: label.toUpperCase() }) };
const labelled = { level: (label) => ({ level: label }) };
logger({ base: null, timestamp: iso, formatters: renamed }, { appName: 'renamed' }).warn({ threadId: 12 }, 'r');
const custom = { base: null, customLevels: { loud: 45 }, useOnlyCustomLevels: true, level: 'loud' };
logger({ ...custom, formatters: labelled }, { appName: 'labelled' }).loud('l');

new Worker(new URL('./thread.mjs', import.meta.url));
`;

/** It logs in a thread of the program's own. */
const THREAD = `
import { tinybirdMixin } from 'tinybird-llm/pino';
import pino from 'PINO';

const transport = pino.transport({ target: 'tinybird-llm/pino', options: { appName: 'thread' } });
pino({ mixin: tinybirdMixin }, transport).info('from a thread');
`;

describe.each([
  ['10', 'pino'],
  ['9', 'pino9'],
])('what becomes of lines in the worker of pino %s', (_version, name) => {
  let ended: Ended;
  let file: string;
  /** What pino handed to a worker of its own. */
  let copy: string;
  let rows: Record<string, unknown>[];

  beforeAll(async () => {
    const tinybird = await startFakeTinybird();
    // inside the repository, so that the name means the package as it is published
    await mkdir('.tmp', { recursive: true });
    const folder = resolve(await mkdtemp(join('.tmp', 'worker-')));
    file = join(folder, 'program.mjs');
    await writeFile(file, PROGRAM.replace('PINO', name));
    await writeFile(join(folder, 'thread.mjs'), THREAD.replace('PINO', name));
    const COPY = join(folder, 'copy.log');
    ended = await runNode([file], { TINYBIRD_URL: tinybird.url, TINYBIRD_TOKEN: 'p.test', COPY });
    copy = await readFile(COPY, 'utf8');
    rows = tinybird.rows;
    await Promise.all([tinybird.close(), rm(folder, { recursive: true })]);
  });
  const rowsOf = (app: string) => rows.filter(({ app_name }) => app_name === app);
  const rowOf = (app: string, message: string) => rowsOf(app).find((row) => row.message === message);

  it('is told nowhere but in rows', () => {
    expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
    for (const row of rows) expect(() => tbLogSchema.parse(row)).not.toThrow();
    expect(rows.filter((row) => Object.values(row).includes(null))).toEqual([]);
  });

  it('has every field of a row', () => {
    const { created, asctime, ...fields } = rowOf('plain', '[a] [b] fields') ?? {};
    expect(fields).toEqual({
      app_name: 'plain',
      level: 20,
      levelname: 'INFO',
      name: 'svc',
      message: '[a] [b] fields',
      formatted_message: expect.stringMatching(
        /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - svc - INFO - \[a\] \[b\] fields$/,
      ),
      msecs: Math.round(Number(created) * 1000) % 1000,
      relativeCreated: expect.any(Number),
      thread: 0,
      threadName: 'MainThread',
      process: expect.any(Number),
      processName: expect.any(String),
      extra: { hostname: expect.any(String), a: 1, b: 2, c: null },
    });
    expect(asctime).toBe(new Date(Math.round(Number(created) * 1000)).toISOString());
  });

  it('knows levels as numbers, as labels and under another key', () => {
    const levels = rowsOf('plain').filter(({ message }) => message === 'level');
    expect(levelsOf(levels)).toEqual(SIX_LEVELS);
    expect(rowsOf('renamed')).toMatchObject([{ level: 30, extra: { severity: 'WARN', threadId: 12 } }]);
    expect(rowsOf('labelled')).toMatchObject([{ level: 35, levelname: 'LOUD', message: 'l' }]);
  });

  it('has the time of the line, as text too', () => {
    const created = (app: string) => Number(rowsOf(app)[0]?.created);
    const order = ['plain', 'scoped', 'several', 'renamed', 'labelled', 'thread'].map(created);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  it('tells the members of an error, and what JSON does not know', () => {
    expect(rowOf('plain', 'several')).toMatchObject({
      exc_info: {
        type: 'AggregateError',
        traceback: expect.stringMatching(/Error 1 of 2: RangeError: one\n.*Error 2 of 2: .*two/s),
      },
    });
    expect(rowOf('plain', 'odd')?.extra).toEqual({
      hostname: expect.any(String),
      cycle: { nan: null, big: 12, map: {}, self: '[Circular]' },
      broken: expect.stringContaining('unable to serialize'),
      text: 'half \ufffd',
    });
  });

  it('has no secret that pino redacts: it never comes there', () => {
    expect(copy).toContain('[Redacted]');
    expect(copy + JSON.stringify(rows)).not.toContain('hunter');
    expect(rowsOf('several').map(({ message }) => message)).toEqual(['secret', 'located']);
    expect(rowOf('several', 'secret')).toMatchObject({
      level: 30,
      extra: { password: '[Redacted]', user: { token: '[Redacted]' }, level: 'evil' },
    });
  });

  it('says where a line was logged and in which thread, by the mixins', () => {
    const line = PROGRAM.split('\n').findIndex((text) => text.includes("'located'")) + 1;
    expect(rowOf('several', 'located')).toMatchObject({
      exc_info: { type: 'Error', value: 'broken' },
      pathname: file,
      filename: 'program.mjs',
      module: 'program',
      funcName: 'sell',
      lineno: line,
    });
    expect(rowOf('several', 'secret')).toMatchObject({ funcName: '<module>', lineno: line - 2 });
    const [thread] = rowsOf('thread');
    expect(thread?.thread).toBeGreaterThan(0);
    expect(thread).toMatchObject({ threadName: `worker-${thread?.thread}`, message: 'from a thread' });
    expect(rows.filter((row) => row.thread !== 0)).toEqual([thread]);
  });

  it('knows which chat a line belongs to, beside a hundred others', () => {
    const scoped = rowsOf('scoped') as { chat_id?: string; extra: { chat: string } }[];
    expect(scoped).toHaveLength(2001);
    expect(scoped.slice(0, -1).filter((row) => row.chat_id !== row.extra.chat)).toEqual([]);
    expect(scoped.at(-1)).toMatchObject({ message: 'outside' });
    expect(scoped.at(-1)).not.toHaveProperty('chat_id');
  });
});
