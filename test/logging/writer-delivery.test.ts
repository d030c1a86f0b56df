import { channel } from 'node:diagnostics_channel';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { TinybirdError } from '../../src/api/errors.js';
import { Datasource } from '../../src/datasource/datasource.js';
import { temporaryDirectory } from '../support/temporary.js';
import { json, unusedUrl } from '../support/tinybird.js';
import { lineOf, useWriting } from './writing.js';

const writing = useWriting();

describe('where nothing can be delivered', () => {
  it('no token is told once, and the lines go nowhere', async () => {
    const writer = writing.writer({ token: undefined, url: undefined });
    let described = 0;
    const line = () => {
      described += 1;
      return lineOf('one')();
    };
    for (let count = 0; count < 3; count += 1) writer.write(line);
    await writer.close();
    expect(writing.told()).toEqual([expect.stringMatching(/^\[tinybird-llm\] .*TINYBIRD_TOKEN/)]);
    expect(described).toBe(0);
    expect(writing.saidOnConsole()).toBe(0);
  });

  it.each([
    [403, /403/],
    [404, /404/],
    [413, /413|too large/],
  ])('an answer of %d is told once, however many lines follow', async (status, told) => {
    writing.tinybird.answer = (_request, response) => json(response, status, { error: 'no' });
    const writer = writing.writer();
    for (let line = 0; line < 3; line += 1) {
      writer.write(lineOf('m'));
      await writer.flush();
    }
    expect(writing.told().length).toBe(1);
    expect(writing.told()[0]).toMatch(told);
    expect(writing.tinybird.requests.length).toBe(3);
    expect(writing.saidOnConsole()).toBe(0);
  });

  it('rows in quarantine are told once', async () => {
    writing.tinybird.answer = (_request, response) =>
      json(response, 200, { successful_rows: 0, quarantined_rows: 1 });
    const writer = writing.writer();
    for (let line = 0; line < 3; line += 1) {
      writer.write(lineOf('m'));
      await writer.flush();
    }
    expect(writing.told()).toEqual([expect.stringContaining('tb_logs_quarantine')]);
  });

  it('a server that is down costs a bounded memory, and the end no longer than it is told to wait', async () => {
    const url = await unusedUrl();
    const shared = new Datasource('tb_logs', { url, token: 't', maxBufferBytes: 50_000, onError: () => {} });
    const bounded = writing.writer({ datasource: shared, closeTimeoutMs: 1 });
    for (let line = 0; line < 1000; line += 1) bounded.write(lineOf('x'.repeat(1000)));
    expect(shared.stats().bytes).toBeLessThanOrEqual(50_000);
    expect(shared.stats().dropped).toBeGreaterThan(900);
    await bounded.close();
    expect(shared.stats().pending).toBeGreaterThan(0);
    await shared.close({ timeoutMs: 1 });

    const writer = writing.writer({ url, maxBufferBytes: 50_000, closeTimeoutMs: 1 });
    for (let line = 0; line < 1000; line += 1) writer.write(lineOf('x'.repeat(1000)));
    await writer.close();
    const told = writing.told();
    expect(told.filter((line) => /lost|dropped/.test(line)).length).toBe(1);
    expect(new Set(told).size).toBe(told.length);
    expect(told.length).toBeLessThanOrEqual(3);
    expect(writing.saidOnConsole()).toBe(0);
  });

  it('what `spill` has kept is delivered by the next writer', async () => {
    const spill = await temporaryDirectory();
    const url = writing.tinybird.url;
    writing.tinybird.answer = (_request, response) => json(response, 503, {});
    const first = writing.writer({ url, spill, closeTimeoutMs: 1 });
    first.write(lineOf('kept'));
    await first.close();
    writing.tinybird.answer = undefined;
    const second = writing.writer({ url, spill });
    second.write(lineOf('next'));
    // at least once: the first may have been under way still
    await expect.poll(() => [...new Set(writing.delivered())].toSorted()).toEqual(['kept', 'next']);
    await second.close();
  });
});

describe('what is logged on behalf of a delivery', () => {
  it.each([
    ['at once', (log: () => void) => log()],
    [
      'after a while',
      async (log: () => void) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        log();
      },
    ],
  ])('by `onError` %s makes no row', async (_when, say) => {
    const problems: TinybirdError[] = [];
    let answered: unknown;
    writing.tinybird.answer = (_request, response) => json(response, 403, {});
    const writer = writing.writer({
      onError: (problem) => {
        problems.push(problem);
        answered = say(() => writer.write(lineOf(`told ${problem.code}`)));
        return answered;
      },
    });
    writer.write(lineOf('one'));
    await writer.flush();
    await answered;
    writing.tinybird.answer = undefined;
    writer.write(lineOf('two'));
    await writer.flush();
    expect(problems.map(({ code }) => code)).toEqual(['unauthorized']);
    expect(writing.delivered()).toEqual(['two']);
  });

  it('by a hook on the HTTP client or by the function of the token makes no row', async () => {
    const hooked = channel('undici:request:create');
    let hooks = 0;
    const hook = () => {
      hooks += 1;
      writer.write(lineOf('from the client'));
    };
    hooked.subscribe(hook);
    onTestFinished(() => {
      hooked.unsubscribe(hook);
    });
    let tokens = 0;
    const writer = writing.writer({
      token: async () => {
        tokens += 1;
        writer.write(lineOf('from the token'));
        await new Promise((resolve) => setImmediate(resolve));
        writer.write(lineOf('from the token, later'));
        return 't';
      },
    });
    writer.write(lineOf('one'));
    await writer.flush();
    writer.write(lineOf('two'));
    await writer.close();
    expect(writing.delivered()).toEqual(['one', 'two']);
    expect([hooks, tokens]).toEqual([2, 2]);
  });

  it('to a Datasource that is shared and says it on the console makes no loop', async () => {
    writing.tinybird.answer = (_request, response) => json(response, 403, {});
    const shared = new Datasource('tb_logs', { url: writing.tinybird.url, token: 't' });
    const writer = writing.writer({ datasource: shared });
    for (let line = 0; line < 3; line += 1) {
      writer.write(lineOf('m'));
      await writer.flush();
    }
    expect(writing.saidOnConsole()).toBe(1);
    await shared.close();
  });
});
