import { describe, expect, it, vi } from 'vitest';
import { tbLogSchema } from '../../../schemas/tb-logs.js';
import { logging, MAJORS, method } from '../../support/pino.js';
import { ALWAYS, levelsOf, SIX_LEVELS } from '../rows.js';

describe.each(MAJORS)('tinybirdStream under %s', (_name, make) => {
  it('makes a row of a line, with every field of it', () => {
    const { log, rows, problems } = logging(make, { name: 'svc', level: 'trace' }, { appName: 'bot' });
    const before = Date.now();
    log.warn({ user_id: 7, nested: { a: [1, null] } }, 'hi %s', 'bob');
    const [row] = rows;
    expect(tbLogSchema.parse(row)).toEqual(row);
    expect(row).toEqual({
      ...ALWAYS,
      app_name: 'bot',
      level: 30,
      levelname: 'WARNING',
      name: 'svc',
      message: 'hi bob',
      formatted_message: 'hi bob',
      extra: { hostname: expect.any(String), user_id: 7, nested: { a: [1, null] } },
    });
    expect(row?.created).toBeGreaterThanOrEqual(before / 1000);
    expect(Date.parse(row?.asctime ?? '')).toBe(Math.round((row?.created ?? 0) * 1000));
    expect(problems).toEqual([]);
  });

  it('knows the levels of pino and those of the program', () => {
    const { log, rows } = logging(make, { level: 'trace', customLevels: { notice: 35, loud: 75 } });
    for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) log[level](level);
    method(log, 'notice')('n');
    method(log, 'loud')('l');
    expect(levelsOf(rows)).toEqual([...SIX_LEVELS, [25, 'NOTICE'], [65, 'LOUD']]);
  });

  it('knows levels that are written as their labels', () => {
    const { log, rows } = logging(make, {
      customLevels: { loud: 45 },
      formatters: { level: (label) => ({ level: label }) },
    });
    log.error('e');
    method(log, 'loud')('l');
    expect(levelsOf(rows)).toEqual([
      [40, 'ERROR'],
      [35, 'LOUD'],
    ]);
  });

  it('knows the levels of a program that has none of pino’s', () => {
    const { log, rows } = logging(make, {
      customLevels: { low: 12, high: 45 },
      useOnlyCustomLevels: true,
      level: 'low',
    });
    method(log, 'low')('l');
    method(log, 'high')('h');
    expect(levelsOf(rows)).toEqual([
      [6, 'LOW'],
      [35, 'HIGH'],
    ]);
  });

  it('knows levels that are written in upper case, or under another key', () => {
    const upper = {
      customLevels: { loud: 45 },
      formatters: { level: (label: string) => ({ level: label.toUpperCase() }) },
    };
    const renamed = { ...upper, formatters: { level: (label: string) => ({ lvl: label }) } };
    for (const options of [upper, renamed]) {
      const { log, rows, problems } = logging(make, options);
      log.warn('w');
      method(log, 'loud')('l');
      expect(levelsOf(rows)).toEqual([
        [30, 'WARNING'],
        [35, 'LOUD'],
      ]);
      expect(problems).toEqual([]);
    }
  });

  it('sends the lines from the level on that is asked for, by a name of either, and all where it is none', () => {
    for (const [level, kept] of [
      ['error', 1],
      ['WARNING', 2],
      ['loud', 2],
      ['nonsense', 4],
    ] as const) {
      const { log, rows, problems } = logging(make, { customLevels: { loud: 35 } }, { level });
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
    const { log, rows } = logging(make, { timestamp });
    log.info('x');
    vi.useRealTimers();
    expect(rows[0]?.created).toBe(unit === 'seconds' ? 1_795_485_476 : 1_795_485_476.325);
  });

  it('has the time of its arrival where the line has none', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_795_485_476_325 });
    const { log, rows } = logging(make, { timestamp: false });
    log.info({ a: 1 }, 'x');
    vi.useRealTimers();
    expect(rows[0]).toMatchObject({ created: 1_795_485_476.325, level: 20, extra: { a: 1 } });
  });

  it('takes whatever is logged for a text', () => {
    const { log, rows } = logging(make);
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

  it('tells the level of a line that is no JSON, and who logged it', () => {
    const { log, rows } = logging(make, { name: 'svc' });
    (log.error as (given: unknown) => void)(Symbol('s'));
    expect(rows[0]).toMatchObject({ level: 40, name: 'svc', process: process.pid, extra: {} });
    expect(rows[0]?.message).toMatch(/^\{"level":50,.*"msg":undefined\}$/);
  });

  it('leaves the caller fields that are called like those of others', () => {
    const { log, rows } = logging(make, { base: null, timestamp: false });
    const fields = {
      threadId: 12,
      thread: 1,
      severity: 'low',
      caller: 'Ada',
      level: 'evil',
      type: 'Error',
      stack: 's',
    };
    log.info(fields, 'text');
    expect(rows[0]).toMatchObject({ thread: 0, level: 20, message: 'text' });
    expect(rows[0]?.extra).toEqual(fields);
    expect(rows[0]).not.toHaveProperty('exc_info');
  });

  it('leaves its columns to pino, and the caller their fields of the same names', () => {
    const { log, rows } = logging(make, { name: 'svc' });
    const evil = { level: 'evil', time: 'evil', pid: 'evil', name: 'evil', created: 1, message: 'm' };
    log.info({ ...evil, levelname: 'x', extra: { a: 1 } }, 'text');
    expect(rows[0]).toMatchObject({ level: 20, name: 'svc', process: process.pid, message: 'text' });
    expect(rows[0]?.created).toBeGreaterThan(1_700_000_000);
    expect(rows[0]?.extra).toMatchObject({ ...evil, levelname: 'x', extra: { a: 1 } });
  });

  it('has bindings of children and of theirs, the inner ones winning, and the prefix of the message', () => {
    const { log, rows } = logging(make, { msgPrefix: '[a] ' });
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
    const { log, rows } = logging(make, keys, keys);
    log.error({ error: new RangeError('out'), a: 1 }, 'text');
    expect(rows[0]).toMatchObject({
      message: 'text',
      exc_info: { type: 'RangeError', value: 'out' },
      extra: { a: 1 },
    });
  });

  it('survives what JSON does not know', () => {
    const { log, rows, problems } = logging(make);
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
    const { log, rows } = logging(make);
    log.info('x'.repeat(10_000_000));
    log.info({ large: 'é'.repeat(5_500_000) }, 'large');
    log.info('next');
    expect(rows[0]?.message).toMatch(/^x+ … \[cut: \d+ more characters\]$/);
    expect(JSON.stringify(rows[1]?.extra)).toMatch(/é … \[cut: \d+ more characters\]"/);
    for (const row of rows) expect(Buffer.byteLength(JSON.stringify(row))).toBeLessThan(1_000_000);
    expect(rows[2]?.message).toBe('next');
  });
});
