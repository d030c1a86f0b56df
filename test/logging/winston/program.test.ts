import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Ended, runProgram } from '../../support/program.js';
import { type FakeTinybird, startFakeTinybird, unusedUrl } from '../../support/tinybird.js';

let tinybird: FakeTinybird;
beforeAll(async () => {
  tinybird = await startFakeTinybird();
});
beforeEach(() => {
  tinybird.rows.length = 0;
});
afterAll(() => tinybird.close());

/** A program with a logger `log`, whose `transport` is ours. */
function run(source: string, environment: Record<string, string> = {}): Promise<Ended> {
  const program = `
    import winston from 'winston';
    import { TinybirdTransport } from 'tinybird-llm/winston';
    ${source}`;
  return runProgram(program, { TINYBIRD_URL: tinybird.url, TINYBIRD_TOKEN: 'p.test', ...environment });
}

const messages = () => tinybird.rows.map(({ message }) => String(message));

describe('a program that logs by winston', () => {
  it('and ends without a word more delivers every line, in order', async () => {
    const ended = await run(`
      const log = winston.createLogger({ transports: [new TinybirdTransport()] });
      for (let i = 0; i < 1000; i += 1) log.info('line ' + i);`);
    expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(messages()).toEqual(Array.from({ length: 1000 }, (_, i) => `line ${i}`));
  });

  it.each([
    [
      'an exception',
      'transports: [new TinybirdTransport({ handleExceptions: true })]',
      "setTimeout(() => { throw Object.assign(new TypeError('no'), { code: 'E1' }); });",
      /^uncaughtException: no\n/,
    ],
    [
      'an exception, by exceptionHandlers',
      'exceptionHandlers: [new TinybirdTransport()], transports: [new TinybirdTransport()]',
      "setTimeout(() => { throw Object.assign(new TypeError('no'), { code: 'E1' }); });",
      /^uncaughtException: no\n/,
    ],
    [
      'a rejection',
      'transports: [new TinybirdTransport({ handleRejections: true })]',
      "Promise.reject(Object.assign(new TypeError('no'), { code: 'E1' }));",
      /^unhandledRejection: no\n/,
    ],
  ])(
    'and dies of %s has delivered its line, and does not wait for the time that winston gives it',
    async (_name, options, fault, message) => {
      const ended = await run(`
      const { setTimeout: after } = globalThis;
      // winston's last resort
      globalThis.setTimeout = (run, ms, ...rest) => after(ms === 3000 ? () => process.exit(9) : run, ms, ...rest);
      const log = winston.createLogger({ ${options} });
      log.info('before');
      ${fault}`);
      expect(ended).toEqual({ code: 1, stdout: '', stderr: '' });
      const row = tinybird.rows.find((each) => message.test(String(each.message)));
      expect(messages()).toContain('before');
      expect(row).toMatchObject({
        level: 40,
        extra: { code: 'E1' },
        exc_info: {
          type: 'TypeError',
          value: 'no',
          traceback: expect.stringMatching(/^TypeError: no\n {4}at /),
        },
      });
      for (const key of ['os', 'process', 'trace', 'date', 'stack', 'error'])
        expect(row?.extra).not.toHaveProperty(key);
    },
  );

  it('and outlives its exceptions goes on logging', async () => {
    const ended = await run(`
      const transport = new TinybirdTransport({ handleExceptions: true, handleRejections: true });
      const log = winston.createLogger({ exitOnError: false, transports: [transport] });
      const faults = ['no more tea', null, new Error('no')];
      for (let i = 0; i < 12; i += 1) {
        setTimeout(() => { throw faults[i % 3]; }, i);
        setTimeout(() => { log.info('line ' + i); }, i);
      }
      setTimeout(() => Promise.reject(new RangeError('never handled')), 20);
      await new Promise((resolve) => setTimeout(resolve, 50));
      await new Promise((resolve) => { log.on('finish', resolve); log.info('later'); log.end(); });
      console.log('ended');`);
    expect(ended).toEqual({ code: 0, stdout: 'ended\n', stderr: '' });
    const lines = messages().filter((message) => message.startsWith('line '));
    expect(lines.sort()).toEqual(Array.from({ length: 12 }, (_, i) => `line ${i}`).sort());
    expect(messages().at(-1)).toBe('later');
    const thrown = tinybird.rows.flatMap(({ exc_info: info }) => (info === undefined ? [] : [info]));
    expect(thrown).toHaveLength(13);
    expect(thrown).toContainEqual({ type: 'string', value: 'no more tea' });
    expect(thrown).toContainEqual({ type: 'null', value: 'null' });
    expect(thrown).toContainEqual({
      type: 'RangeError',
      value: 'never handled',
      traceback: expect.any(String),
    });
  });

  it('ends when Tinybird is down, says what is lost, and its logged rejections make no loop', async () => {
    const ended = await run(
      `
      const transport = new TinybirdTransport({ flushAfterMs: 10, maxBufferBytes: 100_000 });
      const log = winston.createLogger({ transports: [transport] });
      process.on('unhandledRejection', (reason) => log.error(reason));
      Promise.reject(new Error('mine'));
      for (let i = 0; i < 20; i += 1) log.info('line ' + i);`,
      { TINYBIRD_URL: await unusedUrl() },
    );
    expect(ended.code).toBe(0);
    const [outage, loss, ...more] = ended.stderr.trimEnd().split('\n');
    expect(outage).toMatch(/^\[tinybird-llm\] .* does not answer/);
    expect(loss).toMatch(
      /^\[tinybird-llm\] 21 rows of tb_logs lost: the program ended and Tinybird took no rows for 5000 ms/,
    );
    expect(more).toEqual([]);
  });
});
