import { afterEach, beforeEach, vi } from 'vitest';
import type { TinybirdError } from '../../src/api/errors.js';
import { Datasource } from '../../src/datasource/datasource.js';
import type { DatasourceOptions } from '../../src/datasource/options.js';

/** A request, and when it came. */
export interface TimedRequest {
  /** Since the test began, ms. */
  readonly at: number;
  readonly authorization: string | null;
  readonly ids: unknown[];
}

/** A Tinybird in memory, on a clock that only the test moves: for waits that are too long to be waited for. */
export interface TimedTinybird {
  readonly requests: TimedRequest[];
  /** What the datasources told. */
  readonly problems: TinybirdError[];
  /** Gives the answer, or `undefined` to take the rows. */
  answer: (request: TimedRequest) => Response | undefined;
  /** When the requests so far came, ms. */
  times(): number[];
  /** The `id` of every row that was taken. */
  taken(): unknown[];
  /** Lets so many ms go by. */
  pass(ms: number): Promise<unknown>;
  /** A datasource `events` that sends there. */
  datasource(options?: DatasourceOptions): Datasource;
}

/** To be called once in a file or a `describe`: stops the clock, and every random number at `random`. */
export function useTimedTinybird(random = 0): TimedTinybird {
  const taken: unknown[] = [];
  let beganAt = 0;
  const tinybird: TimedTinybird = {
    requests: [],
    problems: [],
    answer: () => undefined,
    times: () => tinybird.requests.map(({ at }) => at),
    taken: () => [...taken],
    pass: (ms) => vi.advanceTimersByTimeAsync(ms),
    datasource(options = {}) {
      const onError = (problem: TinybirdError) => tinybird.problems.push(problem);
      return new Datasource('events', {
        url: 'http://tinybird.example',
        token: 't',
        fetch,
        onError,
        ...options,
      });
    },
  };
  async function fetch(_url: unknown, init?: RequestInit): Promise<Response> {
    const lines = new TextDecoder()
      .decode(init?.body as Uint8Array)
      .trimEnd()
      .split('\n');
    const ids = lines.map((line) => (JSON.parse(line) as { id: unknown }).id);
    const authorization = new Headers(init?.headers).get('authorization');
    const request = { at: Math.round(performance.now() - beganAt), authorization, ids };
    tinybird.requests.push(request);
    const answer = tinybird.answer(request);
    if (answer !== undefined) return answer;
    taken.push(...ids);
    return Response.json({ successful_rows: ids.length, quarantined_rows: 0 });
  }
  beforeEach(() => {
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'],
    });
    vi.spyOn(Math, 'random').mockReturnValue(random);
    beganAt = performance.now();
    tinybird.requests.length = 0;
    tinybird.problems.length = 0;
    taken.length = 0;
    tinybird.answer = () => undefined;
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  return tinybird;
}

/** An answer of this status that took no rows. */
export function refusal(status: number, headers: Record<string, string> = {}): Response {
  return Response.json({ error: 'not now' }, { status, headers });
}
