import { median, number, progress, ratio, say, spread, table } from '../figures.js';
import { runTask } from '../processes.js';
import type { CallVariant, Program } from '../programs/program.js';
import { CHUNKS_A_STREAM } from '../texts.js';
import type { Cpu, Watching, Way } from './watching.js';

/** What was asked for, and where everything is. */
export interface CallsRun {
  /** By its name in `programs`. */
  readonly program: string;
  readonly title: string;
  readonly goals: Program['goals'];
  readonly variants: readonly CallVariant[];
  readonly externals: readonly string[];
  readonly provider: string | undefined;
  readonly sink: string;
  readonly rounds: number;
  readonly calls: number;
  readonly streams: number;
  readonly concurrencies: readonly number[];
}

interface Results {
  readonly variant: CallVariant;
  readonly verified: Watching;
  readonly rounds: Watching[];
}

/** What watching a call costs, one after the other and many at once. */
export async function reportCalls(run: CallsRun): Promise<void> {
  for (const concurrency of run.concurrencies) {
    const results = await measured(run, 'call', run.calls, concurrency);
    say(
      `${run.title}, ${number(run.calls, 0)} calls, ${concurrency} at a time: CPU µs a call, added to the bare one`,
    );
    table(
      [...HEAD, 'arrived', 'prompts'],
      results.map((result) => [...cellsOf(result, results), ...arrivals(result, run.calls)]),
    );
    sayProblems(results);
    say(`  goal: ${run.goals.callMicroseconds} µs, one at a time, with delivery`);
    say();
  }
}

/** What watching a stream costs. */
export async function reportStreams(run: CallsRun): Promise<void> {
  const results = await measured(run, 'stream', run.streams, 1);
  say(
    `${run.title}, ${number(run.streams, 0)} streams of ${CHUNKS_A_STREAM} chunks: CPU µs a stream, added to the bare one`,
  );
  table(
    [...HEAD, 'first ms', 'end ms', 'arrived', 'prompts'],
    results.map((result) => [
      ...cellsOf(result, results),
      number(median(result.rounds.map(({ firstMs }) => firstMs)), 2),
      number(median(result.rounds.map(({ endMs }) => endMs)), 2),
      ...arrivals(result, run.streams),
    ]),
  );
  sayProblems(results);
  say(`  goal: ${run.goals.streamMicroseconds} µs, with delivery`);
}

const HEAD = ['', 'min', 'median', 'max', 'during', 'bare', 'of bare', 'of best peer'];

/** One run of every variant in which the sink looks into all bodies, then the rounds. */
async function measured(run: CallsRun, way: Way, count: number, concurrency: number): Promise<Results[]> {
  const { program, provider, sink } = run;
  const measure = (variant: CallVariant, verify: boolean): Promise<Watching> =>
    runTask('watching', { program, variant: variant.name, provider, sink, way, count, concurrency, verify });
  const results: Results[] = [];
  for (const variant of run.variants) {
    progress(`verifying ${variant.name}`);
    results.push({ variant, verified: await measure(variant, true), rounds: [] });
  }
  for (let round = 1; round <= run.rounds; round += 1) {
    for (const { variant, rounds } of results) {
      progress(`${way}s, round ${round} of ${run.rounds}: ${variant.name}`);
      rounds.push(await measure(variant, false));
    }
  }
  progress('');
  return results;
}

function cellsOf({ variant, rounds }: Results, results: readonly Results[]): string[] {
  const added = addedBy(rounds, 'total');
  const totals = rounds.map(({ watched }) => watched.total);
  const bare = rounds.map((round) => round.bare.total);
  return [
    variant.name,
    ...spread(added, 0),
    number(median(addedBy(rounds, 'during')), 0),
    number(median(bare), 0),
    number(ratio(totals, bare), 2),
    variant.kind === 'bare' ? '' : number(ratio(added, bestPeer(results, rounds.length)), 2),
  ];
}

/** µs more than the bare program took in its turns. */
function addedBy(rounds: readonly Watching[], until: keyof Cpu): number[] {
  return rounds.map(({ watched, bare }) => watched[until] - bare[until]);
}

function bestPeer(results: readonly Results[], rounds: number): (number | undefined)[] {
  const peers = results.filter(({ variant }) => variant.kind === 'peer');
  const added = peers.map((peer) => addedBy(peer.rounds, 'total'));
  return Array.from({ length: rounds }, (_, round) =>
    added.length === 0 ? undefined : Math.min(...added.map((ofPeer) => ofPeer[round] ?? Number.NaN)),
  );
}

/** How many calls came with prompt and answer, and how often a prompt came: spans within one another repeat it. */
function arrivals({ variant, verified }: Results, count: number): string[] {
  const { distinctRows, repeatedRows } = verified.counts;
  if (distinctRows === 0 && (variant.kind === 'bare' || variant.kind === 'pass-through')) return ['', ''];
  const arrived =
    distinctRows === count ? `${number(count, 0)}, all` : `LOST ${number(count - distinctRows, 0)}`;
  return [arrived, number((distinctRows + repeatedRows) / distinctRows, 2)];
}

function sayProblems(results: readonly Results[]): void {
  for (const { variant, verified, rounds } of results) {
    const problems = new Set([verified, ...rounds].flatMap((watching) => watching.problems));
    for (const problem of [...problems].slice(0, 3)) say(`  ${variant.name} told: ${problem}`);
  }
}
