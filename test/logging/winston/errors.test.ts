import { describe, expect, it } from 'vitest';
import { format, type Logger } from 'winston';
import type { TbLog } from '../../../schemas/tb-logs.js';
import { unformatted, winstonLogging } from '../../support/winston.js';

/** With an own field, and causes three deep. */
function failure(): Error {
  const why = new SyntaxError('why', { cause: new RangeError('really', { cause: new Error('at last') }) });
  return Object.assign(new TypeError('no', { cause: why }), { code: 'E1' });
}

const heads = (row: TbLog | undefined) =>
  row?.exc_info?.traceback?.match(/^(?:Caused by: |Error \d of \d: )?\w*Error.*$/gm);

const CAUSES = [
  'TypeError: no',
  'Caused by: SyntaxError: why',
  'Caused by: RangeError: really',
  'Caused by: Error: at last',
];

const WAYS: Readonly<Record<string, (log: Logger, error: Error) => unknown>> = {
  'as the only argument': (log, error) => log.error(error),
  'after a text': (log, error) => log.error('failed', error),
  'after a text with a place for it': (log, error) => log.error('failed %s', error),
  'after a text and a value': (log, error) => log.error('failed', 7, error),
  'under err': (log, error) => log.error('failed', { err: error }),
  'under a key of its own': (log, error) => log.error('failed', { user: 7, problem: error }),
  'under err, beside the message': (log, error) => log.error({ message: 'failed', err: error }),
  'as the message': (log, error) => log.error({ message: error }),
  'as the message of a line': (log, error) => log.log({ level: 'error', message: error as never }),
  'under err, in a line': (log, error) => log.log({ level: 'error', message: 'failed', err: error }),
  'after a level': (log, error) => log.log('error', error as never),
  'by a child logger, after a text': (log, error) => log.child({ a: 1 }).error('failed', error),
  'by a child logger, under err': (log, error) => log.child({ a: 1 }).error('failed', { err: error }),
};

describe('an error logged by winston', () => {
  it.each(Object.keys(WAYS))(
    '%s is the exc_info of the row, with its causes; its own fields are in `extra`',
    (way) => {
      const { log, rows, problems } = winstonLogging({ defaultMeta: { service: 'bot' } });
      WAYS[way]?.(log, failure());
      const [row] = rows;
      expect(row?.exc_info).toEqual({ type: 'TypeError', value: 'no', traceback: expect.any(String) });
      expect(row?.exc_info?.traceback).toMatch(/^TypeError: no\n {4}at failure /);
      expect(heads(row)).toEqual(CAUSES);
      expect(row?.message).toMatch(/^(failed|failed no|failed %s|no)$/);
      expect(row?.formatted_message).toBe(`${row?.message}\n${row?.exc_info?.traceback}`);
      expect(row).toMatchObject({ level: 40, extra: { code: 'E1', service: 'bot' } });
      const { code: _c, service: _s, user: _u, a: _a, splat = [7], ...more } = row?.extra ?? {};
      expect(more).toEqual({});
      expect(splat).toEqual([7]);
      expect(rows).toHaveLength(1);
      expect(problems).toEqual([]);
    },
  );

  it('is one line by the only argument of a child logger, with the causes and the fields', () => {
    const { log, rows } = winstonLogging();
    log.child({ a: 1 }).error(failure());
    expect(rows[0]).toMatchObject({ message: 'no', exc_info: { type: 'TypeError', value: 'no' } });
    expect(heads(rows[0])).toEqual(CAUSES);
    expect(rows[0]?.extra).toEqual({ a: 1, code: 'E1' });
  });

  it('is read from what format.errors leaves of it', () => {
    const { log, rows } = winstonLogging({
      format: format.combine(format.errors({ stack: true, cause: true }), format.json()),
    });
    log.error(failure());
    log.error({ message: failure() });
    log.error('failed', failure());
    for (const row of rows) {
      expect(row.exc_info).toMatchObject({ type: 'TypeError' });
      expect(heads(row)).toEqual(CAUSES);
      expect(row.extra).toEqual({ code: 'E1' });
    }
    expect(rows.map(({ message }) => message)).toEqual(['no', 'no', 'failed no']);
  });

  it('of a cyclic cause ends', () => {
    const { log, rows } = winstonLogging();
    const error = new Error('a');
    error.cause = new Error('b', { cause: error });
    log.error(error);
    log.error('x', { err: error });
    for (const row of rows) expect(heads(row)).toEqual(['Error: a', 'Caused by: Error: b']);
  });

  it.each(['as the only argument', 'after a text', 'under err'])(
    '%s that is an AggregateError has the name and the message of each member',
    (way) => {
      const { log, rows } = winstonLogging();
      WAYS[way]?.(log, new AggregateError([new TypeError('one'), new RangeError('two')], 'both'));
      expect(heads(rows[0])).toEqual([
        'AggregateError: both',
        'Error 1 of 2: TypeError: one',
        'Error 2 of 2: RangeError: two',
      ]);
      expect(rows[0]?.extra).toEqual({});
    },
  );

  it('is the same with a format of the transport, whose copy has nothing of an error', () => {
    const { log, rows } = winstonLogging(
      {},
      { format: format.printf(({ level, message }) => `${level}: ${message}`) },
    );
    log.error(failure());
    expect(rows[0]).toMatchObject({ message: 'no', formatted_message: 'error: no', extra: { code: 'E1' } });
    expect(rows[0]?.exc_info).toMatchObject({ type: 'TypeError', value: 'no' });
    expect(heads(rows[0])).toEqual(CAUSES);
  });

  it('keeps for later lines nothing of what winston has written on it', () => {
    const error = Object.assign(new Error('no'), { code: 'E1' });
    const stamped = format.combine(format.timestamp(), format.label({ label: 'first' }));
    const { log, rows } = winstonLogging({
      format: stamped,
      defaultMeta: { chat_id: 'c1', call_id: 'call-1' },
    });
    log.warn(error);
    const later = winstonLogging({ format: unformatted });
    later.log.error('again', { err: error });
    expect(rows[0]).toMatchObject({ level: 30, name: 'first', chat_id: 'c1', extra: { code: 'E1' } });
    expect(Object.keys(rows[0]?.extra ?? {})).toEqual(['code']);
    expect(later.rows[0]).toMatchObject({ level: 40, name: '' });
    expect(later.rows[0]?.extra).toEqual({ code: 'E1' });
    expect(later.rows[0]).not.toHaveProperty('chat_id');
  });

  it('survives as what it is when it is none', () => {
    const { log, rows } = winstonLogging();
    log.error('failed', 'no more tea');
    log.error('failed', { err: 'no more tea', cause: null });
    log.error(null as never);
    expect(rows.map(({ message, extra }) => [message, extra])).toEqual([
      ['failed', { splat: ['no more tea'] }],
      ['failed', { err: 'no more tea', cause: null }],
      ['null', {}],
    ]);
    for (const row of rows) expect(row).not.toHaveProperty('exc_info');
  });

  it("leaves a caller's own stack, cause and errors alone", () => {
    const { log, rows } = winstonLogging();
    log.error('x', { stack: 'of plates', cause: 'hunger', errors: ['field missing'] });
    log.error('x', { errors: ['field missing'], name: 'mine', err: new Error('no') });
    expect(rows.map(({ extra }) => extra)).toEqual([
      { stack: 'of plates', cause: 'hunger', errors: ['field missing'] },
      { errors: ['field missing'], name: 'mine' },
    ]);
  });
});
