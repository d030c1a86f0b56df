import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LitellmEvent } from '../../../schemas/litellm.js';
import type { TbLog } from '../../../schemas/tb-logs.js';
import type { TinybirdError } from '../../../src/api/errors.js';
import { forgetTold } from '../../../src/api/tell.js';
import {
  type CaptureConsoleOptions,
  type ConsoleCapture,
  captureConsole,
} from '../../../src/logging/console/index.js';
import { instrumentOpenAI } from '../../../src/openai/index.js';
import { withMetadata } from '../../../src/recorder/context.js';
import { flush } from '../../../src/recorder/flush.js';
import { forgetTinybirdEnvironment } from '../../support/environment.js';
import { type FakeTinybird, startFakeTinybird } from '../../support/tinybird.js';
import { quietConsole } from './quiet-console.js';

let rows: TbLog[];
let target: Console;
let written: () => string;
let captures: ConsoleCapture[];
let tinybird: FakeTinybird;

beforeEach(async () => {
  rows = [];
  captures = [];
  ({ target, written } = quietConsole());
  forgetTold();
  tinybird = await startFakeTinybird();
});
afterEach(async () => {
  for (const capture of captures) capture.restore();
  await tinybird.close();
});

function capture(options: CaptureConsoleOptions = {}): ConsoleCapture {
  const made = captureConsole({ console: target, datasource: rows, ...options });
  captures.push(made);
  return made;
}

/** Options of a capture that sends to the fake Tinybird. */
const sending = (): CaptureConsoleOptions => ({ datasource: 'tb_logs', url: tinybird.url, token: 't' });

describe('a captured console', () => {
  it('gives each method the level that it has in Python', () => {
    capture({ appName: 'bot' });
    target.log('log');
    target.info('info');
    target.debug('debug');
    target.warn('warn');
    target.error('error');
    target.trace('trace');
    target.assert(false, 'assert');
    target.dir('dir');
    target.dirxml('dirxml');
    target.table('table');
    target.count('count');
    target.group('group');
    target.groupCollapsed('groupCollapsed');
    target.time('time');
    target.timeLog('time');
    target.timeEnd('time');
    const said = rows.map(({ message, level, levelname }) => [message.split(':')[0], level, levelname]);
    expect(said).toEqual([
      ['log', 20, 'INFO'],
      ['info', 20, 'INFO'],
      ['debug', 10, 'DEBUG'],
      ['warn', 30, 'WARNING'],
      ['error', 40, 'ERROR'],
      ['trace', 10, 'DEBUG'],
      ['Assertion failed', 30, 'WARNING'],
      ["'dir'", 20, 'INFO'],
      ['dirxml', 20, 'INFO'],
      ['table', 20, 'INFO'],
      ['count', 20, 'INFO'],
      ['group', 20, 'INFO'],
      ['groupCollapsed', 20, 'INFO'],
      ['time', 20, 'INFO'],
      ['time', 20, 'INFO'],
    ]);
    expect(rows.map(({ name, app_name }) => `${app_name} ${name}`)).toEqual(Array(15).fill('bot console'));
    expect(rows.map(({ stack_info: stack }) => stack !== undefined).indexOf(true)).toBe(5);
  });

  it('sends what is as grave as `level` says, and writes all of it', () => {
    capture({ level: 'warning' });
    for (const method of ['debug', 'log', 'warn', 'error', 'trace'] as const) target[method](method);
    expect(rows.map(({ message }) => message)).toEqual(['warn', 'error']);
    expect(written()).toMatch(/^debug\nlog\nwarn\nerror\nTrace: trace\n/);
  });

  it('tells an error among the arguments by its class, its message and its stack with the causes', () => {
    capture();
    const cause = new SyntaxError('why', { cause: new TypeError('really', { cause: new Error('at last') }) });
    const error = new RangeError('no', { cause });
    target.error(error);
    target.log('it failed:', { user: 7 }, error, new Error('second'));
    target.warn('%s', error);
    target.assert(false, error);
    target.table(error as never);
    const info = { type: 'RangeError', value: 'no', traceback: expect.any(String) };
    expect(rows.map(({ exc_info }) => exc_info)).toEqual([info, info, info, info, info]);
    const traceback = String(rows[0]?.exc_info?.traceback);
    expect(traceback.match(/^(RangeError|Caused by|Error|TypeError).*$/gm)).toEqual([
      'RangeError: no',
      'Caused by: SyntaxError: why',
      'Caused by: TypeError: really',
      'Caused by: Error: at last',
    ]);
    expect(rows[1]?.message).toMatch(/^it failed: \{ user: 7 \} RangeError: no\n {4}at /);
    expect(rows[1]?.formatted_message).toBe(`${rows[1]?.message}\n${traceback}`);
  });

  it('keeps the own fields of an error in `extra`', () => {
    capture();
    target.error(Object.assign(new Error('no'), { code: 'E1', status: 503 }));
    expect(rows[0]?.extra).toEqual({ code: 'E1', status: 503 });
  });

  it('says what it wrote without the colours of a terminal', () => {
    ({ target, written } = quietConsole({ colorMode: true }));
    capture();
    target.log({ n: 1 });
    target.dir({ n: 1 });
    target.table([{ n: 1 }]);
    target.trace({ n: 1 });
    target.count();
    expect(written()).toContain('\u001b[33m1\u001b[39m');
    expect(JSON.stringify(rows)).not.toContain('\\u001b');
    expect(rows.map(({ message }) => message.includes('1'))).toEqual([true, true, true, true, true]);
    expect(rows[3]?.stack_info).toMatch(/^Trace: \{ n: 1 \}\n {4}at /);
  });

  it.each([
    [
      'a getter',
      {
        get a() {
          throw new Error('x');
        },
      },
      '{ a: [Getter] }',
    ],
    [
      'a toJSON that throws',
      {
        toJSON() {
          throw new Error('x');
        },
      },
      '{ toJSON: [Function: toJSON] }',
    ],
    ['a symbol as key', { [Symbol('s')]: 1 }, '{ [Symbol(s)]: 1 }'],
    ['a BigInt', 2n ** 64n, '18446744073709551616n'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['a function', function named() {}, '[Function: named]'],
    ['a Map', new Map([[1, new Set([2])]]), 'Map(1) { 1 => Set(1) { 2 } }'],
    ['a date that is none', new Date(Number.NaN), 'Invalid Date'],
    ['NaN', Number.NaN, 'NaN'],
    ['half a character', 'half \ud83d', 'half \ufffd'],
    ['an object without a prototype', Object.create(null), '[Object: null prototype] {}'],
  ])('has a row for %s', (_what, value, message) => {
    capture();
    target.log(value);
    target.log('%o %O %j', 1, value);
    expect(rows[0]?.message).toBe(message);
    expect(written()).not.toBe('');
  });

  it('has a row for a Proxy that is revoked', () => {
    capture();
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    target.log(proxy);
    expect(rows.map(({ message }) => message)).toEqual(['<Revoked Proxy>']);
    expect(written()).toBe('<Revoked Proxy>\n');
  });

  it('cuts what is too long for a row, and writes all of it', () => {
    capture();
    target.log('x'.repeat(10_000_000));
    expect(rows[0]?.message).toMatch(/^x+ … \[cut: \d+ more characters\]$/);
    expect(JSON.stringify(rows[0]).length).toBeLessThan(1_100_000);
    expect(written().length).toBe(10_000_001);
  });

  it('throws to the program what its console throws, and has no row of what was not written', () => {
    capture();
    const thrown = new Error('no look');
    const odd = {
      [Symbol.for('nodejs.util.inspect.custom')]() {
        throw thrown;
      },
    };
    for (const method of ['log', 'error', 'trace', 'dirxml', 'group'] as const)
      expect(() => target[method](odd)).toThrow(thrown);
    expect(() => target.log('%j', { big: 10n })).toThrow('Do not know how to serialize a BigInt');
    expect(rows).toEqual([]);
    target.log('on');
    expect(rows.map(({ message }) => message)).toEqual(['on']);
    expect(written()).toBe('on\n');
  });

  it('says where it was called only when asked to, and looks at no stack otherwise', () => {
    const looked = vi.spyOn(Error, 'captureStackTrace');
    capture();
    target.log('no place');
    expect(looked).not.toHaveBeenCalled();
    expect(rows[0]).not.toHaveProperty('pathname');
  });
});

describe('the end of a capture', () => {
  const METHODS = Object.keys(quietConsole().target) as (keyof Console)[];

  it.each([
    ['restore()', (made: ConsoleCapture) => made.restore()],
    ['`using`', (made: ConsoleCapture) => made[Symbol.dispose]()],
    ['`await using`', (made: ConsoleCapture) => made[Symbol.asyncDispose]()],
  ])('%s gives back the very methods that were there', async (_how, end) => {
    const before = METHODS.map((name) => target[name]);
    const made = capture();
    expect(METHODS.filter((name, index) => target[name] !== before[index]).toSorted()).toEqual(
      ['assert', 'count', 'debug', 'dir', 'dirxml', 'error', 'group', 'groupCollapsed', 'info', 'log']
        .concat(['table', 'timeEnd', 'timeLog', 'trace', 'warn'])
        .toSorted(),
    );
    expect(target.log.name).toBe('log');
    await end(made);
    expect(METHODS.map((name) => target[name])).toEqual(before);
    target.log('after');
    expect(rows).toEqual([]);
    expect(() => made.restore()).not.toThrow();
  });

  it('leaves the wrapper that somebody has put on since, and passes through what it calls', () => {
    const made = capture();
    const { log: ours } = target;
    const theirs = (...values: unknown[]) => ours('theirs:', ...values);
    target.log = theirs;
    target.log('one');
    made.restore();
    expect(target.log).toBe(theirs);
    target.log('two');
    target.warn('three');
    expect(written()).toBe('theirs: one\ntheirs: two\nthree\n');
    expect(rows.map(({ message }) => message)).toEqual(['theirs: one']);
  });

  it('of one of two, in any order, leaves the other at work', () => {
    const others: TbLog[] = [];
    const first = capture();
    capture({ datasource: others });
    first.restore();
    target.log('one');
    captures[1]?.restore();
    target.log('two');
    expect(rows).toEqual([]);
    expect(others.map(({ message }) => message)).toEqual(['one']);
    expect(written()).toBe('one\ntwo\n');
  });

  it('delivers with the package’s `flush()` what was captured', async () => {
    const made = capture(sending());
    target.log('one');
    target.warn('two');
    made.restore();
    expect(await flush()).toEqual({ pending: 0 });
    expect(tinybird.rows.map(({ message }) => message)).toEqual(['one', 'two']);
    expect(tinybird.requests[0]?.url.searchParams.get('name')).toBe('tb_logs');
  });

  it('delivers by its own `flush`, and as it is disposed of', async () => {
    const made = capture(sending());
    target.log('one');
    await made.flush();
    expect(tinybird.rows.length).toBe(1);
    target.log('two');
    await made[Symbol.asyncDispose]();
    expect(tinybird.rows.length).toBe(2);
    await made.flush();
    expect(tinybird.requests.length).toBe(2);
  });
});

describe('delivery', () => {
  it('takes 100,000 lines in their order, in few requests', async () => {
    const made = capture(sending());
    for (let n = 0; n < 100_000; n += 1) target.log('%d', n);
    await made.flush();
    expect(tinybird.rows.length).toBe(100_000);
    expect(tinybird.rows.findIndex(({ message }, index) => message !== String(index))).toBe(-1);
    expect(tinybird.requests.length).toBeLessThan(200);
  });

  it('keeps nobody waiting for a server that does not answer', async () => {
    let answer: () => void = () => {};
    tinybird.answer = () =>
      new Promise<void>((resolve) => {
        answer = resolve;
      });
    const made = capture({ ...sending(), maxRows: 1 });
    target.log('one');
    await vi.waitFor(() => expect(tinybird.requests.length).toBe(1));
    target.log('two');
    expect(written()).toBe('one\ntwo\n');
    expect(tinybird.rows).toEqual([]);
    tinybird.answer = undefined;
    answer();
    await made.flush();
    expect(tinybird.rows.map(({ message }) => message).toSorted()).toEqual(['one', 'two']);
  });

  it.each([
    ['at once', (problem: TinybirdError) => target.warn('told', problem.code)],
    [
      'after a while',
      async (problem: TinybirdError) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        target.warn('told', problem.code);
      },
    ],
  ])('makes no row of what `onError` writes %s', async (_when, onError) => {
    tinybird.answer = (_request, response) => response.writeHead(403).end('{}');
    const made = capture({ ...sending(), onError });
    target.log('one');
    await made.flush();
    await vi.waitFor(() => expect(written()).toContain('told unauthorized\n'));
    tinybird.answer = undefined;
    target.log('two');
    await made.flush();
    expect(tinybird.rows.map(({ message }) => message)).toEqual(['two']);
  });

  it('tells a problem past every console, once', async () => {
    forgetTinybirdEnvironment();
    const toConsole = (['log', 'warn', 'error'] as const).map((method) => vi.spyOn(console, method));
    const toStderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    capture({ datasource: undefined });
    target.log('one');
    target.log('two');
    expect(toStderr.mock.calls.map(([text]) => text)).toEqual([
      expect.stringMatching(/^\[tinybird-llm\] .*TINYBIRD_TOKEN.*\n$/),
    ]);
    for (const method of toConsole) expect(method).not.toHaveBeenCalled();
    expect(written()).toBe('one\ntwo\n');
  });
});

describe('a captured line and its chat and call', () => {
  it('says the chat that it is written in, and none outside', () => {
    capture();
    withMetadata({ metadata: { chat_id: 'c1' } }, () => target.log('in'));
    target.log('out');
    expect(rows[0]).toMatchObject({ chat_id: 'c1' });
    expect(rows[1]).not.toHaveProperty('chat_id');
    expect(rows[1]).not.toHaveProperty('call_id');
  });

  it('says its own in a hundred that are interleaved', async () => {
    capture();
    const chat = (chatId: string) =>
      withMetadata({ metadata: { chat_id: chatId } }, async () => {
        for (let line = 0; line < 20; line += 1) {
          target.log(chatId);
          await new Promise((resolve) => setImmediate(resolve));
        }
      });
    await Promise.all(Array.from({ length: 100 }, (_, index) => chat(`c${index}`)));
    expect(rows.length).toBe(2000);
    expect(rows.filter(({ message, chat_id }) => message !== chat_id)).toEqual([]);
    expect(rows.slice(0, 100).map(({ chat_id }) => chat_id)).toEqual(
      Array.from({ length: 100 }, (_, index) => `c${index}`),
    );
  });

  it('says the call under way, without `withMetadata`, whatever runs beside it', async () => {
    capture();
    const events: LitellmEvent[] = [];
    const fetch: typeof globalThis.fetch = async (_url, init) => {
      const { model } = JSON.parse(String(init?.body));
      target.log(`asked ${model}`);
      await new Promise((resolve) => setImmediate(resolve));
      target.log(`answered ${model}`);
      return Response.json({ id: model, object: 'chat.completion', model, choices: [] });
    };
    const client = instrumentOpenAI(new OpenAI({ apiKey: 'k', fetch }), { datasource: events });
    const ask = (model: string) => client.chat.completions.create({ model, messages: [] });
    await Promise.all([ask('m1'), ask('m2')]);
    target.log('after');
    await flush();
    const idOf = (model: string) => events.find((event) => event.model === model)?.id;
    expect(idOf('m1')).not.toBe(idOf('m2'));
    expect(rows.map(({ message, call_id }) => [message, call_id])).toEqual([
      ['asked m1', idOf('m1')],
      ['asked m2', idOf('m2')],
      ['answered m1', idOf('m1')],
      ['answered m2', idOf('m2')],
      ['after', undefined],
    ]);
  });
});
