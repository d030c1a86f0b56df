import { HumanMessage, type MessageContent } from '@langchain/core/messages';
import { StringOutputParser } from '@langchain/core/output_parsers';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { ChatOpenAI, type ChatOpenAIFields, OpenAI } from '@langchain/openai';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../fixtures/provider.js';
import { TinybirdCallbackHandler, type TinybirdCallbackHandlerOptions } from '../src/langchain/index.js';
import { withMetadata } from '../src/recorder/context.js';
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
  it('with an error on the way is a failure with what had arrived', async () => {
    const read = async () => {
      for await (const _chunk of await chat('chat-error-in-stream').stream('hi', { callbacks: [handler()] }));
    };
    await expect(read()).rejects.toThrow('The server had an error');
    expect(summary(await recorded.event())).toBe('failure | A row is one');
  });
});

describe('a chain', () => {
  it('hands its user and metadata to the model below, without what LangChain adds', async () => {
    const chain = ChatPromptTemplate.fromTemplate('What is {thing}?')
      .pipe(chat())
      .pipe(new StringOutputParser());
    const metadata = {
      user: 'u1',
      organization: 'acme',
      project: 'bot',
      thread_id: 't1',
      own: { deep: [1] },
    };
    expect(await chain.invoke({ thing: 'a row' }, { callbacks: [handler()], metadata })).toBe(TEXT);
    const event = await recorded.event();
    expect(event.user).toBe('u1');
    const { parent_run_id, ...rest } = event.proxy_metadata;
    expect(parent_run_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(rest).toEqual({
      organization: 'acme',
      project: 'bot',
      thread_id: 't1',
      chat_id: 't1',
      own: { deep: [1] },
    });
    expect(event.messages).toEqual([{ role: 'user', content: 'What is a row?' }]);
  });

  it('takes what it does not say itself from its scope', async () => {
    await withMetadata({ user: 'u1', metadata: { chat_id: 'scope', project: 'scope' } }, () =>
      chat().invoke('hi', { callbacks: [handler()], metadata: { project: 'call', session_id: 's1' } }),
    );
    expect(await recorded.event()).toMatchObject({
      user: 'u1',
      proxy_metadata: { chat_id: 'scope', project: 'call', session_id: 's1' },
    });
  });
});

describe('a model', () => {
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
});
