import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { startFakeProvider } from '../../fixtures/provider.js';
import { type InstrumentOpenAIOptions, instrumentOpenAI } from '../../src/openai/index.js';
import { Recorded } from '../support/events.js';
import {
  API_KEY,
  asWithTheBareClient,
  type Client,
  type ClientKind,
  type ClientOptions,
  EACH_CLIENT,
  EACH_MAJOR,
} from './clients.js';
import { answering, COMPLETION } from './fetching.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const BODY = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'hi' }] };
const fetch = answering((url) =>
  String(url).includes('/responses')
    ? Response.json({ id: 'r1', object: 'response', status: 'completed', output: [] })
    : Response.json(COMPLETION),
);

describe.each(EACH_CLIENT)('of a call of %s its row', (_name, kind) => {
  /** A program that asks one thing of a client at that URL. */
  const ask = (
    program: (client: Client) => PromiseLike<unknown>,
    { url = 'https://api.openai.com/v1', options = {}, ...client }: Asking = {},
  ) =>
    asWithTheBareClient(
      kind,
      recorded,
      async (side) => {
        await side.outcome('answer', program(side.client(url, { fetch, ...client })));
      },
      options,
    );
  const create = (client: Client) => client.chat.completions.create(BODY);

  it.each<[string, (client: Client, kind: ClientKind) => PromiseLike<unknown>, object]>([
    ['parse', (client) => client.chat.completions.parse(BODY), { helper_method: 'chat.completions.parse' }],
    [
      'the stream helper',
      (client) => client.chat.completions.stream(BODY).done(),
      { helper_method: 'stream' },
    ],
    [
      'a schema of chat completions',
      (client, { helpers, z }) => {
        const response_format = helpers.zodResponseFormat(z.object({ a: z.string() }), 'answer');
        return client.chat.completions.create({ ...BODY, response_format });
      },
      { response_format: { type: 'json_schema', name: 'answer' } },
    ],
    [
      'any JSON',
      (client) => client.chat.completions.create({ ...BODY, response_format: { type: 'json_object' } }),
      { response_format: { type: 'json_object' } },
    ],
    [
      'a schema of responses',
      (client, { helpers, z }) => {
        const format = helpers.zodTextFormat(z.object({ a: z.string() }), 'answer');
        return client.responses.create({ model: 'gpt-4o-mini', input: 'hi', text: { format } });
      },
      { response_format: { type: 'json_schema', name: 'answer' } },
    ],
    [
      'speech',
      async (client) => {
        const speech = await client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'a row' });
        await speech.arrayBuffer();
      },
      { input_characters: 5 },
    ],
  ])('says that it was %s', async (_what, program, metadata) => {
    await ask((client) => program(client, kind));
    expect((await recorded.event()).proxy_metadata).toMatchObject(metadata);
  });

  it('says nothing of that where there is nothing to say', async () => {
    await ask(create);
    const { helper_method, response_format, input_characters } = (await recorded.event()).proxy_metadata;
    expect([helper_method, response_format, input_characters]).toEqual([undefined, undefined, undefined]);
  });

  it('has the model that was asked, of Azure the deployment, and who served it in the response', async () => {
    await ask((client) => client.chat.completions.create({ ...BODY, model: 'my-deployment' }));
    const { model, provider, response, cost, proxy_metadata } = await recorded.event();
    expect(response.model).toBe(COMPLETION.model);
    // 3 tokens at 0.15 USD and 2 at 0.60 USD a million: those of the model that served
    expect(cost).toBeCloseTo(0.00000165, 12);
    expect([model, provider, proxy_metadata.deployment]).toEqual([
      'my-deployment',
      kind.isAzure ? 'azure' : 'openai',
      kind.isAzure ? 'my-deployment' : undefined,
    ]);
  });

  it('has the price that the options name for a deployment, before that of who served it', async () => {
    const prices = { 'my-deployment': { input: 1, output: 10 } };
    await ask((client) => client.chat.completions.create({ ...BODY, model: 'my-deployment' }), {
      options: { prices },
    });
    expect((await recorded.event()).cost).toBeCloseTo(0.000023, 12);
  });

  it.each([
    ['https://api.groq.com/openai/v1', 'groq'],
    ['https://api.deepseek.com', 'deepseek'],
    ['http://localhost:11434/v1', 'ollama'],
    ['https://smollama.com/v1', 'openai'],
    ['https://llm.acme.internal/v1', 'openai'],
  ])('has the provider of %s, but of Azure’s client Azure', async (url, name) => {
    await ask(create, { url });
    expect((await recorded.event()).provider).toBe(kind.isAzure ? 'azure' : name);
  });

  it('has the provider that the option names', async () => {
    await ask(create, { url: 'https://api.groq.com/openai/v1', options: { provider: 'acme' } });
    expect((await recorded.event()).provider).toBe('acme');
  });

  it('has the provider of the base URL as it is when the call is made', async () => {
    await ask((client) => {
      client.baseURL = 'https://openrouter.ai/api/v1';
      return create(client);
    });
    expect((await recorded.event()).provider).toBe(kind.isAzure ? 'azure' : 'openrouter');
  });

  it('has the provider of an absolute path', async () => {
    await ask((client) => client.post('https://api.mistral.ai/v1/chat/completions', { body: BODY }));
    const event = await recorded.event();
    expect([event.call_type, event.model]).toEqual(['acompletion', 'gpt-4o-mini']);
    expect(event.provider).toBe(kind.isAzure ? 'azure' : 'mistral');
  });

  it('is there for further paths that the options name, and for no others', async () => {
    const endpoints = { '/rerank': 'arerank', wrong: 'arerank', '/odd': 'nonsense' } as never;
    const client = instrumentOpenAI(kind.make('https://api.acme.com/v1', { fetch }), {
      ...recorded.options,
      endpoints,
    });
    await client.post('/rerank', { body: { model: 'r', query: 'which row?', documents: [] } });
    await client.post('/odd', { body: {} });
    await client.post('/files', { body: {} });
    const event = await recorded.event();
    expect(event).toMatchObject({ call_type: 'arerank', model: 'r', messages: [{ content: 'which row?' }] });
    expect(recorded.problems.map(({ code, message }) => [code, message.slice(0, 52)])).toEqual([
      ['bad_option', expect.stringContaining('endpoints has { wrong: arerank }')],
      ['bad_option', expect.stringContaining('endpoints has { /odd: nonsense }')],
    ]);
  });

  it.each([['/rerank'], [7], [[]]])('needs no endpoints such as %j, which are told', async (endpoints) => {
    const options = { ...recorded.options, endpoints: endpoints as never };
    await create(instrumentOpenAI(kind.make('https://api.acme.com/v1', { fetch }), options));
    await recorded.event();
    const told = recorded.problems.map(({ message }) => message);
    expect(told.filter((message) => message.startsWith('The option endpoints')).length).toBe(
      Array.isArray(endpoints) ? 0 : 1,
    );
  });

  it('shows of the key its ends only when asked to', async () => {
    await ask(create);
    expect((await recorded.event()).api_key).toBe('****');
    recorded = new Recorded();
    await ask(create, { options: { capture: { apiKey: true } } });
    expect((await recorded.event()).api_key).toBe('sk-t****6789');
  });

  it('shows the ends of a key that a function gives later', async () => {
    const given = kind.isAzure
      ? { apiKey: undefined, azureADTokenProvider: async () => 'token-0123456789' }
      : { apiKey: async () => 'token-0123456789' };
    await ask(create, { ...(given as ClientOptions), options: { capture: { apiKey: true } } });
    expect((await recorded.event()).api_key).toBe('toke****6789');
  });

  it('and what is told hold no key and no header, whatever goes wrong', async () => {
    const secret = 'hush-hush';
    const failing = answering((_url, init) => {
      const headers = Object.fromEntries(new Headers(init?.headers));
      const message = `wrong key: ${API_KEY}`;
      return Response.json({ error: { message, code: 'invalid_api_key' } }, { status: 401, headers });
    });
    const broken = answering(() => {
      throw new Error(`no way with Bearer ${API_KEY}`);
    });
    const defaultHeaders = { 'x-acme-key': secret };
    await ask(create, { fetch: failing, defaultHeaders });
    await ask(create, { fetch: broken, defaultHeaders });
    await ask((client) => client.chat.completions.create(BODY, { headers: { 'x-own-secret': secret } }));
    const events = await recorded.events();
    expect(events.map((event) => event.standard_logging_object_status)).toEqual([
      'failure',
      'failure',
      'success',
    ]);
    const told = recorded.problems.map((problem) => [problem.message, String(problem.cause)]);
    for (const text of [API_KEY, '0123456789', secret])
      expect(JSON.stringify([events, told])).not.toContain(text);
  });
});

interface Asking extends ClientOptions {
  url?: string;
  options?: InstrumentOpenAIOptions;
}

it.each(EACH_MAJOR)('of a stream of %s its row tells the time to the first token', async (_name, kind) => {
  const provider = await startFakeProvider({ paceMs: 2 });
  onTestFinished(() => provider.close());
  const client = instrumentOpenAI(kind.make(provider.baseUrl('chat-streamed')), recorded.options);
  for await (const _chunk of await client.chat.completions.create({ ...BODY, stream: true }));
  const event = await recorded.event();
  expect(event.standard_logging_object_response_time).toBeGreaterThan(event.llm_api_duration_ms / 1000);
  expect(event.standard_logging_object_response_time).toBeLessThan(event.duration);
});

it.each(EACH_MAJOR)(
  'of speech that comes as events to %s its row tells what they say',
  async (_name, kind) => {
    const events = [
      { type: 'speech.audio.delta', audio: 'SUQzBAAA' },
      { type: 'speech.audio.done', usage: { input_tokens: 3, output_tokens: 9, total_tokens: 12 } },
    ];
    const body = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
    const fetch = answering(() => new Response(body, { headers: { 'content-type': 'text/event-stream' } }));
    const asked = {
      model: 'gpt-4o-mini-tts',
      voice: 'alloy',
      input: 'A row.',
      stream_format: 'sse',
    } as const;
    await asWithTheBareClient(kind, recorded, async (side) => {
      const response = await side.client('https://api.openai.com/v1', { fetch }).audio.speech.create(asked);
      side.saw('body', await response.text());
    });
    expect(await recorded.event()).toMatchObject({
      call_type: 'aspeech',
      response: { choices: [{ message: { content: '[audio, 6 bytes]' } }], usage: { total_tokens: 12 } },
    });
  },
);
