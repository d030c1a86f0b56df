import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TinybirdApi } from '../../src/api/api.js';
import { type Dev, startDev } from '../support/dev.js';
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.js';
import { runNode } from '../support/program.js';

const LINES = 100_000;

/** What each logger is made with, up to a function `write` of the line's number. */
const LOGGERS: Readonly<Record<string, string>> = {
  'pino 10': worker('pino'),
  'pino 9': worker('pino9'),
  tinybirdStream: `
    import pino from 'pino';
    import { tinybirdStream } from 'tinybird-llm/pino';
    const log = pino({ name: 'many' }, tinybirdStream({ appName }));
    const write = (i) => log.info({ i }, 'line %d', i);`,
  winston: `
    import winston from 'winston';
    import { TinybirdTransport } from 'tinybird-llm/winston';
    const log = winston.createLogger({ transports: [new TinybirdTransport({ appName })] });
    const write = (i) => log.info('line ' + i, { i });`,
  LogTape: `
    import { configure, getLogger } from '@logtape/logtape';
    import { tinybirdSink } from 'tinybird-llm/logtape';
    const loggers = [
      { category: 'many', sinks: ['tinybird'] },
      { category: ['logtape', 'meta'], sinks: [] },
    ];
    await configure({ sinks: { tinybird: tinybirdSink({ appName }) }, loggers });
    const write = (i) => getLogger('many').info('line {i}', { i });`,
  console: `
    import { Console } from 'node:console';
    import { Writable } from 'node:stream';
    import { captureConsole } from 'tinybird-llm/console';
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    const console = new Console(nowhere);
    captureConsole({ appName, console });
    const write = (i) => console.log('line %d', i);`,
};

function worker(pino: string): string {
  return `
    import pino from '${pino}';
    const log = pino({ name: 'many' }, pino.transport({ target: 'tinybird-llm/pino', options: { appName } }));
    const write = (i) => log.info({ i }, 'line %d', i);`;
}

/** A program that logs so many lines, with turns for others in between, and stays until they are in ClickHouse. */
const logging = (logger: string, sql: string) => `
  import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
  const appName = process.env.APP_NAME;
  ${logger}
  for (let i = 0; i < ${LINES}; i += 1) {
    write(i);
    if (i % 1000 === 0) await nextTurn();
  }
  const counted = 'SELECT count() AS lines FROM tb_logs WHERE app_name = \\'' + appName + '\\'';
  for (;;) {
    const answer = await fetch('${sql}/v0/sql?token=local&q=' + encodeURIComponent(counted));
    if ((await answer.json()).data[0].lines >= ${LINES}) break;
    await sleep(100);
  }`;

let dataDir: string;
let dev: Dev;
let proxy: FaultyProxy;
let api: TinybirdApi;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tinybird-llm-logs-'));
  dev = await startDev({ dataDir });
  proxy = await startFaultyProxy(dev.url, () => 1);
  api = new TinybirdApi({ url: dev.url });
});
afterAll(async () => {
  await proxy.close();
  await dev.stop();
  await rm(dataDir, { recursive: true, force: true });
});

describe(`${LINES} lines`, () => {
  it.each(Object.keys(LOGGERS))(
    'of %s are so many rows, each with the time of its line, in few requests',
    async (name) => {
      proxy.happened.clear();
      const source = logging(LOGGERS[name] ?? '', dev.url);
      const ended = await runNode(['--input-type=module', '--eval', source], {
        APP_NAME: name,
        TINYBIRD_URL: proxy.url,
        TINYBIRD_TOKEN: 'p.test',
      });
      expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });

      const lines = `SELECT toUInt32(extract(message, '\\\\d+')) AS i, created FROM tb_logs WHERE app_name = '${name}'`;
      const previous = 'lagInFrame(created, 1, 0) OVER (ORDER BY i)';
      const { data } = await api.sql(
        `SELECT count() AS all, uniqExact(i) AS distinct, max(i) AS last, countIf(created < before) AS disordered
         FROM (SELECT i, created, ${previous} AS before FROM (${lines}))`,
      );
      expect(data).toEqual([{ all: LINES, distinct: LINES, last: LINES - 1, disordered: 0 }]);
      expect(proxy.happened.get('passes')).toBeLessThan(LINES / 500);
    },
    120_000,
  );

  it('leave nothing in the quarantine', async () => {
    const { data } = await api.sql('SELECT c__error_column, c__error FROM tb_logs_quarantine LIMIT 3');
    expect(data).toEqual([]);
  });
});
