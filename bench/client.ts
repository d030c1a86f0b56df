/**
 * What watching takes from whoever calls a model through a framework, and nothing else: the answers come from memory, and what
 * was recorded is thrown away where it would be handed over for delivery. See `bench/README.md`.
 *
 *     npm run bench:client -- --programs openai --rounds 5 --variants ours,ref
 */
import { parseArgs } from 'node:util';
import { chosenVariants, installed } from './chosen-variants.js';
import { median, number, progress, ratio, say, sayMachine, spread, table } from './figures.js';
import { positive } from './flags.js';
import {
  CALLS_A_ROUND,
  CHUNKS_READ,
  type ClientCosts,
  OPEN_STREAMS,
  type Sides,
  STREAMS_A_ROUND,
} from './parts/client.js';
import { runTask } from './processes.js';
import { callerNamed, callerNames } from './programs/callers.js';
import { CHUNKS_OF_READY_STREAM } from './ready-provider.js';
import { CHUNK_BYTES } from './texts.js';

const { values } = parseArgs({
  options: {
    programs: { type: 'string', default: callerNames.join(',') },
    rounds: { type: 'string', default: '15' },
    variants: { type: 'string' },
  },
});
const rounds = positive('rounds', values.rounds);
for (const program of values.programs.split(',')) await report(program);

async function report(program: string): Promise<void> {
  const { title, packages, goals, ways } = await callerNamed(program);
  // gzip is delivery
  const told = ways.filter(({ name }) => name !== 'ours without gzip');
  const variants = installed(chosenVariants(told, values.variants));
  sayMachine([...packages, ...variants.flatMap(({ needs = [] }) => needs)]);
  say(`${title}: ${rounds} rounds, each variant in a process of its own, in turns with the bare one`);

  const results: [string, ClientCosts][] = [];
  for (const { name } of variants) {
    progress(name);
    results.push([name, await runTask('client', { program, variant: name, rounds })]);
  }
  progress('');

  say(
    `\n${number(CALLS_A_ROUND, 0)} calls a round, 2 KB prompt, 1 KB answer: CPU µs a call, added to the bare one`,
  );
  table(
    ['', 'min', 'median', 'max', 'bare', 'of bare', 'before', 'handed over'],
    results.map(([name, { calls, before, handedOver }]) => [
      name,
      ...addedCells(calls, 1),
      number(median(addedBy(before)), 1),
      number(handedOver.calls, 2),
    ]),
  );
  say(`  before: median of what was added until the provider was asked, by the clock; goal: ${goals.call}`);

  say(
    `\n${STREAMS_A_ROUND} streams a round of ${number(CHUNKS_OF_READY_STREAM, 0)} chunks: CPU µs a chunk, added to the bare one`,
  );
  table(
    ['', 'min', 'median', 'max', 'bare', 'of bare', 'handed over'],
    results.map(([name, { chunks, handedOver }]) => [
      name,
      ...addedCells(chunks, 2),
      number(handedOver.streams, 2),
    ]),
  );
  say(`  goal: ${goals.chunk}`);

  say(
    `\n${OPEN_STREAMS} streams that are open, of each ${number(CHUNKS_READ, 0)} chunks read: heap bytes a stream, added to the bare one`,
  );
  table(
    ['', 'min', 'median', 'max', 'bare', 'of bare'],
    results.map(([name, { heap }]) => [name, ...addedCells(heap, 0)]),
  );
  say(`  text that each had gathered: ${number(CHUNKS_READ * CHUNK_BYTES, 0)} bytes\n`);
}

/** Of the rounds, then what the bare client takes and how often that. */
function addedCells(measured: readonly Sides[], digits: number): string[] {
  const watched = measured.map((sides) => sides.watched);
  const bare = measured.map((sides) => sides.bare);
  return [
    ...spread(addedBy(measured), digits),
    number(median(bare), digits),
    number(ratio(watched, bare), 2),
  ];
}

function addedBy(measured: readonly Sides[]): number[] {
  return measured.map(({ watched, bare }) => watched - bare);
}
