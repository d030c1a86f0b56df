import { median } from '../figures.js';
import type { Answers, Caller, OpenCaller } from '../programs/caller.js';
import { callerNamed } from '../programs/callers.js';
import { CHUNKS_OF_READY_STREAM } from '../ready-provider.js';
import { warmUpPromptOf } from '../texts.js';
import { collectGarbage, startClock } from './run.js';

/** Of one round and client. */
export const CALLS_A_ROUND = 3000;
export const STREAMS_A_ROUND = 24;
/** Streams that are open together, and of each so many chunks read. */
export const OPEN_STREAMS = 60;
export const CHUNKS_READ = 1000;

/** Both clients take turns within a round: so many calls, or a stream. */
const CALLS_A_TURN = 50;
/** Rounds whose figures nobody sees. */
const WARM_UP_ROUNDS = 2;
const HEAP_ROUNDS = 3;
const PROMPTS = Array.from({ length: 64 }, (_, index) => warmUpPromptOf(index));

export interface ClientInput {
  program: string;
  variant: string;
  rounds: number;
}

/** The same of both clients, in one round. */
export interface Sides {
  bare: number;
  watched: number;
}

export interface ClientCosts {
  /** CPU of a call with all that is done about it, µs. */
  calls: Sides[];
  /** From a call until its request was handed to `fetch`, or its model asked, µs by the clock: the median of the round's calls. */
  before: Sides[];
  /** CPU of a streamed chunk, µs; what a stream costs as a whole is among it. */
  chunks: Sides[];
  /** Heap of a stream that is open, bytes. */
  heap: Sides[];
  /** How often something was handed over for delivery, by calls and by streams: less than 1 is a call that is lost. */
  handedOver: { calls: number; streams: number };
}

/** Both are reached by the same kind of answers. */
type Callers = Readonly<Record<keyof Sides, Caller>>;
type OpenCallers = (answers: Answers) => Promise<Callers>;

/** In a process of its own: what one way to watch a framework's calls takes from its caller, with everything thrown away. */
export async function measureClient({ program, variant, rounds }: ClientInput): Promise<ClientCosts> {
  const { watch } = await callerNamed(program);
  let discarded = 0;
  const openBare: OpenCaller = await watch('bare', () => {});
  const openWatched: OpenCaller = await watch(variant, () => {
    discarded += 1;
  });
  const open: OpenCallers = async (answers) => ({
    bare: await openBare(answers),
    watched: await openWatched(answers),
  });
  const { calls, before } = await measureCalls(open, rounds);
  const handedOver = { calls: discarded / ((rounds + WARM_UP_ROUNDS) * CALLS_A_ROUND), streams: 0 };
  discarded = 0;
  const chunks = await measureChunks(await open({ kind: 'ready stream' }), rounds);
  handedOver.streams = discarded / ((rounds + WARM_UP_ROUNDS) * STREAMS_A_ROUND);
  const heap = await measureHeap(await open({ kind: 'fresh stream' }));
  return { calls, before, chunks, heap, handedOver };
}

async function measureCalls(
  open: OpenCallers,
  rounds: number,
): Promise<Pick<ClientCosts, 'calls' | 'before'>> {
  let askedAt = 0;
  const onAsked = () => {
    askedAt = performance.now();
  };
  const callers = await open({ kind: 'completion', onAsked });
  let waits: Record<keyof Sides, number[]> = { bare: [], watched: [] };
  const call = async (side: keyof Sides, index: number) => {
    const prompt = promptOf(index);
    const started = performance.now();
    await callers[side].call(prompt);
    waits[side].push(askedAt - started);
  };
  const calls: Sides[] = [];
  const before: Sides[] = [];
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    waits = { bare: [], watched: [] };
    const spent = await inTurns(CALLS_A_ROUND / CALLS_A_TURN, async (side) => {
      for (let index = 0; index < CALLS_A_TURN; index += 1) await call(side, index);
      await callers[side].flush();
    });
    if (round < 0) continue;
    calls.push(each(spent, (ms) => (ms * 1000) / CALLS_A_ROUND));
    before.push({ bare: median(waits.bare) * 1000, watched: median(waits.watched) * 1000 });
  }
  return { calls, before };
}

async function measureChunks(callers: Callers, rounds: number): Promise<Sides[]> {
  const chunks: Sides[] = [];
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    const spent = await inTurns(STREAMS_A_ROUND, async (side, index) => {
      const caller = callers[side];
      let read = 0;
      for await (const chunk of await caller.stream(promptOf(index))) if (caller.isText(chunk)) read += 1;
      if (read !== CHUNKS_OF_READY_STREAM) throw new Error(`There were ${read} chunks.`);
      await caller.flush();
    });
    const count = STREAMS_A_ROUND * CHUNKS_OF_READY_STREAM;
    if (round >= 0) chunks.push(each(spent, (ms) => (ms * 1000) / count));
  }
  return chunks;
}

async function measureHeap(callers: Callers): Promise<Sides[]> {
  const heap: Sides[] = [];
  await heapOfStreams(callers.bare); // what is made once is made
  await heapOfStreams(callers.watched);
  for (let round = 0; round < HEAP_ROUNDS; round += 1) {
    heap.push({ bare: await heapOfStreams(callers.bare), watched: await heapOfStreams(callers.watched) });
  }
  return heap;
}

/** Bytes that one of many holds, of which half is read and nobody has left. */
async function heapOfStreams(caller: Caller): Promise<number> {
  const before = await heapInUse();
  const open: AsyncIterator<unknown>[] = [];
  for (let index = 0; index < OPEN_STREAMS; index += 1) {
    const stream = await caller.stream(promptOf(index));
    const iterator = stream[Symbol.asyncIterator]();
    for (let chunk = 0; chunk < CHUNKS_READ; chunk += 1) await iterator.next();
    open.push(iterator);
  }
  const held = (await heapInUse()) - before;
  for (const iterator of open) await iterator.return?.();
  await caller.flush();
  return held / OPEN_STREAMS;
}

async function heapInUse(): Promise<number> {
  for (let time = 0; time < 3; time += 1) {
    collectGarbage();
    // what a collection has finished with is told in a turn of the loop
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}

/** CPU of a round, ms, in turns. */
async function inTurns(
  turns: number,
  turn: (side: keyof Sides, index: number) => Promise<void>,
): Promise<Sides> {
  const spent = { bare: 0, watched: 0 };
  for (let index = 0; index < turns; index += 1) {
    // who comes first changes, for whoever it is pays for what the other left behind
    const order = index % 2 === 0 ? (['bare', 'watched'] as const) : (['watched', 'bare'] as const);
    for (const side of order) {
      const clock = startClock();
      await turn(side, index);
      spent[side] += clock().cpuMs;
    }
  }
  return spent;
}

function each({ bare, watched }: Sides, change: (value: number) => number): Sides {
  return { bare: change(bare), watched: change(watched) };
}

function promptOf(index: number): string {
  return PROMPTS[index % PROMPTS.length] ?? '';
}
