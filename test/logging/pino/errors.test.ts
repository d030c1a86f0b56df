import type pino from 'pino';
import { describe, expect, it } from 'vitest';
import { logging, MAJORS } from '../../support/pino.js';

describe.each(MAJORS)('an error logged by %s', (_name, make) => {
  it.each([
    ['alone', (log: pino.Logger, error: Error) => log.error(error)],
    ['with a text', (log: pino.Logger, error: Error) => log.error(error, 'a text')],
    ['under err', (log: pino.Logger, error: Error) => log.error({ err: error }, 'a text')],
  ])('tells an error %s: class, message, stack, causes in order, its own fields', (_how, write) => {
    const { log, rows } = logging(make);
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
    const { log, rows } = logging(make);
    log.error(new AggregateError([new TypeError('one'), new RangeError('two')], 'both'));
    expect(rows[0]?.exc_info).toMatchObject({ type: 'AggregateError', value: 'both' });
    expect(rows[0]?.exc_info?.traceback).toMatch(
      /Error 1 of 2: TypeError: one.*Error 2 of 2: RangeError: two/s,
    );
  });

  it('tells what was thrown and is no error', () => {
    const { log, rows } = logging(make, { errorKey: 'error' }, { errorKey: 'error' });
    log.error({ error: 'a text' }, 'thrown');
    log.error({ error: null }, 'thrown');
    log.error({ error: 42 }, 'thrown');
    log.error({ error: new TypeError('first'), err: new RangeError('second') }, 'thrown');
    expect(rows[0]?.exc_info).toEqual({ type: 'string', value: 'a text' });
    expect(rows[0]?.formatted_message).toBe('thrown\nstring: a text');
    expect(rows[1]?.extra).toMatchObject({ error: null });
    expect(rows[2]?.extra).toMatchObject({ error: 42 });
    expect(rows[3]?.exc_info).toMatchObject({ type: 'TypeError', value: 'first' });
    expect(rows[3]?.extra).toHaveProperty('err');
  });

  it('ends with causes that go in a circle', () => {
    const { log, rows } = logging(make);
    const first = new Error('first');
    first.cause = new Error('second', { cause: first });
    log.error(first);
    expect(rows[0]?.exc_info?.traceback).toMatch(/Error: first.*caused by: Error: second/s);
  });
});
