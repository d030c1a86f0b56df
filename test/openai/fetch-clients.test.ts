import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../../fixtures/provider.js';
import { instrumentOpenAI, type TinybirdFetchOptions, tinybirdFetch } from '../../src/openai/index.js';
import { Recorded, summary } from '../support/events.js';
import { expectTheSame } from '../support/side-by-side.js';
import { type Client, type ClientKind, type ClientOptions, ClientSide, EACH_CLIENT } from './clients.js';
import { answering, COMPLETION } from './fetching.js';

let provider: FakeProvider;
beforeAll(async () => {
  provider = await startFakeProvider();
});
afterAll(() => provider.close());

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const BODY = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'What is a row?' }] };
const TEXT = 'A row is one call, told in columns.';
const hanging: typeof fetch = (_url, init) =>
  new Promise((_resolve, reject) => {
    init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
  });

type Make = (baseURL: string, options?: ClientOptions) => Client;

/** Runs a program with clients that have the fetch they have, and then with the same watched: it must see the same. */
async function asWithTheBareFetchIn(
  kind: ClientKind,
  program: (side: ClientSide, make: Make) => Promise<void>,
  own: TinybirdFetchOptions = {},
): Promise<void> {
  const bare = new ClientSide(kind);
  await expectTheSame(bare, new ClientSide(kind), (side) =>
    program(side, (baseURL, options = {}) => {
      if (side === bare) return kind.make(baseURL, options);
      const fetch = tinybirdFetch({
        ...recorded.options,
        ...own,
        fetch: options.fetch as typeof globalThis.fetch,
      });
      return kind.make(baseURL, { ...options, fetch });
    }),
  );
  expect(recorded.problems.filter(({ code }) => code !== 'unknown_price')).toEqual([]);
}

describe.each(EACH_CLIENT)('%s with a tinybirdFetch', (_name, kind) => {
  it.each<[string, string, (client: Client) => PromiseLike<unknown>]>([
    ['a call', 'chat-plain', (client) => client.chat.completions.create(BODY)],
    ['parse', 'chat-plain', (client) => client.chat.completions.parse(BODY)],
    ['the stream helper', 'chat-streamed', (client) => client.chat.completions.stream(BODY).finalContent()],
    [
      'a response',
      'responses-plain',
      (client) => client.responses.create({ model: 'gpt-4o-mini', input: 'hi' }),
    ],
    [
      'a raw response',
      'chat-plain',
      async (client) => (await client.chat.completions.create(BODY).asResponse()).text(),
    ],
  ])('has one event for %s', async (_what, fixture, ask) => {
    await asWithTheBareFetchIn(kind, async (side, make) => {
      await side.outcome('answer', ask(make(provider.baseUrl(fixture))));
    });
    expect(summary(await recorded.event())).toBe(`success | ${TEXT}`);
  });

  it('has one event for a stream, read to its end or left', async () => {
    await asWithTheBareFetchIn(kind, async (side, make) => {
      const client = make(provider.baseUrl('chat-streamed'));
      const ask = () => client.chat.completions.create({ ...BODY, stream: true });
      await side.read(await ask());
      for await (const { choices } of await ask()) if (choices[0]?.delta.content) break;
    });
    const [read, left, ...others] = await recorded.events();
    expect(others).toEqual([]);
    expect(summary(read as never)).toBe(`success | ${TEXT}`);
    // how much the client had read by then is its own matter
    expect(summary(left as never)).toMatch(/^success \| (left \| )?A/);
  });

  it('has one event for speech and for a form, and none for anything else', async () => {
    await asWithTheBareFetchIn(kind, async (side, make) => {
      const speech = await make(provider.baseUrl('speech-plain')).audio.speech.create({
        model: 'gpt-4o-mini-tts',
        voice: 'alloy',
        input: 'What is a row?',
      });
      side.saw('bytes', (await speech.arrayBuffer()).byteLength);
      const file = new File(['RIFF'], 'row.wav', { type: 'audio/wav' });
      const client = make('https://example.com/v1', {
        fetch: answering(() => Response.json({ text: TEXT })),
      });
      side.saw('text', await client.audio.transcriptions.create({ model: 'gpt-4o-transcribe', file }));
      await side.outcome('models', make(provider.baseUrl('chat-plain')).models.list());
    });
    const events = await recorded.events();
    expect(events.map(({ call_type, model }) => [call_type, model])).toEqual([
      ['aspeech', 'gpt-4o-mini-tts'],
      ['atranscription', 'gpt-4o-transcribe'],
    ]);
    expect(events[0]?.proxy_metadata.input_characters).toBe(14);
  });

  it('has one event for each attempt of a call', async () => {
    await asWithTheBareFetchIn(kind, async (side, make) => {
      const client = make(provider.baseUrl('chat-busy', 'chat-busy', 'chat-plain'), { maxRetries: 2 });
      side.saw('answer', await client.chat.completions.create(BODY));
    });
    const events = await recorded.events();
    expect(events.map(summary)).toEqual(['failure', 'failure', `success | ${TEXT}`]);
    expect(events[0]?.exception).toMatch(/^HttpError: 429/);
  });

  it('has a failure for an error, and for an abort and for a timeout of the client an abort', async () => {
    await asWithTheBareFetchIn(kind, async (side, make) => {
      await side.outcome('error', make(provider.baseUrl('chat-failed')).chat.completions.create(BODY));
      const controller = new AbortController();
      const client = make('https://example.com/v1', { fetch: hanging });
      const aborted = client.chat.completions.create(BODY, { signal: controller.signal });
      setImmediate(() => controller.abort());
      await side.outcome('abort', aborted);
      await side.outcome('timeout', client.chat.completions.create(BODY, { timeout: 20 }));
    });
    const [failed, ...aborted] = await recorded.events();
    expect(failed?.exception).toBe(
      'HttpError: 401 Incorrect API key provided: sk-****. You can find your API key in your account. (invalid_api_key)',
    );
    expect(aborted.map(summary)).toEqual(['success | aborted', 'success | aborted']);
    expect(JSON.stringify([failed, ...aborted])).not.toContain('0123456789');
  });

  it('and instrumented as well has one event a call, with what the client knows', async () => {
    const fetch = tinybirdFetch(recorded.options);
    const client = kind.make(provider.baseUrl('chat-busy', 'chat-plain'), { maxRetries: 1, fetch });
    const keys = Object.keys(client);
    instrumentOpenAI(client, recorded.options);
    expect(Object.keys(client)).toEqual(keys);
    await client.chat.completions.create(BODY);
    const event = await recorded.event();
    expect(summary(event)).toBe(`success | ${TEXT}`);
    expect(event.proxy_metadata.attempts).toBe(2);
    if (kind.isAzure) return; // some of its versions cannot copy themselves
    await client.withOptions({ maxRetries: 0 }).chat.completions.create(BODY);
    expect((await recorded.events()).length).toBe(2);
  });

  it('knows the key’s ends when asked to, and what Azure is asked for', async () => {
    const client = (make: Make) => make('https://acme.openai.azure.com/openai', { fetch: answers });
    const answers = answering(() => Response.json(COMPLETION));
    await asWithTheBareFetchIn(
      kind,
      async (side, make) => {
        side.saw('answer', await client(make).chat.completions.create({ ...BODY, model: 'my deployment' }));
      },
      { capture: { apiKey: true } },
    );
    const event = await recorded.event();
    expect(event).toMatchObject({ provider: 'azure', api_key: 'sk-t****6789' });
    expect([event.model, event.response.model, event.proxy_metadata.deployment]).toEqual([
      'my deployment',
      COMPLETION.model,
      kind.isAzure ? 'my deployment' : undefined,
    ]);
  });
});

describe('a tinybirdFetch alone', () => {
  const fetch = answering(() => Response.json(COMPLETION));
  const ask = async (url: string, body: object, options: TinybirdFetchOptions = {}) => {
    const watched = tinybirdFetch({ ...recorded.options, fetch, ...options });
    await (await watched(url, { method: 'POST', body: JSON.stringify(body) })).json();
    return recorded.event();
  };

  it.each([
    ['https://api.groq.com/openai/v1/chat/completions', 'groq'],
    ['https://openrouter.ai/api/v1/chat/completions', 'openrouter'],
    ['https://smollama.com/v1/chat/completions', 'openai'],
    ['http://localhost:11434/v1/chat/completions', 'ollama'],
  ])('knows the provider of %s by its host', async (url, name) => {
    expect((await ask(url, BODY)).provider).toBe(name);
  });

  it('believes who names the provider', async () => {
    const event = await ask('https://api.groq.com/openai/v1/chat/completions', BODY, { provider: 'acme' });
    expect(event.provider).toBe('acme');
  });

  it('takes Azure’s deployment for the model where the body names none, and prices the one that served', async () => {
    const url = 'https://llm.acme.internal/openai/deployments/my%20deployment/chat/completions?api-version=1';
    expect(await ask(url, { messages: BODY.messages })).toMatchObject({
      provider: 'azure',
      model: 'my deployment',
      response: { model: COMPLETION.model },
      cost: expect.closeTo(0.00000165, 12),
      proxy_metadata: { deployment: 'my deployment' },
    });
  });

  it('records the further paths it is told of, and tells of those it cannot', async () => {
    const endpoints = { '/rerank': 'arerank', wrong: 'arerank', '/odd': 'nonsense' } as never;
    const event = await ask('https://api.acme.com/v2/rerank', { model: 'r', query: 'q' }, { endpoints });
    expect(event.call_type).toBe('arerank');
    expect(recorded.problems.map(({ message }) => message)).toEqual([
      expect.stringContaining('{ wrong: arerank }'),
      expect.stringContaining('{ /odd: nonsense }'),
    ]);
  });
});
