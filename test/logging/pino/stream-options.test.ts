import type pino from 'pino';
import { describe, expect, it, vi } from 'vitest';
import type { TbLog } from '../../../schemas/tb-logs.js';
import { tinybirdStream } from '../../../src/logging/pino/index.js';
import { flush } from '../../../src/recorder/flush.js';
import { logging, MAJORS, method } from '../../support/pino.js';
import { startFakeTinybird } from '../../support/tinybird.js';

describe.each(MAJORS)('what is asked of a tinybirdStream under %s', (_name, make) => {
  it('lets no secret through that pino redacts', () => {
    const { log, rows } = logging(make, { redact: ['password', 'user.token'] });
    log.info({ password: 'hunter2', user: { token: 'hunter3' } }, 'x');
    expect(JSON.stringify(rows)).not.toContain('hunter');
    expect(rows[0]?.extra).toMatchObject({ password: '[Redacted]', user: { token: '[Redacted]' } });
  });

  it('gives the last word to redact: null drops the line, a throw too, and is told', () => {
    const redact = (row: TbLog) => {
      if (row.message === 'throw') throw new Error('broken');
      return row.message === 'drop' ? null : { ...row, message: row.message.replace('secret', '***') };
    };
    const { log, rows, problems } = logging(make, {}, { redact });
    for (const text of ['drop', 'throw', 'a secret']) log.info(text);
    expect(rows.map(({ message }) => message)).toEqual(['a ***']);
    expect(problems.map(({ code, message }) => [code, message])).toEqual([
      ['user_function', expect.stringContaining('redact')],
    ]);
  });

  it('has the format of the option, a text in Python’s way or a function', () => {
    const format = '%(asctime)s - %(name)s - %(levelname)s - %(message)s';
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 10, 24, 1, 57, 56, 325) });
    const text = logging(make, { name: 'svc' }, { format });
    text.log.info('hi');
    const made = logging(make, {}, { format: ({ levelname, message }) => `${levelname}: ${message}` });
    made.log.info('hi');
    vi.useRealTimers();
    expect(text.rows[0]?.formatted_message).toBe('2026-11-24 01:57:56,325 - svc - INFO - hi');
    expect(made.rows[0]?.formatted_message).toBe('INFO: hi');
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

  it('may end twice, and before its first line', async () => {
    const rows: TbLog[] = [];
    const stream = tinybirdStream({ datasource: rows });
    await stream.end();
    await stream.end();
    make(stream).info('late');
    await stream[Symbol.asyncDispose]();
    expect(rows.map(({ message }) => message)).toEqual(['late']);
  });

  it('is one of several streams', () => {
    const rows: TbLog[] = [];
    const streams = make.multistream([
      { level: 'error', stream: tinybirdStream({ datasource: rows }) },
      { level: 'info', stream: { write() {} } },
    ]);
    const log = make({ customLevels: { loud: 55 } }, streams);
    log.info('too low');
    method(log, 'loud')('loud enough');
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
