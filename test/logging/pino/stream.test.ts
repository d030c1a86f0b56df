import OpenAI from 'openai';
import pino from 'pino';
import pino9 from 'pino9';
import { describe, expect, it, vi } from 'vitest';
import { type TbLog, tbLogSchema } from '../../../schemas/tb-logs.js';
import type { TinybirdError } from '../../../src/api/errors.js';
import {
  type TinybirdStreamOptions,
  tinybirdLocationMixin,
  tinybirdMixin,
  tinybirdStream,
} from '../../../src/logging/pino/index.js';
import { instrumentOpenAI } from '../../../src/openai/index.js';
import { withMetadata } from '../../../src/recorder/context.js';
import { flush } from '../../../src/recorder/flush.js';
import { startFakeTinybird } from '../../support/tinybird.js';

const HERE = import.meta.filename;

describe.each([
  ['pino 10', pino],
  ['pino 9', pino9 as unknown as typeof pino],
])('tinybirdStream under %s', (_name, make) => {
  /** A logger, the rows of its lines, and what was told. */
  function logging(loggerOptions: pino.LoggerOptions = {}, options: TinybirdStreamOptions = {}) {
    const rows: TbLog[] = [];
    const problems: TinybirdError[] = [];
    const onError = (problem: TinybirdError) => problems.push(problem);
    const log = make(loggerOptions, tinybirdStream({ datasource: rows, onError, ...options }));
    return { log, rows, problems };
  }

  it('makes a row of a line, with every field of it', () => {
    const { log, rows, problems } = logging({ name: 'svc', level: 'trace' }, { appName: 'bot' });
    const before = Date.now();
    log.warn({ user_id: 7, nested: { a: [1, null] } }, 'hi %s', 'bob');
    const [row] = rows;
    expect(tbLogSchema.parse(row)).toEqual(row);
    expect(row).toEqual({
      app_name: 'bot',
      created: expect.any(Number),
      level: 30,
      levelname: 'WARNING',
      name: 'svc',
      message: 'hi bob',
      formatted_message: 'hi bob',
      asctime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      msecs: expect.any(Number),
      relativeCreated: expect.any(Number),
      thread: 0,
      threadName: 'MainThread',
      process: process.pid,
      processName: process.title,
      extra: { hostname: expect.any(String), user_id: 7, nested: { a: [1, null] } },
    });
    expect(row?.created).toBeGreaterThanOrEqual(before / 1000);
    expect(Date.parse(row?.asctime ?? '')).toBe(Math.round((row?.created ?? 0) * 1000));
    expect(problems).toEqual([]);
  });

  it('knows the levels of pino and those of the program', () => {
    const { log, rows } = logging({ level: 'trace', customLevels: { notice: 35, loud: 75 } });
    for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) log[level](level);
    (log as unknown as Record<string, (text: string) => void>).notice?.('n');
    (log as unknown as Record<string, (text: string) => void>).loud?.('l');
    expect(rows.map(({ level, levelname }) => [level, levelname])).toEqual([
      [5, 'TRACE'],
      [10, 'DEBUG'],
      [20, 'INFO'],
      [30, 'WARNING'],
      [40, 'ERROR'],
      [50, 'CRITICAL'],
      [25, 'NOTICE'],
      [65, 'LOUD'],
    ]);
  });

  it('knows levels that are written as their labels', () => {
    const { log, rows } = logging({
      customLevels: { loud: 45 },
      formatters: { level: (label) => ({ level: label }) },
    });
    log.error('e');
    (log as unknown as Record<string, (text: string) => void>).loud?.('l');
    expect(rows.map(({ level, levelname }) => [level, levelname])).toEqual([
      [40, 'ERROR'],
      [35, 'LOUD'],
    ]);
  });

  it('sends the lines from the level on that is asked for, by a name of either, and all where it is none', () => {
    for (const [level, kept] of [
      ['error', 1],
      ['WARNING', 2],
      ['loud', 2],
      ['nonsense', 4],
    ] as const) {
      const { log, rows, problems } = logging({ customLevels: { loud: 35 } }, { level });
      log.info('i');
      log.warn('w');
      log.error('e');
      log.info('i');
      expect(rows.filter(({ levelname }) => levelname !== 'NONE')).toHaveLength(kept);
      expect(problems.map(({ message }) => message)).toEqual(
        level === 'nonsense' ? [expect.stringContaining('option level must be')] : [],
      );
    }
  });

  it.each([
    ['ISO', make.stdTimeFunctions.isoTime],
    ['seconds', make.stdTimeFunctions.unixTime],
    ['ms', make.stdTimeFunctions.epochTime],
  ])('has the time of the line itself, written as %s', (unit, timestamp) => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_795_485_476_325 });
    const { log, rows } = logging({ timestamp });
    log.info('x');
    vi.useRealTimers();
    expect(rows[0]?.created).toBe(unit === 'seconds' ? 1_795_485_476 : 1_795_485_476.325);
  });

  it('has the time of its arrival where the line has none', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_795_485_476_325 });
    const { log, rows } = logging({ timestamp: false });
    log.info({ a: 1 }, 'x');
    vi.useRealTimers();
    expect(rows[0]).toMatchObject({ created: 1_795_485_476.325, level: 20, extra: { a: 1 } });
  });

  it('takes whatever is logged for a text', () => {
    const { log, rows } = logging();
    const info = log.info.bind(log) as (...given: unknown[]) => void;
    info();
    info('');
    info(42);
    info(true);
    info({ a: 1 });
    info([1, 2]);
    info(Symbol('s'));
    expect(rows.map(({ message }) => message)).toEqual([
      '',
      '',
      '42',
      'true',
      '',
      '',
      // pino makes no JSON of it
      expect.stringMatching(/^\{"level":30,.*"msg":undefined\}$/),
    ]);
  });

  it('leaves its columns to pino, and the caller their fields of the same names', () => {
    const { log, rows } = logging({ name: 'svc' });
    const evil = { level: 'evil', time: 'evil', pid: 'evil', name: 'evil', created: 1, message: 'm' };
    log.info({ ...evil, levelname: 'x', extra: { a: 1 } }, 'text');
    expect(rows[0]).toMatchObject({ level: 20, name: 'svc', process: process.pid, message: 'text' });
    expect(rows[0]?.created).toBeGreaterThan(1_700_000_000);
    expect(rows[0]?.extra).toMatchObject({ ...evil, levelname: 'x', extra: { a: 1 } });
  });

  it('has bindings of children and of theirs, the inner ones winning, and the prefix of the message', () => {
    const { log, rows } = logging({ msgPrefix: '[a] ' });
    log
      .child({ request: 1, both: 'outer' })
      .child({ both: 'inner', user: 'u' }, { msgPrefix: '[b] ' })
      .info({ own: true }, 'text');
    expect(rows[0]).toMatchObject({
      message: '[a] [b] text',
      extra: { request: 1, both: 'inner', user: 'u', own: true },
    });
  });

  it('knows other keys for the message, the error and the caller’s fields', () => {
    const keys = { messageKey: 'message', errorKey: 'error', nestedKey: 'payload' };
    const { log, rows } = logging(keys, keys);
    log.error({ error: new RangeError('out'), a: 1 }, 'text');
    expect(rows[0]).toMatchObject({
      message: 'text',
      exc_info: { type: 'RangeError', value: 'out' },
      extra: { a: 1 },
    });
  });

  it.each([
    ['alone', (log: pino.Logger, error: Error) => log.error(error)],
    ['with a text', (log: pino.Logger, error: Error) => log.error(error, 'a text')],
    ['under err', (log: pino.Logger, error: Error) => log.error({ err: error }, 'a text')],
  ])('tells an error %s: class, message, stack, causes in order, its own fields', (_how, write) => {
    const { log, rows } = logging();
    const inner = new SyntaxError('third', { cause: new Error('fourth') });
    const cause = new TypeError('second', { cause: inner });
    write(log, Object.assign(new RangeError('first', { cause }), { code: 'E_FIRST' }));
    const [row] = rows;
    expect(row?.exc_info?.type).toBe('RangeError');
    expect(row?.exc_info?.value).toMatch(/^first/);
    expect(row?.exc_info?.traceback).toMatch(
      /RangeError: first.*\n {4}at .*caused by: TypeError: second.*caused by: SyntaxError: third.*caused by: Error: fourth/s,
    );
    expect(row?.formatted_message).toBe(`${row?.message}\n${row?.exc_info?.traceback}`);
    expect(row?.extra).toMatchObject({ code: 'E_FIRST' });
    expect(row?.extra).not.toHaveProperty('err');
  });

  it('tells the members of an AggregateError', () => {
    const { log, rows } = logging();
    log.error(new AggregateError([new TypeError('one'), new RangeError('two')], 'both'));
    expect(rows[0]?.exc_info).toMatchObject({ type: 'AggregateError', value: 'both' });
    expect(rows[0]?.exc_info?.traceback).toMatch(
      /Error 1 of 2: TypeError: one.*Error 2 of 2: RangeError: two/s,
    );
  });

  it('lets no secret through that pino redacts', () => {
    const { log, rows } = logging({ redact: ['password', 'user.token'] });
    log.info({ password: 'hunter2', user: { token: 'hunter3' } }, 'x');
    expect(JSON.stringify(rows)).not.toContain('hunter');
    expect(rows[0]?.extra).toMatchObject({ password: '[Redacted]', user: { token: '[Redacted]' } });
  });

  it('gives the last word to redact: null drops the line, a throw too, and is told', () => {
    const redact = (row: TbLog) => {
      if (row.message === 'throw') throw new Error('broken');
      return row.message === 'drop' ? null : { ...row, message: row.message.replace('secret', '***') };
    };
    const { log, rows, problems } = logging({}, { redact });
    for (const text of ['drop', 'throw', 'a secret']) log.info(text);
    expect(rows.map(({ message }) => message)).toEqual(['a ***']);
    expect(problems.map(({ code, message }) => [code, message])).toEqual([
      ['user_function', expect.stringContaining('redact')],
    ]);
  });

  it('has the format of the option, a text in Python’s way or a function', () => {
    const format = '%(asctime)s - %(name)s - %(levelname)s - %(message)s';
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 10, 24, 1, 57, 56, 325) });
    const text = logging({ name: 'svc' }, { format });
    text.log.info('hi');
    const made = logging({}, { format: ({ levelname, message }) => `${levelname}: ${message}` });
    made.log.info('hi');
    vi.useRealTimers();
    expect(text.rows[0]?.formatted_message).toBe('2026-11-24 01:57:56,325 - svc - INFO - hi');
    expect(made.rows[0]?.formatted_message).toBe('INFO: hi');
  });

  it('says where a line was logged, if asked to', () => {
    const { log, rows } = logging({}, { location: true });
    log.info('here');
    const { lineno } = rows[0] ?? {};
    const [line] = /stream\.test\.ts:\d+/.exec(new Error().stack ?? '') ?? [''];
    expect(rows[0]).toMatchObject({ pathname: HERE, filename: 'stream.test.ts', module: 'stream.test' });
    expect(Number(line.split(':')[1]) - Number(lineno)).toBe(2);
  });

  it('captures no stack otherwise', () => {
    const capture = vi.spyOn(Error, 'captureStackTrace');
    const { log } = logging({ mixin: tinybirdMixin });
    log.info('here');
    expect(capture).not.toHaveBeenCalled();
  });

  it('takes what tinybirdLocationMixin says', () => {
    const { log, rows } = logging({ mixin: tinybirdLocationMixin });
    log.child({}).info({ a: 1 }, 'here');
    expect(rows[0]).toMatchObject({ pathname: HERE, lineno: expect.any(Number) });
    expect(rows[0]?.extra).toEqual({ hostname: expect.any(String), a: 1 });
  });

  it.each([
    ['by itself', {}],
    ['through the mixin', { mixin: tinybirdMixin }],
  ])('knows %s which chat a line belongs to, beside a hundred others', async (_how, options) => {
    const { log, rows } = logging(options);
    const scopes = Array.from({ length: 100 }, (_, chat) =>
      withMetadata({ metadata: { chat_id: `c${chat}` } }, async () => {
        for (let line = 0; line < 20; line += 1) {
          log.info({ chat }, 'x');
          await new Promise((resolve) => setImmediate(resolve));
        }
      }),
    );
    await Promise.all(scopes);
    log.info({ chat: -1 }, 'outside');
    expect(rows).toHaveLength(2001);
    const foreign = rows.slice(0, -1).filter((row) => row.chat_id !== `c${row.extra.chat}`);
    expect(foreign).toEqual([]);
    expect(rows.at(-1)).not.toHaveProperty('chat_id');
    expect(rows.at(-1)).not.toHaveProperty('call_id');
  });

  it('knows the call that is asked, with a scope or without, and the newest one after it', async () => {
    const { log, rows } = logging({ mixin: tinybirdMixin });
    const events: { id: string }[] = [];
    const fetch = async () => {
      log.info('asking');
      return Response.json({ id: 'r', object: 'chat.completion', created: 1, model: 'm', choices: [] });
    };
    const client = instrumentOpenAI(new OpenAI({ apiKey: 'k', fetch }), {
      datasource: { append: (event) => events.push(event) },
    });
    const ask = () => client.chat.completions.create({ model: 'm', messages: [] });
    await ask();
    log.info('outside');
    await withMetadata({ metadata: { chat_id: 7 } }, async () => {
      await ask();
      log.info('after');
    });
    await flush();
    const said = rows.map(({ message, call_id, chat_id }) => [message, call_id, chat_id]);
    expect(said).toEqual([
      ['asking', events[0]?.id, undefined],
      ['outside', undefined, undefined],
      ['asking', events[1]?.id, '7'],
      ['after', events[1]?.id, '7'],
    ]);
  });

  it('survives what JSON does not know', () => {
    const { log, rows, problems } = logging();
    const cycle: Record<string, unknown> = { a: 1 };
    cycle.self = cycle;
    const hostile = {
      nested: {
        get broken() {
          throw new Error('getter');
        },
      },
    };
    log.info({ cycle, set: new Set([1]), big: 12n, date: new Date(0), f() {}, nan: Number.NaN }, 'odd');
    log.info(hostile, 'hostile');
    log.info({ text: 'a\ud83d' }, 'lone \ud83d');
    expect(rows.map(({ message }) => message)).toEqual(['odd', 'hostile', 'lone \ufffd']);
    expect(rows[0]?.extra).toMatchObject({ big: 12, date: '1970-01-01T00:00:00.000Z', nan: null });
    for (const row of rows) expect(JSON.stringify(row)).toBe(JSON.stringify(tbLogSchema.parse(row)));
    expect(problems).toEqual([]);
  });

  it('cuts a line of 10 MB, and says so', () => {
    const { log, rows } = logging();
    log.info('x'.repeat(10_000_000));
    log.info({ large: 'é'.repeat(5_500_000) }, 'large');
    log.info('next');
    expect(rows[0]?.message).toMatch(/^x+ … \[cut: \d+ more characters\]$/);
    expect(JSON.stringify(rows[1]?.extra)).toMatch(/é … \[cut: \d+ more characters\]"/);
    for (const row of rows) expect(Buffer.byteLength(JSON.stringify(row))).toBeLessThan(1_000_000);
    expect(rows[2]?.message).toBe('next');
  });

  it('is reached by flush of the package, by pino’s own, and works after its end', async () => {
    const tinybird = await startFakeTinybird();
    const stream = tinybirdStream({ url: tinybird.url, token: 'p.test' });
    const log = make(stream as unknown as pino.DestinationStream);
    log.info('first');
    await flush();
    expect(tinybird.rows).toHaveLength(1);
    log.info('second');
    await new Promise<void>((done) => log.flush(() => done()));
    expect(tinybird.rows).toHaveLength(2);
    await stream.end();
    log.info('third');
    await stream[Symbol.asyncDispose]();
    expect(tinybird.rows.map(({ message }) => message)).toEqual(['first', 'second', 'third']);
    await tinybird.close();
  });

  it('is one of several streams', () => {
    const rows: TbLog[] = [];
    const streams = make.multistream([
      { level: 'error', stream: tinybirdStream({ datasource: rows }) },
      { level: 'info', stream: { write() {} } },
    ]);
    const log = make({ customLevels: { loud: 55 } }, streams);
    log.info('too low');
    (log as unknown as Record<string, (text: string) => void>).loud?.('loud enough');
    expect(rows).toMatchObject([{ message: 'loud enough', level: 45, levelname: 'LOUD' }]);
  });

  it('makes at most one row of what onError logs through the same logger', async () => {
    const tinybird = await startFakeTinybird((_request, response) => {
      response.writeHead(400).end('{}');
    });
    const told: string[] = [];
    const stream = tinybirdStream({
      url: tinybird.url,
      token: 'p.test',
      flushAfterMs: 1,
      async onError(problem) {
        told.push(problem.code);
        log.error(problem, 'at once');
        await new Promise((resolve) => setImmediate(resolve));
        log.error(problem, 'later');
      },
    });
    const log = make({}, stream as unknown as pino.DestinationStream);
    log.info('the first');
    await stream.flush();
    await stream.flush();
    expect(tinybird.requests.flatMap(({ rows }) => rows.map(({ message }) => message))).toEqual([
      'the first',
    ]);
    expect(told).toEqual(['rejected']);
    await tinybird.close();
  });
});
