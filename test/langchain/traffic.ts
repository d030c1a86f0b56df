import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../../fixtures/provider.js';
import { TinybirdCallbackHandler, type TinybirdCallbackHandlerOptions } from '../../src/langchain/index.js';
import { apiOf, readFixture } from '../compat/recorded-traffic.js';
import { Recorded } from '../support/events.js';
import type { Generation, LangChain } from './generations.js';

/** What a file's tests share: a provider with the answers of the fixtures, and what was recorded of the test at hand. */
export interface Traffic {
  readonly provider: FakeProvider;
  readonly recorded: Recorded;
  /** A new handler, whose events are recorded. */
  handler(options?: TinybirdCallbackHandlerOptions): TinybirdCallbackHandler;
}

/** To be called once in a file. Whatever goes wrong with a handler fails its test. */
export function useTraffic(): Traffic {
  let provider: FakeProvider | undefined;
  let recorded = new Recorded();
  beforeAll(async () => {
    withoutTokenizer();
    provider = await startFakeProvider();
    await loadPrices();
  });
  afterAll(() => provider?.close());
  beforeEach(() => {
    recorded = new Recorded();
  });
  afterEach(() => {
    // no price list knows every model
    expect(recorded.problems.filter(({ code }) => code !== 'unknown_price')).toEqual([]);
  });
  return {
    get provider() {
      if (provider === undefined) throw new Error('there is no provider yet');
      return provider;
    },
    get recorded() {
      return recorded;
    },
    handler: (options = {}) => new TinybirdCallbackHandler({ ...recorded.options, ...options }),
  };
}

/** The first price waits for the catalogue: events without one would come before it. */
async function loadPrices(): Promise<void> {
  const first = new Recorded();
  const handler = new TinybirdCallbackHandler(first.options);
  handler.handleChatModelStart({}, [[]], 'first', undefined, {}, [], {
    ls_model_name: 'gpt-4o-mini',
    ls_provider: 'openai',
  });
  handler.handleLLMEnd({ generations: [[]], llmOutput: { tokenUsage: { promptTokens: 1 } } }, 'first');
  await first.event();
}

type Model = InstanceType<LangChain['ChatOpenAI']>;

/** Options of whichever model it is. */
export interface ModelOptions {
  readonly model?: string;
  readonly callbacks?: unknown[];
  readonly [option: string]: unknown;
}

/** The model of that generation which gets the answer of this fixture, whatever it is asked. */
export function modelFor(
  { langchain }: Pick<Generation, 'langchain'>,
  provider: FakeProvider,
  fixture: string,
  options: ModelOptions = {},
): Model {
  const api = apiOf(fixture);
  const own = {
    apiKey: 'sk-test-0123456789',
    maxRetries: 0,
    model: MODELS[api] ?? 'gpt-4o-mini',
    ...options,
  };
  const baseURL = provider.baseUrl(fixture);
  const configuration = { baseURL, logLevel: 'off' };
  if (api === 'anthropic') {
    const anthropicApiUrl = baseURL.replace(/\/v1$/, '');
    return new langchain.ChatAnthropic({
      ...own,
      anthropicApiUrl,
      clientOptions: { logLevel: 'off' },
    } as never) as never;
  }
  if (api === 'gemini') {
    const baseUrl = provider.geminiBaseUrl(fixture).replace(/\/v1beta$/, '');
    return new langchain.ChatGoogleGenerativeAI({ ...own, baseUrl } as never) as never;
  }
  if (api === 'completion') return new langchain.OpenAI({ ...own, configuration } as never) as never;
  return new langchain.ChatOpenAI({ ...own, configuration, useResponsesApi: api === 'responses' } as never);
}

const MODELS: Readonly<Record<string, string>> = {
  anthropic: 'claude-sonnet-4-5',
  completion: 'gpt-3.5-turbo-instruct',
  gemini: 'gemini-2.5-flash',
};

/** Whether the answer of that fixture is a stream. */
export async function isStreamed(fixture: string): Promise<boolean> {
  const { stream } = await readFixture(fixture, 'request.json');
  return stream === true || fixture.startsWith('gemini-streamed');
}

/** What came of a call, as far as its caller can see: the messages one by one, or the error. */
export async function seen(call: () => unknown): Promise<unknown[]> {
  const results: unknown[] = [];
  try {
    const given = await call();
    if (isStream(given)) for await (const chunk of given) results.push(shown(chunk));
    else results.push(shown(given));
  } catch (thrown) {
    results.push(String(thrown));
  }
  return results;
}

function isStream(given: unknown): given is AsyncIterable<unknown> {
  return typeof given === 'object' && given !== null && Symbol.asyncIterator in given;
}

/** Without the ids that LangChain makes up: they differ from run to run, and are there with any callbacks only. */
function shown(message: unknown): unknown {
  const text = JSON.stringify(message ?? null, (key, value) => {
    return key === 'id' && typeof value === 'string' && value.startsWith('run-') ? undefined : value;
  });
  return JSON.parse(text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '…'));
}

/**
 * Models that stream by themselves estimate what they took, with a tokenizer that they load from the network. Here they
 * get one without merges, and nothing else leaves the machine.
 */
function withoutTokenizer(): void {
  const original = globalThis.fetch;
  const bytes = Array.from({ length: 256 }, (_, byte) => Buffer.from([byte]).toString('base64'));
  const tokenizer = { pat_str: '.', special_tokens: {}, bpe_ranks: `! 0 ${bytes.join(' ')}` };
  globalThis.fetch = async (input, init) => {
    const { hostname } = new URL(input instanceof Request ? input.url : input);
    if (hostname === 'tiktoken.pages.dev') return Response.json(tokenizer);
    if (hostname !== '127.0.0.1') throw new TypeError(`asked of the network: ${hostname}`);
    return original(input, init);
  };
}
