import { describe, expect, it } from 'vitest';
import { drain } from '../compat/recorded-traffic.js';
import { withEachGeneration } from './generations.js';
import { modelFor, useTraffic } from './traffic.js';

const traffic = useTraffic();

withEachGeneration(({ langchain }) => {
  const model = (fixture: string) => modelFor({ langchain }, traffic.provider, fixture);
  /** A handler that has every call streamed, as LangChain's own for events. */
  const preferring = () => {
    const neighbour = {
      name: 'neighbour',
      awaitHandlers: true,
      lc_prefer_streaming: true,
      copy: () => neighbour,
      handleLLMNewToken: () => {},
    };
    return neighbour;
  };
  const OPENAI = {
    id: 'chatcmpl-streamed',
    model: 'gpt-4o-mini-2024-07-18',
    service_tier: 'default',
    choices: [{ finish_reason: 'stop', message: { content: 'A row is one call, told in columns.' } }],
    usage: { prompt_tokens: 25, completion_tokens: 10, total_tokens: 35 },
  };
  const ANTHROPIC = {
    id: 'msg_streamed',
    model: 'claude-sonnet-4-5-20250929',
    choices: [
      {
        finish_reason: 'stop',
        message: {
          content: 'A row is one call, told in columns.',
          reasoning_content: 'A table has rows; one is a call.',
        },
      },
    ],
    usage: { prompt_tokens: 9632, completion_tokens: 47, total_tokens: 9679 },
  };
  const STREAMS: [string, object][] = [
    ['chat-streamed', OPENAI],
    ['anthropic-streamed', ANTHROPIC],
  ];

  describe('a call that is streamed for the sake of a neighbour', () => {
    it.each(STREAMS)('tells who answered, why it ended and what it took: %s', async (fixture, expected) => {
      await model(fixture).invoke('hi', { callbacks: [traffic.handler(), preferring()] as never });
      expect(await traffic.recorded.event()).toMatchObject({ stream: true, response: expected });
    });

    it.each(STREAMS)(
      'tells the same in a graph whose messages are streamed: %s',
      async (fixture, expected) => {
        const { MessagesAnnotation, StateGraph } = langchain;
        const asked = model(fixture);
        const graph = new StateGraph(MessagesAnnotation)
          .addNode('ask', async ({ messages }, config) => ({
            messages: [await asked.invoke(messages, config)],
          }))
          .addEdge('__start__', 'ask')
          .compile();
        const input = { messages: [{ role: 'user', content: 'hi' }] };
        await drain(graph.stream(input, { callbacks: [traffic.handler()], streamMode: 'messages' } as never));
        expect(await traffic.recorded.event()).toMatchObject({ stream: true, response: expected });
      },
    );

    it.each(STREAMS)('tells the same of the events of a model: %s', async (fixture, expected) => {
      const options = { version: 'v2', callbacks: [traffic.handler()] } as const;
      await drain(model(fixture).streamEvents('hi', options as never));
      expect(await traffic.recorded.event()).toMatchObject({ stream: true, response: expected });
    });
  });
});
