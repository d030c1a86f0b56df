import OpenAI, { AzureOpenAI } from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { Stream } from 'openai/streaming';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type FakeProvider, startFakeProvider } from '../fixtures/provider.js';
import { type InstrumentOpenAIOptions, instrumentOpenAI, uninstrumentOpenAI } from '../src/openai/index.js';
import { withMetadata } from '../src/recorder/context.js';
import { Recorded, summary } from './support/events.js';
import { runProgram } from './support/program.js';

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

const bare = (fixture?: string, options: ConstructorParameters<typeof OpenAI>[0] = {}) =>
  new OpenAI({
    apiKey: 'sk-test-0123456789',
    baseURL: fixture === undefined ? provider.defaultBaseUrl : provider.baseUrl(fixture),
    maxRetries: 0,
    ...options,
  });
const watched = (fixture?: string, options: InstrumentOpenAIOptions = {}) =>
  instrumentOpenAI(bare(fixture), { ...recorded.options, ...options });

const messages = [{ role: 'user' as const, content: 'What is a row?' }];
const BODY = { model: 'gpt-4o-mini', messages };
const STREAMED = { ...BODY, stream: true as const, stream_options: { include_usage: true } };
const TEXT = 'A row is one call, told in columns.';

/** Every behaviour check runs on a bare client too: "untouched" is a comparison. */
const clients = [
  ['a bare client', bare],
  ['an instrumented client', watched],
] as const;

describe('a call', () => {
  it('is one event with what was asked, answered and spent', async () => {
    await watched().chat.completions.create({ ...BODY, user: 'u1' });
    expect(await recorded.event()).toMatchObject({
      model: 'gpt-4o-mini',
      provider: 'openai',
      call_type: 'acompletion',
      stream: false,
      user: 'u1',
      messages,
      standard_logging_object_status: 'success',
      response: {
        id: 'chatcmpl-plain',
        model: 'gpt-4o-mini-2024-07-18',
        choices: [{ finish_reason: 'stop', message: { content: TEXT } }],
        usage: { prompt_tokens: 25, completion_tokens: 9, total_tokens: 34 },
      },
      cost: expect.closeTo(0.00000915, 12),
    });
  });

  it('of the Responses API is one event of the same shape', async () => {
    await watched().responses.create({
      model: 'gpt-4o-mini',
      instructions: 'Be brief.',
      input: 'What is a row?',
    });
    expect(await recorded.event()).toMatchObject({
      call_type: 'aresponses',
      messages: [{ role: 'system', content: 'Be brief.' }, ...messages],
      response: {
        id: 'resp_plain',
        object: 'response',
        choices: [{ finish_reason: 'stop', message: { content: TEXT } }],
        usage: { prompt_tokens: 25, completion_tokens: 9, total_tokens: 34 },
      },
    });
  });

  it('for embeddings is one event without a vector', async () => {
    const { data } = await watched().embeddings.create({
      model: 'text-embedding-3-small',
      input: ['one row', 'another row'],
    });
    expect(data[0]?.embedding).toEqual([0.25, -0.5, 0.125, 1]);
    const event = await recorded.event();
    expect(event).toMatchObject({
      call_type: 'aembedding',
      messages: [
        { role: 'user', content: 'one row' },
        { role: 'user', content: 'another row' },
      ],
      response: { object: 'list', choices: [], usage: { prompt_tokens: 5 } },
    });
    expect(event.cost).toBeGreaterThan(0);
  });

  it('that is no LLM call passes unrecorded', async () => {
    await expect(watched().models.list()).rejects.toThrow();
    await expect(watched().responses.retrieve('resp_1')).rejects.toThrow();
    expect(await recorded.events()).toEqual([]);
  });

  it('made through client.post is recorded once', async () => {
    await watched().post('/chat/completions', { body: BODY });
    expect(summary(await recorded.event())).toBe(`success | ${TEXT}`);
  });

  it('is recorded as it was sent: what changes later changes nothing', async () => {
    const own = [...messages];
    const call = watched().chat.completions.create({ ...BODY, messages: own });
    const before = provider.requests.length;
    await expect.poll(() => provider.requests.length).toBe(before + 1);
    own.push({ role: 'user', content: 'later' });
    await call;
    expect((await recorded.event()).messages).toEqual(provider.requests.at(-1)?.body.messages);
    expect((await recorded.event()).messages).toEqual(messages);
  });

  it('carries the user and metadata of its scope, metadata and cost of its own, and the provider sees none of it', async () => {
    const before = provider.requests.length;
    const own = { timeout: 5000, tinybird: { metadata: { project: 'bot' }, cost: 0.25 } };
    await withMetadata({ user: 'u1', metadata: { chat_id: 'c1', project: 'none' } }, () =>
      watched().chat.completions.create(BODY, own),
    );
    expect(await recorded.event()).toMatchObject({
      user: 'u1',
      cost: 0.25,
      proxy_metadata: { chat_id: 'c1', project: 'bot' },
    });
    expect(JSON.stringify(provider.requests.slice(before))).not.toContain('tinybird');
  });

  it('parses with a schema as ever, and a schema that does not fit is no failure of the call', async () => {
    const format = zodResponseFormat(z.object({ a: z.string() }), 'answer');
    await expect(watched().chat.completions.parse({ ...BODY, response_format: format })).rejects.toThrow();
    expect(summary(await recorded.event())).toBe(`success | ${TEXT}`);
  });
});

describe('a failed call', () => {
  it('is a failure with class, status and reason, and no key', async () => {
    const error = await watched('chat-failed')
      .chat.completions.create(BODY)
      .catch((thrown) => thrown);
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
    const event = await recorded.event();
    expect(event).toMatchObject({
      standard_logging_object_status: 'failure',
      response: { choices: [], usage: {} },
    });
    expect(event.exception).toMatch(/^AuthenticationError: 401 Incorrect API key provided: sk-\*\*\*\*\./);
    expect(JSON.stringify(event)).not.toContain('not-a-real-key');
  });

  it('is one event with the attempts it took', async () => {
    let attempts = 0;
    const fetch = async () =>
      ++attempts < 3
        ? new Response('{}', { status: 429, headers: { 'retry-after-ms': '1' } })
        : Response.json({ id: 'x', choices: [], model: 'm' });
    const client = instrumentOpenAI(bare(undefined, { fetch, maxRetries: 2 }), recorded.options);
    await client.chat.completions.create(BODY);
    expect((await recorded.event()).proxy_metadata).toMatchObject({ attempts: 3 });
  });

  it('whose body is no JSON is a failure, and the caller gets the error of the parser', async () => {
    const fetch = async () => new Response('{"half', { headers: { 'content-type': 'application/json' } });
    const client = instrumentOpenAI(bare(undefined, { fetch }), recorded.options);
    await expect(client.chat.completions.create(BODY)).rejects.toBeInstanceOf(SyntaxError);
    expect((await recorded.event()).exception).toMatch(/^SyntaxError: /);
  });

  it('that the caller aborted is none', async () => {
    const controller = new AbortController();
    const call = watched().chat.completions.create(BODY, { signal: controller.signal });
    setTimeout(() => controller.abort(), 1);
    await expect(call).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
    expect(summary(await recorded.event())).toBe('success | aborted');
  });

  it('that timed out is one', async () => {
    const fetch: typeof globalThis.fetch = (_url, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
      });
    const client = instrumentOpenAI(bare(undefined, { fetch, timeout: 10 }), recorded.options);
    await expect(client.chat.completions.create(BODY)).rejects.toBeInstanceOf(
      OpenAI.APIConnectionTimeoutError,
    );
    expect((await recorded.event()).exception).toMatch(/^APIConnectionTimeoutError: /);
  });
});

describe('a stream', () => {
  it('is one event with the time to the first token', async () => {
    let read = '';
    for await (const chunk of await watched().chat.completions.create(STREAMED)) {
      read += chunk.choices[0]?.delta.content ?? '';
    }
    expect(read).toBe(TEXT);
    const event = await recorded.event();
    expect(event).toMatchObject({
      stream: true,
      response: {
        id: 'chatcmpl-streamed',
        choices: [{ finish_reason: 'stop', message: { content: TEXT } }],
        usage: { prompt_tokens: 25, completion_tokens: 10, total_tokens: 35 },
      },
    });
    expect(event.standard_logging_object_response_time).toBeLessThan(event.duration);
  });

  it('keeps parallel tool calls apart', async () => {
    for await (const _chunk of await watched('chat-streamed-tool-call').chat.completions.create(STREAMED));
    expect((await recorded.event()).response.choices[0]?.message.tool_calls).toEqual([
      { id: 'call_oslo', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
      { id: 'call_rome', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } },
    ]);
  });

  it('of the Responses API has the text, the usage and the id of its last event', async () => {
    for await (const _event of await watched().responses.create({
      model: 'gpt-4o-mini',
      input: 'hi',
      stream: true,
    }));
    expect((await recorded.event()).response).toMatchObject({
      id: 'resp_streamed',
      choices: [{ finish_reason: 'stop', message: { content: TEXT } }],
      usage: { total_tokens: 35 },
    });
  });

  it('of the Responses API that fails is a failure with what had arrived, and no error of ours', async () => {
    const stream = await watched('responses-failed-in-stream').responses.create({
      model: 'gpt-4o-mini',
      input: 'hi',
      stream: true,
    });
    for await (const _event of stream);
    const event = await recorded.event();
    expect(summary(event)).toBe('failure | A row is one');
    expect(event.exception).toBe('Error: server_error: The model failed to answer.');
  });

  it('with an error on the way is a failure with what had arrived', async () => {
    const read = async () => {
      for await (const _chunk of await watched('chat-error-in-stream').chat.completions.create(STREAMED));
    };
    await expect(read()).rejects.toBeInstanceOf(OpenAI.APIError);
    expect(summary(await recorded.event())).toBe('failure | A row is one');
  });

  it('that ends without its completion is a failure', async () => {
    for await (const _chunk of await watched('chat-cut-off').chat.completions.create(STREAMED));
    expect(summary(await recorded.event())).toBe('failure | A row is one');
  });

  it('that its reader leaves is no failure, and the provider hears of it', async () => {
    const before = provider.abortedRequests;
    for await (const chunk of await watched().chat.completions.create(STREAMED)) {
      if (chunk.choices[0]?.delta.content) break;
    }
    expect(summary(await recorded.event())).toBe('success | left | A');
    await expect.poll(() => provider.abortedRequests).toBe(before + 1);
  });

  it('whose reader throws passes the error on', async () => {
    const read = async () => {
      for await (const _chunk of await watched().chat.completions.create(STREAMED)) throw new Error('mine');
    };
    await expect(read()).rejects.toThrow('mine');
    expect(summary(await recorded.event())).toBe('success | left');
  });

  it('that is aborted ends without an error, as ever, and is no failure', async () => {
    const stream = await watched().chat.completions.create(STREAMED);
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) stream.controller.abort();
    expect(summary(await recorded.event())).toMatch(/^success \| aborted \| A/);
  });

  it('that is split by tee is one event', async () => {
    const [left, right] = (await watched().chat.completions.create(STREAMED)).tee();
    const count = async (stream: AsyncIterable<unknown>) => {
      let chunks = 0;
      for await (const _chunk of stream) chunks++;
      return chunks;
    };
    expect(await Promise.all([count(left), count(right)])).toEqual([13, 13]);
    expect(summary(await recorded.event())).toBe(`success | ${TEXT}`);
  });

  it('read by the helper of the client is one event', async () => {
    const helper = watched().chat.completions.stream(STREAMED);
    let read = '';
    helper.on('content', (delta) => {
      read += delta;
    });
    expect((await helper.finalChatCompletion()).choices[0]?.message.content).toBe(TEXT);
    expect(read).toBe(TEXT);
    expect(summary(await recorded.event())).toBe(`success | ${TEXT}`);
  });
});

describe.each(clients)('%s', (_what, client) => {
  it('is the same object of the same class, with the same keys', () => {
    const own = client();
    expect(own).toBeInstanceOf(OpenAI);
    expect(Object.keys(own)).toEqual(Object.keys(bare()));
    expect(Object.keys(own.chat.completions)).toEqual(Object.keys(bare().chat.completions));
  });

  it('gives a promise with the response beside the data', async () => {
    const { data, response, request_id } = await client().chat.completions.create(BODY).withResponse();
    expect(data.choices[0]?.message.content).toBe(TEXT);
    expect(response.status).toBe(200);
    expect([request_id, (data as { _request_id?: string })._request_id]).toEqual([
      'req_fixture',
      'req_fixture',
    ]);
  });

  it('gives the raw response with its body unread, and the data from the same promise', async () => {
    const raw = await client().chat.completions.create(BODY).asResponse();
    expect(raw.bodyUsed).toBe(false);
    expect(((await raw.json()) as { id: string }).id).toBe('chatcmpl-plain');
  });

  it('gives the same object to everybody who awaits a promise', async () => {
    const call = client().chat.completions.create(BODY);
    const [first, second] = await Promise.all([call, call]);
    expect(first).toBe(second);
  });

  it('sends the request before anybody awaits it', async () => {
    const before = provider.requests.length;
    const call = client().chat.completions.create(BODY);
    await expect.poll(() => provider.requests.length).toBe(before + 1);
    await call;
  });

  it('throws at once what it throws at once', () => {
    const tools = [{ type: 'function' as const, function: { name: 'f', parameters: {} } }];
    expect(() => client().chat.completions.parse({ ...BODY, tools })).toThrow(/strict/);
  });

  it('gives a Stream that can be read once', async () => {
    const stream = await client().chat.completions.create(STREAMED);
    expect(stream).toBeInstanceOf(Stream);
    for await (const _chunk of stream);
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toThrow(/consumed stream/);
  });

  it('gives lines through toReadableStream', async () => {
    const stream = (await client().chat.completions.create(STREAMED)).toReadableStream();
    const lines = (await new Response(stream).text()).trimEnd().split('\n');
    expect(lines.length).toBe(13);
    expect(JSON.parse(lines[1] ?? '').choices[0].delta).toEqual({ content: 'A' });
  });

  it('sends the same bytes', async () => {
    await client().chat.completions.create(BODY);
    const { body, headers } = provider.requests.at(-1) ?? {};
    expect(body).toEqual(BODY);
    expect(Object.keys(headers ?? {}).sort()).toEqual([
      'accept',
      'accept-encoding',
      'accept-language',
      'authorization',
      'connection',
      'content-length',
      'content-type',
      'host',
      'sec-fetch-mode',
      'user-agent',
      'x-stainless-arch',
      'x-stainless-lang',
      'x-stainless-os',
      'x-stainless-package-version',
      'x-stainless-retry-count',
      'x-stainless-runtime',
      'x-stainless-runtime-version',
    ]);
  });

  it('is not read ahead: a reader of 5 chunks does not drain the provider', async () => {
    let sent = 0;
    const fetch = async () => {
      const body = new ReadableStream(
        {
          pull(controller) {
            sent++;
            controller.enqueue(
              new TextEncoder().encode(`data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n`),
            );
          },
        },
        { highWaterMark: 0 },
      );
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    };
    const stream = await client().withOptions({ fetch }).chat.completions.create(STREAMED);
    const iterator = stream[Symbol.asyncIterator]();
    for (let i = 0; i < 5; i++) await iterator.next();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(sent).toBeLessThan(12);
    await iterator.return?.();
  });
});

describe('instrumenting', () => {
  it('gives the same object, and twice is once', async () => {
    const client = bare();
    expect(instrumentOpenAI(instrumentOpenAI(client, recorded.options), recorded.options)).toBe(client);
    await client.chat.completions.create(BODY);
    await recorded.event();
  });

  it('can be taken away', async () => {
    const client = uninstrumentOpenAI(watched());
    await client.chat.completions.create(BODY);
    expect(await recorded.events()).toEqual([]);
    expect(Object.getOwnPropertyNames(client)).toEqual(Object.getOwnPropertyNames(bare()));
  });

  it('reaches clients made by withOptions', async () => {
    await watched('chat-failed')
      .withOptions({ baseURL: provider.defaultBaseUrl })
      .chat.completions.create(BODY);
    expect(summary(await recorded.event())).toBe(`success | ${TEXT}`);
  });

  it('knows Azure by its client and the model by its answer', async () => {
    const client = new AzureOpenAI({
      apiKey: 'k',
      apiVersion: '2025-01-01',
      baseURL: provider.baseUrl('chat-plain'),
      deployment: 'my-deployment',
    });
    await instrumentOpenAI(client, recorded.options).chat.completions.create({
      ...BODY,
      model: 'my-deployment',
    });
    expect(await recorded.event()).toMatchObject({
      provider: 'azure',
      model: 'my-deployment',
      response: { model: 'gpt-4o-mini-2024-07-18' },
      cost: expect.closeTo(0.00000915, 12),
    });
  });

  it('of an object that is no client, or frozen, is told and harms nothing', async () => {
    const odd = { baseURL: '' } as never;
    expect(instrumentOpenAI(odd, recorded.options)).toBe(odd);
    const frozen = Object.freeze(bare());
    expect(instrumentOpenAI(frozen, recorded.options)).toBe(frozen);
    expect(recorded.problems.map((problem) => problem.code)).toEqual(['bad_option', 'bad_option']);
    recorded.problems.length = 0;
    expect((await frozen.chat.completions.create(BODY)).id).toBe('chatcmpl-plain');
  });

  it('shows of the key its ends when asked to', async () => {
    await watched(undefined, { capture: { apiKey: true } }).chat.completions.create(BODY);
    expect((await recorded.event()).api_key).toBe('sk-t****6789');
  });

  it('records a response that was taken raw, without tokens', async () => {
    await watched().chat.completions.create(BODY).asResponse();
    await expect.poll(async () => (await recorded.events()).length).toBe(1);
    expect((await recorded.event()).response.usage).toEqual({});
  });
});

describe('a failure that nobody handles', () => {
  const program = (wrap: string, handle: string) => `
    import OpenAI from 'openai';
    import { instrumentOpenAI } from './src/openai/index.ts';
    let unhandled = 0;
    process.on('unhandledRejection', () => unhandled++);
    const client = new OpenAI({ apiKey: 'k', baseURL: ${JSON.stringify(provider.baseUrl('chat-failed'))}, maxRetries: 0 });
    ${wrap}
    ${handle}
    process.on('exit', () => console.log(unhandled));`;
  const wrap = 'instrumentOpenAI(client, { datasource: { append() {} } });';
  const create = "client.chat.completions.create({ model: 'm', messages: [] })";

  it.each([
    ['never awaited', create],
    ['handled', `${create}.catch(() => {});`],
    ['handled through asResponse', `${create}.asResponse().catch(() => {});`],
    ['asked for raw and left', `${create}.asResponse();`],
    ['parsed and left', `void ${create}.parse();`],
    ['derived and left', `void ${create}.finally(() => {});`],
  ])('is as many unhandled rejections as without us when it is %s', async (_what, handle) => {
    const [without, within] = await Promise.all([
      runProgram(program('', handle)),
      runProgram(program(wrap, handle)),
    ]);
    expect(within).toMatchObject({ code: 0, stdout: without.stdout });
  });
});
