import { median } from '../figures.js';
import { countsOf, resetSink } from '../processes.js';
import type { WatchedProgram } from '../programs/program.js';
import { programNamed, variantOf } from '../programs/programs.js';
import type { SinkCounts } from '../sink.js';
import { promptOf, warmUpPromptOf } from '../texts.js';
import { collectGarbage, startClock } from './run.js';

export type Way = 'call' | 'stream';

/** Made twice of each kind before time is taken: enough for the compiler to have seen everything. */
const WARM_UP: Readonly<Record<Way, number>> = { call: 800, stream: 40 };
/** The watched program and the bare one take turns, so that what else the machine does falls on both. */
const TURNS = 10;

export interface WatchingInput {
  program: string;
  variant: string;
  provider: string | undefined;
  sink: string;
  way: Way;
  /** Calls, or streams. */
  count: number;
  concurrency: number;
  verify: boolean;
}

/** CPU of the whole process for a call or stream, µs. */
export interface Cpu {
  /** While they were made. */
  readonly during: number;
  /** Until all was delivered, too. */
  readonly total: number;
}

export interface Watching {
  bare: Cpu;
  watched: Cpu;
  /** ms to the first chunk and to the end, watched: the median of the streams, or calls. */
  firstMs: number;
  endMs: number;
  counts: SinkCounts;
  problems: string[];
}

/** In a process of its own: so many calls or streams watched in one way, and as many that nobody watches. */
export async function measureWatching(input: WatchingInput): Promise<Watching> {
  const { way, count, concurrency, provider, sink, verify } = input;
  const { variants } = await programNamed(input.program);
  const bare = await variantOf(variants, 'bare').open({ provider, sink });
  const watched = await variantOf(variants, input.variant).open({ provider, sink });
  const firsts: number[] = [];
  const ends: number[] = [];

  async function once(program: WatchedProgram, prompt: string): Promise<void> {
    const started = performance.now();
    let first: number | undefined;
    const onChunk = () => {
      first ??= performance.now() - started;
    };
    const answer = way === 'call' ? await program.call(prompt) : await program.stream(prompt, onChunk);
    if (!answer.startsWith('This is ')) throw new Error(`${input.variant} got no answer, but ${answer}`);
    if (program !== watched) return;
    ends.push(performance.now() - started);
    if (first !== undefined) firsts.push(first);
  }

  async function turn(program: WatchedProgram, prompts: readonly string[]): Promise<Cpu> {
    const clock = startClock();
    await manyAtOnce(prompts, concurrency, (prompt) => once(program, prompt));
    const during = clock();
    await program.flush();
    const total = clock();
    return { during: during.cpuMs * 1000, total: total.cpuMs * 1000 };
  }

  // The first request of a process has its parser compiled behind its back, for longer than the request takes.
  await resetSink(sink);
  const warmUp = Array.from({ length: WARM_UP[way] }, (_, index) => warmUpPromptOf(index));
  for (const program of [bare, watched]) await turn(program, warmUp);
  // Once, and not in every turn: a collection that is asked for throws compiled code away, and with it half the figure.
  collectGarbage();
  for (const program of [bare, watched]) await turn(program, warmUp);
  firsts.length = 0;
  ends.length = 0;
  await resetSink(sink, { verify });
  const prompts = Array.from({ length: count }, (_, index) => promptOf(index));
  const spent = { bare: { during: 0, total: 0 }, watched: { during: 0, total: 0 } };
  const size = Math.ceil(count / TURNS);
  for (let from = 0; from < count; from += size) {
    const some = prompts.slice(from, from + size);
    // who comes first changes, for whoever it is pays for what the other left behind
    const order = (from / size) % 2 === 0 ? (['bare', 'watched'] as const) : (['watched', 'bare'] as const);
    for (const which of order) {
      const { during, total } = await turn(which === 'bare' ? bare : watched, some);
      spent[which].during += during / count;
      spent[which].total += total / count;
    }
  }
  return {
    ...spent,
    firstMs: median(firsts),
    endMs: median(ends),
    counts: await countsOf(sink),
    problems: [...new Set(watched.problems)],
  };
}

async function manyAtOnce(
  prompts: readonly string[],
  concurrency: number,
  step: (prompt: string) => Promise<void>,
): Promise<void> {
  const waiting = prompts.values();
  const line = async () => {
    for (const prompt of waiting) await step(prompt);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, prompts.length) }, line));
}
