import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger, format } from 'winston';
import { type TbLog, tbLogSchema } from '../../../schemas/tb-logs.js';
import { forgetTold } from '../../../src/api/tell.js';
import { TinybirdTransport, tinybirdMeta } from '../../../src/logging/winston/index.js';
import { startFakeTinybird } from '../../support/tinybird.js';
import { unformatted, winstonLogging } from '../../support/winston.js';

beforeEach(forgetTold);

describe('the option format', () => {
  it("of Python's %-style is what Python would write, the traceback after it", () => {
    const at = '2026-11-24T01:57:56.325Z';
    const { log, rows } = winstonLogging(
      { format: format.combine(format.timestamp({ format: () => at }), format.label({ label: 'shop' })) },
      { format: '%(asctime)s - %(name)s - %(levelname)s - %(message)s' },
    );
    log.warn('low on tea');
    log.error('failed', { err: new TypeError('no') });
    expect(rows[0]?.formatted_message).toBe('2026-11-24 01:57:56,325 - shop - WARNING - low on tea');
    expect(rows[1]?.formatted_message).toMatch(
      /^2026-11-24 01:57:56,325 - shop - ERROR - failed\nTypeError: no\n {4}at /,
    );
  });

  it('may be a function of the row, which costs no line when it throws', () => {
    const { log, rows, problems } = winstonLogging(
      {},
      {
        format: ({ level, extra }) => `${level} ${(extra.user as { id: number }).id}`,
      },
    );
    log.info('x', { user: { id: 7 } });
    log.info('y');
    expect(rows.map((row) => row.formatted_message)).toEqual(['20 7', 'y']);
    expect(problems.map(({ code }) => code)).toEqual(['user_function']);
  });

  it("may be a format of winston's, for this transport alone", () => {
    const others: unknown[] = [];
    const rows: TbLog[] = [];
    const own = format.combine(
      format((info) => (info.secret ? false : info))(),
      format.uncolorize(),
      format.simple(),
    );
    const log = createLogger({
      format: format.combine(format.colorize(), format.json()),
      transports: [new TinybirdTransport({ datasource: rows, format: own })],
    });
    log.on('data', (info) => others.push(info[Symbol.for('message')]));
    log.info('x', { user: 7 });
    log.info('y', { secret: true });
    expect(rows.map((row) => [row.message, row.formatted_message, row.levelname])).toEqual([
      ['x', 'info: x {"user":7}', 'INFO'],
    ]);
    expect(others).toHaveLength(2);
    expect(others[0]).toContain('\\u001b');
  });

  it('that cannot be used is told, and lines go without it', () => {
    const { log, rows, problems } = winstonLogging({}, { format: '%(message)q' });
    log.info('x');
    expect(rows[0]?.formatted_message).toBe('x');
    expect(problems.map(({ code }) => code)).toEqual(['bad_option']);
  });
});

describe('the option redact', () => {
  it('has the last word on a row', () => {
    const { log, rows } = winstonLogging(
      {},
      {
        redact: (row) => (row.message.includes('drop') ? null : { ...row, message: 'redacted', extra: {} }),
      },
    );
    log.info('drop me');
    log.info('secret', { password: 'p' });
    expect(rows.map(({ message, extra }) => [message, extra])).toEqual([['redacted', {}]]);
  });

  it('that throws, or is none, lets nothing out and is told', () => {
    const given = [
      () => {
        throw new Error('no');
      },
      async (row: TbLog) => row,
      () => undefined,
      'secret',
    ];
    for (const redact of given) {
      const { log, rows, problems } = winstonLogging({}, { redact: redact as never });
      log.info('secret');
      log.child({ a: 'secret' }).info('secret');
      expect(rows).toEqual([]);
      expect(problems.length).toBeGreaterThan(0);
      expect(problems.map(String).join()).not.toMatch(/secret(?!")/);
    }
  });
});

describe('the options appName and datasource', () => {
  it('reach the row and the request', async () => {
    const tinybird = await startFakeTinybird();
    const log = createLogger({
      transports: [
        new TinybirdTransport({ appName: 'bot', datasource: 'other_logs', url: tinybird.url, token: 't' }),
      ],
    });
    log.info('x');
    log.end();
    await vi.waitFor(() => expect(tinybird.rows).toHaveLength(1), 10_000);
    expect(tinybird.requests[0]?.url.searchParams.get('name')).toBe('other_logs');
    expect(tinybird.rows[0]).toMatchObject({ app_name: 'bot', message: 'x' });
    expect(tbLogSchema.parse(tinybird.rows[0])).toEqual(tinybird.rows[0]);
    await tinybird.close();
  });
});

describe('the place of a line', () => {
  it('is that of the caller with the option location of tinybirdMeta', () => {
    const { log, rows } = winstonLogging({
      defaultMeta: tinybirdMeta({ service: 'bot' }, { location: true }),
    });
    function charge() {
      log.info('from a function');
    }
    charge();
    log.child({ a: 1 }).info('from a child');
    log.log({ level: 'info', message: 'a line' });
    const first = Number(rows[0]?.lineno);
    const here = { pathname: import.meta.filename, filename: 'options.test.ts', module: 'options.test' };
    expect(rows).toMatchObject([
      { ...here, funcName: 'charge', extra: { service: 'bot' } },
      { ...here, lineno: first + 3, extra: { service: 'bot', a: 1 } },
      { ...here, lineno: first + 4, extra: { service: 'bot' } },
    ]);
    expect(rows.map(({ extra }) => 'caller' in extra)).toEqual([false, false, false]);
  });

  it('is right beside a transport that is slow, and for an error alone', () => {
    const { log, rows, transport } = winstonLogging({
      format: unformatted,
      defaultMeta: tinybirdMeta({}, { location: true }),
    });
    transport.cork();
    log.info('late');
    log.error(new Error('no'));
    transport.uncork();
    expect(rows.map(({ filename }) => filename)).toEqual(['options.test.ts', 'options.test.ts']);
    expect(rows.map(({ extra }) => extra)).toEqual([{}, {}]);
    expect(Number(rows[1]?.lineno) - Number(rows[0]?.lineno)).toBe(1);
  });

  it('costs no stack without it', () => {
    const { log, rows } = winstonLogging({ defaultMeta: tinybirdMeta() });
    const captured = vi.spyOn(Error, 'captureStackTrace');
    log.info('x');
    expect(captured).not.toHaveBeenCalled();
    expect(rows[0]).not.toHaveProperty('pathname');
    expect(rows[0]).not.toHaveProperty('lineno');
  });
});

it('options that cannot be worked with are told, and cost no line', () => {
  const { log, rows, problems } = winstonLogging(
    {},
    { appName: 7 as never, closeTimeoutMs: -1, levels: 5 as never },
  );
  log.info('x');
  expect(rows[0]).toMatchObject({ app_name: '', message: 'x' });
  expect(problems.map(({ message }) => message)).toEqual([
    'The option appName must be a text, not 7.',
    expect.stringMatching(/^The option closeTimeoutMs must be .*, not -1\.$/),
  ]);
  for (const options of [undefined, null, {}]) {
    expect(() => new TinybirdTransport(options as never)).not.toThrow();
  }
});
