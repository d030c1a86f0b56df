import { createAgent } from 'langchain';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../../fixtures/provider.js';
import { Recorded, summary } from '../support/events.js';
import { GENERATIONS, type Generation, type LangChain, withEachGeneration } from './generations.js';
import { chatAnthropic, chatOpenAI } from './models.js';
import { asWithoutHandler } from './sides.js';
import { begunOnly, HELD, OPENAI, WHOLE } from './streaming.js';

const TEXT = 'A row is one call, told in columns.';

let provider: FakeProvider;
beforeAll(async () => {
  provider = await startFakeProvider();
});
afterAll(() => provider.close());

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

function weather(langchain: LangChain) {
  return langchain.tool(() => 'rain', {
    name: 'weather',
    description: 'Tells the weather',
    schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  });
}

/** Of an agent that uses a tool once: an event a call, each with its thread and its node. */
async function expectTwoCalls(node: string): Promise<void> {
  const events = await recorded.events();
  expect(events.map(({ response }) => response.choices[0]?.finish_reason)).toEqual(['tool_calls', 'stop']);
  for (const { proxy_metadata } of events)
    expect(proxy_metadata).toMatchObject({ chat_id: 't1', langgraph_node: node });
  expect(events[1]?.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'tool']);
}

withEachGeneration(({ langchain, major }) => {
  /** A graph with one node that asks a model. */
  const graphOf = (model: ReturnType<typeof chatOpenAI> | ReturnType<typeof chatAnthropic>) =>
    new langchain.StateGraph(langchain.MessagesAnnotation)
      .addNode('ask', async ({ messages }, config) => ({ messages: [await model.invoke(messages, config)] }))
      .addEdge('__start__', 'ask')
      .addEdge('ask', '__end__')
      .compile();
  const input = () => ({ messages: [new langchain.HumanMessage('hi')] });

  describe.each([
    ['ChatOpenAI', chatOpenAI],
    ['ChatAnthropic', chatAnthropic],
  ] as const)('a graph that asks %s', (_name, make) => {
    it('is one event, which knows its node', async () => {
      await asWithoutHandler(recorded, async (side) => {
        const { messages } = await graphOf(make(langchain, provider.defaultBaseUrl)).invoke(
          input(),
          side.with({}),
        );
        side.saw('answer', messages.at(-1)?.content);
      });
      const event = await recorded.event();
      expect(summary(event)).toBe(`success | ${TEXT}`);
      expect(event.stream).toBe(false);
      expect(event.proxy_metadata.langgraph_node).toBe('ask');
    });

    it.each(['messages', 'updates', 'values'] as const)('and streams %s is one event', async (streamMode) => {
      await asWithoutHandler(recorded, async (side) => {
        const before = provider.requests.length;
        const stream = await graphOf(make(langchain, provider.defaultBaseUrl)).stream(
          input(),
          side.with({ streamMode }),
        );
        let read = 0;
        for await (const _part of stream) read++;
        side.saw('parts', read);
        side.saw(
          'requests',
          provider.requests.slice(before).map(({ body }) => body),
        );
      });
      const event = await recorded.event();
      expect(summary(event)).toBe(`success | ${TEXT}`);
      expect(event.stream).toBe(streamMode === 'messages');
    });

    it.each(['v1', 'v2', 'v3'] as const)('and streams events %s is one event', async (version) => {
      await asWithoutHandler(recorded, async (side) => {
        const before = provider.requests.length;
        const graph = graphOf(make(langchain, provider.defaultBaseUrl));
        try {
          const stream = (await graph.streamEvents(
            input(),
            side.with({ version: version as 'v2' }),
          )) as AsyncIterable<unknown>;
          for await (const _event of stream);
        } catch (thrown) {
          side.sawThrown(version, thrown);
        }
        side.saw(
          'requests',
          provider.requests.slice(before).map(({ body }) => body),
        );
      });
      // 0.3 knows no v3
      const isKnown = version !== 'v3' || major === 1;
      const events = await recorded.events();
      expect(events.map((event) => [summary(event), event.stream])).toEqual(
        isKnown ? [[`success | ${TEXT}`, true]] : [],
      );
    });
  });

  it('a node that is tried again is an event an attempt', async () => {
    await asWithoutHandler(recorded, async (side) => {
      const model = chatOpenAI(langchain, provider.baseUrl('chat-busy', 'chat-plain'));
      const graph = new langchain.StateGraph(langchain.MessagesAnnotation)
        .addNode(
          'ask',
          async ({ messages }, config) => ({ messages: [await model.invoke(messages, config)] }),
          {
            retryPolicy: {
              maxAttempts: 2,
              initialInterval: 1,
              jitter: false,
              logWarning: false,
              retryOn: () => true,
            },
          },
        )
        .addEdge('__start__', 'ask')
        .addEdge('ask', '__end__')
        .compile();
      const { messages } = await graph.invoke(input(), side.with({}));
      side.saw('answer', messages.at(-1)?.content);
    });
    expect((await recorded.events()).map(summary)).toEqual(['failure', `success | ${TEXT}`]);
  });

  it('a graph that is interrupted and resumed is an event a call that was made, and no failure', async () => {
    await asWithoutHandler(recorded, async (side) => {
      const model = chatOpenAI(langchain, provider.defaultBaseUrl);
      const graph = new langchain.StateGraph(langchain.MessagesAnnotation)
        .addNode('ask', async ({ messages }, config) => {
          const answer = await model.invoke(messages, config);
          side.saw('resumed with', langchain.interrupt('really?'));
          return { messages: [answer] };
        })
        .addEdge('__start__', 'ask')
        .addEdge('ask', '__end__')
        .compile({ checkpointer: new langchain.MemorySaver() });
      const config = side.with({ configurable: { thread_id: 't1' } });
      await graph.invoke(input(), config);
      const { messages } = await graph.invoke(new langchain.Command({ resume: 'yes' }) as never, config);
      side.saw('answer', messages.at(-1)?.content);
    });
    const events = await recorded.events();
    expect(events.map(summary)).toEqual(Array(2).fill(`success | ${TEXT}`));
    for (const { proxy_metadata } of events)
      expect(proxy_metadata).toMatchObject({ chat_id: 't1', langgraph_node: 'ask' });
  });

  it('a graph whose reader leaves ends as without us', async () => {
    await asWithoutHandler(recorded, async (side) => {
      const server = await begunOnly(OPENAI);
      const graph = graphOf(chatOpenAI(langchain, server.url));
      let read = 0;
      for await (const _part of await graph.stream(input(), side.with({ streamMode: 'messages' as const })))
        if (++read === 2) break;
      if (major === 0) server.answer.end(OPENAI.wire.slice(OPENAI.begun).join(''));
      if (side.isWatched) await expect.poll(() => recorded.soFar.length).toBe(1);
    });
    // 0.3 reads on, without the reader
    expect(summary(await recorded.event())).toBe(
      major === 0 ? `success | ${WHOLE}` : `success | aborted | ${HELD}`,
    );
  });

  it('an agent that uses a tool is an event a call', async () => {
    await asWithoutHandler(recorded, async (side) => {
      const llm = chatOpenAI(langchain, provider.baseUrl('chat-tool-call', 'chat-plain'));
      const checkpointer = new langchain.MemorySaver();
      const agent = langchain.createReactAgent({ llm, tools: [weather(langchain)], checkpointer });
      const { messages } = await agent.invoke(input(), side.with({ configurable: { thread_id: 't1' } }));
      side.saw(
        'answers',
        messages.map(({ content }) => content),
      );
    });
    await expectTwoCalls('agent');
  });

  it('an agent that was given the handler at its making records the same', async () => {
    await asWithoutHandler(recorded, async (side) => {
      const llm = chatOpenAI(langchain, provider.baseUrl('chat-tool-call', 'chat-plain'));
      const checkpointer = new langchain.MemorySaver();
      const agent = langchain
        .createReactAgent({ llm, tools: [weather(langchain)], checkpointer })
        .withConfig(side.with({}));
      const { messages } = await agent.invoke(input(), { configurable: { thread_id: 't1' } });
      side.saw('answers', messages.length);
    });
    await expectTwoCalls('agent');
  });
});

it('an agent of createAgent that uses a tool is an event a call', async () => {
  const { langchain } = GENERATIONS[1] as Generation;
  await asWithoutHandler(recorded, async (side) => {
    const model = chatOpenAI(langchain, provider.baseUrl('chat-tool-call', 'chat-plain'));
    const checkpointer = new langchain.MemorySaver();
    const agent = createAgent({ model, tools: [weather(langchain)], checkpointer });
    const config = side.with({ configurable: { thread_id: 't1' } });
    const { messages } = await agent.invoke({ messages: [new langchain.HumanMessage('hi')] }, config);
    side.saw(
      'answers',
      messages.map(({ content }) => content),
    );
  });
  await expectTwoCalls('model_request');
});
