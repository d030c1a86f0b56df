import { median, number, progress, ratio, say, spread, table, versionOf } from '../figures.js';
import { countsOf, resetSink, runTask } from '../processes.js';
import { lineBytes, rowsFrom } from '../rows.js';
import type { SinkCounts } from '../sink.js';
import { bareName, type Variant, variantNamed, variants } from '../variants.js';
import { collectGarbage, type Run, startClock } from './run.js';

/** Enough for the compiler to have seen everything. */
const WARM_UP_ROWS = 3000;
/** Rows of the run before the timed ones in which the sink looks into every body. */
const VERIFIED_ROWS = 10_000;
/** What envelopes of another number of batches may make of the bytes; a lost batch is more. */
const TOLERANCE = 0.001;

export interface ThroughputInput {
  variant: string;
  url: string;
  rows: number;
  verify: boolean;
}

export interface Throughput {
  ms: number;
  cpuMs: number;
  counts: SinkCounts;
  problems: string[];
}

/** In a process of its own: `rows` rows from the first one given to the last one acknowledged. */
export async function measureThroughput({
  variant,
  url,
  rows,
  verify,
}: ThroughputInput): Promise<Throughput> {
  const { send } = variantNamed(variant);
  const rowBytes = lineBytes();
  await resetSink(url, { rowBytes });
  await send(url, rowsFrom(rows, WARM_UP_ROWS));
  await resetSink(url, { rowBytes, verify });
  collectGarbage();
  const stop = startClock();
  const problems = await send(url, rowsFrom(0, rows));
  const taken = stop();
  return { ...taken, problems, counts: await countsOf(url) };
}

interface Results {
  readonly variant: Variant;
  readonly verified: Throughput;
  readonly rounds: Throughput[];
}

/** Rows a second, end to end, of every variant beside the bare loop and the best peer. */
export async function reportThroughput(run: Run): Promise<void> {
  const chosen = installed();
  const results: Results[] = [];
  for (const variant of chosen) {
    progress(`verifying ${variant.name}`);
    const input = { variant: variant.name, url: run.sink, rows: VERIFIED_ROWS, verify: true };
    results.push({ variant, verified: await runTask('throughput', input), rounds: [] });
  }
  for (let round = 1; round <= run.rounds; round += 1) {
    for (const { variant, rounds } of results) {
      progress(`round ${round} of ${run.rounds}: ${variant.name}`);
      const input = { variant: variant.name, url: run.sink, rows: run.rows, verify: false };
      rounds.push(await runTask('throughput', input));
    }
  }
  progress('');
  say(`Events a second, end to end: ${number(run.rows, 0)} rows of ${number(lineBytes(), 0)} bytes`);
  table(
    [
      '',
      'min',
      'median',
      'max',
      'of bare',
      'of best peer',
      'same gzip',
      'CPU µs/row',
      'wire B/row',
      'rows counted',
    ],
    results.map((result) => cellsOf(result, results, run.rows)),
  );
  say(
    '  of bare: the bare loop with gzip, or without, as the variant has it; same gzip: peers alike in that',
  );
  for (const { variant, verified, rounds } of results) {
    const problems = new Set([verified, ...rounds].flatMap((measured) => measured.problems));
    for (const problem of [...problems].slice(0, 3)) say(`  ${variant.name} told: ${problem}`);
  }
}

function installed(): Variant[] {
  return variants.filter(({ name, needs }) => {
    if (needs === undefined || versionOf(needs) !== undefined) return true;
    say(`Without ${name}: ${needs} is not installed (npm ci --prefix bench).`);
    return false;
  });
}

function cellsOf(result: Results, results: readonly Results[], rows: number): string[] {
  const { variant, rounds } = result;
  const speeds = speedsOf(result);
  const bare = results.find((other) => other.variant.name === bareName(variant.gzip));
  const peers = results.filter((other) => other.variant.kind === 'peer');
  const alike = peers.filter((other) => other.variant.gzip === variant.gzip);
  return [
    variant.name,
    ...spread(speeds, 0),
    number(bare === undefined ? Number.NaN : ratio(speeds, speedsOf(bare)), 2),
    number(ratio(speeds, best(peers, rounds.length)), 2),
    number(ratio(speeds, best(alike, rounds.length)), 2),
    number(median(rounds.map(({ cpuMs }) => (cpuMs * 1000) / rows))),
    number((rounds[0]?.counts.wireBytes ?? 0) / rows, 0),
    arrivals(result, rows),
  ];
}

/** Rows that arrived, a second: what lost some is not the faster for it. */
function speedsOf(result: Results): number[] {
  return arrived(result).map((rows, round) => rows / ((result.rounds[round]?.ms ?? Number.NaN) / 1000));
}

function best(peers: readonly Results[], rounds: number): (number | undefined)[] {
  return Array.from({ length: rounds }, (_, round) => {
    const speeds = peers.map((peer) => speedsOf(peer)[round] ?? 0);
    return speeds.length === 0 ? undefined : Math.max(...speeds);
  });
}

/** Rows of every timed round: by their bytes, which the verified run showed how many a row has in its envelope. */
function arrived({ verified, rounds }: Results): number[] {
  const bytesARow = verified.counts.plainBytes / verified.counts.distinctRows;
  return rounds.map(({ counts }) => counts.plainBytes / bytesARow);
}

/** How many rows the sink counted in the round with the fewest, and whether any were lost or came twice. */
function arrivals(result: Results, rows: number): string {
  const { distinctRows, repeatedRows } = result.verified.counts;
  if (distinctRows !== VERIFIED_ROWS) return `LOST ${VERIFIED_ROWS - distinctRows} of ${VERIFIED_ROWS}`;
  if (repeatedRows > 0) return `${repeatedRows} of ${VERIFIED_ROWS} TWICE`;
  const counted = arrived(result);
  const fewest = Math.min(...counted);
  const most = Math.max(...counted);
  if (fewest < rows * (1 - TOLERANCE)) return `${number(fewest, 0)}, LOST ${number(rows - fewest, 0)}`;
  if (most > rows * (1 + TOLERANCE)) return `${number(most, 0)}, ${number(most - rows, 0)} TWICE`;
  return `${number(rows, 0)}, all`;
}
