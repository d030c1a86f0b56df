import pino from 'pino';
import pino9 from 'pino9';
import type { TbLog } from '../../schemas/tb-logs.js';
import type { TinybirdError } from '../../src/api/errors.js';
import { type TinybirdStreamOptions, tinybirdStream } from '../../src/logging/pino/index.js';

type Make = typeof pino;

/** Both majors that are worked with, by what a program imports. */
export const MAJORS: readonly [name: string, make: Make][] = [
  ['pino', pino],
  ['pino9', pino9 as unknown as Make],
];

/** A logger on this thread, the rows of its lines, and what was told. */
export function logging(
  make: Make,
  loggerOptions: pino.LoggerOptions = {},
  options: TinybirdStreamOptions = {},
) {
  const rows: TbLog[] = [];
  const problems: TinybirdError[] = [];
  const onError = (problem: TinybirdError) => problems.push(problem);
  const log = make(loggerOptions, tinybirdStream({ datasource: rows, onError, ...options }));
  return { log, rows, problems };
}

/** The logger's method of a custom level. */
export function method(log: pino.BaseLogger, level: string): (text: string) => void {
  return (text) => (log as unknown as Record<string, (text: string) => void>)[level]?.(text);
}
