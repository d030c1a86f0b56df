import * as openai6 from 'openai';
import * as zod6 from 'openai/helpers/zod';
import * as streaming6 from 'openai/streaming';
import * as openai5 from 'openai5';
import * as zod5 from 'openai5/helpers/zod';
import * as streaming5 from 'openai5/streaming';
import * as openai7 from 'openai7';
import * as zod7 from 'openai7/helpers/zod';
import * as streaming7 from 'openai7/streaming';
import { expect } from 'vitest';
import * as z3 from 'zod/v3';
import * as z4 from 'zod/v4';
import { type InstrumentOpenAIOptions, instrumentOpenAI } from '../../src/openai/index.js';
import type { Recorded } from '../support/events.js';
import { expectTheSame, Sightings } from '../support/side-by-side.js';

export type Client = openai6.OpenAI;
export type ClientOptions = NonNullable<ConstructorParameters<typeof openai6.OpenAI>[0]>;

/**
 * One kind of client of one major of `openai`, with what belongs to it. All are typed as the sixth, so that one suite
 * can be written for them: what a test uses is alike in all of them, and where it is not the test says so by `major`.
 * That our own types fit each major's is test/openai/types.ts's matter.
 */
export interface ClientKind {
  readonly name: string;
  readonly major: 5 | 6 | 7;
  readonly isAzure: boolean;
  /** The package itself: classes of clients, errors and promises. */
  readonly openai: typeof openai6;
  readonly Stream: typeof streaming6.Stream;
  readonly helpers: typeof zod6;
  /** The zod that `helpers` understand. */
  readonly z: typeof z4;
  /** A client that tries once, says nothing and asks there. */
  make(baseURL: string, options?: ClientOptions): Client;
}

const packages = [
  { major: 5, openai: openai5, streaming: streaming5, helpers: zod5, z: z3 },
  { major: 6, openai: openai6, streaming: streaming6, helpers: zod6, z: z4 },
  { major: 7, openai: openai7, streaming: streaming7, helpers: zod7, z: z4 },
] as const;

export const API_KEY = 'sk-test-0123456789';

/** `openai` 5, 6 and 7, and the Azure client of each. */
const CLIENTS: readonly ClientKind[] = packages.flatMap((own) =>
  [false, true].map((isAzure): ClientKind => {
    const openai = own.openai as unknown as typeof openai6;
    return {
      name: `${isAzure ? 'AzureOpenAI' : 'OpenAI'} ${own.major}`,
      major: own.major,
      isAzure,
      openai,
      Stream: own.streaming.Stream as unknown as typeof streaming6.Stream,
      helpers: own.helpers as unknown as typeof zod6,
      z: own.z as unknown as typeof z4,
      make(baseURL, options = {}) {
        const given = { apiKey: API_KEY, baseURL, maxRetries: 0, logLevel: 'off' as const, ...options };
        return isAzure
          ? new openai.AzureOpenAI({ ...given, apiVersion: '2025-01-01' } as never)
          : new openai.OpenAI(given);
      },
    };
  }),
);

/** For `it.each` and `describe.each`. */
export const EACH_CLIENT = CLIENTS.map((kind) => [kind.name, kind] as const);
/** Where Azure has nothing of its own. */
export const EACH_MAJOR = EACH_CLIENT.filter(([, kind]) => !kind.isAzure);

/** One of the two runs of a program: with the bare client, or with the instrumented one. */
export class ClientSide extends Sightings {
  readonly kind: ClientKind;
  readonly isWatched: boolean;
  readonly #options: InstrumentOpenAIOptions | undefined;

  constructor(kind: ClientKind, options?: InstrumentOpenAIOptions) {
    super();
    this.kind = kind;
    this.isWatched = options !== undefined;
    this.#options = options;
  }

  client(baseURL: string, options?: ClientOptions): Client {
    const client = this.kind.make(baseURL, options);
    return this.#options === undefined ? client : instrumentOpenAI(client, this.#options);
  }

  /** What a promise comes to. */
  async outcome(what: string, promise: PromiseLike<unknown>): Promise<void> {
    try {
      this.saw(what, await promise);
    } catch (thrown) {
      this.sawThrown(what, thrown);
    }
  }

  /** An error with what a program can tell errors by. */
  sawThrown(what: string, thrown: unknown): void {
    const { message, status, code, type, param } = thrown as Record<string, unknown>;
    this.saw(`${what}, thrown`, {
      class: (thrown as object).constructor.name,
      message,
      status,
      code,
      type,
      param,
    });
  }

  /** Reads a stream to its end; gives its chunks. */
  async read<Chunk>(stream: AsyncIterable<Chunk>): Promise<Chunk[]> {
    const chunks: Chunk[] = [];
    try {
      for await (const chunk of stream) chunks.push(chunk);
      this.saw('chunks to the end', chunks);
    } catch (thrown) {
      this.saw('chunks until it broke', chunks);
      this.sawThrown('stream', thrown);
    }
    return chunks;
  }
}

/**
 * Runs a program with the bare client and then with the instrumented one: it must see the same. What was recorded of
 * the second is in `recorded`; there must have been nothing to tell but missing prices.
 */
export async function asWithTheBareClient(
  kind: ClientKind,
  recorded: Recorded,
  program: (side: ClientSide) => Promise<void>,
  options: InstrumentOpenAIOptions = {},
): Promise<void> {
  const watched = new ClientSide(kind, { ...recorded.options, ...options });
  await expectTheSame(new ClientSide(kind), watched, program);
  expect(recorded.problems.filter(({ code }) => code !== 'unknown_price')).toEqual([]);
}
