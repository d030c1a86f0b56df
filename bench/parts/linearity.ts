import { bareLoop } from '../bare.js';
import { median, number, progress, ratio, say, spread, table } from '../figures.js';
import { giveRows, openDatasource } from '../ours.js';
import { resetSink, runTask } from '../processes.js';
import { lineBytes, rowsFrom } from '../rows.js';
import { collectGarbage, type Run, startClock } from './run.js';

const SIZES = [1, 100, 10_000, 100_000];
const LONG_SIZE = 1_000_000;
/** A single row is over too soon to be timed once. */
const ROWS_TIMED_AT_LEAST = 2000;
const REPEATED_AT_MOST = 200;

export interface LinearityInput {
  url: string;
  rows: number;
}

/** µs a row, from the first one given to the last one acknowledged. */
export interface Linearity {
  bare: number;
  ours: number;
}

export async function measureLinearity({ url, rows }: LinearityInput): Promise<Linearity> {
  const datasource = openDatasource(url, []);
  const ours = async (count: number) => {
    await giveRows(datasource, rowsFrom(0, count));
    await datasource.flush();
  };
  const bare = async (count: number) => {
    await bareLoop(url, rowsFrom(0, count), { gzip: true });
  };
  await bare(3000);
  await ours(3000);
  const times = { bare: [] as number[], ours: [] as number[] };
  const repeats = Math.min(REPEATED_AT_MOST, Math.ceil(ROWS_TIMED_AT_LEAST / rows));
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    times.bare.push(await timed(bare, rows));
    times.ours.push(await timed(ours, rows));
  }
  return { bare: median(times.bare), ours: median(times.ours) };
}

async function timed(send: (count: number) => Promise<void>, rows: number): Promise<number> {
  collectGarbage();
  const stop = startClock();
  await send(rows);
  return (stop().ms * 1000) / rows;
}

/** Whether a row costs the same however many there are. */
export async function reportLinearity(run: Run): Promise<void> {
  const sizes = [...SIZES.filter((size) => size <= run.rows), ...(run.long ? [LONG_SIZE] : [])];
  const measured = new Map(sizes.map((size) => [size, [] as Linearity[]]));
  await resetSink(run.sink, { rowBytes: lineBytes() });
  for (let round = 1; round <= run.rounds; round += 1) {
    for (const size of sizes) {
      progress(`round ${round} of ${run.rounds}: ${size} rows`);
      measured.get(size)?.push(await runTask('linearity', { url: run.sink, rows: size }));
    }
  }
  progress('');
  say('Linearity: µs a row end to end, gzip');
  table(
    ['rows', 'min', 'median', 'max', 'of bare'],
    [...measured].map(([size, rounds]) => {
      const ours = rounds.map((round) => round.ours);
      const bare = rounds.map((round) => round.bare);
      return [number(size, 0), ...spread(ours), number(ratio(ours, bare), 2)];
    }),
  );
  say(
    '  a request has its own cost, which a single row bears alone; beyond 10,000 rows the figure should not grow',
  );
}
