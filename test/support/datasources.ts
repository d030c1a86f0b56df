import { afterEach, beforeEach } from 'vitest';
import type { ProblemCode, TinybirdError } from '../../src/api/errors.js';
import { Datasource, type DatasourceStats } from '../../src/datasource/datasource.js';
import type { DatasourceOptions } from '../../src/datasource/options.js';
import { type FakeTinybird, startFakeTinybird } from './tinybird.js';

/** A token whose text must turn up nowhere but in the header it is for. */
export const TOKEN = 'p.a-token-nobody-may-see';

/** What a test of datasources has at hand, anew for every test. */
export interface Bench {
  readonly tinybird: FakeTinybird;
  /** What the datasources told. */
  readonly problems: TinybirdError[];
  codes(): ProblemCode[];
  /** The `id` of every row that was taken, in the order they came. */
  ids(): unknown[];
  /** A datasource `events` that sends to the fake Tinybird; closed after the test. */
  datasource(options?: DatasourceOptions): Datasource;
}

/** To be called once in a file: sees to the fake Tinybird of each of its tests. */
export function useDatasources(): Bench {
  let tinybird: FakeTinybird;
  let problems: TinybirdError[];
  let open: Datasource[];
  beforeEach(async () => {
    tinybird = await startFakeTinybird();
    problems = [];
    open = [];
  });
  afterEach(async () => {
    await Promise.all(open.map((datasource) => datasource.close({ timeoutMs: 1 })));
    await tinybird.close();
  });
  return {
    get tinybird() {
      return tinybird;
    },
    get problems() {
      return problems;
    },
    codes: () => problems.map((problem) => problem.code),
    ids: () => tinybird.rows.map((row) => row.id),
    datasource(options = {}) {
      const onError = (problem: TinybirdError) => problems.push(problem);
      const made = new Datasource('events', { url: tinybird.url, token: TOKEN, onError, ...options });
      open.push(made);
      return made;
    },
  };
}

/** Rows `{ id }` from 0, each with as much text as is asked for. */
export function rows(count: number, textBytes = 0): { id: number; text?: string }[] {
  return Array.from({ length: count }, (_, id) =>
    textBytes === 0 ? { id } : { id, text: 'x'.repeat(textBytes) },
  );
}

/** Numbers from 0. */
export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, id) => id);
}

/** Whether every accepted row is in exactly one place. */
export function addsUp({ accepted, delivered, quarantined, dropped, pending }: DatasourceStats): boolean {
  return pending >= 0 && accepted === delivered + quarantined + dropped + pending;
}

export function byNumber(a: unknown, b: unknown): number {
  return Number(a) - Number(b);
}
