import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { afterEach, beforeEach } from 'vitest';
import type { TbLog } from '../../../schemas/tb-logs.js';
import { forgetTold } from '../../../src/api/tell.js';
import {
  type CaptureConsoleOptions,
  type ConsoleCapture,
  captureConsole,
} from '../../../src/logging/console/index.js';
import { type FakeTinybird, startFakeTinybird } from '../../support/tinybird.js';

/** A console of Node's whose words reach nobody but the test. */
export function quietConsole(options: { colorMode?: boolean } = {}): { target: Console; written(): string } {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  return { target: new Console({ stdout: stream, stderr: stream, ...options }), written: () => text };
}

/** What a test of captures has at hand, anew for every test. */
export interface Captured {
  readonly tinybird: FakeTinybird;
  readonly target: Console;
  /** What its captures have recorded, unless they were told to send it elsewhere. */
  readonly rows: TbLog[];
  /** What the console wrote. */
  written(): string;
  messages(): string[];
  capture(options?: CaptureConsoleOptions): ConsoleCapture;
  /** A capture that sends to the fake Tinybird. */
  sending(options?: CaptureConsoleOptions): ConsoleCapture;
}

/** To be called once in a file. */
export function useCaptured(): Captured {
  let quiet: ReturnType<typeof quietConsole>;
  let rows: TbLog[];
  let captures: ConsoleCapture[];
  let tinybird: FakeTinybird;
  beforeEach(async () => {
    quiet = quietConsole();
    rows = [];
    captures = [];
    forgetTold();
    tinybird = await startFakeTinybird();
  });
  afterEach(async () => {
    for (const capture of captures) capture.restore();
    await tinybird.close();
  });
  function capture(options: CaptureConsoleOptions = {}): ConsoleCapture {
    const made = captureConsole({ console: quiet.target, datasource: rows, ...options });
    captures.push(made);
    return made;
  }
  return {
    get tinybird() {
      return tinybird;
    },
    get target() {
      return quiet.target;
    },
    get rows() {
      return rows;
    },
    written: () => quiet.written(),
    messages: () => rows.map(({ message }) => message),
    capture,
    sending: (options) => capture({ datasource: 'tb_logs', url: tinybird.url, token: 't', ...options }),
  };
}
