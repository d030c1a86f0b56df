import type { Logger } from '@logtape/logtape';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type TbLog, tbLogSchema } from '../../../schemas/tb-logs.js';
import type { TinybirdError } from '../../../src/api/errors.js';
import { type LogTapeRecord, tinybirdSink } from '../../../src/logging/logtape/index.js';
import type { LogOptions } from '../../../src/logging/options.js';
import { withMetadata } from '../../../src/recorder/context.js';
import { flush } from '../../../src/recorder/flush.js';
import { modelThatRuns } from '../../support/asked-model.js';
import { LOGTAPES, logTapeLogging } from '../../support/logtape.js';
import { runProgram } from '../../support/program.js';
import { startFakeTinybird } from '../../support/tinybird.js';
import { ALWAYS, levelsOf, SIX_LEVELS } from '../rows.js';

describe.each(LOGTAPES)('the sink under %s', (_name, logtape) => {
  const { configure, dispose, getLogger, reset, withContext } = logtape;
  afterEach(() => reset());

  const logging = (options?: LogOptions, settings?: object) => logTapeLogging(logtape, options, settings);

  it('makes a row of a record, with every field of it', async () => {
    const { log, rows, problems } = await logging({ appName: 'bot' });
    log.warn('hi {who}, {count}', { who: 'bob', count: 3, nested: { a: [1, null] } });
    const [row] = rows;
    expect(tbLogSchema.parse(row)).toEqual(row);
    expect(row).toEqual({
      ...ALWAYS,
      app_name: 'bot',
      level: 30,
      levelname: 'WARNING',
      name: 'a.b',
      message: 'hi bob, 3',
      formatted_message: 'hi bob, 3',
      asctime: new Date(Math.round((row?.created ?? 0) * 1000)).toISOString(),
      extra: { who: 'bob', count: 3, nested: { a: [1, null] }, msg: 'hi {who}, {count}' },
    });
    expect(problems).toEqual([]);
  });

  it('has the time of the record, and its level in Python’s numbers', async () => {
    const { log, rows } = await logging();
    vi.useFakeTimers({ toFake: ['Date'], now: 1_795_485_476_325 });
    for (const level of ['trace', 'debug', 'info', 'warning', 'error', 'fatal'] as const) log[level]('x');
    vi.useRealTimers();
    expect(levelsOf(rows)).toEqual(SIX_LEVELS);
    expect(rows.map(({ created }) => created)).toEqual(SIX_LEVELS.map(() => 1_795_485_476.325));
  });

  it('takes templates and whatever stands in them for a text', async () => {
    const { log, rows } = await logging();
    log.info`hi ${'bob'}, ${{ a: 1 }}, ${undefined}, ${null}, ${[1]}, ${Symbol('s')}, ${10n}`;
    log.info('');
    log.info('{a} {missing}', { a: false });
    expect(rows.map(({ message }) => message)).toEqual([
      'hi bob, {"a":1}, undefined, null, [1], Symbol(s), 10',
      '',
      'false undefined',
    ]);
    expect(rows[0]?.extra).toEqual({ msg: 'hi {}, {}, {}, {}, {}, {}, {}' });
  });

  it('leaves its columns as they are, and the caller their fields of the same names', async () => {
    const { log, rows } = await logging();
    const evil = { level: 'evil', created: 1, name: 'evil', message: 'evil', thread: 'evil', extra: 1 };
    log.info('text', evil);
    expect(rows[0]).toMatchObject({ level: 20, name: 'a.b', message: 'text', thread: 0, extra: evil });
  });

  it('has what the logger and its context bind, the inner ones winning', async () => {
    const { log, rows } = await logging();
    const child = log.with({ request: 1, both: 'outer' }).with({ both: 'inner' });
    child.info('text', { own: true });
    expect(rows[0]?.extra).toEqual({ request: 1, both: 'inner', own: true });
    expect(typeof withContext).toBe('function');
  });

  it.each([
    ['as a property', (log: Logger, error: Error) => log.error('a text', { error })],
    ['under another name', (log: Logger, error: Error) => log.error('a text', { reason: error })],
    ['in the template', (log: Logger, error: Error) => log.error`a text ${error}`],
  ])('tells an error %s: class, message, stack, causes in order, its own fields', async (_how, write) => {
    const { log, rows } = await logging();
    const inner = new SyntaxError('third', { cause: new Error('fourth') });
    write(
      log,
      Object.assign(new RangeError('first', { cause: new TypeError('second', { cause: inner }) }), {
        code: 'E_FIRST',
      }),
    );
    const [row] = rows;
    expect(row?.exc_info).toMatchObject({ type: 'RangeError', value: 'first' });
    expect(row?.exc_info?.traceback).toMatch(
      /^RangeError: first\n {4}at .*\nCaused by: TypeError: second\n.*\nCaused by: SyntaxError: third\n.*\nCaused by: Error: fourth\n/s,
    );
    expect(row?.formatted_message).toBe(`${row?.message}\n${row?.exc_info?.traceback}`);
    expect(row?.extra).toMatchObject({ code: 'E_FIRST' });
  });

  it('has the level, the format and the redaction of its options', async () => {
    const format = '%(name)s %(levelname)-8s|%(message)s %(who)s';
    const redact = (row: TbLog) => {
      if (row.message === 'throw') throw new Error('broken');
      return row.message === 'drop' ? null : row;
    };
    const { log, rows, problems } = await logging({ level: 'WARN', format, redact });
    log.info('too low');
    for (const text of ['drop', 'throw', 'kept']) log.warn(text, { who: 'bob' });
    expect(rows.map((row) => row.formatted_message)).toEqual(['a.b WARNING |kept bob']);
    expect(problems.map(({ code }) => code)).toEqual(['user_function']);
  });

  it('says where a record was logged, if asked to', async () => {
    const { log, rows } = await logging({ location: true });
    log.info('here');
    expect(rows[0]).toMatchObject({ pathname: import.meta.filename, lineno: expect.any(Number) });
    const capture = vi.spyOn(Error, 'captureStackTrace');
    const { log: other } = await logging();
    other.info('here');
    expect(capture).not.toHaveBeenCalled();
  });

  it('knows by itself which chat a line belongs to, beside a hundred others', async () => {
    const { log, rows } = await logging();
    const scopes = Array.from({ length: 100 }, (_, chat) =>
      withMetadata({ metadata: { chat_id: `c${chat}` } }, async () => {
        for (let line = 0; line < 20; line += 1) {
          log.info('x', { chat });
          await new Promise((resolve) => setImmediate(resolve));
        }
      }),
    );
    await Promise.all(scopes);
    log.info('outside');
    expect(rows).toHaveLength(2001);
    expect(rows.slice(0, -1).filter((row) => row.chat_id !== `c${row.extra.chat}`)).toEqual([]);
    expect(rows.at(-1)).not.toHaveProperty('chat_id');
    expect(rows.at(-1)).not.toHaveProperty('call_id');
  });

  it('knows the call that is asked, with a scope or without, and the newest one after it', async () => {
    const { log, rows } = await logging();
    const { events, ask } = modelThatRuns(() => log.info('asking'));
    await ask('m');
    log.info('outside');
    await withMetadata({ metadata: { chat_id: 'c1' } }, async () => {
      await ask('m');
      log.info('after');
    });
    await flush();
    expect(rows.map(({ message, call_id, chat_id }) => [message, call_id, chat_id])).toEqual([
      ['asking', events[0]?.id, undefined],
      ['outside', undefined, undefined],
      ['asking', events[1]?.id, 'c1'],
      ['after', events[1]?.id, 'c1'],
    ]);
  });

  it('survives what JSON does not know, and 10 MB', async () => {
    const { log, rows, problems } = await logging();
    const cycle: Record<string, unknown> = { a: 1 };
    cycle.self = cycle;
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const hostile = {
      get broken() {
        throw new Error('getter');
      },
      toJSON() {
        throw new Error('toJSON');
      },
    };
    log.info('odd', {
      cycle,
      hostile,
      big: 12345678901234567890n,
      map: new Map([['a', 1]]),
      set: new Set([1]),
      date: new Date(0),
      bytes: Buffer.from('bytes'),
      nan: Number.NaN,
      f() {},
      [Symbol('s')]: 1,
    });
    // LogTape itself cannot read them then, the text is all there is
    log.info('revoked {a}', { proxy, a: 1 });
    log.info('lone \ud83d', { text: '\ud83d' });
    log.info('x'.repeat(10_000_000), { large: 'é'.repeat(5_500_000) });
    log.info('next');
    expect(rows[0]?.extra).toMatchObject({
      cycle: { a: 1, self: '[Circular]' },
      hostile: '[Unreadable]',
      big: '12345678901234567890',
      map: { a: 1 },
      set: [1],
      date: '1970-01-01T00:00:00.000Z',
      nan: null,
    });
    expect(rows[1]?.message).toMatch(/^revoked/);
    expect(rows[2]).toMatchObject({ message: 'lone \ufffd', extra: { text: '\ufffd' } });
    expect(rows[3]?.message).toMatch(/^x+ … \[cut: \d+ more characters\]$/);
    expect(JSON.stringify(rows[3]?.extra)).toContain(' … [cut: ');
    expect(rows[4]?.message).toBe('next');
    for (const row of rows) {
      expect(tbLogSchema.safeParse(row).success).toBe(true);
      expect(Buffer.byteLength(JSON.stringify(row))).toBeLessThan(1_000_000);
    }
    expect(problems).toEqual([]);
  });

  it('takes a record of a level that it does not know for INFO, and says so once', async () => {
    const rows: TbLog[] = [];
    const problems: TinybirdError[] = [];
    const sink = tinybirdSink({ datasource: rows, onError: (problem) => problems.push(problem) });
    const record: LogTapeRecord = {
      category: ['a'],
      level: 'odd',
      message: ['x'],
      rawMessage: 'x',
      timestamp: 1_795_485_476_325,
      properties: {},
    };
    sink(record);
    sink(record);
    sink({ ...record, sourceLocation: { file: 'file:///app/x.ts', line: 8 } });
    expect(levelsOf(rows)).toEqual(Array.from({ length: 3 }, () => [20, 'INFO']));
    expect(problems).toHaveLength(1);
  });

  it('delivers at dispose, at reset and at drain, and what comes later too', async () => {
    const tinybird = await startFakeTinybird();
    const { log } = await logging({ datasource: undefined, url: tinybird.url, token: 'p.test' });
    log.info('before dispose');
    await dispose();
    expect(tinybird.rows).toHaveLength(1);
    log.info('after dispose');
    await reset();
    const sink = tinybirdSink({ url: tinybird.url, token: 'p.test' });
    await configure({
      sinks: { sink },
      loggers: [
        { category: 'c', sinks: ['sink'] },
        { category: ['logtape', 'meta'], sinks: [] },
      ],
    });
    getLogger('c').info('before drain');
    await sink.drain();
    await flush();
    expect(tinybird.rows.map(({ message }) => message).sort()).toEqual([
      'after dispose',
      'before dispose',
      'before drain',
    ]);
    await tinybird.close();
  });

  it('makes no row of what is logged about its own trouble', async () => {
    const tinybird = await startFakeTinybird((_request, response) => {
      response.writeHead(400).end('{}');
    });
    let told = 0;
    const { log } = await logging(
      {
        datasource: undefined,
        url: tinybird.url,
        token: 'p.test',
        flushAfterMs: 1,
        async onError(problem) {
          told += 1;
          log.error('at once', { problem });
          await new Promise((resolve) => setImmediate(resolve));
          log.error('later', { problem });
        },
      },
      { sinks: ['tinybird'] },
    );
    log.info('the first');
    await flush();
    await flush();
    expect(tinybird.requests.flatMap(({ rows }) => rows.map(({ message }) => message))).toEqual([
      'the first',
    ]);
    expect(told).toBe(1);
    await tinybird.close();
  });

  it('may be given the lines of LogTape about itself', async () => {
    const rows: TbLog[] = [];
    await configure({
      reset: true,
      sinks: {
        tinybird: tinybirdSink({ datasource: rows }),
        broken() {
          throw new Error('broken');
        },
      },
      loggers: [
        { category: 'a', sinks: ['tinybird', 'broken'] },
        { category: ['logtape', 'meta'], sinks: ['tinybird'] },
      ],
    });
    const own = rows.length;
    getLogger('a').info('x');
    expect(rows.slice(own).map(({ name }) => name)).toEqual(['a', 'logtape.meta']);
  });
});

describe('a program that logs by LogTape', () => {
  it('delivers at its end by itself, and is not kept alive', async () => {
    const tinybird = await startFakeTinybird();
    const ended = await runProgram(
      `import { configure, getLogger } from '@logtape/logtape';
      import { tinybirdSink } from 'tinybird-llm/logtape';
      const loggers = [{ category: 'a', sinks: ['t'] }, { category: ['logtape', 'meta'], sinks: [] }];
      await configure({ sinks: { t: tinybirdSink({ flushAfterMs: 60_000 }) }, loggers });
      for (let i = 0; i < 1000; i += 1) getLogger('a').info('x');`,
      { TINYBIRD_URL: tinybird.url, TINYBIRD_TOKEN: 'p.test' },
    );
    expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(tinybird.rows).toHaveLength(1000);
    expect(tinybird.requests).toHaveLength(1);
    await tinybird.close();
  });

  it('lives without a token, with one warning', async () => {
    const ended = await runProgram(
      `import { configure, getLogger } from '@logtape/logtape';
      import { tinybirdSink } from 'tinybird-llm/logtape';
      const loggers = [{ category: 'a', sinks: ['t'] }, { category: ['logtape', 'meta'], sinks: [] }];
      await configure({ sinks: { t: tinybirdSink() }, loggers });
      for (let i = 0; i < 3; i += 1) getLogger('a').info('x');`,
      { TINYBIRD_URL: '', TINYBIRD_TOKEN: '' },
    );
    expect(ended).toMatchObject({ code: 0, stdout: '' });
    expect(ended.stderr).toMatch(/^\[tinybird-llm\] Nothing is recorded: no Tinybird token\.[^\n]*\n$/);
  });
});
