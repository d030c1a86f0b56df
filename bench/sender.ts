/**
 * What it costs to send rows, beside the bare loop and beside other senders: how many a second, what `append` takes,
 * how long the event loop waits, what an outage holds in memory. See `bench/README.md`.
 *
 *     npm run bench:sender -- --rounds 1 --rows 10000 --only throughput,append
 */
import { parseArgs } from 'node:util';
import { say, sayMachine } from './figures.js';
import { chosen, positive } from './flags.js';
import { reportAppend } from './parts/append.js';
import { reportLinearity } from './parts/linearity.js';
import { reportLoopDelay } from './parts/loop-delay.js';
import { reportMemory } from './parts/memory.js';
import type { Run } from './parts/run.js';
import { reportThroughput } from './parts/throughput.js';
import { peers } from './peers.js';
import { startSink } from './processes.js';

const reports: Readonly<Record<string, (run: Run) => Promise<void>>> = {
  throughput: reportThroughput,
  append: reportAppend,
  delay: reportLoopDelay,
  memory: reportMemory,
  linearity: reportLinearity,
};

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    rows: { type: 'string', default: '100000' },
    only: { type: 'string', default: Object.keys(reports).join(',') },
    long: { type: 'boolean', default: false },
  },
});
const chosenReports = chosen('only', values.only, reports);

using sink = await startSink();
const run: Run = {
  sink: sink.url,
  rounds: positive('rounds', values.rounds),
  rows: positive('rows', values.rows),
  long: values.long,
};

sayMachine(['undici', ...peers.flatMap(({ needs }) => needs ?? [])]);
say(`${run.rounds} rounds, the variants one after the other in every round, each in a process of its own`);
for (const report of chosenReports) {
  say();
  await report(run);
}
