import { describe, expect, it, vi } from 'vitest';
import type { TinybirdError } from '../../../src/api/errors.js';
import { forgetTinybirdEnvironment } from '../../support/environment.js';
import { useCaptured } from './captured.js';

const captured = useCaptured();

describe('delivery', () => {
  it('takes 100,000 lines in their order, in few requests', async () => {
    const made = captured.sending();
    for (let n = 0; n < 100_000; n += 1) captured.target.log('%d', n);
    await made.flush();
    expect(captured.tinybird.rows.length).toBe(100_000);
    // several requests are under way at once: which is there first says nothing, the rows' own times do
    const lines = captured.tinybird.rows
      .map(({ message, created }) => ({ n: Number(message), created: Number(created) }))
      .toSorted((one, other) => one.n - other.n);
    expect(lines.findIndex(({ n }, index) => n !== index)).toBe(-1);
    expect(lines.findIndex(({ created }, index) => created < (lines[index - 1]?.created ?? 0))).toBe(-1);
    expect(captured.tinybird.requests.length).toBeLessThan(200);
  });

  it('keeps nobody waiting for a server that does not answer', async () => {
    let answer: () => void = () => {};
    captured.tinybird.answer = () =>
      new Promise<void>((resolve) => {
        answer = resolve;
      });
    const made = captured.sending({ maxRows: 1 });
    captured.target.log('one');
    await vi.waitFor(() => expect(captured.tinybird.requests.length).toBe(1), 10_000);
    captured.target.log('two');
    expect(captured.written()).toBe('one\ntwo\n');
    expect(captured.tinybird.rows).toEqual([]);
    captured.tinybird.answer = undefined;
    answer();
    await made.flush();
    expect(captured.tinybird.rows.map(({ message }) => message).toSorted()).toEqual(['one', 'two']);
  });

  it.each([
    ['at once', (problem: TinybirdError) => captured.target.warn('told', problem.code)],
    [
      'after a while',
      async (problem: TinybirdError) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        captured.target.warn('told', problem.code);
      },
    ],
  ])('makes no row of what `onError` writes %s', async (_when, onError) => {
    captured.tinybird.answer = (_request, response) => response.writeHead(403).end('{}');
    const made = captured.sending({ onError });
    captured.target.log('one');
    await made.flush();
    await vi.waitFor(() => expect(captured.written()).toContain('told unauthorized\n'), 10_000);
    captured.tinybird.answer = undefined;
    captured.target.log('two');
    await made.flush();
    expect(captured.tinybird.rows.map(({ message }) => message)).toEqual(['two']);
  });

  it('tells a problem past every console, once', async () => {
    forgetTinybirdEnvironment();
    const toConsole = (['log', 'warn', 'error'] as const).map((method) => vi.spyOn(console, method));
    const toStderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    captured.capture({ datasource: undefined });
    captured.target.log('one');
    captured.target.log('two');
    expect(toStderr.mock.calls.map(([text]) => text)).toEqual([
      expect.stringMatching(/^\[tinybird-llm\] .*TINYBIRD_TOKEN.*\n$/),
    ]);
    for (const method of toConsole) expect(method).not.toHaveBeenCalled();
    expect(captured.written()).toBe('one\ntwo\n');
  });
});
