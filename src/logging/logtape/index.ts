import { joinLines, lineContext } from '../../recorder/context.js';
import { INFO, levelNamed } from '../levels.js';
import type { Location } from '../line.js';
import { callerLocation, locationOfFile } from '../location.js';
import type { LogOptions } from '../options.js';
import { LogWriter } from '../writer.js';
import { type LogTapeRecord, lineOfLogTape } from './line.js';

export type { LineFormat } from '../format.js';
export type { LogOptions } from '../options.js';
export type { LogTapeRecord } from './line.js';

/** A sink of LogTape's: synchronous, so that a record is read where it is logged. */
export interface TinybirdSink {
  (record: LogTapeRecord): void;
  /** Delivers what was logged so far, within `closeTimeoutMs`; LogTape's `drain()` calls it. */
  drain(): Promise<void>;
  /** The same, awaited by LogTape's `dispose()` and `reset()`. Records that come later are sent all the same. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A sink for LogTape. Lines written inside `withMetadata` or an observed call say so by themselves.
 *
 * @example
 * await configure({
 *   sinks: { tinybird: tinybirdSink({ appName: 'bot' }) },
 *   loggers: [{ category: 'bot', sinks: ['tinybird'] }],
 * });
 */
export function tinybirdSink(options: LogOptions = {}): TinybirdSink {
  joinLines();
  const writer = new LogWriter(options);
  const sink = (record: LogTapeRecord) => {
    writer.write(() => {
      const level = levelNamed(record.level);
      if (level === undefined) writer.refuseLevel(record.level);
      return lineOfLogTape(record, {
        level: level ?? INFO,
        here: lineContext(),
        location: writer.location ? locationOf(record) : undefined,
      });
    });
  };
  const flush = () => writer.flush();
  return Object.assign(sink, { drain: flush, [Symbol.asyncDispose]: flush });
}

/** As LogTape has captured it, where it was asked to. */
function locationOf({ sourceLocation }: LogTapeRecord): Location | undefined {
  if (sourceLocation === undefined) return callerLocation();
  return locationOfFile(sourceLocation.file, sourceLocation.line);
}
