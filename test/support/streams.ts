import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'vitest';
import { type TinybirdMiddlewareOptions, tinybirdMiddleware } from '../../src/ai-sdk/index.js';
import {
  finishReasonOf,
  type Generation,
  type Model,
  type Part,
  type Result,
  usageOf,
} from '../compat/generations.js';
import type { Recorded } from './events.js';
import { expectTheSame, Sightings } from './side-by-side.js';

export { quiet } from './side-by-side.js';

export type CallOptions = Parameters<Model['doStream']>[0];

/** Options of a call of the model itself. Each time new ones: by its prompt a call is told apart. */
export const asked = (): CallOptions => ({
  prompt: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
});

/** A part of a kind that not every generation has. */
export const part = (type: string, fields: object = {}): Part => ({ type, ...fields }) as never;
export const text = (delta: string, id = '1'): Part => ({ type: 'text-delta', id, delta });
export const textStart = (id = '1'): Part => ({ type: 'text-start', id });
export const textEnd = (id = '1'): Part => ({ type: 'text-end', id });

export function finish(major: 5 | 6 | 7, reason = 'stop', usage = usageOf(major, 3, 2)): Part {
  return { type: 'finish', finishReason: finishReasonOf(major, reason), usage };
}

/** Usage of which the provider has told nothing. */
export const noUsage = (major: 5 | 6 | 7): Result['usage'] =>
  usageOf(major, undefined as never, undefined as never);

/** A whole answer, as a provider streams it. */
export function answer(major: 5 | 6 | 7, deltas: readonly string[] = ['a', 'b']): Part[] {
  const identity: Part = { type: 'response-metadata', id: 'r1', modelId: 'served', timestamp: new Date(0) };
  const texts = deltas.map((delta) => text(delta));
  return [{ type: 'stream-start', warnings: [] }, identity, textStart(), ...texts, textEnd(), finish(major)];
}

export interface SourceOptions {
  /** What comes after the parts. Default: the stream is closed. */
  readonly end?: 'none' | { readonly error: unknown };
  /** Breaks when it is aborted, as a provider does that honours it. */
  readonly signal?: AbortSignal | undefined;
  readonly highWaterMark?: number;
  /** Each part comes in a turn of its own, as over a network. */
  readonly paced?: boolean;
}

/** A provider's stream that gives a part when it is asked for one, and knows how it was treated. */
export class Source {
  readonly stream: ReadableStream<Part>;
  readonly cancels: unknown[] = [];
  pulls = 0;
  #controller!: ReadableStreamDefaultController<Part>;

  constructor(parts: readonly Part[], { end, signal, highWaterMark = 0, paced = false }: SourceOptions = {}) {
    this.stream = new ReadableStream<Part>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: async (controller) => {
          const next = parts[this.pulls++];
          if (paced) await turn();
          if (this.cancels.length > 0) return;
          if (next !== undefined) controller.enqueue(next);
          else if (this.pulls > parts.length + 1 || end === 'none') return;
          else if (end === undefined) controller.close();
          else controller.error(end.error);
        },
        cancel: (reason) => {
          this.cancels.push(reason);
        },
      },
      { highWaterMark },
    );
    signal?.addEventListener('abort', () => this.fail(signal.reason));
    if (signal?.aborted) this.fail(signal.reason);
  }

  push(next: Part): void {
    this.#controller.enqueue(next);
  }

  close(): void {
    this.#controller.close();
  }

  fail(error: unknown): void {
    this.#controller.error(error);
  }
}

/** One of the two runs of a program: with the bare model, or with the watched one. */
export class Side extends Sightings {
  readonly generation: Generation;
  /** The model as it is, or watched. */
  readonly wrap: (model: Model) => Model;
  readonly isWatched: boolean;

  constructor(generation: Generation, wrap?: (model: Model) => Model) {
    super();
    this.generation = generation;
    this.wrap = wrap ?? ((model) => model);
    this.isWatched = wrap !== undefined;
  }

  /** A model that streams this. */
  model(stream: (options: CallOptions) => Source | Promise<Source>): Model {
    const { MockLanguageModel } = this.generation;
    const doStream = async (options: CallOptions) => ({ stream: (await stream(options)).stream });
    return this.wrap(new MockLanguageModel({ doStream }));
  }

  /** Reads what the model itself gives, to the end. */
  async read(stream: ReadableStream<Part>): Promise<void> {
    try {
      for await (const next of stream) this.sawTheVery('part', next);
      this.saw('the end');
    } catch (thrown) {
      this.sawTheVery('thrown', thrown);
    }
  }
}

/**
 * Runs a program with the bare model and then with the watched one: it must see the same. What was recorded of the
 * second is in `recorded`.
 */
export async function asWithTheBareModel(
  generation: Generation,
  recorded: Recorded,
  program: (side: Side) => Promise<void>,
  options: TinybirdMiddlewareOptions = {},
): Promise<void> {
  const watched = new Side(generation, watching(generation, recorded, options));
  await expectTheSame(new Side(generation), watched, program);
  // No price list knows a mock model.
  expect(recorded.problems.filter(({ code }) => code !== 'unknown_price')).toEqual([]);
}

export function watching(
  { ai }: Generation,
  recorded: Recorded,
  options: TinybirdMiddlewareOptions = {},
): (model: Model) => Model {
  const middleware = tinybirdMiddleware({ ...recorded.options, ...options });
  return (model) => ai.wrapLanguageModel({ model, middleware });
}
