import { expect } from 'vitest';

/** Every key that each row of this thread has, whoever wrote it. */
export const ALWAYS = {
  app_name: expect.any(String),
  created: expect.any(Number),
  level: expect.any(Number),
  levelname: expect.any(String),
  name: expect.any(String),
  message: expect.any(String),
  formatted_message: expect.any(String),
  asctime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  msecs: expect.any(Number),
  relativeCreated: expect.any(Number),
  thread: 0,
  threadName: 'MainThread',
  process: process.pid,
  processName: process.title,
  extra: expect.any(Object),
};

/** Python's number and name of the level of each row. */
export function levelsOf(rows: readonly Readonly<Record<string, unknown>>[]): unknown[][] {
  return rows.map(({ level, levelname }) => [level, levelname]);
}

/** Of the six levels that most libraries have, the lightest first. */
export const SIX_LEVELS = [
  [5, 'TRACE'],
  [10, 'DEBUG'],
  [20, 'INFO'],
  [30, 'WARNING'],
  [40, 'ERROR'],
  [50, 'CRITICAL'],
];
