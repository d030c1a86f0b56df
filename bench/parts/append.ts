import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Datasource } from '../../src/index.js';
import { number, progress, ratio, say, spread, table } from '../figures.js';
import { openDatasource } from '../ours.js';
import { resetSink, runTask } from '../processes.js';
import { plainRows } from '../rows.js';
import { collectGarbage, type Run } from './run.js';

const ROW_BYTES = 2048;
/** Less than a request: what leaves is compressed beside the loop, and would be timed with it. */
const ROWS_A_ROUND = 400;
const DISTINCT = 64;
const WARM_UP_ROUNDS = 20;

export interface AppendInput {
  url: string;
  rounds: number;
}

export interface AppendTimes {
  /** µs a row, of every round. */
  bare: number[];
  append: number[];
  /** The same with the option `spill`; empty where `skipped` says why. */
  spill: number[];
  skipped?: string;
}

/** The three steps turn by turn in one process; what was appended leaves between them, outside of what is timed. */
export async function measureAppend({ url, rounds }: AppendInput): Promise<AppendTimes> {
  const rows = [...plainRows(DISTINCT, ROW_BYTES)];
  const times: AppendTimes = { bare: [], append: [], spill: [] };
  const directory = mkdtempSync(join(tmpdir(), 'bench-spill-'));
  const plain = openDatasource(url, []);
  const spilling = await openSpilling(url, directory, rows[0] ?? {});
  if (typeof spilling === 'string') times.skipped = spilling;
  let kept: unknown;

  async function timed(step: (row: object) => void, datasource?: Datasource): Promise<number> {
    collectGarbage();
    const started = performance.now();
    for (let row = 0; row < ROWS_A_ROUND; row += 1) step(rows[row % DISTINCT] as object);
    const microseconds = ((performance.now() - started) * 1000) / ROWS_A_ROUND;
    await datasource?.flush();
    return microseconds;
  }

  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    const bare = await timed((row) => {
      kept = Buffer.from(`${JSON.stringify(row)}\n`);
    });
    const append = await timed((row) => plain.append(row), plain);
    const spill =
      typeof spilling === 'string' ? undefined : await timed((row) => spilling.append(row), spilling);
    if (round < 0) continue;
    times.bare.push(bare);
    times.append.push(append);
    if (spill !== undefined) times.spill.push(spill);
  }
  if (kept === undefined) throw new Error('nothing was measured');
  await plain.close();
  if (typeof spilling !== 'string') await spilling.close();
  rmSync(directory, { recursive: true, force: true });
  return times;
}

/** A datasource that writes every row to disk too, or why there is none. */
async function openSpilling(url: string, directory: string, row: object): Promise<Datasource | string> {
  const option: Record<string, unknown> = { spill: directory };
  try {
    const datasource = openDatasource(url, [], option);
    datasource.append(row);
    const written = () => readdirSync(directory).length > 0;
    if (!written()) await sleep(100); // a first file may be opened behind the caller's back
    return written() ? datasource : 'this version ignores the option spill';
  } catch (thrown) {
    return `the option spill is refused: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  }
}

/** What `append` of a 2 KB row costs its caller. */
export async function reportAppend(run: Run): Promise<void> {
  progress('append');
  await resetSink(run.sink);
  const rounds = run.rounds * 20;
  const { bare, append, spill, skipped } = await runTask('append', { url: run.sink, rounds });
  progress('');
  say(`append of a ${ROW_BYTES} byte row: µs a row, ${rounds} rounds of ${ROWS_A_ROUND} rows`);
  table(
    ['', 'min', 'median', 'max', 'of bare', 'goal'],
    [
      ['JSON.stringify + Buffer.from', ...spread(bare), '1.00', ''],
      ['append', ...spread(append), number(ratio(append, bare), 2), '1.50'],
      ...(spill.length > 0
        ? [['append, spill', ...spread(spill), number(ratio(spill, bare), 2), '2.00']]
        : []),
    ],
  );
  if (skipped !== undefined) say(`  Without spill: ${skipped}.`);
}
