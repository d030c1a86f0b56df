import type { RunnableConfig } from '@langchain/core/runnables';
import { createAgent } from 'langchain';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type FakeProvider, startFakeProvider } from '../../fixtures/provider.js';
import { withMetadata } from '../../src/recorder/context.js';
import { Recorded } from '../support/events.js';
import { ANSWER, chatOf, handlerOf } from './asking.js';
import { GENERATIONS, type LangChain, withEachGeneration } from './generations.js';

let provider: FakeProvider;
beforeAll(async () => {
  provider = await startFakeProvider();
});
afterAll(() => provider.close());

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const THREAD = { thread_id: 't1', chat_id: 't1' };

/** A model that asks for two tools, and then answers. */
function toolUser(langchain: LangChain) {
  const baseURL = provider.baseUrl('chat-tool-call', 'chat-plain');
  return chatOf(langchain, provider, { configuration: { baseURL } });
}

function weatherOf({ tool }: LangChain) {
  const schema = z.object({ city: z.string() });
  return tool(async ({ city }: { city: string }) => `sunny in ${city}`, {
    name: 'weather',
    description: 'The weather of a city.',
    schema: schema as never,
  });
}

/** The metadata of each row but for the run above it. */
async function metadataOfRows(): Promise<object[]> {
  const events = await recorded.events();
  return events.map(({ proxy_metadata: { parent_run_id, ...own } }) => {
    expect(parent_run_id).toEqual(expect.any(String));
    return own;
  });
}

withEachGeneration(({ langchain, major }) => {
  const { HumanMessage, MemorySaver, MessagesAnnotation, StateGraph } = langchain;
  const input = () => ({ messages: [new HumanMessage('hi')] });
  const config = (more: object = {}) => ({
    callbacks: [handlerOf(recorded)],
    configurable: { thread_id: 't1' },
    ...more,
  });
  const graph = () =>
    new StateGraph(MessagesAnnotation)
      .addNode('ask', async ({ messages }: typeof MessagesAnnotation.State, given: RunnableConfig) => ({
        messages: [await chatOf(langchain, provider).invoke(messages, given)],
      }))
      .addEdge('__start__', 'ask')
      .compile({ checkpointer: new MemorySaver() });

  describe('the row of a model in a graph', () => {
    it('has its thread as chat_id and its node, and nothing of how the graph works', async () => {
      const { messages } = await graph().invoke(
        input(),
        config({ metadata: { project: 'bot' }, tags: ['a'] }),
      );
      expect(messages.at(-1)?.content).toBe(ANSWER);
      expect(await metadataOfRows()).toEqual([
        { ...THREAD, project: 'bot', langgraph_node: 'ask', langgraph_step: 1, tags: ['a'] },
      ]);
    });

    it('has a chat_id that the run, the scope or the options name before its thread', async () => {
      await graph().invoke(input(), config({ metadata: { chat_id: 'run' } }));
      await withMetadata({ metadata: { chat_id: 'scope' } }, () => graph().invoke(input(), config()));
      const callbacks = [handlerOf(recorded, { metadata: { chat_id: 'option' } })];
      await graph().invoke(input(), config({ callbacks }));
      expect(await metadataOfRows()).toMatchObject([
        { chat_id: 'run', thread_id: 't1' },
        { chat_id: 'scope', thread_id: 't1' },
        { chat_id: 'option', thread_id: 't1' },
      ]);
    });

    it('has the same in a graph inside a graph', async () => {
      const outer = new StateGraph(MessagesAnnotation)
        .addNode('inner', graph())
        .addEdge('__start__', 'inner')
        .compile({ checkpointer: new MemorySaver() });
      await outer.invoke(input(), config());
      expect(await metadataOfRows()).toEqual([{ ...THREAD, langgraph_node: 'ask', langgraph_step: 1 }]);
    });

    it('has the same when the graph is streamed', async () => {
      const stream = await graph().stream(input(), { ...config(), streamMode: 'messages' });
      for await (const _message of stream);
      expect(await metadataOfRows()).toEqual([{ ...THREAD, langgraph_node: 'ask', langgraph_step: 1 }]);
    });

    it('has of what is configurable besides what LangChain makes metadata of it: in 0.3, not in 1', async () => {
      await graph().invoke(input(), config({ configurable: { thread_id: 't1', user_id: 'u1', own: 'x' } }));
      expect(await metadataOfRows()).toEqual([
        { ...THREAD, langgraph_node: 'ask', langgraph_step: 1, ...(major === 0 ? { own: 'x' } : {}) },
      ]);
      expect((await recorded.event()).user).toBe(major === 0 ? 'u1' : undefined);
    });

    it('has the same for every turn of an agent', async () => {
      const { createReactAgent } = langchain;
      const agent = createReactAgent({
        llm: toolUser(langchain),
        tools: [weatherOf(langchain)],
        name: 'bot',
      });
      const { messages } = await agent.invoke(input(), config({ metadata: { user: 'u1', project: 'bot' } }));
      expect(messages.at(-1)?.content).toBe(ANSWER);
      const step = (langgraph_step: number) => ({
        ...THREAD,
        project: 'bot',
        langgraph_node: 'agent',
        langgraph_step,
      });
      expect(await metadataOfRows()).toEqual([step(1), step(3)]);
      const [first, second] = await recorded.events();
      expect([first?.user, second?.user]).toEqual(['u1', 'u1']);
      expect(second?.messages.slice(2)).toEqual(
        ['Oslo', 'Rome'].map((city) => ({
          role: 'tool',
          content: `sunny in ${city}`,
          name: 'weather',
          tool_call_id: `call_${city.toLowerCase()}`,
        })),
      );
    });
  });
});

describe('the row of a model in an agent of LangChain 1', () => {
  it('has the agent’s name too', async () => {
    const langchain = GENERATIONS.find(({ major }) => major === 1)?.langchain as LangChain;
    const agent = createAgent({ model: toolUser(langchain), tools: [weatherOf(langchain)], name: 'bot' });
    const { messages } = await agent.invoke(
      { messages: [new langchain.HumanMessage('hi')] },
      {
        callbacks: [handlerOf(recorded)],
        configurable: { thread_id: 't1' },
        metadata: { user: 'u1', project: 'bot' },
      },
    );
    expect(messages.at(-1)?.content).toBe(ANSWER);
    const step = (langgraph_step: number) => ({
      ...THREAD,
      project: 'bot',
      langgraph_node: 'model_request',
      langgraph_step,
      lc_agent_name: 'bot',
    });
    expect(await metadataOfRows()).toEqual([step(1), step(3)]);
    expect((await recorded.events()).map(({ user }) => user)).toEqual(['u1', 'u1']);
  });
});
