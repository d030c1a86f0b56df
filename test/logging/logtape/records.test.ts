import { AsyncLocalStorage } from 'node:async_hooks';
import type { Logger } from '@logtape/logtape';
import { afterEach, describe, expect, it } from 'vitest';
import { type TbLog, tbLogSchema } from '../../../schemas/tb-logs.js';
import { tinybirdSink } from '../../../src/logging/logtape/index.js';
import { LOGTAPES, logTapeLogging } from '../../support/logtape.js';

const heads = (row: TbLog | undefined) =>
  row?.exc_info?.traceback?.match(/^(?:Caused by: |Error \d of \d: )?\w*Error.*$/gm);

describe.each(LOGTAPES)('an error logged by %s', (_name, logtape) => {
  afterEach(() => logtape.reset());

  it.each<[string, (log: Logger, error: Error) => unknown]>([
    ['as the only argument', (log, error) => log.error(error)],
    ['after a text', (log, error) => log.error('failed', error)],
    ['among other properties', (log, error) => log.error('failed', { user: 7, problem: error })],
    ['by a logger that has bound it', (log, error) => log.with({ error }).error('failed')],
  ])('%s is the exc_info, and no property any more', async (_way, write) => {
    const { log, rows, problems } = await logTapeLogging(logtape);
    write(log, Object.assign(new TypeError('no', { cause: new Error('why') }), { code: 'E1' }));
    expect(rows).toHaveLength(1);
    expect(rows[0]?.exc_info).toMatchObject({ type: 'TypeError', value: 'no' });
    expect(heads(rows[0])).toEqual(['TypeError: no', 'Caused by: Error: why']);
    expect(rows[0]?.message).toMatch(/^(failed|no)$/);
    const { code, user: _u, msg: _m, ...more } = rows[0]?.extra ?? {};
    expect([code, more]).toEqual(['E1', {}]);
    expect(problems).toEqual([]);
  });

  it('that is an AggregateError has each member, and a cycle of causes ends', async () => {
    const { log, rows } = await logTapeLogging(logtape);
    log.error('x', { error: new AggregateError([new TypeError('one'), new RangeError('two')], 'both') });
    const error = new Error('a');
    error.cause = new Error('b', { cause: error });
    log.error('x', { error });
    expect(heads(rows[0])).toEqual([
      'AggregateError: both',
      'Error 1 of 2: TypeError: one',
      'Error 2 of 2: RangeError: two',
    ]);
    expect(heads(rows[1])).toEqual(['Error: a', 'Caused by: Error: b']);
  });

  it('is the first of several, of which the others stay properties', async () => {
    const { log, rows } = await logTapeLogging(logtape);
    log.error('x', { first: new TypeError('one'), second: new RangeError('two') });
    expect(rows[0]?.exc_info).toMatchObject({ type: 'TypeError', value: 'one' });
    expect(rows[0]?.extra).toMatchObject({ second: { type: 'RangeError', message: 'two' } });
  });

  it('survives as what it is when it is none', async () => {
    const { log, rows } = await logTapeLogging(logtape);
    log.error('failed: {error}', { error: 'no more tea', reason: null });
    expect(rows[0]).toMatchObject({
      message: 'failed: no more tea',
      extra: { error: 'no more tea', reason: null },
    });
    expect(rows[0]).not.toHaveProperty('exc_info');
  });
});

describe.each(LOGTAPES)('a row of %s', (_name, logtape) => {
  afterEach(() => logtape.reset());

  it("has the text that Python's format makes of it, the traceback after it", async () => {
    const format = '%(asctime)s - %(name)s - %(levelname)s - %(message)s';
    const { log, rows } = await logTapeLogging(logtape, { format });
    log.error('failed', { error: new TypeError('no') });
    expect(rows[0]?.formatted_message).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - a\.b - ERROR - failed\nTypeError: no\n {4}at /,
    );
  });

  it('may be one of a logger or of values that hold lone surrogates, functions and Proxies', async () => {
    const { rows, problems } = await logTapeLogging(logtape);
    const { proxy, revoke } = Proxy.revocable(() => {}, {});
    revoke();
    logtape.getLogger(['a', '\ud83d']).info`${function named() {}} ${proxy} ${'\ude00'}`;
    expect(rows[0]).toMatchObject({
      name: 'a.\ufffd',
      message: '[Function: named] [Function: anonymous] \ufffd',
    });
    expect(tbLogSchema.parse(rows[0])).toEqual(rows[0]);
    expect(problems).toEqual([]);
  });

  it('is sent at every level when the option level is none, which is told once', async () => {
    const { log, rows, problems } = await logTapeLogging(logtape, { level: 'loud' });
    log.trace('one');
    log.error('two');
    expect(rows.map(({ message }) => message)).toEqual(['one', 'two']);
    expect(problems.map(({ message }) => message)).toEqual([
      `The option level must be a level's name, such as 'info' or 'WARNING', not "loud". Until then every line is sent.`,
    ]);
  });

  it('has the ids that its own properties say', async () => {
    const { log, rows } = await logTapeLogging(logtape);
    log.with({ chat_id: 'bound' }).info('x', { call_id: 'call-1' });
    expect(rows[0]).toMatchObject({ chat_id: 'bound', call_id: 'call-1', extra: {} });
  });
});

describe.each(LOGTAPES)('the context of %s', (_name, { configure, getLogger, reset, withContext }) => {
  afterEach(() => reset());

  it('is among the fields of a row, what the record says itself goes first', async () => {
    const rows: TbLog[] = [];
    await configure({
      contextLocalStorage: new AsyncLocalStorage(),
      sinks: { tinybird: tinybirdSink({ datasource: rows }) },
      loggers: [
        { category: 'a', sinks: ['tinybird'] },
        { category: ['logtape', 'meta'], sinks: [] },
      ],
    });
    withContext({ request: 1, both: 'outer', chat_id: 'c1' }, () =>
      getLogger('a').info('x', { both: 'own' }),
    );
    expect(rows[0]).toMatchObject({ chat_id: 'c1', extra: { request: 1, both: 'own' } });
  });
});
