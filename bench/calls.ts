/**
 * What it costs to watch the calls of a model: CPU a call and a stream over the bare program, with delivery, beside a
 * hand-written floor and beside others; and what a bundle grows by. See `bench/README.md`.
 *
 *     npm run bench:calls -- --rounds 2 --calls 500 --only calls,size
 */
import { parseArgs } from 'node:util';
import { chosenVariants, installed } from './chosen-variants.js';
import { say, sayMachine } from './figures.js';
import { chosen, positive } from './flags.js';
import { reportSize } from './parts/size.js';
import { type CallsRun, reportCalls, reportStreams } from './parts/watching-report.js';
import { startProvider, startSink } from './processes.js';
import { programNamed, programNames } from './programs/programs.js';

const reports: Readonly<Record<string, (run: CallsRun) => Promise<void>>> = {
  calls: reportCalls,
  streams: reportStreams,
  size: reportSize,
};

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    calls: { type: 'string', default: '2000' },
    streams: { type: 'string', default: '200' },
    concurrency: { type: 'string', default: '1,64' },
    programs: { type: 'string', default: programNames.join(',') },
    variants: { type: 'string' },
    inside: { type: 'boolean', default: false },
    only: { type: 'string', default: Object.keys(reports).join(',') },
  },
});
const chosenReports = chosen('only', values.only, reports);
const flags = {
  rounds: positive('rounds', values.rounds),
  calls: positive('calls', values.calls),
  streams: positive('streams', values.streams),
  concurrencies: values.concurrency.split(',').map((value) => positive('concurrency', value)),
};

using sink = await startSink();
using provider = await startProvider();

for (const name of values.programs.split(',')) {
  const program = await programNamed(name);
  const variants = installed(chosenVariants(program.variants, values.variants));
  sayMachine([...program.packages, 'undici', ...variants.flatMap(({ needs = [] }) => needs)]);
  say(
    `${flags.rounds} rounds, the variants one after the other in every round, each in a process of its own`,
  );
  for (const report of chosenReports) {
    say();
    await report({
      ...flags,
      ...program,
      program: name,
      variants,
      provider: values.inside ? undefined : provider.url,
      sink: sink.url,
    });
  }
}
