import { joinLines, lineContext } from '../../recorder/context.js';
import { INFO, levelNamed } from '../levels.js';
import type { Level } from '../line.js';
import { callerLocation } from '../location.js';
import type { LogOptions } from '../options.js';
import { LogWriter } from '../writer.js';
import { watchConsole } from './capture.js';

export type { LineFormat } from '../format.js';
export type { LogOptions } from '../options.js';

export interface CaptureConsoleOptions extends LogOptions {
  /** Which console. Default: the global one. */
  console?: Console | undefined;
}

/** What a capture can be ended by. */
export interface ConsoleCapture {
  /** Takes the capture back: the console's methods are what they were, but for those that others have wrapped since. */
  restore(): void;
  /** Delivers what was captured so far, within `closeTimeoutMs`. */
  flush(): Promise<void>;
  [Symbol.dispose](): void;
  /** Restores, then delivers. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The methods that are no levels of their own. */
const LEVELS: Readonly<Record<string, string>> = { trace: 'debug', assert: 'warn' };

/**
 * Sends what a program writes to its console, which goes on writing exactly what it wrote. For programs without a
 * logger; what goes past the console (`process.stdout.write`, an uncaught exception) is not seen.
 *
 * @example
 * using capture = captureConsole({ appName: 'bot' });
 */
export function captureConsole(options: CaptureConsoleOptions = {}): ConsoleCapture {
  joinLines();
  const { console: given, ...rest } = { ...options };
  const writer = new LogWriter(rest);
  const restore = watchConsole(given ?? globalThis.console, ({ method, text, thrown, stackInfo, called }) => {
    writer.write(() => ({
      createdMs: Date.now(),
      level: levelOfMethod(method),
      logger: 'console',
      message: text,
      thrown,
      stackInfo,
      ...lineContext(),
      location: writer.location ? callerLocation(called) : undefined,
      extra: {},
    }));
  });
  const flush = () => writer.flush();
  return {
    restore,
    flush,
    [Symbol.dispose]: restore,
    [Symbol.asyncDispose]: () => {
      restore();
      return flush();
    },
  };
}

function levelOfMethod(method: string): Level {
  return levelNamed(LEVELS[method] ?? method) ?? INFO;
}
