import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger, type Logger, transports } from 'winston';
import type { TinybirdError } from '../../../src/api/errors.js';
import { forgetTold } from '../../../src/api/tell.js';
import { TinybirdTransport, type TinybirdTransportOptions } from '../../../src/logging/winston/index.js';
import {
  type FakeTinybird,
  holdAnswers,
  json,
  startFakeTinybird,
  unusedUrl,
  waitsForDelivery,
} from '../../support/tinybird.js';
import { expectBounded, logWhileDown } from '../writing.js';

let tinybird: FakeTinybird;
let problems: TinybirdError[];

beforeEach(async () => {
  forgetTold();
  problems = [];
  tinybird = await startFakeTinybird();
});
afterEach(() => tinybird.close());

/** A logger whose rows leave when they are asked to alone. */
function logging(options: TinybirdTransportOptions = {}): { log: Logger; transport: TinybirdTransport } {
  const transport = new TinybirdTransport({
    url: tinybird.url,
    token: 't',
    flushAfterMs: 3_600_000,
    onError: (problem) => problems.push(problem),
    ...options,
  });
  return { log: createLogger({ transports: [transport] }), transport };
}

const messages = () => tinybird.rows.map(({ message }) => message);

describe('the end of a logger', () => {
  it('is finished when its lines are delivered, and not before', async () => {
    const { log } = logging();
    log.info('one');
    log.info('two');
    const waits = await waitsForDelivery(tinybird, () => {
      log.end();
      return once(log, 'finish');
    });
    expect(waits).toBe(true);
    expect(messages()).toEqual(['one', 'two']);
    expect(problems).toEqual([]);
  });

  it('comes after closeTimeoutMs at the latest', async () => {
    const release = holdAnswers(tinybird);
    const { log } = logging({ closeTimeoutMs: 50 });
    log.info('one');
    log.end();
    await once(log, 'finish');
    expect(tinybird.rows).toEqual([]);
    release();
    await vi.waitFor(() => expect(messages()).toEqual(['one']), 10_000);
  });

  it.each<[string, (log: Logger, transport: TinybirdTransport) => unknown]>([
    ['close()', (log) => log.close()],
    ['remove()', (log, transport) => log.remove(transport)],
    ['clear()', (log) => log.clear()],
    ['configure()', (log) => log.configure({ transports: [new transports.Console()] })],
  ])('by %s delivers what was logged before', async (_name, end) => {
    const { log, transport } = logging();
    log.info('one');
    end(log, transport);
    await vi.waitFor(() => expect(messages()).toEqual(['one']), 10_000);
    expect(problems).toEqual([]);
  });

  it('may come twice, before the first line, and before the next one', async () => {
    const { log, transport } = logging();
    expect(() => transport.close?.()).not.toThrow();
    log.close();
    log.add(transport);
    log.info('one');
    log.close();
    expect(() => log.close()).not.toThrow();
    log.add(transport);
    log.info('two');
    log.end();
    await once(log, 'finish');
    expect(messages()).toEqual(['one', 'two']);
    expect(problems).toEqual([]);

    const { length } = tinybird.requests;
    const { log: idle } = logging();
    idle.end();
    await once(idle, 'finish');
    expect(tinybird.requests).toHaveLength(length);
  });
});

describe('a transport', () => {
  it('keeps no caller, and no other transport, waiting for Tinybird', async () => {
    const release = holdAnswers(tinybird);
    const others: unknown[] = [];
    const { log } = logging({ maxRows: 10 });
    log.on('data', ({ message }) => others.push(message));
    const lines = Array.from({ length: 1000 }, (_, line) => `line ${line}`);
    for (const line of lines) log.info(line);
    expect(others).toEqual(lines);
    await vi.waitFor(() => expect(tinybird.requests.length).toBeGreaterThan(0), 10_000);
    expect(log.writableLength).toBe(0);
    expect(tinybird.rows).toEqual([]);
    release();
    log.end();
    await once(log, 'finish');
    expect(messages().sort()).toEqual(lines.sort());
  });

  it('holds as much as maxBufferBytes says while Tinybird is down, and counts what it drops', async () => {
    const { log } = logging({ maxBufferBytes: 200_000, maxRows: 50, gzip: false });
    await logWhileDown(tinybird, (text, fields) => log.info(text, fields));
    log.end();
    await once(log, 'finish');
    await expectBounded(tinybird, problems);
  });

  it('tells each kind of refusal and goes on', async () => {
    tinybird.answer = (_request, response) => json(response, 403, { error: 'no such scope' });
    const { log, transport } = logging();
    log.error('refused');
    transport.close?.();
    await vi.waitFor(() => expect(problems).toHaveLength(1), 10_000);
    tinybird.answer = undefined;
    log.error('taken');
    log.end();
    await once(log, 'finish');
    expect(messages()).toEqual(['taken']);
    expect(problems.map(({ code, status }) => [code, status])).toEqual([['unauthorized', 403]]);
  });

  it('has one warning on stderr without a token, and lives', async () => {
    vi.stubEnv('TINYBIRD_TOKEN', '');
    vi.stubEnv('TINYBIRD_URL', '');
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const log = createLogger({ transports: [new TinybirdTransport(), new TinybirdTransport()] });
    log.info('one');
    log.error(new Error('two'));
    log.end();
    await once(log, 'finish');
    expect(written.mock.calls.map(([text]) => text)).toEqual([
      expect.stringMatching(/^\[tinybird-llm\] Nothing is recorded: no Tinybird token\.[^\n]*\n$/),
    ]);
  });

  it('gives a `datasource` of the program its rows, and does not close it', async () => {
    const { log } = logging({
      datasource: {
        append() {
          throw new Error('full');
        },
      },
    });
    expect(() => log.info('one')).not.toThrow();
    log.end();
    await once(log, 'finish');
    expect(problems.map(({ code }) => code)).toEqual(['user_function']);
  });
});

describe('an onError that logs by the same logger', () => {
  it.each([
    ['at once', (log: Logger, problem: TinybirdError) => log.error('trouble', problem)],
    [
      'after an await',
      async (log: Logger, problem: TinybirdError) => {
        await nextTurn();
        log.error('trouble', problem);
      },
    ],
    [
      'after a timer',
      (log: Logger, problem: TinybirdError) => setTimeout(() => log.error('trouble', problem), 5),
    ],
  ])('%s makes no row of its own', async (_name, tell) => {
    tinybird.answer = (_request, response) => json(response, 403, { error: 'no' });
    let told = 0;
    let answered = 0;
    const made = logging({
      flushAfterMs: 1,
      onError: (problem) => {
        told += 1;
        return tell(made.log, problem);
      },
    });
    const others: unknown[] = [];
    made.log.on('data', ({ message }) => {
      others.push(message);
      answered += String(message).startsWith('trouble') ? 1 : 0;
    });
    made.log.info('one');
    await vi.waitFor(() => expect(answered).toBe(1), 10_000);
    made.log.info('two');
    await vi.waitFor(() => expect(answered).toBe(2), 10_000);
    made.log.end();
    await once(made.log, 'finish');
    expect(told).toBe(2);
    expect(tinybird.requests.flatMap(({ rows }) => rows.map(({ message }) => message))).toEqual([
      'one',
      'two',
    ]);
  });

  it('makes no loop when nobody answers', async () => {
    let told = 0;
    const { log } = logging({
      url: await unusedUrl(),
      flushAfterMs: 1,
      closeTimeoutMs: 50,
      onError: (problem) => {
        told += 1;
        log.error(problem);
      },
    });
    log.info('one');
    await vi.waitFor(() => expect(told).toBe(1), 10_000);
    log.end();
    await once(log, 'finish');
    expect(told).toBe(1);
  });
});
