import * as ai6 from 'ai';
import { MockLanguageModelV3 } from 'ai/test';
import * as ai from 'ai7';
import { convertArrayToReadableStream, MockEmbeddingModelV4, MockLanguageModelV4 } from 'ai7/test';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tinybirdMiddleware, tinybirdTelemetry } from '../../src/ai-sdk/index.js';
import { Recorded, summary } from '../support/events.js';
import { finishReasonOf, usageOf } from './generations.js';
import { register, tooMany, unregister } from './registered.js';

type Model = ReturnType<typeof ai.wrapLanguageModel>;
type Result = Awaited<ReturnType<Model['doGenerate']>>;
type Part =
  Awaited<ReturnType<Model['doStream']>>['stream'] extends ReadableStream<infer Each> ? Each : never;

const STOP = finishReasonOf(7, 'stop') as Result['finishReason'];
const USAGE = usageOf(7, 3, 2) as Result['usage'];
const RESULT: Result = {
  content: [{ type: 'text', text: '{"a":1}' }],
  finishReason: STOP,
  usage: USAGE,
  response: { id: 'r1', modelId: 'served' },
  warnings: [],
};
const PARTS: Part[] = [
  { type: 'stream-start', warnings: [] },
  { type: 'response-metadata', id: 'r1', modelId: 'served' },
  { type: 'text-start', id: '1' },
  { type: 'text-delta', id: '1', delta: '{"a"' },
  { type: 'text-delta', id: '1', delta: ':1}' },
  { type: 'text-end', id: '1' },
  { type: 'finish', finishReason: STOP, usage: USAGE },
];

const aModel = (own: Partial<Pick<Model, 'doGenerate' | 'doStream'>> = {}): Model =>
  new MockLanguageModelV4({
    provider: 'acme.chat',
    doGenerate: async () => RESULT,
    doStream: async () => ({ stream: convertArrayToReadableStream(PARTS) }),
    ...own,
  });

const schema = ai.jsonSchema<{ a: number }>({ type: 'object', properties: { a: { type: 'number' } } });

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
  register(recorded);
});
afterEach(unregister);

/** The same model as it is, and watched by the middleware too: the rows must be the same. */
const WATCHES: readonly (readonly [name: string, watch: (model: Model) => Model])[] = [
  ['alone', (model) => model],
  [
    'beside the middleware',
    (model) => ai.wrapLanguageModel({ model, middleware: tinybirdMiddleware(recorded.options) }),
  ],
];

describe.each(WATCHES)('the telemetry, %s', (name, watch) => {
  it('records a generated text with its function, the context that may be told, and its details', async () => {
    await ai.generateText({
      model: watch(aModel()),
      instructions: 'Be brief.',
      prompt: 'What is a row?',
      telemetry: { functionId: 'answer', includeRuntimeContext: { user: true, plan: true } },
      runtimeContext: { user: 'u1', plan: 'pro', secret: 'not for telemetry' },
      providerOptions: { tinybird: { name: 'first', metadata: { chat_id: 'c1' } } },
    });
    const event = await recorded.event();
    expect(event).toMatchObject({
      model: 'mock-model-id',
      provider: 'acme',
      call_type: 'acompletion',
      stream: false,
      user: 'u1',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'What is a row?' },
      ],
      response: {
        id: 'r1',
        model: 'served',
        choices: [{ finish_reason: 'stop', message: { content: '{"a":1}' } }],
        usage: { prompt_tokens: 3, completion_tokens: 2 },
      },
    });
    expect(event.proxy_metadata).toEqual({
      function_id: 'answer',
      plan: 'pro',
      name: 'first',
      chat_id: 'c1',
      cost_unknown: true,
    });
  });

  it('records a streamed text, and hands on its parts as they are', async () => {
    const { fullStream } = ai.streamText({ model: watch(aModel()), prompt: 'hi' });
    let text = '';
    for await (const part of fullStream) if (part.type === 'text-delta') text += part.text;
    expect(text).toBe('{"a":1}');
    const event = await recorded.event();
    expect(event).toMatchObject({ stream: true, response: { id: 'r1', model: 'served' } });
    expect(summary(event)).toBe('success | {"a":1}');
  });

  it('records each step of a tool loop', async () => {
    let step = 0;
    const model = aModel({
      doGenerate: async () =>
        step++ === 0
          ? {
              ...RESULT,
              content: [
                { type: 'tool-call', toolCallId: 'c1', toolName: 'weather', input: '{"city":"Oslo"}' },
              ],
              finishReason: finishReasonOf(7, 'tool-calls') as Result['finishReason'],
            }
          : RESULT,
    });
    const weather = ai.tool({
      inputSchema: ai.jsonSchema<{ city: string }>({ type: 'object' }),
      execute: async ({ city }) => `${city}: sunny`,
    });
    await ai.generateText({
      model: watch(model),
      prompt: 'Oslo?',
      tools: { weather },
      stopWhen: ai.isStepCount(3),
    });
    const [first, second] = await recorded.events();
    expect(first?.response.choices[0]?.finish_reason).toBe('tool_calls');
    expect(second?.messages.at(-1)).toMatchObject({ role: 'tool', content: 'Oslo: sunny' });
  });

  it('records each attempt, with its own error', async () => {
    let attempts = 0;
    const model = aModel({
      doGenerate: async () => {
        if (attempts++ < 2) throw tooMany();
        return RESULT;
      },
    });
    await ai.generateText({ model: watch(model), prompt: 'hi' });
    const events = await recorded.events();
    expect(events.map(summary)).toEqual(['failure', 'failure', 'success | {"a":1}']);
    expect(events[0]?.exception).toBe('AI_APICallError: 429 busy');
  });

  it('records an object, generated or streamed', async () => {
    const model = watch(aModel());
    await ai.generateObject({ model, schema, prompt: 'hi' });
    const { partialObjectStream } = ai.streamObject({ model, schema, prompt: 'hi' });
    for await (const _object of partialObjectStream);
    const events = await recorded.events();
    expect(events.map(({ stream }) => stream)).toEqual([false, true]);
    for (const event of events) {
      expect(event).toMatchObject({
        messages: [{ role: 'user', content: 'hi' }],
        response: {
          id: 'r1',
          model: 'served',
          choices: [{ message: { content: '{"a":1}' } }],
          usage: { prompt_tokens: 3, completion_tokens: 2 },
        },
      });
    }
  });

  it('records an object whose model fails, and one that does not fit its schema', async () => {
    const failing = aModel({
      doGenerate: async () => {
        throw new Error('boom');
      },
    });
    await expect(ai.generateObject({ model: watch(failing), schema, prompt: 'hi' })).rejects.toThrow('boom');
    const unfit = aModel({
      doGenerate: async () => ({ ...RESULT, content: [{ type: 'text', text: 'no' }] }),
    });
    await expect(ai.generateObject({ model: watch(unfit), schema, prompt: 'hi' })).rejects.toThrow();
    expect((await recorded.events()).map(summary)).toEqual(['failure', 'success | no']);
  });

  it('says of an aborted stream that it was aborted', async () => {
    const controller = new AbortController();
    const endless = aModel({
      doStream: async () => ({
        stream: new ReadableStream<Part>(
          {
            async pull(parts) {
              await new Promise((resolve) => setTimeout(resolve, 1));
              parts.enqueue({ type: 'text-delta', id: '1', delta: 'x' });
            },
            start: (parts) => parts.enqueue({ type: 'text-start', id: '1' }),
          },
          { highWaterMark: 0 },
        ),
      }),
    });
    const { textStream } = ai.streamText({
      model: watch(endless),
      prompt: 'hi',
      abortSignal: controller.signal,
    });
    for await (const _text of textStream) controller.abort('enough');
    expect(summary(await recorded.event())).toMatch(/^success \| aborted \| x+$/);
  });

  it('withholds what the call says not to record', async () => {
    const model = watch(aModel());
    const telemetry = { recordInputs: false, recordOutputs: false };
    await ai.generateText({ model, prompt: 'a secret', telemetry });
    for await (const _text of ai.streamText({ model, prompt: 'a secret', telemetry }).textStream);
    const events = await recorded.events();
    expect(events.length).toBe(2);
    for (const event of events) {
      expect(event.messages).toEqual([]);
      expect(event.response.choices[0]?.message).toEqual({ role: 'assistant' });
      expect(event.response.usage.prompt_tokens).toBe(3);
    }
  });

  it('records nothing more when it is switched off for the call', async () => {
    await ai.generateText({ model: watch(aModel()), prompt: 'hi', telemetry: { isEnabled: false } });
    expect((await recorded.events()).length).toBe(name === 'alone' ? 0 : 1);
  });

  it('keeps the functions of concurrent calls apart', async () => {
    const model = watch(aModel());
    const names = Array.from({ length: 20 }, (_, index) => `f${index}`);
    await Promise.all(
      names.map((functionId) =>
        ai.generateText({ model, prompt: functionId, maxRetries: 0, telemetry: { functionId } }),
      ),
    );
    const events = await recorded.events();
    expect(events.length).toBe(names.length);
    for (const event of events) expect(event.messages[0]?.content).toBe(event.proxy_metadata.function_id);
  });
});

describe('the telemetry', () => {
  it('that is registered twice, or twice made, records once', async () => {
    const twice = tinybirdTelemetry(recorded.options);
    ai.registerTelemetry(twice, twice);
    await ai.generateText({ model: aModel(), prompt: 'hi' });
    await ai.generateObject({ model: aModel(), schema, prompt: 'hi' });
    await ai.embed({
      model: new MockEmbeddingModelV4({ doEmbed: async () => ({ embeddings: [[1]], warnings: [] }) }),
      value: 'a',
    });
    expect((await recorded.events()).length).toBe(3);
  });

  it('is given to one call just as well', async () => {
    const own = new Recorded();
    const telemetry = { integrations: [tinybirdTelemetry(own.options)] };
    await ai.generateText({ model: aModel(), prompt: 'hi', telemetry });
    expect(summary(await own.event())).toBe('success | {"a":1}');
    expect(await recorded.events()).toEqual([]);
  });

  it('makes nobody wait: every hook returns nothing, whatever it is given', () => {
    const { executeLanguageModelCall: _, ...hooks } = tinybirdTelemetry(recorded.options);
    const hostile = new Proxy(
      {},
      {
        get() {
          throw new Error('no');
        },
      },
    );
    for (const hook of Object.values(hooks)) {
      for (const event of [undefined, null, 1, {}, { callId: 'c' }, { callId: 1 }, hostile]) {
        expect(hook(event)).toBeUndefined();
      }
    }
  });

  it('hands on the very result and error of a call', async () => {
    const { executeLanguageModelCall, onStart } = tinybirdTelemetry(recorded.options);
    onStart({ callId: 'own' });
    const error = new Error('boom');
    expect(await executeLanguageModelCall({ callId: 'own', execute: async () => RESULT })).toBe(RESULT);
    const failing = executeLanguageModelCall({ callId: 'own', execute: () => Promise.reject(error) });
    await expect(failing).rejects.toBe(error);
    const unknown = executeLanguageModelCall({ callId: 'unknown', execute: async () => RESULT });
    expect(await unknown).toBe(RESULT);
  });

  it('is not disturbed by events of ai 6, which shares its list', async () => {
    const model = new MockLanguageModelV3({
      doGenerate: async () => ({
        content: [{ type: 'text', text: 'six' }],
        finishReason: finishReasonOf(6, 'stop'),
        usage: usageOf(6, 1, 1),
        warnings: [],
      }),
    });
    expect((await ai6.generateText({ model, prompt: 'hi' })).text).toBe('six');
    expect(await recorded.events()).toEqual([]);
    expect(recorded.problems).toEqual([]);
  });
});
