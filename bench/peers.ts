import { setImmediate as nextTurn } from 'node:timers/promises';
import { load } from './load.js';
import type { Variant } from './variants.js';

/**
 * The same rows through other senders, each set so that it is at its best and loses nothing: batches of about 1 MiB,
 * and queues without a bound where there is one to lift. They are installed with `npm ci --prefix bench`; what is used
 * of them is written down here, so that the types hold without them.
 */
export const peers: readonly Variant[] = [
  { name: 'posthog-node, gzip', kind: 'peer', gzip: true, needs: 'posthog-node', send: sendPostHog },
  { name: '@axiomhq/js, gzip', kind: 'peer', gzip: true, needs: '@axiomhq/js', send: sendAxiom },
  { name: '@tinybirdco/sdk', kind: 'peer', gzip: false, needs: '@tinybirdco/sdk', send: sendTinybird },
];

const MINUTES_MS = 60_000;
/** Rows given in one go: then everybody else has a turn, as between the requests of a server. */
const ROWS_A_TURN = 100;
/** About 1 MiB of rows. */
const POSTHOG_BATCH = 290;
const TINYBIRD_BATCH = 1000;
/** `ingestBatch` leaves it to its caller how many are under way; the bare loop has four. */
const TINYBIRD_IN_FLIGHT = 4;

interface PostHogModule {
  PostHog: new (
    key: string,
    options: Record<string, unknown>,
  ) => {
    capture(event: { distinctId: string; event: string; properties: object }): void;
    on(event: 'error', listener: (problem: unknown) => void): void;
    shutdown(timeoutMs: number): Promise<void>;
  };
}

async function sendPostHog(url: string, rows: Iterable<object>): Promise<string[]> {
  const { PostHog } = (await load('posthog-node')) as PostHogModule;
  const problems: string[] = [];
  const client = new PostHog('phc_bench', {
    host: url,
    flushAt: POSTHOG_BATCH,
    maxBatchSize: POSTHOG_BATCH,
    maxQueueSize: Number.MAX_SAFE_INTEGER,
    flushInterval: 1000,
    requestTimeout: MINUTES_MS,
  });
  client.on('error', (problem) => problems.push(String(problem)));
  await eachInTurns(rows, (row) =>
    client.capture({ distinctId: 'user', event: '$ai_generation', properties: row }),
  );
  await client.shutdown(30 * MINUTES_MS);
  return problems;
}

interface AxiomModule {
  Axiom: new (options: {
    token: string;
    url: string;
    onError: (problem: Error) => void;
  }) => {
    ingest(dataset: string, event: object): void;
    flush(): Promise<void>;
  };
}

async function sendAxiom(url: string, rows: Iterable<object>): Promise<string[]> {
  const { Axiom } = (await load('@axiomhq/js')) as AxiomModule;
  const problems: string[] = [];
  const client = new Axiom({
    token: 'xaat-bench',
    url,
    onError: (problem) => problems.push(String(problem)),
  });
  await eachInTurns(rows, (row) => client.ingest('bench', row));
  await client.flush();
  return problems;
}

interface TinybirdModule {
  createTinybirdApi(config: { baseUrl: string; token: string }): {
    ingestBatch(datasource: string, rows: object[]): Promise<unknown>;
  };
}

async function sendTinybird(url: string, rows: Iterable<object>): Promise<string[]> {
  const { createTinybirdApi } = (await load('@tinybirdco/sdk')) as TinybirdModule;
  const client = createTinybirdApi({ baseUrl: url, token: 'p.bench' });
  const problems: string[] = [];
  const underWay = new Set<Promise<void>>();
  let batch: object[] = [];

  async function post(): Promise<void> {
    if (underWay.size >= TINYBIRD_IN_FLIGHT) await Promise.race(underWay);
    const request: Promise<void> = client
      .ingestBatch('bench', batch)
      .catch((problem: unknown) => problems.push(String(problem)))
      .then(() => {
        underWay.delete(request);
      });
    underWay.add(request);
    batch = [];
    await nextTurn();
  }

  for (const row of rows) {
    batch.push(row);
    if (batch.length === TINYBIRD_BATCH) await post();
  }
  if (batch.length > 0) await post();
  await Promise.all(underWay);
  return problems;
}

async function eachInTurns(rows: Iterable<object>, give: (row: object) => void): Promise<void> {
  let given = 0;
  for (const row of rows) {
    give(row);
    given += 1;
    if (given % ROWS_A_TURN === 0) await nextTurn();
  }
}
