import { Console } from 'node:console';
import { hostname } from 'node:os';
import { Writable } from 'node:stream';
import { configure, getLogger, reset } from '@logtape/logtape';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { createLogger } from 'winston';
import { type TbLog, tbLogSchema } from '../../schemas/tb-logs.js';
import { Datasource } from '../../src/datasource/datasource.js';
import { captureConsole } from '../../src/logging/console/index.js';
import type { LogLine } from '../../src/logging/line.js';
import { tinybirdSink } from '../../src/logging/logtape/index.js';
import { tinybirdStream } from '../../src/logging/pino/index.js';
import { toRow } from '../../src/logging/row.js';
import { TinybirdTransport, tinybirdMeta } from '../../src/logging/winston/index.js';
import { withMetadata } from '../../src/recorder/context.js';
import { datasourcesForEver, runServer } from '../local/running-server.js';
import { ALWAYS } from './rows.js';

const AT = Date.UTC(2026, 10, 24, 1, 57, 56, 325);

function row(message: string, own: Partial<LogLine> = {}): TbLog {
  const line = { createdMs: AT, level: { number: 20, name: 'INFO' }, logger: 'shop', extra: {} };
  return toRow({ ...line, ...own, message }, 'bot');
}

/** One of each kind that the integrations can make of a line. */
function rowsOfAllKinds(): TbLog[] {
  const cyclic: Record<string, unknown> = { big: 2n ** 64n, none: undefined, not: Number.NaN };
  cyclic.self = cyclic;
  return [
    row('plain'),
    row('half \ud83d', { logger: '\ude00', extra: { '\ud83d': '\ude00' }, template: '\ud83d%s' }),
    row('thrown', {
      thrown: Object.assign(new TypeError('no', { cause: new Error('why') }), { code: 'E1' }),
    }),
    row('thrown null', { thrown: null }),
    row('described', { excInfo: { type: 'Error', value: 'v' } }),
    row('traced', { stackInfo: 'Trace\n    at x' }),
    row('located', { location: { pathname: '/app/x.ts', lineno: 8, funcName: 'charge' } }),
    row('of a call', { callId: 'call-1', chatId: 'c1' }),
    row('odd', { level: { number: 2 ** 40, name: 'Level 1' }, extra: cyclic }),
    row('below', { level: { number: -(2 ** 40), name: '' } }),
    row('elsewhere', { origin: { process: 7, processName: 'p', thread: 3 } }),
    row('long ago', { createdMs: 0.5 }),
    row('never', { createdMs: Number.NaN }),
    row('like a column', { extra: { level: 'evil', created: 'x', call_id: {}, chat_id: [1] } }),
    row('x'.repeat(300_000), { extra: { long: 'x'.repeat(300_000) } }),
  ];
}

/** One line through each integration, inside of a chat. */
async function writeFour(datasource: TbLog[] | Datasource): Promise<void> {
  const options = { appName: 'four', datasource };
  const thrown = new TypeError('no');
  const toPino = pino({ name: 'pino' }, tinybirdStream(options));
  const toWinston = createLogger({
    defaultMeta: tinybirdMeta(),
    transports: [new TinybirdTransport(options)],
  });
  await configure({
    sinks: { tinybird: tinybirdSink(options) },
    loggers: [
      { category: 'logtape', sinks: ['tinybird'], lowestLevel: 'warning' },
      { category: ['logtape', 'meta'], parentSinks: 'override' },
    ],
  });
  const silent = new Console(new Writable({ write: (_chunk, _encoding, done) => done() }));
  captureConsole({ ...options, console: silent });
  withMetadata({ metadata: { chat_id: 'c1' } }, () => {
    toPino.warn({ err: thrown, user: 7 }, 'hello');
    toWinston.warn('hello', { label: 'winston', error: thrown, user: 7 });
    getLogger('logtape').warn('hello', { error: thrown, user: 7 });
    silent.warn('hello', thrown);
  });
  await reset();
}

it('every integration makes rows with all keys of the schema, none of them null', async () => {
  const rows: TbLog[] = [];
  await writeFour(rows);
  expect(rows.map(({ name }) => name)).toEqual(['pino', 'winston', 'logtape', 'console']);
  for (const written of rows) {
    expect(tbLogSchema.parse(written)).toEqual(written);
    expect(written).toEqual({
      ...ALWAYS,
      app_name: 'four',
      level: 30,
      levelname: 'WARNING',
      chat_id: 'c1',
      message: expect.stringMatching(/^hello/),
      exc_info: { type: 'TypeError', value: 'no', traceback: expect.stringMatching(/^TypeError: no\n +at /) },
    });
    expect(Object.values(written)).not.toContain(null);
  }
  expect(rows.map(({ extra }) => extra)).toEqual([
    { hostname: hostname(), user: 7 },
    { user: 7 },
    { user: 7 },
    {},
  ]);
});

it('rows of every kind fit the schema and are stored, and none of them is quarantined', async () => {
  const server = await runServer({ directory: await datasourcesForEver() });
  const problems: unknown[] = [];
  const datasource = new Datasource('tb_logs', {
    url: server.url,
    token: 't',
    onError: (problem) => problems.push(problem),
  });
  const rows = rowsOfAllKinds();
  for (const written of rows) {
    expect(tbLogSchema.parse(written)).toEqual(written);
    datasource.append(written);
  }
  await writeFour(datasource);
  await datasource.close();
  expect(problems).toEqual([]);
  expect(datasource.stats()).toMatchObject({ delivered: rows.length + 4, quarantined: 0, dropped: 0 });
  expect(await server.rows('SELECT count() AS stored FROM tb_logs')).toEqual([{ stored: rows.length + 4 }]);

  const stored = await server.rows("SELECT * FROM tb_logs WHERE app_name = 'bot'");
  const byMessage = (message: string) => stored.find((one) => one.message === message);
  expect(byMessage('plain')).toMatchObject({
    created: 1_795_485_476.325,
    level: 20,
    levelname: 'INFO',
    name: 'shop',
    formatted_message: 'plain',
    asctime: '2026-11-24T01:57:56.325Z',
    msecs: 325,
    pathname: '',
    lineno: 0,
    thread: 0,
    threadName: 'MainThread',
    process: process.pid,
    exc_info: '',
    exc_type: '',
    exc_traceback: null,
    args: '',
    stack_info: '',
    extra: '{}',
    call_id: '',
    chat_id: '',
  });
  expect(byMessage('half \ufffd')).toMatchObject({
    name: '\ufffd',
    extra: '{"\ufffd":"\ufffd","msg":"\ufffd%s"}',
  });
  expect(byMessage('thrown')).toMatchObject({
    exc_type: 'TypeError',
    exc_value: 'no',
    exc_traceback: expect.stringContaining('\nCaused by: Error: why\n'),
    extra: '{"code":"E1"}',
  });
  expect(byMessage('thrown null')).toMatchObject({
    exc_type: 'null',
    exc_value: 'null',
    exc_traceback: null,
  });
  expect(byMessage('traced')).toMatchObject({ stack_info: 'Trace\n    at x' });
  expect(byMessage('located')).toMatchObject({
    pathname: '/app/x.ts',
    filename: 'x.ts',
    module: 'x',
    funcName: 'charge',
    lineno: 8,
  });
  expect(byMessage('of a call')).toMatchObject({ call_id: 'call-1', chat_id: 'c1' });
  expect(byMessage('odd')).toMatchObject({
    level: 2_147_483_647,
    extra: expect.stringContaining('"big":"18446744073709551616"'),
  });
  expect(byMessage('below')).toMatchObject({ level: -2_147_483_648 });
  expect(byMessage('elsewhere')).toMatchObject({ process: 7, processName: 'p', threadName: 'worker-3' });
  expect(byMessage('long ago')).toMatchObject({ created: 0.0005, asctime: '1970-01-01T00:00:00.000Z' });
  expect(byMessage('like a column')).toMatchObject({
    level: 20,
    call_id: '',
    chat_id: '',
    extra: '{"level":"evil","created":"x","call_id":{},"chat_id":[1]}',
  });
});
