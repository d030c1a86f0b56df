import { inspect } from 'node:util';
import { InMemoryCache } from '@langchain/core/caches';
import type { ChatOpenAI } from '@langchain/openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type FakeProvider, startFakeProvider } from '../../fixtures/provider.js';
import { TinybirdCallbackHandler, wrapEmbeddings } from '../../src/langchain/index.js';
import { Recorded } from '../support/events.js';
import { chatOf, handlerOf } from './asking.js';
import { type LangChain, withEachGeneration } from './generations.js';
import { API_KEY, SECRET_HEADER as SECRET } from './models.js';

let provider: FakeProvider;
beforeAll(async () => {
  provider = await startFakeProvider({ paceMs: 2 });
});
afterAll(() => provider.close());

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

type Program = (model: ChatOpenAI, config: Config, langchain: LangChain) => Promise<unknown>;

interface Config {
  readonly callbacks: [TinybirdCallbackHandler];
  /** The headers of one request. */
  readonly options: { readonly headers: Record<string, string> };
}

/** How often a stream's reader has had something to read when `then` is called. */
async function readTo(chunks: number, stream: AsyncIterable<{ content: unknown }>, then: () => void) {
  let read = 0;
  for await (const { content } of stream) if (content !== '' && ++read === chunks) then();
}

const ENDINGS: [what: string, fixture: string | undefined, program: Program, ending: string][] = [
  ['answered', undefined, (model, config) => model.invoke('hi', config), 'success'],
  [
    'streamed',
    undefined,
    async (model, config) => readTo(0, await model.stream('hi', config), () => {}),
    'success',
  ],
  [
    'asked with tools',
    undefined,
    (model, config) =>
      model
        .bindTools([{ type: 'function', function: { name: SECRET, parameters: { type: 'object' } } }])
        .invoke('hi', config),
    'success',
  ],
  [
    'asked for an object',
    undefined,
    (model, config) =>
      model
        .withStructuredOutput(z.object({ a: z.string() }) as never, {
          name: SECRET,
          method: 'functionCalling',
        })
        .invoke('hi', config),
    'success',
  ],
  [
    'answered from a cache',
    undefined,
    async (model, config) => {
      model.cache = new InMemoryCache() as never;
      await model.invoke('hi');
      await model.invoke('hi', config);
    },
    'success',
  ],
  ['refused', 'chat-failed', (model, config) => model.invoke('hi', config), 'failure'],
  [
    'broken off',
    'chat-connection-cut',
    async (model, config) => readTo(0, await model.stream('hi', config), () => {}),
    'failure',
  ],
  [
    'failed on the way',
    'chat-error-in-stream',
    async (model, config) => readTo(0, await model.stream('hi', config), () => {}),
    'failure',
  ],
  [
    'aborted',
    undefined,
    async (model, config) => {
      const controller = new AbortController();
      const stream = await model.stream('hi', { ...config, signal: controller.signal });
      await readTo(2, stream, () => controller.abort(new Error(`no more of ${API_KEY}`)));
    },
    'success',
  ],
  [
    'aborted before it began',
    undefined,
    (model, config) => model.invoke('hi', { ...config, signal: AbortSignal.abort() }),
    'success',
  ],
  [
    'left',
    undefined,
    async (model, config) => {
      for await (const { content } of await model.stream('hi', config)) if (content !== '') break;
    },
    'success',
  ],
];

withEachGeneration(({ langchain, major }) => {
  describe('no row holds a key, a header or an option of the request', () => {
    it.each(ENDINGS)('of a call that is %s', async (_what, fixture, program, ending) => {
      const model = chatOf(langchain, provider, fixture === undefined ? {} : { fixture });
      const callbacks: Config['callbacks'] = [handlerOf(recorded, { abandonedAfterMs: 50 })];
      const config = { callbacks, options: { headers: { 'x-own-secret': SECRET } } };
      const requests = provider.requests.length;
      await program(model, config, langchain).catch(() => {});
      await expect.poll(() => recorded.soFar.length).toBe(1);
      const event = await recorded.event();
      expect(event.standard_logging_object_status).toBe(ending);
      expect(event.messages).toEqual([{ role: 'user', content: 'hi' }]);
      const told = recorded.problems.map(({ message, cause }) => [message, String(cause)]);
      for (const secret of [API_KEY, '0123456789', SECRET])
        expect(JSON.stringify([event, told])).not.toContain(secret);
      // they were there to be told
      for (const { headers } of provider.requests.slice(requests)) {
        expect(headers.authorization).toBe(`Bearer ${API_KEY}`);
        expect(headers['x-secret']).toBe(SECRET);
      }
    });

    it('where LangChain makes metadata of what is configurable', async () => {
      const configurable = {
        openai_api_key: API_KEY,
        openAIApiKey: API_KEY,
        OPENAI_API_KEY: API_KEY,
        aws_secret_access_key: SECRET,
        awsSecretAccessKey: SECRET,
        client_secret: SECRET,
        authorization: `Bearer ${SECRET}`,
        auth_token: SECRET,
        token: SECRET,
        password: SECRET,
        cookie: SECRET,
        max_tokens: 7,
        keyboard: 'qwerty',
      };
      const callbacks = [handlerOf(recorded)];
      await chatOf(langchain, provider).invoke('hi', { callbacks, configurable });
      const event = await recorded.event();
      expect(JSON.stringify(event)).not.toMatch(new RegExp(`${API_KEY}|${SECRET}`));
      const masked = Object.keys(configurable).map((key) => [key, '****']);
      const shown = { ...Object.fromEntries(masked), max_tokens: 7, keyboard: 'qwerty' };
      expect(event.proxy_metadata).toEqual(major === 0 ? shown : {});
    });
  });

  it('the handler shows no token, whichever way it is logged, alone and in a model', async () => {
    const options = { token: 'p.top-secret', url: 'http://127.0.0.1:1' };
    const own = new TinybirdCallbackHandler(options);
    const model = chatOf(langchain, provider, { callbacks: [own] });
    const embeddings = wrapEmbeddings(new langchain.SyntheticEmbeddings({ vectorSize: 2 }), options);
    for (const shown of [own, { own }, model, model.pipe(new langchain.StringOutputParser()), embeddings]) {
      expect(JSON.stringify(shown) ?? '').not.toContain('top-secret');
      expect(inspect(shown, { depth: 20, showHidden: true })).not.toContain('top-secret');
    }
    expect(JSON.parse(JSON.stringify(own))).toEqual({ name: 'tinybird-llm' });
    expect({ ...own }).not.toHaveProperty('token');
    expect(own.copy()).toBe(own);
  });
});
