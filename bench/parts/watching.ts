import { median } from '../figures.js';
import { countsOf, resetSink } from '../processes.js';
import { programNamed, variantOf } from '../programs/programs.js';
import type { SinkCounts } from '../sink.js';
import { promptOf, warmUpPromptOf } from '../texts.js';
import { collectGarbage, startClock } from './run.js';

export type Way = 'call' | 'stream';

/** Enough for the compiler to have seen everything. */
const WARM_UP: Readonly<Record<Way, number>> = { call: 400, stream: 60 };

export interface WatchingInput {
  program: string;
  variant: string;
  provider: string;
  sink: string;
  way: Way;
  /** Calls, or streams. */
  count: number;
  concurrency: number;
  verify: boolean;
}

export interface Watching {
  /** CPU of the process for a call or stream, µs: while they were made, and until all was delivered. */
  during: number;
  total: number;
  /** ms to the first chunk and to the end: the median of the streams, or calls. */
  firstMs: number;
  endMs: number;
  counts: SinkCounts;
  problems: string[];
}

/** In a process of its own: so many calls or streams, watched in one way. */
export async function measureWatching(input: WatchingInput): Promise<Watching> {
  const { way, count, concurrency, provider, sink, verify } = input;
  const variant = variantOf(await programNamed(input.program), input.variant);
  const watched = await variant.open({ provider, sink });
  const firsts: number[] = [];
  const ends: number[] = [];

  async function once(prompt: string): Promise<void> {
    const started = performance.now();
    let first: number | undefined;
    const onChunk = () => {
      first ??= performance.now() - started;
    };
    const answer = way === 'call' ? await watched.call(prompt) : await watched.stream(prompt, onChunk);
    ends.push(performance.now() - started);
    if (first !== undefined) firsts.push(first);
    if (!answer.startsWith('This is ')) throw new Error(`${input.variant} got no answer, but ${answer}`);
  }

  await manyAtOnce(WARM_UP[way], concurrency, (index) => once(warmUpPromptOf(index)));
  await watched.flush();
  firsts.length = 0;
  ends.length = 0;
  await resetSink(sink, { verify });
  collectGarbage();
  const clock = startClock();
  await manyAtOnce(count, concurrency, (index) => once(promptOf(index)));
  const during = clock();
  await watched.flush();
  const total = clock();
  return {
    during: (during.cpuMs * 1000) / count,
    total: (total.cpuMs * 1000) / count,
    firstMs: median(firsts),
    endMs: median(ends),
    counts: await countsOf(sink),
    problems: [...new Set(watched.problems)],
  };
}

async function manyAtOnce(
  count: number,
  concurrency: number,
  step: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const line = async () => {
    while (next < count) await step(next++);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, line));
}
