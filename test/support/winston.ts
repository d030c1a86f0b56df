import { createLogger, format, type Logger, type LoggerOptions } from 'winston';
import type { TbLog } from '../../schemas/tb-logs.js';
import type { TinybirdError } from '../../src/api/errors.js';
import { TinybirdTransport, type TinybirdTransportOptions } from '../../src/logging/winston/index.js';

/** A logger of winston's with our transport, and what became of its lines. */
export interface WinstonLogging {
  readonly log: Logger;
  readonly transport: TinybirdTransport;
  readonly rows: TbLog[];
  readonly problems: TinybirdError[];
}

/** Leaves a line as it was written: winston's own JSON throws for much that ours has to stand. */
export const unformatted = format((info) => info)();

export function winstonLogging(
  loggerOptions: LoggerOptions = {},
  options: TinybirdTransportOptions = {},
): WinstonLogging {
  const rows: TbLog[] = [];
  const problems: TinybirdError[] = [];
  const onError = (problem: TinybirdError) => problems.push(problem);
  const transport = new TinybirdTransport({ datasource: rows, onError, ...options });
  const log = createLogger({ format: unformatted, transports: [transport], ...loggerOptions });
  return { log, transport, rows, problems };
}
