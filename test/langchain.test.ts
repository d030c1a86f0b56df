import { inspect } from 'node:util';
import { StringOutputParser } from '@langchain/core/output_parsers';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { ChatOpenAI, type ChatOpenAIFields } from '@langchain/openai';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
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

  it('with a run id of its own has that as its id', async () => {
    const runId = '01234567-89ab-cdef-0123-456789abcdef';
    await chat().invoke('hi', { callbacks: [handler()], runId });
    expect((await recorded.event()).id).toBe(runId);
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

  it('shows no token when it is logged', () => {
    const own = new TinybirdCallbackHandler({ token: 'p.hush-hush', url: 'http://127.0.0.1:1' });
    expect(JSON.stringify(own) + inspect(own, { depth: 10 })).not.toContain('hush-hush');
    expect(own.copy()).toBe(own);
  });
});
