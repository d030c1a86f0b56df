import { afterEach, beforeEach, type Mock, vi } from 'vitest';
import { forgetTold } from '../../src/api/tell.js';
import type { LogLine } from '../../src/logging/line.js';
import type { LogOptions } from '../../src/logging/options.js';
import { LogWriter, type WriterSettings } from '../../src/logging/writer.js';
import { forgetTinybirdEnvironment } from '../support/environment.js';
import { type FakeTinybird, startFakeTinybird } from '../support/tinybird.js';

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

const INFO = { number: 20, name: 'INFO' };

/** Says what a logger would have said. */
export function lineOf(message: unknown, own: Partial<LogLine> = {}): () => LogLine {
  return () => ({ createdMs: Date.now(), level: INFO, logger: 'shop', message, extra: {}, ...own });
}
