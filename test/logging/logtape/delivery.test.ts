import { drain } from '@logtape/logtape';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { forgetTold } from '../../../src/api/tell.js';
import type { LogOptions } from '../../../src/logging/options.js';
import { LOGTAPES, type LogTape, type LogTapeLogging, logTapeLogging } from '../../support/logtape.js';
import { runProgram } from '../../support/program.js';
import {
  type FakeTinybird,
  holdAnswers,
  startFakeTinybird,
  unusedUrl,
  waitsForDelivery,
} from '../../support/tinybird.js';
import { expectBounded, logWhileDown } from '../writing.js';

let tinybird: FakeTinybird;
beforeEach(async () => {
  forgetTold();
  tinybird = await startFakeTinybird();
});
afterEach(() => tinybird.close());

/** A logger whose rows leave when they are asked to alone. */
function sending(logtape: LogTape, options: LogOptions = {}): Promise<LogTapeLogging> {
  const destination = { datasource: 'tb_logs', url: tinybird.url, token: 't' };
  return logTapeLogging(logtape, { ...destination, flushAfterMs: 3_600_000, ...options });
}

const messages = () => tinybird.rows.map(({ message }) => message);

describe.each(LOGTAPES)('the end of %s', (_name, logtape) => {
  const { dispose, reset } = logtape;
  afterEach(() => reset());

  it.each([
    ['dispose()', () => dispose()],
    ['reset()', () => reset()],
  ])('by %s is over when its records are delivered, and not before', async (_way, end) => {
    const { log, problems } = await sending(logtape);
    log.info('one');
    log.info('two');
    expect(await waitsForDelivery(tinybird, end)).toBe(true);
    expect(messages()).toEqual(['one', 'two']);
    expect(problems).toEqual([]);
  });

  it('comes after closeTimeoutMs at the latest', async () => {
    const release = holdAnswers(tinybird);
    const { log } = await sending(logtape, { closeTimeoutMs: 50 });
    log.info('one');
    await dispose();
    expect(tinybird.rows).toEqual([]);
    release();
    await vi.waitFor(() => expect(messages()).toEqual(['one']), 10_000);
  });

  it('may come before the first record, and twice; what is logged after it is sent, and never thrown', async () => {
    const { log, sink, problems } = await sending(logtape);
    await sink.drain();
    await dispose();
    expect(tinybird.requests).toEqual([]);
    log.info('one');
    await dispose();
    await sink[Symbol.asyncDispose]();
    expect(() => log.info('two')).not.toThrow();
    await sink.drain();
    expect(messages()).toEqual(['one', 'two']);
    expect(problems).toEqual([]);
  });
});

describe('drain() of LogTape 2', () => {
  it('delivers', async () => {
    const [[, logtape] = []] = LOGTAPES;
    const { log } = await sending(logtape as LogTape);
    log.info('one');
    await drain();
    expect(messages()).toEqual(['one']);
    await logtape?.reset();
  });
});

describe.each(LOGTAPES)('a sink of %s', (_name, logtape) => {
  afterEach(() => logtape.reset());

  it('keeps no caller waiting for Tinybird', async () => {
    const release = holdAnswers(tinybird);
    const { log, sink } = await sending(logtape, { maxRows: 10 });
    const lines = Array.from({ length: 1000 }, (_, line) => `line ${line}`);
    for (const line of lines) log.info(line);
    await vi.waitFor(() => expect(tinybird.requests.length).toBeGreaterThan(0), 10_000);
    expect(tinybird.rows).toEqual([]);
    release();
    await sink.drain();
    expect(messages().sort()).toEqual(lines.sort());
  });

  it('holds as much as maxBufferBytes says while Tinybird is down, and counts what it drops', async () => {
    const { log, sink, problems } = await sending(logtape, { maxBufferBytes: 200_000, maxRows: 50 });
    await logWhileDown(tinybird, (text, fields) => log.info(text, fields));
    await sink.drain();
    await expectBounded(tinybird, problems);
  });
});

describe('a program that logs by LogTape', () => {
  it('has the place of a record where LogTape has captured it, and where it has not', async () => {
    const ended = await runProgram(
      `import { configure, getLogger } from '@logtape/logtape';
      import { tinybirdSink } from 'tinybird-llm/logtape';
      const loggers = [
        { category: 'captured', sinks: ['located', 'not'], captureSourceLocation: true },
        { category: 'plain', sinks: ['located'] },
        { category: ['logtape', 'meta'], sinks: [] },
      ];
      const located = tinybirdSink({ appName: 'located', location: true });
      await configure({ sinks: { located, not: tinybirdSink({ appName: 'not' }) }, loggers });
      function charge() {
        getLogger('captured').info('x');
        getLogger('plain').info('x');
      }
      charge();`,
      { TINYBIRD_URL: tinybird.url, TINYBIRD_TOKEN: 'p.test' },
    );
    expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
    const places = tinybird.rows.map((row) => [
      row.app_name,
      row.name,
      row.filename,
      row.lineno,
      row.funcName,
    ]);
    expect(places.sort()).toEqual([
      ['located', 'captured', '[eval1]', 11, ''],
      ['located', 'plain', '[eval1]', 12, 'charge'],
      ['not', 'captured', undefined, undefined, undefined],
    ]);
  });

  it('ends when Tinybird is down, says what is lost, and its logged rejections make no loop', async () => {
    const ended = await runProgram(
      `import { configure, getLogger } from '@logtape/logtape';
      import { tinybirdSink } from 'tinybird-llm/logtape';
      const log = getLogger('a');
      const loggers = [
        { category: 'a', sinks: ['t'] },
        { category: ['logtape', 'meta'], sinks: ['t'], lowestLevel: 'warning' },
      ];
      await configure({ sinks: { t: tinybirdSink({ flushAfterMs: 10 }) }, loggers });
      process.on('unhandledRejection', (reason) => log.error(reason));
      Promise.reject(new Error('mine'));
      for (let i = 0; i < 20; i += 1) log.info('line');`,
      { TINYBIRD_URL: await unusedUrl(), TINYBIRD_TOKEN: 'p.test' },
    );
    expect(ended.code).toBe(0);
    const [outage, loss, ...more] = ended.stderr.trimEnd().split('\n');
    expect(outage).toMatch(/^\[tinybird-llm\] .* does not answer/);
    expect(loss).toMatch(/^\[tinybird-llm\] 21 rows of tb_logs lost: .* took no rows for 5000 ms/);
    expect(more).toEqual([]);
  });
});
