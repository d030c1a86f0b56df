import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { type Appender, startAppender } from '../support/appender.js';
import { type Dev, startDev } from '../support/dev.js';
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.js';
import { filesIn } from '../support/segments.js';
import { temporaryDirectory } from '../support/temporary.js';

const ROWS = 200_000;
/** Rows a second are bounded by this pause after every 40, so that faults have about a minute to happen. */
const EVERY_MS = 8;
/** Share of the requests to which something happens. */
const FAULTS = 0.4;
/** Node takes about 50 MiB by itself, the thousands of rows between two requests some more. */
const MEMORY_BYTES = 200 * 1024 * 1024;
const BOUND_MS = 240_000;

/** Set CHAOS_SEED to the seed of a run that failed to make the same choices again; the machine makes its own beside them. */
const seed = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 2 ** 32));

it(
  `every row arrives of ${ROWS}, through faults, kills and a server that starts anew`,
  async () => {
    const random = mulberry32(seed);
    const { dev, restart } = await startServer();
    const proxy = await startFaultyProxy(dev.url, random);
    onTestFinished(() => proxy.close());
    proxy.share = FAULTS;
    const spill = await temporaryDirectory();

    const run = { kills: 0, appended: 0, mostMemory: 0 };
    let restarted: Promise<void> | undefined;
    while (run.appended < ROWS) {
      const program = startProgram(proxy, spill, run.appended);
      await Promise.race([program.ended, sleep(2500 + random() * 4000)]);
      await program.kill();
      run.kills++;
      run.appended = (program.appended.at(-1) ?? run.appended - 1) + 1;
      run.mostMemory = Math.max(run.mostMemory, program.rss);
      if (run.appended > ROWS / 2) restarted ??= restart();
    }
    await restarted;

    proxy.share = 0;
    const last = startProgram(proxy, spill, ROWS, 'await ds.close({ timeoutMs: 120_000 });');
    const { code } = await last.ended;
    const [found] = await dev.rows(
      'SELECT uniqExact(id) AS distinct, min(id) AS first, max(id) AS last, count() AS all FROM numbered',
    );
    const context = `CHAOS_SEED=${seed} ${JSON.stringify({ ...run, found, happened: [...proxy.happened] })}`;
    if (process.env.CHAOS_SEED !== undefined) console.log(context);
    expect(code, context).toBe(0);
    expect(filesIn(spill), context).toEqual([]);
    expect(found, context).toMatchObject({ distinct: ROWS, first: 0, last: ROWS - 1 });
    expect(Math.max(run.mostMemory, last.rss), context).toBeLessThan(MEMORY_BYTES);
  },
  BOUND_MS,
);

function startProgram(proxy: FaultyProxy, spill: string, from: number, end?: string): Appender {
  return startAppender({
    url: proxy.url,
    name: 'numbered',
    spill,
    from,
    rows: ROWS - from,
    atOnce: 40,
    everyMs: EVERY_MS,
    // Chunks that fill as fast as those of a busy program.
    options: { maxBytes: 16 * 1024, flushAfterMs: 250, timeoutMs: 5000 },
    // It goes on until it is killed, or there is nothing left to do.
    end: end ?? 'await ds.flush();',
  });
}

interface Server {
  url: string;
  rows(sql: string): Promise<Record<string, unknown>[]>;
}

/** A local Tinybird that can be started anew on the same port and data. */
async function startServer(): Promise<{ dev: Server; restart(): Promise<void> }> {
  const dataDir = await temporaryDirectory();
  const project = await temporaryDirectory();
  await mkdir(join(project, 'datasources'));
  await writeFile(
    join(project, 'datasources', 'numbered.datasource'),
    'SCHEMA >\n    `id` UInt32 `json:$.id`\n\nENGINE MergeTree\nENGINE_SORTING_KEY id\n',
  );
  let running: Dev = await startDev({ dataDir, project });
  const { url } = running;
  onTestFinished(() => running.stop());
  return {
    dev: {
      url,
      async rows(sql) {
        const response = await fetch(
          `${url}/v0/sql?token=local&q=${encodeURIComponent(`${sql} FORMAT JSON`)}`,
        );
        const { data } = (await response.json()) as { data: Record<string, unknown>[] };
        return data.map((row) =>
          Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)])),
        );
      },
    },
    async restart() {
      await running.stop();
      await sleep(1000);
      running = await startDev({ dataDir, project, port: Number(new URL(url).port) });
    },
  };
}

/** Numbers from 0 to 1 that are the same for the same seed. */
function mulberry32(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
