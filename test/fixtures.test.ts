import { createOpenAI } from '@ai-sdk/openai';
import { ChatOpenAI } from '@langchain/openai';
import { generateText, streamText, wrapLanguageModel } from 'ai';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../fixtures/provider.js';
import type { LitellmEvent } from '../schemas/litellm.js';
import { tinybirdMiddleware } from '../src/ai-sdk/index.js';
import {
  imagesAnswer,
  moderationAnswer,
  rerankAnswer,
  speechAnswer,
  transcriptionAnswer,
} from '../src/call/answers.js';
import type { Answer, CallType } from '../src/call/call.js';
import { TinybirdCallbackHandler } from '../src/langchain/index.js';
import { chatAnswer } from '../src/openai/chat.js';
import { instrumentOpenAI } from '../src/openai/index.js';
import { Recorder } from '../src/recorder/recorder.js';
import { GENERATIONS } from './compat/generations.js';
import {
  apiOf,
  ask,
  drain,
  fixtureNames,
  modelOf,
  readFixture,
  watched,
  withoutTimes,
} from './compat/recorded-traffic.js';
import { Recorded } from './support/events.js';

const names = await fixtureNames();

let provider: FakeProvider;
beforeAll(async () => {
  provider = await startFakeProvider();
});
afterAll(() => provider.close());

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const apiKey = 'sk-test-0123456789';

describe('recorded traffic, through the openai client', () => {
  const PATHS: Readonly<Record<string, string>> = {
    chat: '/chat/completions',
    vendor: '/chat/completions',
    responses: '/responses',
    embeddings: '/embeddings',
  };

  it.each(names.filter((name) => apiOf(name) in PATHS))(
    '%s becomes the event expected of it',
    async (name) => {
      const body = await readFixture(name, 'request.json');
      const client = instrumentOpenAI(
        new OpenAI({ apiKey, baseURL: provider.baseUrl(name), maxRetries: 0, logLevel: 'off' }),
        recorded.options,
      );
      const call = client.post(PATHS[apiOf(name)] ?? '', { body, stream: body.stream === true });
      await drain(call);
      expect(withoutTimes(await recorded.event())).toEqual(await readFixture(name, 'event.json'));
    },
  );
});

describe('recorded traffic of Anthropic and Gemini, through the AI SDK', () => {
  const [generation] = GENERATIONS.filter(({ major }) => major === 6);

  it.each(names.filter((name) => ['anthropic', 'gemini'].includes(apiOf(name))))(
    '%s becomes the event expected of it',
    async (name) => {
      if (generation === undefined) throw new Error('there is no ai 6');
      const model = watched(generation, modelOf(generation, provider, name), recorded.options);
      await ask(generation, name, model);
      expect(provider.requests.at(-1)?.body).toMatchObject(await readFixture(name, 'request.json'));
      expect(withoutTimes(await recorded.event())).toEqual(await readFixture(name, 'event.json'));
    },
  );
});

describe('recorded traffic of the calls that are no chat', () => {
  type Body = Readonly<Record<string, unknown>>;
  const KINDS: Readonly<Record<string, [CallType, (body: Body) => unknown, (body: unknown) => Answer]>> = {
    completion: ['atext_completion', (body) => body.prompt, chatAnswer],
    image: ['aimage_generation', (body) => body.prompt, imagesAnswer],
    speech: ['aspeech', (body) => body.input, speechAnswer],
    transcription: [
      'atranscription',
      (body) => [body.prompt ?? 'transcribe', body.file],
      transcriptionAnswer,
    ],
    moderation: ['amoderation', (body) => body.input, moderationAnswer],
    rerank: ['arerank', (body) => body.query, rerankAnswer],
  };

  it.each(Object.keys(KINDS).flatMap((kind) => names.filter((name) => name.startsWith(`${kind}-`))))(
    '%s becomes the event expected of it',
    async (name) => {
      const [type, inputOf, answerOf] = KINDS[apiOf(name)] ?? [];
      if (type === undefined || inputOf === undefined || answerOf === undefined) throw new Error(name);
      const request = await readFixture(name, 'request.json');
      const { body } = await readFixture(name, 'answer.json');
      const provider = type === 'arerank' ? 'cohere' : 'openai';
      const { model } = request;
      const recording = new Recorder(recorded.options).start(() => {
        return { type, provider, model, stream: false, input: inputOf(request) };
      });
      recording.end({ kind: 'finished' }, () => answerOf(body));
      expect(withoutTimes(await recorded.event())).toEqual(await readFixture(name, 'event.json'));
    },
  );

  it('is all of the recorded traffic, with what goes through the clients', () => {
    const OTHERS = ['anthropic', 'chat', 'embeddings', 'gemini', 'responses', 'vendor'];
    const kinds = new Set(names.map(apiOf));
    expect([...kinds].sort()).toEqual([...Object.keys(KINDS), ...OTHERS].sort());
  });
});

describe('recorded chat traffic', () => {
  const chats = names.filter((name) => name.startsWith('chat-'));
  /** What the AI SDK makes of an answer otherwise than the client does. */
  const AI_SDK: Readonly<Record<string, object>> = {
    'chat-refusal': { content: 'I cannot help with that.', finishReason: 'content_filter' },
    'chat-malformed': { reason: expect.stringMatching(/^JSON parsing failed: .*Unexpected end of JSON/s) },
    'chat-connection-cut': {
      reason: expect.stringMatching(/^200 Failed .*\[cause: TypeError: terminated\]/),
    },
  };

  it.each(chats)('%s says the same through the AI SDK', async (name) => {
    const { stream } = await readFixture(name, 'request.json');
    const model = wrapLanguageModel({
      model: createOpenAI({ apiKey, baseURL: provider.baseUrl(name) }).chat('gpt-4o-mini'),
      middleware: tinybirdMiddleware(recorded.options),
    });
    if (stream) await drain(streamText({ model, prompt: 'hi', onError: () => {} }).fullStream);
    else await drain(generateText({ model, prompt: 'hi', maxRetries: 0 }));
    const expected = essence(await readFixture(name, 'event.json'));
    expect(essence(await recorded.event())).toEqual({ ...expected, ...AI_SDK[name] });
  });

  it.each(chats)('%s says the same through LangChain', async (name) => {
    const { stream } = await readFixture(name, 'request.json');
    const model = new ChatOpenAI({
      model: 'gpt-4o-mini',
      apiKey,
      maxRetries: 0,
      configuration: { baseURL: provider.baseUrl(name), logLevel: 'off' },
      callbacks: [new TinybirdCallbackHandler(recorded.options)],
    });
    await drain(stream ? model.stream('hi') : model.invoke('hi'));
    const event = await recorded.event();
    const expected = await readFixture(name, 'event.json');
    // LangChain ends a stream that was cut off as if it were complete, and names the model with its last chunk only.
    if (name === 'chat-cut-off') expected.standard_logging_object_status = 'success';
    if (name === 'chat-cut-off') delete expected.exception;
    if (event.response.model === undefined) delete expected.response.model;
    expect(essence(event)).toEqual(essence(expected));
  });
});

/** What must not depend on the framework that made the call. */
function essence(event: LitellmEvent): object {
  const [choice] = event.response.choices;
  return {
    provider: event.provider,
    stream: event.stream,
    status: event.standard_logging_object_status,
    servedModel: event.response.model,
    tokens: event.response.usage,
    content: choice?.message.content ?? '',
    finishReason: event.exception === undefined ? choice?.finish_reason : 'none',
    // LangChain parses the arguments and writes them anew
    toolCalls: choice?.message.tool_calls?.map(({ id, function: { name, arguments: text } }) => [
      id,
      name,
      JSON.parse(text),
    ]),
    // each framework has its own place for the provider's code
    reason: event.exception?.replace(/^\w+: (\w+: )?|\s*Troubleshooting URL:.*?(?= \(|$)| \(\w+\)$/gs, ''),
  };
}
