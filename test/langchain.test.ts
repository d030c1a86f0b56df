import { InMemoryCache } from '@langchain/core/caches';
import { HumanMessage, type MessageContent } from '@langchain/core/messages';
import { FakeListChatModel, FakeLLM } from '@langchain/core/utils/testing';
import { ChatOpenAI, type ChatOpenAIFields, OpenAI } from '@langchain/openai';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../fixtures/provider.js';
import { TinybirdCallbackHandler, type TinybirdCallbackHandlerOptions } from '../src/langchain/index.js';
import { Recorded, summary } from './support/events.js';

let provider: FakeProvider;
beforeAll(async () => {
  provider = await startFakeProvider({ paceMs: 2 });
});
afterAll(() => provider.close());

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});
afterEach(() => {
  expect(recorded.problems).toEqual([]);
});

const handler = (options: TinybirdCallbackHandlerOptions = {}) =>
  new TinybirdCallbackHandler({ ...recorded.options, ...options });

const chat = (fixture?: string, options: ChatOpenAIFields = {}) =>
  new ChatOpenAI({
    model: 'gpt-4o-mini',
    apiKey: 'sk-test-0123456789',
    maxRetries: 0,
    configuration: {
      baseURL: fixture === undefined ? provider.defaultBaseUrl : provider.baseUrl(fixture),
      defaultHeaders: { 'x-secret': 'hush-hush' },
    },
    ...options,
  });

const TEXT = 'A row is one call, told in columns.';

describe('invoke', () => {
  it('is one event with what was asked, answered and spent', async () => {
    const answer = await chat().invoke('What is a row?', {
      callbacks: [handler()],
      runName: 'ask',
      tags: ['one'],
    });
    expect(answer.content).toBe(TEXT);
    const event = await recorded.event();
    expect(event).toMatchObject({
      model: 'gpt-4o-mini',
      provider: 'openai',
      call_type: 'acompletion',
      stream: false,
      messages: [{ role: 'user', content: 'What is a row?' }],
      standard_logging_object_status: 'success',
      response: {
        id: 'chatcmpl-plain',
        model: 'gpt-4o-mini-2024-07-18',
        choices: [{ finish_reason: 'stop', message: { content: TEXT } }],
        usage: { prompt_tokens: 25, completion_tokens: 9, total_tokens: 34 },
      },
      cost: expect.closeTo(0.00000915, 12),
      proxy_metadata: { tags: ['one'], run_name: 'ask' },
    });
    expect(JSON.stringify(event)).not.toMatch(/hush-hush|0123456789/);
  });

  it('with a run id of its own has that as its id', async () => {
    const runId = '01234567-89ab-cdef-0123-456789abcdef';
    await chat().invoke('hi', { callbacks: [handler()], runId });
    expect((await recorded.event()).id).toBe(runId);
  });

  it('with tools keeps their calls', async () => {
    await chat('chat-tool-call').invoke('Oslo and Rome?', { callbacks: [handler()] });
    expect((await recorded.event()).response.choices[0]).toEqual({
      index: 0,
      finish_reason: 'tool_calls',
      message: {
        role: 'assistant',
        content: '',
        tool_calls: [
          { id: 'call_oslo', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
          { id: 'call_rome', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } },
        ],
      },
    });
  });

  it('that fails is a failure, and the caller gets the error as ever', async () => {
    const bare = await chat('chat-failed')
      .invoke('hi')
      .catch((thrown) => thrown);
    const watched = await chat('chat-failed')
      .invoke('hi', { callbacks: [handler()] })
      .catch((thrown) => thrown);
    expect(watched.constructor).toBe(bare.constructor);
    expect(watched.message).toBe(bare.message);
    const event = await recorded.event();
    expect(event.exception).toMatch(/^AuthenticationError: 401 Incorrect API key provided: sk-\*\*\*\*\./);
    expect(JSON.stringify(event)).not.toMatch(/not-a-real-key|hush-hush/);
  });

  it.each([['a text'], [undefined], [{ code: 7 }]])(
    'that is rejected with %j is a failure that says so',
    async (thrown) => {
      const own = handler();
      own.handleChatModelStart({}, [[]], 'run');
      own.handleLLMError(thrown, 'run');
      expect((await recorded.event()).exception).toMatch(/^Error: \S/);
    },
  );
});

describe('stream', () => {
  it('is one event with the time to the first token', async () => {
    let read = '';
    for await (const chunk of await chat().stream('hi', { callbacks: [handler()] })) read += chunk.content;
    expect(read).toBe(TEXT);
    const event = await recorded.event();
    expect(event).toMatchObject({
      stream: true,
      response: {
        choices: [{ finish_reason: 'stop', message: { content: TEXT } }],
        usage: { prompt_tokens: 25, completion_tokens: 10, total_tokens: 35 },
        model: 'gpt-4o-mini-2024-07-18',
      },
    });
    expect(event.standard_logging_object_response_time).toBeLessThan(event.duration);
  });

  it('with an error on the way is a failure with what had arrived', async () => {
    const read = async () => {
      for await (const _chunk of await chat('chat-error-in-stream').stream('hi', { callbacks: [handler()] }));
    };
    await expect(read()).rejects.toThrow('The server had an error');
    expect(summary(await recorded.event())).toBe('failure | A row is one');
  });

  it('that is aborted while its reader holds a chunk is no failure: LangChain tells nobody, the signal does', async () => {
    const controller = new AbortController();
    const stream = await chat().stream('hi', { callbacks: [handler()], signal: controller.signal });
    const read = async () => {
      let chunks = 0;
      for await (const chunk of stream) if (chunk.content && ++chunks === 3) controller.abort();
    };
    await read().catch(() => {});
    await expect.poll(async () => (await recorded.events()).length).toBe(1);
    expect(summary(await recorded.event())).toMatch(/^success \| aborted \| A row/);
  });

  it('of many calls on one signal adds one listener, and takes it away', async () => {
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, 'addEventListener');
    const remove = vi.spyOn(signal, 'removeEventListener');
    const own = handler();
    for (let run = 0; run < 50; run++)
      own.handleChatModelStart({}, [[]], `run-${run}`, undefined, { options: { signal } });
    expect(add.mock.calls.length).toBe(1);
    for (let run = 0; run < 50; run++) own.handleLLMEnd({ generations: [[]] }, `run-${run}`);
    expect(remove.mock.calls.length).toBe(1);
    expect((await recorded.events()).length).toBe(50);
  });
});

describe('a chain', () => {
  it('in a batch is an event a call, each with its own question', async () => {
    await chat().batch(['a', 'b', 'c'], { callbacks: [handler()] });
    const asked = (await recorded.events()).map((event) => event.messages[0]?.content);
    expect(asked.sort()).toEqual(['a', 'b', 'c']);
  });

  it('with a fallback is an event an attempt', async () => {
    await chat('chat-failed')
      .withFallbacks([chat()])
      .invoke('hi', { callbacks: [handler()] });
    expect((await recorded.events()).map(summary)).toEqual(['failure', `success | ${TEXT}`]);
  });
});

describe('a model', () => {
  it('that answers from its cache costs nothing and is no stream', async () => {
    const cached = chat('chat-plain', { cache: new InMemoryCache() });
    const callbacks = [handler()];
    await cached.invoke('hi', { callbacks });
    await cached.invoke('hi', { callbacks });
    const [paid, hit] = await recorded.events();
    expect(paid).toMatchObject({ cache_hit: false, response: { usage: { total_tokens: 34 } } });
    expect(hit).toMatchObject({ cache_hit: true, cost: 0, stream: false, response: { usage: {} } });
  });

  it('that completes text is a text completion', async () => {
    await new FakeLLM({ response: 'done' }).invoke('begin', { callbacks: [handler()] });
    expect(await recorded.event()).toMatchObject({
      call_type: 'atext_completion',
      messages: [{ role: 'user', content: 'begin' }],
      response: { choices: [{ message: { content: 'done' } }] },
    });
  });

  it('that tells nothing of itself is recorded all the same', async () => {
    await new FakeListChatModel({ responses: ['done'] }).invoke([new HumanMessage('hi')], {
      callbacks: [handler()],
    });
    expect(await recorded.event()).toMatchObject({
      model: 'FakeListChatModel',
      provider: 'fakelistchatmodel',
      response: { usage: {}, choices: [{ message: { content: 'done' } }] },
    });
  });

  it('of OpenAI completions at another host keeps its provider’s name', async () => {
    const model = new OpenAI({
      model: 'gpt-3.5-turbo-instruct',
      apiKey: 'k',
      maxRetries: 0,
      configuration: { baseURL: provider.baseUrl('chat-failed') },
    });
    await expect(model.invoke('hi', { callbacks: [handler({ provider: 'acme' })] })).rejects.toThrow();
    expect(await recorded.event()).toMatchObject({
      provider: 'acme',
      standard_logging_object_status: 'failure',
    });
  });
});

describe('the handler', () => {
  it('given twice, to the model and to the call, records once', async () => {
    const own = handler();
    own.handleChatModelStart({}, [[]], 'run');
    own.handleChatModelStart({}, [[]], 'run');
    own.handleLLMEnd({ generations: [[]] }, 'run');
    own.handleLLMEnd({ generations: [[]] }, 'run');
    own.handleChatModelStart({}, [[]], 'run');
    await recorded.event();
  });

  it('hears of runs that it does not know and is silent', async () => {
    const own = handler();
    own.handleLLMNewToken('x', {}, 'run');
    own.handleLLMEnd({}, 'run');
    own.handleLLMError(new Error('x'), 'run');
    expect(await recorded.events()).toEqual([]);
  });

  it.each([
    ['no generation', { generations: [[]] }],
    ['an undefined one', { generations: [[undefined]] }],
    ['nothing', undefined],
    [
      'circular content',
      (() => {
        const content: unknown[] = [];
        content.push({ type: 'text', text: 'a', content });
        return {
          generations: [
            [
              {
                message: {
                  content: content as MessageContent,
                  tool_calls: [{ name: 'f', args: { content } }],
                },
              },
            ],
          ],
        };
      })(),
    ],
  ])('records an end with %s', async (_what, output) => {
    const own = handler();
    own.handleChatModelStart({}, [[]], 'run');
    own.handleLLMEnd(output, 'run');
    expect((await recorded.event()).standard_logging_object_status).toBe('success');
  });

  it('never throws into LangChain, which would print it, and loses no call', async () => {
    const own = handler();
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    own.handleChatModelStart(proxy, undefined as never, 'broken');
    own.handleChatModelStart({}, [[]], 'run');
    own.handleLLMNewToken('x', proxy, 'run', undefined, undefined, proxy);
    own.handleLLMEnd(proxy, 'run');
    expect(recorded.problems.map((problem) => problem.code)).toContain('internal');
    recorded.problems.length = 0;
    expect(await recorded.event()).toMatchObject({ id: 'run', response: { choices: [] } });
  });

  it('settles the oldest run as abandoned when ends stop coming', async () => {
    const own = handler();
    for (let run = 0; run <= 10_000; run++) own.handleChatModelStart({}, [[]], `run-${run}`);
    const event = await recorded.event();
    expect(event.id).toBe('run-0');
    expect(event.proxy_metadata.outcome).toBe('abandoned');
  });

  it('does not make the model stream', async () => {
    await chat().invoke('hi', { callbacks: [handler()] });
    expect(provider.requests.at(-1)?.body.stream ?? false).toBe(false);
  });
});
