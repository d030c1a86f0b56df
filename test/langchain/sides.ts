import { expect, vi } from 'vitest';
import { TinybirdCallbackHandler, type TinybirdCallbackHandlerOptions } from '../../src/langchain/index.js';
import type { Recorded } from '../support/events.js';
import { expectTheSame, Sightings } from '../support/side-by-side.js';

/** One of the two runs of a program: without the handler, or with it. */
export class Side extends Sightings {
  readonly handler: TinybirdCallbackHandler | undefined;

  constructor(handler?: TinybirdCallbackHandler) {
    super();
    this.handler = handler;
  }

  override saw(what: string, value?: unknown): void {
    super.saw(what, withoutRunIds(value));
  }

  get isWatched(): boolean {
    return this.handler !== undefined;
  }

  /** The handler, if there is one, as a program gives it; `others` stand before it. */
  callbacks<Other>(...others: Other[]): (Other | TinybirdCallbackHandler)[] {
    return this.handler === undefined ? others : [...others, this.handler];
  }

  /** What a call is given beside its input. */
  with<Config extends object>(config?: Config): Config & { callbacks?: TinybirdCallbackHandler[] } {
    const given = (config ?? {}) as Config;
    return this.handler === undefined ? given : { ...given, callbacks: [this.handler] };
  }

  /** What a promise comes to; gives that, or undefined where it is rejected. */
  async outcome<Value>(what: string, promise: PromiseLike<Value>): Promise<Value | undefined> {
    try {
      const value = await promise;
      this.saw(what, value);
      return value;
    } catch (thrown) {
      this.sawThrown(what, thrown);
      return undefined;
    }
  }

  /** An error with what a program can tell errors by. */
  sawThrown(what: string, thrown: unknown): void {
    const { name, message, status, code, lc_error_code } = thrown as Record<string, unknown>;
    const type = (thrown as object | undefined)?.constructor?.name;
    this.saw(`${what}, thrown`, { class: type, name, message, status, code, lc_error_code });
  }

  /** Reads a stream to its end; gives its chunks. */
  async read<Chunk>(stream: AsyncIterable<Chunk> | PromiseLike<AsyncIterable<Chunk>>): Promise<Chunk[]> {
    const chunks: Chunk[] = [];
    try {
      for await (const chunk of await stream) chunks.push(chunk);
      this.saw('chunks to the end', chunks);
    } catch (thrown) {
      this.saw('chunks until it broke', chunks);
      this.sawThrown('stream', thrown);
    }
    return chunks;
  }
}

/**
 * Runs a program without the handler and then with it: it must see the same, and so must who looks at its console.
 * What was recorded of the second is in `recorded`; there must have been nothing to tell but missing prices.
 */
export async function asWithoutHandler(
  recorded: Recorded,
  program: (side: Side) => Promise<void>,
  options: TinybirdCallbackHandlerOptions = {},
): Promise<void> {
  const watched = new Side(new TinybirdCallbackHandler({ ...recorded.options, ...options }));
  await expectTheSame(new Side(), watched, async (side) => {
    const printed = await printedDuring(() => program(side));
    side.saw('printed', printed);
  });
  expect(recorded.problems.filter(({ code }) => code !== 'unknown_price')).toEqual([]);
}

/** What is printed while something runs. */
export async function printedDuring(program: () => Promise<void>): Promise<unknown[][]> {
  const printed: unknown[][] = [];
  const spies = (['debug', 'error', 'info', 'log', 'warn'] as const).map((method) =>
    vi.spyOn(console, method).mockImplementation((...what) => void printed.push([method, ...what])),
  );
  try {
    await program();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return printed;
}

/** Where the provider gives a message no id, LangChain writes one of the run, if there is a run: with any handler. */
function withoutRunIds(value: unknown): unknown {
  if (typeof value === 'string') return /^run-[\da-f-]{36}$/.test(value) ? undefined : value;
  if (Array.isArray(value)) return value.map(withoutRunIds);
  if (typeof value !== 'object' || value === null || value instanceof Error) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutRunIds(inner)]));
}
