import { expect, onTestFinished } from 'vitest';
import type { TinybirdError } from '../../src/api/errors.js';
import { Datasource } from '../../src/datasource/datasource.js';
import type { DatasourceOptions, SpillOptions } from '../../src/datasource/options.js';
import { type Appender, type AppenderOptions, startAppender } from './appender.js';
import { filesIn } from './segments.js';
import { type Finished, temporaryDirectory } from './temporary.js';
import { type Answer, type FakeTinybird, json, startFakeTinybird } from './tinybird.js';

/** What a test of rows on disk needs, all gone after it. */
export interface Spilling {
  readonly tinybird: FakeTinybird;
  /** The spill directory. */
  readonly directory: string;
  /** What was told, by all datasources. */
  readonly problems: TinybirdError[];
  /** A datasource `events` that keeps its rows in the directory. */
  datasource(options?: DatasourceOptions, spill?: Partial<SpillOptions>): Datasource;
  /** Numbers of the rows that arrived, in order of arrival. */
  ids(): number[];
  /** What was told under this code. */
  told(code: string): TinybirdError[];
}

export async function spilling(finished: Finished = onTestFinished): Promise<Spilling> {
  const directory = await temporaryDirectory(finished);
  const tinybird = await startFakeTinybird();
  finished(() => tinybird.close());
  const problems: TinybirdError[] = [];
  return {
    tinybird,
    directory,
    problems,
    datasource(options = {}, spill = {}) {
      const made = new Datasource('events', {
        url: tinybird.url,
        token: 'p.a-token-nobody-may-see',
        spill: { directory, ...spill },
        onError: (problem) => problems.push(problem),
        ...options,
      });
      finished(() => made.close({ timeoutMs: 1 }));
      return made;
    },
    ids: () => tinybird.rows.map((row) => Number(row.id)),
    told: (code) => problems.filter((problem) => problem.code === code),
  };
}

/** The next start: everything arrives, and nothing is left. */
export async function expectAllDelivered(test: Spilling, appended: readonly number[]): Promise<void> {
  test.tinybird.answer = undefined;
  await test.datasource().close();
  expect(appended.filter((id) => !test.ids().includes(id))).toEqual([]);
  expect(filesIn(test.directory)).toEqual([]);
  expect(test.problems).toEqual([]);
}

/** Starts a program on the spill directory of the test. */
export function program(test: Spilling, options: Partial<AppenderOptions> = {}): Appender {
  return startAppender({ url: test.tinybird.url, spill: test.directory, rows: 100, ...options });
}

/** A program that leaves these many rows on disk, killed while Tinybird does not answer. */
export async function leaveByKill(test: Spilling, rows: number): Promise<void> {
  test.tinybird.answer = silent;
  const killed = program(test, { rows, options: { maxRows: 10 } });
  await expect.poll(() => killed.appended.length).toBe(rows);
  await killed.kill();
  test.tinybird.answer = undefined;
}

/** Every request is told to come later. */
export const down: Answer = (_request, response) => json(response, 503, { error: 'later' });

/** No request is answered, and no row taken. */
export const silent: Answer = (_request, response) =>
  new Promise((resolve) =>
    response.on('close', () => {
      response.end();
      resolve(undefined);
    }),
  );

export function sorted(ids: readonly number[]): number[] {
  return [...ids].sort((a, b) => a - b);
}

/** Each number once: delivery is at least once, and a request that was given up may have been taken. */
export function distinct(ids: readonly number[]): number[] {
  return sorted([...new Set(ids)]);
}
