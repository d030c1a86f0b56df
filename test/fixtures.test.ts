import { createOpenAI } from '@ai-sdk/openai';
import { ChatOpenAI } from '@langchain/openai';
import { generateText, streamText, wrapLanguageModel } from 'ai';
import OpenAI, { AzureOpenAI } from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../fixtures/provider.js';
import type { LitellmEvent } from '../schemas/litellm.js';
import { tinybirdMiddleware } from '../src/ai-sdk/index.js';
import { TinybirdCallbackHandler } from '../src/langchain/index.js';
import { endpointOf } from '../src/openai/endpoints.js';
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
import { EACH_MAJOR } from './openai/clients.js';
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

describe.each(EACH_MAJOR)('recorded traffic, through %s', (_name, { major, make }) => {
  type Ask = (client: OpenAI, body: never) => unknown;
  /** The method of the client that asks for it, by what the names of its fixtures begin with. */
  const METHODS: Readonly<Record<string, Ask>> = {
    chat: ({ chat }, body) => chat.completions.create(body),
    completion: ({ completions }, body) => completions.create(body),
    embeddings: ({ embeddings }, body) => embeddings.create(body),
    image: ({ images }, body) => images.generate(body),
    'image-edit': ({ images }, body) => images.edit(body),
    'image-variation': ({ images }, body) => images.createVariation(body),
    moderation: ({ moderations }, body) => moderations.create(body),
    responses: ({ responses }, body) => responses.create(body),
    // openai 5 has no method for it
    'responses-compact': (client, body) => client.post('/responses/compact', { body }),
    speech: ({ audio }, body) => audio.speech.create(body),
    transcription: ({ audio }, body) => audio.transcriptions.create(body),
    translation: ({ audio }, body) => audio.translations.create(body),
    vendor: ({ chat }, body) => chat.completions.create(body),
    wire: ({ chat }, body) => chat.completions.create(body),
  };
  /** What openai 7 says in words of its own. */
  const IN_OWN_WORDS: Readonly<Record<string, object>> = {
    'chat-malformed': {
      exception: 'SyntaxError: Error reading response: malformed server-sent event JSON.',
    },
    'responses-error-event': {
      exception: 'APIError: The server had an error while processing your request. (server_error)',
      traceback: '…',
    },
  };
  const methodOf = (name: string) => {
    const [longest] = Object.keys(METHODS)
      .filter((kind) => name.startsWith(`${kind}-`))
      .sort((one, other) => other.length - one.length);
    return longest === undefined ? undefined : METHODS[longest];
  };

  it.each(names.filter((name) => methodOf(name) !== undefined))(
    '%s becomes the event expected of it',
    async (name) => {
      const client = instrumentOpenAI(make(provider.baseUrl(name)), recorded.options);
      const request = withFiles(await readFixture(name, 'request.json'));
      await drain(methodOf(name)?.(client, request as never));
      const expected = { ...(await readFixture(name, 'event.json')), ...(major === 7 && IN_OWN_WORDS[name]) };
      expect(withoutTimes(await recorded.event())).toEqual(expected);
    },
  );

  it('is all of it, with what goes through other frameworks', () => {
    const others = new Set(names.filter((name) => methodOf(name) === undefined).map(apiOf));
    expect([...others].sort()).toEqual(['anthropic', 'gemini', 'rerank']);
  });

  /** The request with a file for each `{ name, type, base64 }` in it. */
  function withFiles(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(withFiles);
    if (typeof value !== 'object' || value === null) return value;
    const { name, type, base64 } = value as { name?: string; type?: string; base64?: string };
    if (base64 !== undefined)
      return new File([Buffer.from(base64, 'base64')], name ?? '', { type: type ?? '' });
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withFiles(member)]));
  }
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

describe('the fake provider', () => {
  const azure = (endpoint: string) =>
    new AzureOpenAI({ apiKey, endpoint, apiVersion: '2025-04-01-preview', maxRetries: 0, logLevel: 'off' });
  const bare = () => new OpenAI({ apiKey, baseURL: provider.defaultBaseUrl, maxRetries: 0, logLevel: 'off' });
  const chat = { model: 'my.deployment-1', messages: [{ role: 'user' as const, content: 'What is a row?' }] };

  it('answers under the paths of Azure as under the plain ones', async () => {
    for (const endpoint of [provider.defaultAzureEndpoint, provider.azureEndpoint('chat-plain')]) {
      const { id } = await azure(endpoint).chat.completions.create(chat);
      expect(id).toBe('chatcmpl-plain');
      expect(provider.requests.at(-1)?.path).toContain(
        '/openai/deployments/my.deployment-1/chat/completions?',
      );
    }
    const { id } = await azure(provider.defaultAzureEndpoint).responses.create({ model: 'm', input: 'hi' });
    expect(id).toBe('resp_plain');
    expect(provider.requests.at(-1)?.path).toContain('/openai/responses?');
  });

  it('sees the fields of a form, and of its files what they are', async () => {
    const image = new File(['12345'], 'row.png', { type: 'image/png' });
    await bare().images.edit({ model: 'gpt-image-1', prompt: 'more', image: [image, image], mask: image });
    const seen = { name: 'row.png', type: 'image/png', size: 5 };
    expect(provider.requests.at(-1)).toMatchObject({
      method: 'POST',
      body: { model: 'gpt-image-1', prompt: 'more', image: [seen, seen], mask: seen },
    });
  });

  it('has an answer to every kind of request', async () => {
    const client = bare();
    const model = 'm';
    const file = new File(['12345'], 'row.mp3');
    const speech = await client.audio.speech.create({ model, voice: 'alloy', input: 'hi' });
    expect((await speech.arrayBuffer()).byteLength).toBe(45);
    const text = await client.audio.transcriptions.create({ model, file, response_format: 'text' });
    expect(text).toBe('A row is a call.\n');
    await drain(await client.audio.transcriptions.create({ model, file, stream: true }));
    await client.audio.transcriptions.create({ model, file });
    await client.audio.translations.create({ model, file });
    await drain(await client.chat.completions.create({ ...chat, stream: true }));
    await client.completions.create({ model, prompt: 'hi' });
    await drain(await client.completions.create({ model, prompt: 'hi', stream: true }));
    await client.embeddings.create({ model, input: 'hi' });
    await client.images.generate({ model, prompt: 'hi' });
    await drain(await client.images.generate({ model, prompt: 'hi', stream: true }));
    await drain(await client.images.edit({ model, prompt: 'hi', image: file, stream: true }));
    await client.images.createVariation({ model, image: file });
    await client.moderations.create({ model, input: 'hi' });
    await drain(await client.responses.create({ model, input: 'hi', stream: true }));
    await client.responses.compact({ model, input: 'hi' });
    await client.post('/rerank', { body: { model, query: 'hi', documents: [] } });
  });

  it('answers what was ordered in the background when it is asked for, and knows no other', async () => {
    const client = bare();
    const { id, status } = await client.responses.create({ model: 'm', input: 'hi', background: true });
    expect(status).toBe('queued');
    expect((await client.responses.retrieve(id)).status).toBe('completed');
    await expect(client.responses.retrieve('resp_other')).rejects.toThrow('404');
    await expect(client.models.list()).rejects.toThrow('404');
  });
});

describe('recorded traffic that the client has no method for', () => {
  it('rerank-plain becomes the event expected of it', async () => {
    const request = await readFixture('rerank-plain', 'request.json');
    const { body } = await readFixture('rerank-plain', 'answer.json');
    const rerank = endpointOf('post', '/rerank', { '/rerank': 'arerank' });
    if (rerank === undefined) throw new Error('there is no such kind of call');
    const { type } = rerank;
    const recording = new Recorder(recorded.options).start(() => {
      return { type, provider: 'cohere', model: request.model, stream: false, input: rerank.input(request) };
    });
    recording.end({ kind: 'finished' }, () => rerank.answer(body));
    expect(withoutTimes(await recorded.event())).toEqual(await readFixture('rerank-plain', 'event.json'));
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

  const LANGCHAIN: Readonly<Record<string, object>> = {
    'chat-malformed': { reason: 'Error reading response: malformed server-sent event JSON.' },
  };

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
    // LangChain names the model with its last chunk only
    if (event.response.model === undefined) delete expected.response.model;
    expect(essence(event)).toEqual({ ...essence(expected), ...LANGCHAIN[name] });
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
