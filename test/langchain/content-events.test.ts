/** LangGraph streams models as events of content blocks, in place of tokens; from LangChain 1 on. */
import { MessagesAnnotation, StateGraph } from '@langchain/langgraph';
import { describe, expect, it } from 'vitest';
import { RunGatherer } from '../../src/langchain/tokens.js';
import { answering, chatEvents } from '../openai/answers.js';
import { summary } from '../support/events.js';
import { GENERATIONS, type Generation } from './generations.js';
import { modelFor, useTraffic } from './traffic.js';

const traffic = useTraffic();

type Model = ReturnType<typeof modelFor>;

function langchain1(): Generation {
  const generation = GENERATIONS.find(({ major }) => major === 1);
  if (generation === undefined) throw new Error('there is no LangChain 1');
  return generation;
}

const model = (fixture: string) => modelFor(langchain1(), traffic.provider, fixture);

/** Asks the model in a graph whose events are read; gives the kinds of those, or the error. */
async function readEvents(asked: Model, callbacks: unknown[], options: object = {}): Promise<string[]> {
  const seen: string[] = [];
  const graph = new StateGraph(MessagesAnnotation)
    .addNode('ask', async ({ messages }, config) => ({ messages: [await asked.invoke(messages, config)] }))
    .addEdge('__start__', 'ask')
    .compile();
  const input = { messages: [{ role: 'user', content: 'hi' }] };
  try {
    const stream = await graph.streamEvents(input, { callbacks, version: 'v3', ...options } as never);
    for await (const event of stream as AsyncIterable<{ method?: string }>)
      seen.push(event.method ?? 'event');
  } catch (thrown) {
    seen.push(String(thrown));
  }
  return seen;
}

describe('a stream of content blocks', () => {
  it.each<[string, object]>([
    [
      'chat-streamed',
      {
        model: 'gpt-4o-mini-2024-07-18',
        id: 'chatcmpl-streamed',
        service_tier: 'default',
        choices: [{ finish_reason: 'stop', message: { content: 'A row is one call, told in columns.' } }],
        usage: { prompt_tokens: 25, completion_tokens: 10, total_tokens: 35 },
      },
    ],
    [
      'chat-streamed-tool-call',
      {
        choices: [
          {
            finish_reason: 'tool_calls',
            message: {
              tool_calls: [
                {
                  id: 'call_oslo',
                  type: 'function',
                  function: { name: 'weather', arguments: '{"city":"Oslo"}' },
                },
                {
                  id: 'call_rome',
                  type: 'function',
                  function: { name: 'weather', arguments: '{"city":"Rome"}' },
                },
              ],
            },
          },
        ],
        usage: { prompt_tokens: 60, completion_tokens: 34 },
      },
    ],
    [
      'responses-streamed-reasoning',
      {
        id: 'resp_reasoning',
        model: 'gpt-5-mini-2025-08-07',
        choices: [
          {
            finish_reason: 'tool_calls',
            message: {
              reasoning_content: 'Oslo first, then the others.',
              tool_calls: [{ id: 'call_oslo', function: { name: 'weather' } }],
            },
          },
        ],
        usage: {
          prompt_tokens_details: { cached_tokens: 64 },
          completion_tokens_details: { reasoning_tokens: 64 },
        },
      },
    ],
    [
      'anthropic-streamed',
      {
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
        // with the 2 tokens of its beginning, which LangChain has added by then
        usage: { prompt_tokens: 9632, completion_tokens: 49, prompt_tokens_details: { cached_tokens: 8000 } },
      },
    ],
  ])('tells the whole answer: %s', async (fixture, expected) => {
    const bare = await readEvents(model(fixture), []);
    expect(await readEvents(model(fixture), [traffic.handler()])).toEqual(bare);
    const event = await traffic.recorded.event();
    expect(event).toMatchObject({
      stream: true,
      standard_logging_object_status: 'success',
      response: expected,
    });
    expect(event.standard_logging_object_response_time).toBeLessThanOrEqual(event.duration);
  });

  it.each([
    ['chat-cut-off', 'IncompleteStream'],
    ['responses-cut-off', 'IncompleteStream'],
    ['anthropic-cut-off', 'IncompleteStream'],
    ['chat-error-in-stream', 'APIError'],
  ])('that breaks is a failure with what had arrived: %s', async (fixture, exception) => {
    await readEvents(model(fixture), [traffic.handler()]);
    const event = await traffic.recorded.event();
    expect(summary(event)).toBe('failure | A row is one');
    expect(event.exception).toContain(exception);
  });

  it('that is aborted has what had arrived', async () => {
    const { url } = await answering((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const event of chatEvents(['A row ', 'is one']).slice(0, 3)) response.write(event);
    });
    const controller = new AbortController();
    const { ChatOpenAI } = langchain1().langchain;
    const configuration = { baseURL: url };
    const asked = new ChatOpenAI({ model: 'gpt-4o-mini', apiKey: 'k', maxRetries: 0, configuration });
    const neighbour = {
      name: 'neighbour',
      awaitHandlers: true,
      copy: () => neighbour,
      handleChatModelStreamEvent: (event: object) => {
        if (JSON.stringify(event).includes('is one')) setImmediate(() => controller.abort());
      },
    };
    await readEvents(asked, [traffic.handler(), neighbour], { signal: controller.signal });
    await expect.poll(() => traffic.recorded.soFar.length).toBe(1);
    expect(summary(await traffic.recorded.event())).toBe('success | aborted | A row is one');
  });
});

describe('what had come of content blocks when nobody heard more', () => {
  const gathered = (...events: object[]) => {
    const gatherer = new RunGatherer('openai', true);
    const isOutput = events.map((event) => gatherer.add({ event }));
    return { isOutput, answer: gatherer.answer(), finished: gatherer.finished, isStream: gatherer.isStream };
  };
  const block = (content: object, index = 0) => ({ event: 'content-block-start', index, content });
  const delta = (type: string, fields: object, index = 0) => ({
    event: 'content-block-delta',
    index,
    delta: { type, ...fields },
  });

  it('is text and thoughts, with who answers and what it took so far', () => {
    const { answer, isOutput, finished, isStream } = gathered(
      { event: 'message-start', id: 'msg_1', usage: { input_tokens: 5, output_tokens: 1, total_tokens: 6 } },
      { event: 'provider', payload: { model: 'served' } },
      block({ type: 'reasoning', reasoning: '' }),
      delta('reasoning-delta', { reasoning: 'Rows. ' }),
      block({ type: 'text', text: '' }, 1),
      delta('text-delta', { text: 'A row' }, 1),
      { event: 'usage', usage: { input_tokens: 5, output_tokens: 3, total_tokens: 8 } },
    );
    expect(answer).toMatchObject({
      id: 'msg_1',
      model: 'served',
      choices: [{ text: 'A row', reasoning: 'Rows. ' }],
      usage: { promptTokens: 5, completionTokens: 3 },
    });
    expect(isOutput).toEqual([false, false, false, true, false, true, false]);
    expect([finished, isStream]).toEqual([false, true]);
  });

  it('is the input of tools as far as it goes, in pieces or told again each time', () => {
    const { answer } = gathered(
      block({ type: 'tool_call_chunk', id: 'call_1', name: 'weather', args: '' }),
      delta('tool-call-delta', { args: '{"city":' }),
      block({ type: 'tool_call_chunk', id: 'call_2', name: 'weather', args: '' }, 1),
      delta('block-delta', { fields: { type: 'tool_call_chunk', args: '{"ci' } }, 1),
      delta('block-delta', { fields: { type: 'tool_call_chunk', args: '{"city":"Ro' } }, 1),
      delta('tool-call-delta', { args: '"Os' }),
    );
    expect(answer.choices[0]?.toolCalls).toEqual([
      { id: 'call_1', name: 'weather', arguments: '{"city":"Os' },
      { id: 'call_2', name: 'weather', arguments: '{"city":"Ro' },
    ]);
  });

  it('is the whole input of a tool that is done', () => {
    const { answer } = gathered(
      block({ type: 'tool_call_chunk', id: 'call_1', name: 'weather', args: '{"ci' }),
      {
        event: 'content-block-finish',
        index: 0,
        content: { type: 'tool_call', id: 'call_1', name: 'weather', args: { city: 'Rome' } },
      },
    );
    expect(answer.choices[0]?.toolCalls).toEqual([
      { id: 'call_1', name: 'weather', arguments: '{"city":"Rome"}' },
    ]);
  });

  it('is a marker of a file, once it is whole', () => {
    const { answer, isOutput } = gathered(
      block({ type: 'image', mimeType: 'image/png', data: '' }),
      delta('data-delta', { data: 'iVBORw0KGgo=' }),
      {
        event: 'content-block-finish',
        index: 0,
        content: { type: 'image', mimeType: 'image/png', data: 'iVBORw0KGgo=' },
      },
    );
    expect(answer.choices[0]?.files).toEqual(['[image/png, 8 bytes]']);
    expect(isOutput).toEqual([false, true, false]);
  });

  it('is complete once the message says why it ended', () => {
    const { answer, finished } = gathered(block({ type: 'text', text: 'A row.' }), {
      event: 'message-finish',
      reason: 'tool_use',
      responseMetadata: { model_name: 'served' },
    });
    expect(answer).toMatchObject({
      model: 'served',
      choices: [{ text: 'A row.', finishReason: 'tool_calls' }],
    });
    expect(finished).toBe(true);
  });

  it('is nothing of what it does not know', () => {
    const { answer } = gathered({ event: 'new-kind' }, {}, block({}), delta('new-delta', {}));
    expect(answer.choices).toEqual([{ index: 0, text: '' }]);
  });
});
