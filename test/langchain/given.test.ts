import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../../fixtures/provider.js';
import { TinybirdCallbackHandler } from '../../src/langchain/index.js';
import { Recorded, summary } from '../support/events.js';
import { type LangChain, withEachGeneration } from './generations.js';
import { chatOpenAI } from './models.js';
import { asWithoutHandler } from './sides.js';

const TEXT = 'A row is one call, told in columns.';
type Handler = TinybirdCallbackHandler;

let provider: FakeProvider;
beforeAll(async () => {
  provider = await startFakeProvider();
});
afterAll(() => provider.close());

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

/** Where a program gives the handler; each makes one call. */
const WAYS: readonly (readonly [
  where: string,
  ask: (langchain: LangChain, callbacks: Handler[]) => PromiseLike<unknown>,
])[] = [
  [
    'to the call',
    (langchain, callbacks) => chatOpenAI(langchain, provider.defaultBaseUrl).invoke('hi', { callbacks }),
  ],
  [
    'to the model',
    (langchain, callbacks) => chatOpenAI(langchain, provider.defaultBaseUrl, { callbacks }).invoke('hi'),
  ],
  [
    'to the model and to the call',
    (langchain, callbacks) =>
      chatOpenAI(langchain, provider.defaultBaseUrl, { callbacks }).invoke('hi', { callbacks }),
  ],
  [
    'twice to the call',
    (langchain, callbacks) =>
      chatOpenAI(langchain, provider.defaultBaseUrl).invoke('hi', {
        callbacks: [...callbacks, ...callbacks],
      }),
  ],
  [
    'in a manager',
    (langchain, callbacks) =>
      chatOpenAI(langchain, provider.defaultBaseUrl).invoke('hi', {
        callbacks: langchain.CallbackManager.configure(callbacks) ?? [],
      }),
  ],
  [
    'by withConfig',
    (langchain, callbacks) =>
      chatOpenAI(langchain, provider.defaultBaseUrl).withConfig({ callbacks }).invoke('hi'),
  ],
  [
    'to a chain',
    (langchain, callbacks) =>
      chatOpenAI(langchain, provider.defaultBaseUrl)
        .pipe(new langchain.StringOutputParser())
        .invoke('hi', { callbacks }),
  ],
  [
    'to a chain and its model',
    (langchain, callbacks) =>
      chatOpenAI(langchain, provider.defaultBaseUrl, { callbacks })
        .pipe(new langchain.StringOutputParser())
        .invoke('hi', { callbacks }),
  ],
  [
    'to a function that hands its config on',
    (langchain, callbacks) =>
      langchain.RunnableLambda.from((input: string, config) =>
        chatOpenAI(langchain, provider.defaultBaseUrl).invoke(input, config),
      ).invoke('hi', { callbacks }),
  ],
  [
    'to a tool that hands its config on',
    (langchain, callbacks) =>
      langchain
        .tool(
          (input, config) =>
            chatOpenAI(langchain, provider.defaultBaseUrl).invoke((input as { text: string }).text, config),
          {
            name: 'ask',
            description: 'Asks a model',
            schema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
          },
        )
        .invoke({ text: 'hi' }, { callbacks }),
  ],
];

withEachGeneration(({ langchain }) => {
  it.each(WAYS)('given %s, it records the call once, and changes nothing', async (_where, ask) => {
    await asWithoutHandler(recorded, async (side) => {
      const before = provider.requests.length;
      await side.outcome('answer', ask(langchain, side.callbacks<Handler>()));
      side.saw(
        'requests',
        provider.requests.slice(before).map(({ body }) => body),
      );
    });
    expect(summary(await recorded.event())).toBe(`success | ${TEXT}`);
  });

  it('two handlers record the call once each', async () => {
    const callbacks = [1, 2].map(() => new TinybirdCallbackHandler(recorded.options));
    await chatOpenAI(langchain, provider.defaultBaseUrl).invoke('hi', { callbacks });
    expect((await recorded.events()).map(summary)).toEqual(Array(2).fill(`success | ${TEXT}`));
  });

  it('one handler of twenty calls at once mixes none of them', async () => {
    const indices = Array.from({ length: 20 }, (_, index) => index);
    await asWithoutHandler(recorded, async (side) => {
      await Promise.all(
        indices.map(async (index) => {
          const model = new langchain.FakeListChatModel({
            responses: [`answer ${index}`],
            sleep: (index * 7) % 20,
          });
          const config = side.with({ metadata: { user: `user ${index}` } });
          const question = `question ${index}`;
          if (index % 2 === 0) await model.invoke(question, config);
          else for await (const _chunk of await model.stream(question, config));
        }),
      );
    });
    const told = (await recorded.events()).map(({ user, messages, response, stream }) => [
      user,
      messages[0]?.content,
      response.choices[0]?.message.content,
      stream,
    ]);
    const expected = indices.map((index) => [
      `user ${index}`,
      `question ${index}`,
      `answer ${index}`,
      index % 2 === 1,
    ]);
    const byUser = (one: readonly unknown[], other: readonly unknown[]) =>
      String(one[0]).localeCompare(String(other[0]));
    expect(told.sort(byUser)).toEqual(expected.sort(byUser));
  });
});
