import { createOpenAI } from '@ai-sdk/openai';
import { APICallError, generateText, stepCountIs, streamText, tool, wrapLanguageModel } from 'ai';
import { convertArrayToReadableStream, MockLanguageModelV3 } from 'ai/test';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type FakeProvider, startFakeProvider } from '../fixtures/provider.js';
import { type TinybirdMiddlewareOptions, tinybirdMiddleware } from '../src/ai-sdk/index.js';
import { withMetadata } from '../src/recorder/context.js';
import { Recorded, summary } from './support/events.js';

type Model = ReturnType<typeof wrapLanguageModel>;
type Part =
  Awaited<ReturnType<Model['doStream']>>['stream'] extends ReadableStream<infer Each> ? Each : never;

let provider: FakeProvider;
beforeAll(async () => {
  provider = await startFakeProvider({ paceMs: 2 });
});
afterAll(() => provider.close());

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const chat = (fixture: string) =>
  createOpenAI({ apiKey: 'sk-test', baseURL: provider.baseUrl(fixture) }).chat('gpt-4o-mini');

function watched(model: Model, options: TinybirdMiddlewareOptions = {}): Model {
  return wrapLanguageModel({ model, middleware: tinybirdMiddleware({ ...recorded.options, ...options }) });
}

const USAGE = {
  inputTokens: { total: 3, noCache: 3, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 2, text: 2, reasoning: undefined },
};
const FINISH: Part = {
  type: 'finish',
  finishReason: { unified: 'stop', raw: 'stop' },
  usage: USAGE,
};
const text = (delta: string): Part => ({ type: 'text-delta', id: '1', delta });

function streaming(stream: ReadableStream<Part>): Model {
  return new MockLanguageModelV3({ doStream: async () => ({ stream }) });
}

const CALL = { prompt: [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hi' }] }] };

describe('generateText', () => {
  it('is one event with what was asked, answered and spent', async () => {
    const result = await generateText({
      model: watched(chat('chat-plain')),
      system: 'Be brief.',
      prompt: 'What is a row?',
    });
    expect(result.text).toBe('A row is one call, told in columns.');
    const event = await recorded.event();
    expect(event).toMatchObject({
      model: 'gpt-4o-mini',
      provider: 'openai',
      call_type: 'acompletion',
      stream: false,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'What is a row?' },
      ],
      standard_logging_object_status: 'success',
      response: {
        id: 'chatcmpl-plain',
        model: 'gpt-4o-mini-2024-07-18',
        created: 1780000000,
        choices: [{ finish_reason: 'stop', message: { content: 'A row is one call, told in columns.' } }],
        usage: { prompt_tokens: 25, completion_tokens: 9, total_tokens: 34 },
      },
    });
    expect(event.cost).toBeGreaterThan(0);
    expect(event.duration).toBeGreaterThan(0);
  });

  it('with tools is an event a step, and metadata of the scope reaches each', async () => {
    const weather = tool({
      inputSchema: z.object({ city: z.string() }),
      execute: async ({ city }) => `${city}: sunny`,
    });
    let step = 0;
    const model = new MockLanguageModelV3({
      doGenerate: async () =>
        step++ === 0
          ? {
              content: [
                { type: 'tool-call', toolCallId: 'c1', toolName: 'weather', input: '{"city":"Oslo"}' },
              ],
              finishReason: { unified: 'tool-calls', raw: undefined },
              usage: USAGE,
              warnings: [],
            }
          : {
              content: [{ type: 'text', text: 'Sunny.' }],
              finishReason: FINISH.finishReason,
              usage: USAGE,
              warnings: [],
            },
    });
    await withMetadata({ user: 'u1', metadata: { chat_id: 'c1' } }, () =>
      generateText({ model: watched(model), tools: { weather }, stopWhen: stepCountIs(3), prompt: 'Oslo?' }),
    );
    const [first, second] = await recorded.events();
    expect(first?.response.choices[0]).toEqual({
      index: 0,
      finish_reason: 'tool_calls',
      message: {
        role: 'assistant',
        content: '',
        tool_calls: [
          { id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
        ],
      },
    });
    expect(second?.messages.at(-1)).toEqual({
      role: 'tool',
      content: 'Oslo: sunny',
      tool_call_id: 'c1',
      name: 'weather',
    });
    for (const event of [first, second]) {
      expect(event).toMatchObject({ user: 'u1', proxy_metadata: { chat_id: 'c1' } });
    }
  });

  it('that fails is a failure, and the caller gets the very error of the provider', async () => {
    const error = new Error('boom');
    const model = new MockLanguageModelV3({
      doGenerate: async () => {
        throw error;
      },
    });
    await expect(generateText({ model: watched(model), prompt: 'hi', maxRetries: 0 })).rejects.toBe(error);
    expect(await recorded.event()).toMatchObject({
      standard_logging_object_status: 'failure',
      exception: 'Error: boom',
      response: { choices: [], usage: {} },
    });
  });

  it('that the provider refuses tells status and reason, and no key', async () => {
    await expect(generateText({ model: watched(chat('chat-failed')), prompt: 'hi' })).rejects.toThrow(
      'Incorrect API key',
    );
    const event = await recorded.event();
    expect(event.exception).toMatch(/^AI_APICallError: 401 Incorrect API key provided: sk-\*\*\*\*\./);
    expect(JSON.stringify(event)).not.toContain('not-a-real-key');
  });

  it('that is retried is an event an attempt', async () => {
    let attempts = 0;
    const model = new MockLanguageModelV3({
      doGenerate: async () => {
        if (attempts++ < 1) {
          const url = 'http://127.0.0.1/v1';
          throw new APICallError({
            message: 'busy',
            url,
            requestBodyValues: {},
            statusCode: 429,
            responseHeaders: { 'retry-after-ms': '1' },
          });
        }
        return {
          content: [{ type: 'text', text: 'ok' }],
          finishReason: FINISH.finishReason,
          usage: USAGE,
          warnings: [],
        };
      },
    });
    await generateText({ model: watched(model), prompt: 'hi', maxRetries: 1 });
    expect((await recorded.events()).map(summary)).toEqual(['failure', 'success | ok']);
  });

  it.each([
    ['without a reason', undefined],
    ['with a text as reason', 'stop it'],
  ])('that the caller aborts %s is no failure', async (_what, reason) => {
    const controller = new AbortController();
    const call = generateText({
      model: watched(chat('chat-plain')),
      prompt: 'hi',
      abortSignal: controller.signal,
    });
    setTimeout(() => controller.abort(reason), 1);
    await expect(call).rejects.toBeDefined();
    expect(summary(await recorded.event())).toBe('success | aborted');
  });

  it('that times out is a failure', async () => {
    const call = generateText({
      model: watched(chat('chat-plain')),
      prompt: 'hi',
      abortSignal: AbortSignal.timeout(1),
      maxRetries: 0,
    });
    await expect(call).rejects.toBeDefined();
    expect((await recorded.event()).exception).toMatch(/^TimeoutError: /);
  });
});

describe('streamText', () => {
  it('is one event with the time to the first token', async () => {
    const { textStream } = streamText({ model: watched(chat('chat-streamed')), prompt: 'hi' });
    let read = '';
    for await (const delta of textStream) read += delta;
    expect(read).toBe('A row is one call, told in columns.');
    const event = await recorded.event();
    expect(event).toMatchObject({
      stream: true,
      response: {
        id: 'chatcmpl-streamed',
        model: 'gpt-4o-mini-2024-07-18',
        choices: [{ finish_reason: 'stop', message: { content: 'A row is one call, told in columns.' } }],
        usage: { prompt_tokens: 25, completion_tokens: 10, total_tokens: 35 },
      },
    });
    expect(event.standard_logging_object_response_time).toBeLessThan(event.duration);
    expect(event.llm_api_duration_ms / 1000).toBeLessThanOrEqual(event.standard_logging_object_response_time);
  });

  it('keeps parallel tool calls apart', async () => {
    const { fullStream } = streamText({
      model: watched(chat('chat-streamed-tool-call')),
      prompt: 'Oslo and Rome?',
    });
    for await (const _part of fullStream);
    expect((await recorded.event()).response.choices[0]?.message.tool_calls).toEqual([
      { id: 'call_oslo', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
      { id: 'call_rome', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } },
    ]);
  });

  it('that the provider refuses is a failure', async () => {
    const { fullStream } = streamText({
      model: watched(chat('chat-failed')),
      prompt: 'hi',
      onError: () => {},
    });
    for await (const _part of fullStream);
    expect(summary(await recorded.event())).toBe('failure');
  });

  it('with an error on the way is a failure with what had arrived', async () => {
    const { fullStream } = streamText({
      model: watched(chat('chat-error-in-stream')),
      prompt: 'hi',
      onError: () => {},
    });
    for await (const _part of fullStream);
    const event = await recorded.event();
    expect(summary(event)).toBe('failure | A row is one');
    expect(event.exception).toContain('The server had an error while processing your request.');
  });

  it('that the caller aborts is no failure, and has what had arrived', async () => {
    const controller = new AbortController();
    const { textStream } = streamText({
      model: watched(chat('chat-streamed')),
      prompt: 'hi',
      abortSignal: controller.signal,
    });
    for await (const _delta of textStream) controller.abort();
    expect(summary(await recorded.event())).toMatch(/^success \| aborted \| A/);
  });
});

describe('a stream', () => {
  const parts: Part[] = [
    { type: 'stream-start', warnings: [] },
    { type: 'response-metadata', id: 'r1', modelId: 'early' },
    { type: 'reasoning-start', id: 'r' },
    { type: 'text-start', id: '1' },
    { type: 'reasoning-delta', id: 'r', delta: 'hm' },
    text('a'),
    { type: 'reasoning-delta', id: 'r', delta: '!' },
    text('b'),
    { type: 'response-metadata', modelId: 'late' },
    { type: 'something-new', value: 1 } as never,
    FINISH,
  ];

  it('passes every part by identity and in order, those of unknown kinds too', async () => {
    const { stream } = await watched(streaming(convertArrayToReadableStream(parts))).doStream(CALL);
    const read: unknown[] = [];
    for await (const part of stream) read.push(part);
    expect(read.length).toBe(parts.length);
    for (const [index, part] of read.entries()) expect(part).toBe(parts[index]);
    expect((await recorded.event()).response).toMatchObject({
      id: 'r1',
      model: 'late',
      choices: [{ message: { content: 'ab', reasoning_content: 'hm!' } }],
    });
  });

  it('is read no faster than its reader reads', async () => {
    const pulls = async (wrap: (model: Model) => Model) => {
      let pulled = 0;
      const source = new ReadableStream<Part>(
        {
          pull(controller) {
            pulled++;
            controller.enqueue(text('x'));
          },
        },
        { highWaterMark: 0 },
      );
      const { stream } = await wrap(streaming(source)).doStream(CALL);
      const reader = stream.getReader();
      for (let i = 0; i < 5; i++) await reader.read();
      await new Promise((resolve) => setTimeout(resolve, 20));
      return pulled;
    };
    expect(await pulls((model) => watched(model))).toBe(await pulls((model) => model));
  });

  it('that its reader leaves is no failure, and the provider hears of it with the same reason', async () => {
    let reason: unknown;
    const source = new ReadableStream<Part>({
      pull: (controller) => controller.enqueue(text('x')),
      cancel: (given) => {
        reason = given;
      },
    });
    const { stream } = await watched(streaming(source)).doStream(CALL);
    const reader = stream.getReader();
    await reader.read();
    await reader.cancel('enough');
    expect(reason).toBe('enough');
    expect(summary(await recorded.event())).toBe('success | left | x');
  });

  it('that breaks hands on the very error, and is a failure with what had arrived', async () => {
    const error = new Error('reset');
    const source = new ReadableStream<Part>({
      start: (controller) => controller.enqueue(text('half')),
      pull: (controller) => controller.error(error),
    });
    const { stream } = await watched(streaming(source)).doStream(CALL);
    const read = async () => {
      for await (const _part of stream);
    };
    await expect(read()).rejects.toBe(error);
    expect(summary(await recorded.event())).toBe('failure | half');
  });

  it('that ends without its completion is a failure', async () => {
    const { stream } = await watched(streaming(convertArrayToReadableStream([text('half')]))).doStream(CALL);
    for await (const _part of stream);
    expect((await recorded.event()).exception).toBe(
      'IncompleteStream: the stream ended without its completion',
    );
  });

  it('with hostile parts passes them on and is recorded all the same', async () => {
    const hostile = Object.defineProperty({}, 'type', {
      enumerable: true,
      get() {
        throw new Error('no');
      },
    }) as never;
    const { stream } = await watched(
      streaming(convertArrayToReadableStream([text('a'), hostile, FINISH])),
    ).doStream(CALL);
    let count = 0;
    for await (const _part of stream) count++;
    expect(count).toBe(3);
    expect(summary(await recorded.event())).toBe('success | a');
  });
});

describe('providerOptions.tinybird', () => {
  it('names the user, metadata and cost of one call, and never reaches the provider', async () => {
    const model = new MockLanguageModelV3({
      doGenerate: async () => ({
        content: [],
        finishReason: FINISH.finishReason,
        usage: USAGE,
        warnings: [],
      }),
    });
    const tinybird = { user: 'u1', metadata: { chat_id: 'c1' }, cost: 0.25 };
    const own = watched(model, { user: 'everybody', metadata: { chat_id: 'none', project: 'bot' } });
    await generateText({ model: own, prompt: 'hi', providerOptions: { tinybird, openai: { store: false } } });
    await generateText({ model: own, prompt: 'hi', providerOptions: { tinybird } });
    expect(model.doGenerateCalls.map((call) => call.providerOptions)).toEqual([
      { openai: { store: false } },
      undefined,
    ]);
    for (const event of await recorded.events()) {
      const proxy_metadata = { chat_id: 'c1', project: 'bot' };
      expect(event).toMatchObject({ user: 'u1', proxy_metadata, cost: 0.25 });
    }
  });

  it('that is absent leaves the params the same object', async () => {
    const params = { prompt: [], providerOptions: { openai: {} } };
    const model = { provider: 'openai.chat', modelId: 'm' };
    expect(await tinybirdMiddleware().transformParams({ type: 'generate', params, model })).toBe(params);
  });
});

describe('the middleware', () => {
  it('stands alone or among others', async () => {
    const other = { specificationVersion: 'v3' as const };
    const model = wrapLanguageModel({
      model: chat('chat-plain'),
      middleware: [other, tinybirdMiddleware(recorded.options), other],
    });
    await generateText({ model, prompt: 'hi' });
    expect(summary(await recorded.event())).toBe('success | A row is one call, told in columns.');
  });

  it('gives the very result of the model', async () => {
    const result = { content: [], finishReason: FINISH.finishReason, usage: USAGE, warnings: [], extra: 1 };
    const model = new MockLanguageModelV3({ doGenerate: async () => result });
    expect(await watched(model).doGenerate(CALL)).toBe(result);
  });

  it('takes a provider that the model does not tell', async () => {
    await generateText({ model: watched(chat('chat-plain'), { provider: 'acme' }), prompt: 'hi' });
    expect((await recorded.event()).provider).toBe('acme');
  });

  it('hands on what a model gives instead of a stream: the SDK deals with it', async () => {
    const result = { stream: undefined } as never;
    const model = new MockLanguageModelV3({ doStream: async () => result });
    expect(await watched(model).doStream(CALL)).toBe(result);
    expect((await recorded.event()).standard_logging_object_status).toBe('failure');
  });

  it('records a result without usage, content or response', async () => {
    const model = new MockLanguageModelV3({ doGenerate: async () => ({}) as never });
    await watched(model).doGenerate(CALL);
    expect((await recorded.event()).response).toMatchObject({
      usage: {},
      choices: [{ message: { content: '' } }],
    });
  });
});
