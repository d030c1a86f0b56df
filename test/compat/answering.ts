import { type TinybirdMiddlewareOptions, tinybirdMiddleware } from '../../src/ai-sdk/index.js';
import {
  finishReasonOf,
  GENERATIONS,
  type Generation,
  type Model,
  type Part,
  type Result,
  usageOf,
} from './generations.js';

/** Call options as `generateText` makes them, new ones for every call. */
export function aCallOf(text = 'hi'): Parameters<Model['doGenerate']>[0] {
  return { prompt: [{ role: 'user', content: [{ type: 'text', text }] }] };
}

/** What `doGenerate` gives for a text; give what the test is about. */
export function aResult({ major }: Generation, own: object = {}): Result {
  return {
    content: [{ type: 'text', text: 'Hello.' }],
    finishReason: finishReasonOf(major, 'stop'),
    usage: usageOf(major, 3, 2),
    warnings: [],
    response: { id: 'r1', modelId: 'served', timestamp: new Date('2026-11-24T09:00:00Z') },
    ...own,
  };
}

/** The parts of a stream that say the same. */
export function someParts({ major }: Generation, ...deltas: string[]): Part[] {
  return [
    { type: 'stream-start', warnings: [] },
    { type: 'response-metadata', id: 'r1', modelId: 'served', timestamp: new Date('2026-11-24T09:00:00Z') },
    { type: 'text-start', id: '1' },
    ...(deltas.length === 0 ? ['Hel', 'lo.'] : deltas).map(
      (delta): Part => ({ type: 'text-delta', id: '1', delta }),
    ),
    { type: 'text-end', id: '1' },
    { type: 'finish', finishReason: finishReasonOf(major, 'stop'), usage: usageOf(major, 3, 2) },
  ];
}

export function streamOf(parts: readonly Part[]): ReadableStream<Part> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
}

type MockModel = InstanceType<Generation['MockLanguageModel']>;

/** A model of that generation that gives these results one after another, the last one again; errors are thrown. */
export function aModel(generation: Generation, ...results: unknown[]): MockModel {
  let call = 0;
  return new generation.MockLanguageModel({
    provider: 'acme.chat',
    modelId: 'asked',
    doGenerate: async () => {
      const result =
        results.length === 0 ? aResult(generation) : results[Math.min(call++, results.length - 1)];
      if (result instanceof Error) throw result;
      return result as Result;
    },
    doStream: async () => ({ stream: streamOf(someParts(generation)) }),
  });
}

/** The model watched by a middleware of its generation. */
export function watchedBy(
  { ai }: Pick<Generation, 'ai'>,
  model: Model,
  options: TinybirdMiddlewareOptions,
): Model {
  return ai.wrapLanguageModel({ model, middleware: tinybirdMiddleware(options) });
}

export async function readAll<Chunk>(stream: ReadableStream<Chunk>): Promise<Chunk[]> {
  const read: Chunk[] = [];
  for await (const chunk of stream) read.push(chunk);
  return read;
}

/** Every specification of a model under the wrapper of every generation. */
export const EACH_PAIR = GENERATIONS.flatMap((spec) =>
  GENERATIONS.map((wrapper) => [`a model of ${spec.name}`, wrapper.name, spec, wrapper] as const),
);

/** What a call came to: its value, or what it threw. */
export async function outcomeOf(run: () => PromiseLike<unknown>): Promise<unknown> {
  try {
    return { value: await run() };
  } catch (thrown) {
    return { thrown };
  }
}

/** The rejections that nobody handled while `run` was at it. */
export async function unhandledDuring(run: () => Promise<unknown>): Promise<unknown[]> {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    await run();
    // Node tells of them once the microtasks of a turn are done.
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off('unhandledRejection', note);
  }
  return unhandled;
}
