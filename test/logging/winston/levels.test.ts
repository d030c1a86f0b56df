import { beforeEach, describe, expect, it } from 'vitest';
import winston, { createLogger, format } from 'winston';
import type { TbLog } from '../../../schemas/tb-logs.js';
import { forgetTold } from '../../../src/api/tell.js';
import { TinybirdTransport, type TinybirdTransportOptions } from '../../../src/logging/winston/index.js';
import { winstonLogging } from '../../support/winston.js';

const said = (rows: readonly TbLog[]) =>
  rows.map(({ message, level, levelname }) => [message, level, levelname]);

describe("winston's levels", () => {
  it.each([
    [
      'npm' as const,
      {
        error: [40, 'ERROR'],
        warn: [30, 'WARNING'],
        info: [20, 'INFO'],
        http: [17, 'HTTP'],
        verbose: [15, 'VERBOSE'],
        debug: [10, 'DEBUG'],
        silly: [5, 'TRACE'],
      },
    ],
    [
      'syslog' as const,
      {
        emerg: [60, 'EMERG'],
        alert: [55, 'ALERT'],
        crit: [50, 'CRITICAL'],
        error: [40, 'ERROR'],
        warning: [30, 'WARNING'],
        notice: [25, 'NOTICE'],
        info: [20, 'INFO'],
        debug: [10, 'DEBUG'],
      },
    ],
    [
      'cli' as const,
      {
        error: [40, 'ERROR'],
        warn: [30, 'WARNING'],
        help: [20, 'INFO'],
        data: [20, 'INFO'],
        info: [20, 'INFO'],
        debug: [10, 'DEBUG'],
        prompt: [10, 'DEBUG'],
        verbose: [15, 'VERBOSE'],
        input: [10, 'DEBUG'],
        silly: [5, 'TRACE'],
      },
    ],
  ])('of %s are those of Python', (name, expected) => {
    const { levels } = winston.config[name];
    const { log, rows, problems } = winstonLogging({ levels, level: Object.keys(levels).at(-1) ?? '' });
    for (const level of Object.keys(levels)) log.log(level, level);
    expect(
      Object.fromEntries(rows.map(({ message, level, levelname }) => [message, [level, levelname]])),
    ).toEqual(expected);
    expect(rows).toHaveLength(Object.keys(levels).length);
    expect(problems).toEqual([]);
  });

  it('arrive clean when they are coloured', () => {
    const { log, rows } = winstonLogging({
      format: format.combine(format.colorize({ colors: { info: 'red' } }), format.simple()),
    });
    log.info('x');
    log.child({ a: 1 }).warn({ message: 'y' });
    expect(rows).toMatchObject([
      { level: 20, levelname: 'INFO', extra: {} },
      { level: 30, levelname: 'WARNING', extra: { a: 1 } },
    ]);
  });

  it('of the program lie in the middle between their neighbours, or next to the only one', () => {
    const levels = { doom: 0, fatal: 1, alarm: 2, error: 3, note: 4, info: 5, chat: 6 };
    const { log, rows } = winstonLogging({ levels, level: 'chat' });
    for (const level of Object.keys(levels)) log.log(level, level);
    expect(said(rows)).toEqual([
      ['doom', 55, 'DOOM'],
      ['fatal', 50, 'CRITICAL'],
      ['alarm', 45, 'ALARM'],
      ['error', 40, 'ERROR'],
      ['note', 30, 'NOTE'],
      ['info', 20, 'INFO'],
      ['chat', 15, 'CHAT'],
    ]);
  });

  it('have the numbers that the option `levels` gives them, their neighbours too', () => {
    const levels = { error: 0, alarm: 1, between: 2, info: 3, debug: 4 };
    const given = { alarm: 36, debug: 12, info: Number.NaN };
    const { log, rows, problems } = winstonLogging({ levels, level: 'debug' }, { levels: given });
    for (const level of Object.keys(levels)) log.log(level, level);
    expect(said(rows)).toEqual([
      ['error', 40, 'ERROR'],
      ['alarm', 36, 'ALARM'],
      ['between', 28, 'BETWEEN'],
      ['info', 20, 'INFO'],
      ['debug', 12, 'DEBUG'],
    ]);
    expect(problems).toEqual([]);
  });

  it('of which nothing is known are INFO, told once', () => {
    const { log, rows, problems } = winstonLogging({ levels: { one: 0, two: 1 }, level: 'two' });
    log.log('one', 'a');
    log.log('two', 'b');
    expect(said(rows)).toEqual([
      ['a', 20, 'INFO'],
      ['b', 20, 'INFO'],
    ]);
    expect(problems.map(({ message }) => message)).toEqual([
      'The option level of a line must be one that its logger knows, not "one". The line is sent as INFO.',
    ]);
  });
});

describe("the transport's level", () => {
  beforeEach(forgetTold);

  /** What a logger sends of a line a level. */
  function sent(
    options: TinybirdTransportOptions,
    level = 'info',
    levels: Record<string, number> = winston.config.npm.levels,
  ) {
    const { log, rows, problems, transport } = winstonLogging({ level, levels }, options);
    const write = () => {
      rows.length = 0;
      for (const each of Object.keys(levels)) log.log(each, each);
      return rows.map(({ message }) => message);
    };
    return { sent: write(), write, problems, transport, log };
  }

  it("is the logger's without the option, also when that changes", () => {
    const { sent: first, write, log } = sent({}, 'warn');
    expect(first).toEqual(['error', 'warn']);
    log.level = 'info';
    expect(write()).toEqual(['error', 'warn', 'info']);
  });

  it("goes before the logger's, above and below it", () => {
    expect(sent({ level: 'error' }).sent).toEqual(['error']);
    expect(sent({ level: 'http' }).sent).toEqual(['error', 'warn', 'info', 'http']);
    expect(sent({ level: 'alarm' }, 'info', { error: 0, alarm: 1, info: 2 }).sent).toEqual([
      'error',
      'alarm',
    ]);
  });

  it.each([
    ['WARNING', ['error', 'warn']],
    ['INFO', ['error', 'warn', 'info']],
    ['notice', ['error', 'warn']],
    ['TRACE', ['error', 'warn', 'info', 'http', 'verbose', 'debug', 'silly']],
    ['critical', []],
  ])('may be %s, in a name that the logger does not have', (level, expected) => {
    const { sent: rows, problems } = sent({ level });
    expect(rows).toEqual(expected);
    expect(problems).toEqual([]);
  });

  it.each([['level: error', 'error'] as const, ['level: WARNING', 'WARNING'] as const])(
    'may be changed at runtime, with %s before',
    (_name, level) => {
      const { write, transport } = sent({ level });
      transport.level = 'debug';
      expect(write()).toEqual(['error', 'warn', 'info', 'http', 'verbose', 'debug']);
      transport.level = 'error';
      expect(write()).toEqual(['error']);
    },
  );

  it("is told once when it is none, and the logger's counts", () => {
    for (const level of ['loud', 30 as never, {} as never]) {
      const { sent: rows, write, problems } = sent({ level });
      expect(rows).toEqual(['error', 'warn', 'info']);
      expect(write()).toEqual(['error', 'warn', 'info']);
      expect(problems.map(({ code }) => code)).toEqual(['bad_option']);
      expect(problems[0]?.message).toMatch(
        /^The option level must be a level's name, such as 'info' or 'WARNING', not .*\. Until then the logger's counts\.$/,
      );
    }
    expect(sent({ level: null as never }).problems).toEqual([]);
  });

  it('costs a line that winston lets through nothing, of several transports each its own', () => {
    const rows: TbLog[] = [];
    const more: TbLog[] = [];
    const log = createLogger({
      transports: [
        new TinybirdTransport({ datasource: rows, level: 'warn' }),
        new TinybirdTransport({ datasource: more, level: 'DEBUG' }),
      ],
    });
    for (const level of ['error', 'info', 'debug', 'silly']) log.log(level, level);
    expect(rows.map(({ message }) => message)).toEqual(['error']);
    expect(more.map(({ message }) => message)).toEqual(['error', 'info', 'debug']);
  });

  it('keeps every line from a transport that is silent', () => {
    const { log, rows } = winstonLogging({}, { silent: true });
    log.error('x');
    expect(rows).toEqual([]);
  });
});
