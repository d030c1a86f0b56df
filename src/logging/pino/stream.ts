import { joinLines, lineContext } from '../../recorder/context.js';
import { callerLocation } from '../location.js';
import type { LogOptions } from '../options.js';
import { originHere } from '../origin.js';
import type { PinoLevels } from './level.js';
import { type PinoConfig, parsePino } from './line.js';
import { PinoLines } from './lines.js';

export interface TinybirdStreamOptions extends LogOptions {
  /** The logger's `messageKey`. Default `msg`. */
  messageKey?: string | undefined;
  /** The logger's `errorKey`. Default `err`. */
  errorKey?: string | undefined;
  /** The logger's `nestedKey`, if it has one. */
  nestedKey?: string | undefined;
}

/** Fits what `pino(options, stream)` and `pino.multistream` take. */
export interface TinybirdStream {
  /** So that `pino(stream)` knows it for one. */
  readonly writable: true;
  write(line: string): void;
  /** Delivers the lines written so far; pino's `logger.flush(done)` calls it. */
  flush(done?: (error?: Error) => void): Promise<void>;
  /** Delivers the lines written so far, within `closeTimeoutMs`. Later lines are sent all the same. */
  end(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Tells pino that the stream wants to know who writes: the logger's levels. */
const METADATA = Symbol.for('pino.metadata');

interface LastLogger {
  readonly levels: PinoLevels;
}

/**
 * A stream for pino on the thread that logs: options may be functions, lines know their call without a mixin, and
 * `flush()` of this package delivers them. For programs that are bundled or run serverless, where pino finds no file
 * for its worker.
 *
 * @example
 * const log = pino({ level: 'info' }, tinybirdStream({ appName: 'my-service' }));
 */
export function tinybirdStream(options: TinybirdStreamOptions = {}): TinybirdStream {
  joinLines();
  const { messageKey, errorKey, nestedKey } = { ...options };
  const config: PinoConfig = { messageKey, errorKey, nestedKey };
  const lines = new PinoLines(options, config);
  const flush = () => lines.flush();
  const stream: TinybirdStream & { [METADATA]: true; lastLogger?: LastLogger; lastLevel?: number } = {
    [METADATA]: true,
    writable: true,
    write(text) {
      const levels = stream.lastLogger?.levels;
      if (levels !== undefined && levels !== lines.config.levels) lines.config = { ...config, levels };
      const location = lines.location ? callerLocation() : undefined;
      const { lastLevel: level } = stream;
      lines.write(parsePino(text), { ...lineContext(), origin: originHere(), location, level });
    },
    async flush(done) {
      await flush();
      done?.();
    },
    end: flush,
    [Symbol.asyncDispose]: flush,
  };
  return stream;
}
