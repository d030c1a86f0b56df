import { median } from '../figures.js';
import { type Client, openClient, requestOf, streamRequestOf, type Watch } from '../programs/openai/watch.js';
import { waysOfOpenAI } from '../programs/openai/ways.js';
import {
  CHUNKS_OF_READY_STREAM,
  type Fetch,
  fetchFreshStream,
  fetchReadyCompletion,
  fetchReadyStream,
} from '../ready-provider.js';
import { warmUpPromptOf } from '../texts.js';
import { collectGarbage, startClock } from './run.js';

/** Of one round and client. */
export const CALLS_A_ROUND = 3000;
export const STREAMS_A_ROUND = 24;
/** Streams that are open together, and of each so many chunks read. */
export const OPEN_STREAMS = 200;
export const CHUNKS_READ = 1000;

/** Both clients take turns within a round: so many calls, or a stream. */
const CALLS_A_TURN = 50;
/** Rounds whose figures nobody sees. */
const WARM_UP_ROUNDS = 2;
const HEAP_ROUNDS = 3;
const PROMPTS = Array.from({ length: 64 }, (_, index) => warmUpPromptOf(index));

export interface ClientInput {
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
  /** From a call until its request was handed to `fetch`, µs by the clock: the median of the round's calls. */
  before: Sides[];
  /** CPU of a streamed chunk, µs; what a stream costs as a whole is among it. */
  chunks: Sides[];
  /** Heap of a stream that is open, bytes. */
  heap: Sides[];
  /** How often something was handed over for delivery, by calls and by streams: less than 1 is a call that is lost. */
  handedOver: { calls: number; streams: number };
}

/** One of the two clients, and how it is watched. */
interface Subject {
  readonly client: Client;
  readonly watch: Watch;
}

type Subjects = Readonly<Record<keyof Sides, Subject>>;

/** In a process of its own: what one way to watch a client takes from its caller, with everything thrown away. */
export async function measureClient({ variant, rounds }: ClientInput): Promise<ClientCosts> {
  const way = waysOfOpenAI.find(({ name }) => name === variant);
  if (way === undefined) throw new Error(`There is no variant ${variant}.`);
  let discarded = 0;
  const watch = await way.watch(() => {
    discarded += 1;
  });
  /** Both reached by the same `fetch`. */
  const subjects = (fetch: Fetch): Subjects => {
    const options = { apiKey: 'sk-bench', fetch };
    return {
      bare: { client: openClient({}, options), watch: {} },
      watched: { client: openClient(watch, options), watch },
    };
  };
  const { calls, before } = await measureCalls(subjects, rounds);
  const handedOver = { calls: discarded / ((rounds + WARM_UP_ROUNDS) * CALLS_A_ROUND), streams: 0 };
  discarded = 0;
  const chunks = await measureChunks(subjects(fetchReadyStream()), rounds);
  handedOver.streams = discarded / ((rounds + WARM_UP_ROUNDS) * STREAMS_A_ROUND);
  const heap = await measureHeap(subjects(fetchFreshStream()));
  return { calls, before, chunks, heap, handedOver };
}

async function measureCalls(
  subjects: (fetch: Fetch) => Subjects,
  rounds: number,
): Promise<Pick<ClientCosts, 'calls' | 'before'>> {
  let askedAt = 0;
  const clients = subjects(
    fetchReadyCompletion(() => {
      askedAt = performance.now();
    }),
  );
  let waits: Record<keyof Sides, number[]> = { bare: [], watched: [] };
  const call = async (side: keyof Sides, index: number) => {
    const { client, watch } = clients[side];
    const request = requestOf(watch, promptOf(index));
    const started = performance.now();
    const { choices } = await client.chat.completions.create(request);
    waits[side].push(askedAt - started);
    if (choices[0] === undefined) throw new Error('There is no answer.');
  };
  const calls: Sides[] = [];
  const before: Sides[] = [];
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    waits = { bare: [], watched: [] };
    const spent = await inTurns(CALLS_A_ROUND / CALLS_A_TURN, async (side) => {
      for (let index = 0; index < CALLS_A_TURN; index += 1) await call(side, index);
      await clients[side].watch.flush?.();
    });
    if (round < 0) continue;
    calls.push(each(spent, (ms) => (ms * 1000) / CALLS_A_ROUND));
    before.push({ bare: median(waits.bare) * 1000, watched: median(waits.watched) * 1000 });
  }
  return { calls, before };
}

async function measureChunks(clients: Subjects, rounds: number): Promise<Sides[]> {
  const chunks: Sides[] = [];
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    const spent = await inTurns(STREAMS_A_ROUND, async (side, index) => {
      const { client, watch } = clients[side];
      const stream = await client.chat.completions.create(streamRequestOf(watch, promptOf(index)));
      let read = 0;
      for await (const chunk of stream) if (chunk.choices[0]?.delta.content) read += 1;
      if (read !== CHUNKS_OF_READY_STREAM) throw new Error(`There were ${read} chunks.`);
      await watch.flush?.();
    });
    const count = STREAMS_A_ROUND * CHUNKS_OF_READY_STREAM;
    if (round >= 0) chunks.push(each(spent, (ms) => (ms * 1000) / count));
  }
  return chunks;
}

async function measureHeap(clients: Subjects): Promise<Sides[]> {
  const heap: Sides[] = [];
  await heapOfStreams(clients.bare); // what is made once is made
  await heapOfStreams(clients.watched);
  for (let round = 0; round < HEAP_ROUNDS; round += 1) {
    heap.push({ bare: await heapOfStreams(clients.bare), watched: await heapOfStreams(clients.watched) });
  }
  return heap;
}

/** Bytes that one of many holds, of which half is read and nobody has left. */
async function heapOfStreams({ client, watch }: Subject): Promise<number> {
  const before = await heapInUse();
  const open: AsyncIterator<unknown>[] = [];
  for (let index = 0; index < OPEN_STREAMS; index += 1) {
    const stream = await client.chat.completions.create(streamRequestOf(watch, promptOf(index)));
    const iterator = stream[Symbol.asyncIterator]();
    for (let chunk = 0; chunk < CHUNKS_READ; chunk += 1) await iterator.next();
    open.push(iterator);
  }
  const held = (await heapInUse()) - before;
  for (const iterator of open) await iterator.return?.();
  await watch.flush?.();
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
