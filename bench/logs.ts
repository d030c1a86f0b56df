/**
 * What it costs a program to send its log lines, beside the same logger with a sink that does nothing. See
 * `bench/README.md`.
 *
 *     npm run bench:logs -- --rounds 2 --lines 20000
 */
import { parseArgs } from 'node:util';
import { say, sayMachine } from './figures.js';
import { positive } from './flags.js';
import { reportLogging } from './parts/logging.js';
import { startSink } from './processes.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    lines: { type: 'string', default: '100000' },
  },
});

using sink = await startSink();
sayMachine(['pino', 'winston', '@logtape/logtape', 'undici']);
say(`${values.rounds} rounds, the variants one after the other in every round, each in a process of its own`);
say();
await reportLogging({
  sink: sink.url,
  rounds: positive('rounds', values.rounds),
  rows: positive('lines', values.lines),
  long: false,
});
