import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, type Mock, vi } from 'vitest';
import type { TinybirdError } from '../../src/api/errors.js';
import { forgetTold } from '../../src/api/tell.js';
import type { LogLine } from '../../src/logging/line.js';
import type { LogOptions } from '../../src/logging/options.js';
import { LogWriter, type WriterSettings } from '../../src/logging/writer.js';
import { forgetTinybirdEnvironment } from '../support/environment.js';
import { type FakeTinybird, holdAnswers, startFakeTinybird } from '../support/tinybird.js';

/** What a test of writers has at hand, anew for every test. */
export interface Writing {
  readonly tinybird: FakeTinybird;
  /** A writer to the fake Tinybird, unless the options say otherwise. */
  writer(options?: LogOptions, settings?: WriterSettings): LogWriter;
  /** What was said on stderr, line for line. */
  told(): string[];
  /** How often the console was asked to say something. */
  saidOnConsole(): number;
  /** The messages that the fake Tinybird took. */
  delivered(): unknown[];
}

/** To be called once in a file. */
export function useWriting(): Writing {
  let tinybird: FakeTinybird;
  let stderr: Mock;
  let methods: Mock[];
  beforeEach(async () => {
    tinybird = await startFakeTinybird();
    forgetTold();
    forgetTinybirdEnvironment();
    stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true) as unknown as Mock;
    methods = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) =>
      vi.spyOn(console, name).mockImplementation(() => {}),
    );
  });
  afterEach(() => tinybird.close());
  return {
    get tinybird() {
      return tinybird;
    },
    writer: (options, settings) => new LogWriter({ url: tinybird.url, token: 't', ...options }, settings),
    told: () => stderr.mock.calls.map(([text]) => String(text)),
    saidOnConsole: () => methods.reduce((calls, { mock }) => calls + mock.calls.length, 0),
    delivered: () => tinybird.rows.map(({ message }) => message),
  };
}

/**
 * Writes a thousand lines of a kilobyte each while Tinybird does not answer. The logger is to hold 200,000 bytes of them,
 * and tells of those that it drops.
 */
export async function logWhileDown(
  tinybird: FakeTinybird,
  log: (text: string, fields: Record<string, unknown>) => unknown,
): Promise<void> {
  const release = holdAnswers(tinybird);
  for (let line = 0; line < 1000; line += 1) {
    log(`line ${line}`, { filling: 'x'.repeat(1000) });
    if (line % 100 === 0) await nextTurn();
  }
  release();
}

/** That every line of `logWhileDown` was delivered or told as dropped, and no more was held than was allowed. */
export async function expectBounded(
  tinybird: FakeTinybird,
  problems: readonly TinybirdError[],
): Promise<void> {
  const dropped = () => problems.reduce((sum, { rows = 0 }) => sum + rows, 0);
  await vi.waitFor(() => expect(tinybird.rows.length + dropped()).toBe(1000), 10_000);
  expect(dropped()).toBeGreaterThan(700);
  expect(new Set(problems.map(({ code }) => code))).toEqual(new Set(['dropped']));
  const bytes = tinybird.requests.reduce((sum, { text }) => sum + text.length, 0);
  expect(bytes).toBeLessThanOrEqual(200_000);
}

const INFO = { number: 20, name: 'INFO' };

/** Says what a logger would have said. */
export function lineOf(message: unknown, own: Partial<LogLine> = {}): () => LogLine {
  return () => ({ createdMs: Date.now(), level: INFO, logger: 'shop', message, extra: {}, ...own });
}

/** What a function among the options may do. */
export function fault(): never {
  throw new Error('of the options');
}
