import { setImmediate as nextTurn } from 'node:timers/promises';
import { mebibytes, number, progress, say, table } from '../figures.js';
import { openDatasource } from '../ours.js';
import { runTask } from '../processes.js';
import { plainRows } from '../rows.js';
import { collectGarbage, type Run } from './run.js';

const ROWS = 1_000_000;
const ROWS_LONG = 10_000_000;
const ROWS_A_TURN = 1000;
/** A port of the loopback that no program is given: whoever connects is refused. */
const NOBODY = 'http://127.0.0.1:1';

export interface MemoryInput {
  rows: number;
  rowBytes: number;
}

export interface Memory {
  /** RSS before the first row, bytes. */
  before: number;
  /** The highest RSS that was seen, bytes. */
  peak: number;
  /** RSS after the last row and a collection, bytes. */
  after: number;
  stats: Record<string, number>;
}

/** Rows nobody takes: RSS is looked at after every thousand. */
export async function measureMemory({ rows, rowBytes }: MemoryInput): Promise<Memory> {
  const datasource = openDatasource(NOBODY, []);
  collectGarbage();
  const before = process.memoryUsage.rss();
  let peak = before;
  let appended = 0;
  for (const row of plainRows(rows, rowBytes)) {
    datasource.append(row);
    appended += 1;
    if (appended % ROWS_A_TURN !== 0) continue;
    peak = Math.max(peak, process.memoryUsage.rss());
    await nextTurn();
  }
  collectGarbage();
  return { before, peak, after: process.memoryUsage.rss(), stats: { ...datasource.stats() } };
}

/** What the rows of an outage take. */
export async function reportMemory(run: Run): Promise<void> {
  const cells: string[][] = [];
  for (const rows of run.long ? [ROWS, ROWS_LONG] : [ROWS]) {
    for (const rowBytes of [300, 2048]) {
      progress(`memory: ${rows} rows of ${rowBytes} bytes`);
      const { before, peak, after, stats } = await runTask('memory', { rows, rowBytes });
      const told = ['accepted', 'pending', 'dropped', 'refused', 'retried'];
      cells.push([
        `${number(rows, 0)} × ${rowBytes} bytes`,
        ...[before, peak, after].map(mebibytes),
        ...told.map((name) => number(stats[name] ?? 0, 0)),
      ]);
    }
  }
  progress('');
  say('Memory with nobody listening: RSS in MiB, and what became of the rows');
  table(['', 'before', 'peak', 'after', 'accepted', 'pending', 'dropped', 'refused', 'retried'], cells);
  say('  goal: under 300 MiB, however long the outage');
}
