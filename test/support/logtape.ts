import * as logtape2 from '@logtape/logtape';
import * as logtape1 from 'logtape1';
import type { TbLog } from '../../schemas/tb-logs.js';
import type { TinybirdError } from '../../src/api/errors.js';
import { type TinybirdSink, tinybirdSink } from '../../src/logging/logtape/index.js';
import type { LogOptions } from '../../src/logging/options.js';

export type LogTape = typeof logtape2;

/** Every version that the sink is for. What the older one does not have, its tests do not use. */
export const LOGTAPES: readonly (readonly [name: string, logtape: LogTape])[] = [
  ['LogTape 2', logtape2],
  ['LogTape 1', logtape1 as unknown as LogTape],
];

/** A logger of the category a.b with our sink, and what became of its records. */
export interface LogTapeLogging {
  readonly log: logtape2.Logger;
  readonly sink: TinybirdSink;
  readonly rows: TbLog[];
  readonly problems: TinybirdError[];
}

/** @param settings more of the logger's configuration */
export async function logTapeLogging(
  { configure, getLogger }: LogTape,
  options: LogOptions = {},
  settings: object = {},
): Promise<LogTapeLogging> {
  const rows: TbLog[] = [];
  const problems: TinybirdError[] = [];
  const onError = (problem: TinybirdError) => problems.push(problem);
  const sink = tinybirdSink({ datasource: rows, onError, ...options });
  await configure({
    reset: true,
    sinks: { tinybird: sink },
    loggers: [
      { category: 'a', sinks: ['tinybird'], lowestLevel: 'trace', ...settings },
      { category: ['logtape', 'meta'], sinks: [] },
    ],
  });
  return { log: getLogger(['a', 'b']), sink, rows, problems };
}
