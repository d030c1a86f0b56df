import { beforeEach, describe, expect, it } from 'vitest';
import { type InstrumentOpenAIOptions, instrumentOpenAI } from '../../src/openai/index.js';
import { Recorded, summary } from '../support/events.js';
import { EACH_CLIENT, EACH_MAJOR } from './clients.js';
import { CHAT, MESSAGES } from './streaming.js';
import { asksForUsage, routed, withUsage } from './usage-provider.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

describe.each(EACH_MAJOR)('%s with streamUsage', (_name, kind) => {
  /** Whether usage was asked for at that base URL. */
  const asksAt = async (baseURL: string, options: InstrumentOpenAIOptions, azure = false) => {
    const server = await withUsage(CHAT);
    const clients = EACH_CLIENT.map(([, each]) => each);
    const own = clients.find(({ major, isAzure }) => major === kind.major && isAzure === azure) ?? kind;
    const client = own.make(baseURL, { fetch: routed(server.url) });
    const watched = instrumentOpenAI(client, { ...recorded.options, ...options });
    for await (const _chunk of await CHAT.open(watched));
    expect(summary(await recorded.event())).toBe(`success | ${CHAT.whole}`);
    return asksForUsage(server.bodies[0]);
  };

  it.each([
    'https://api.openai.com/v1',
    'https://api.openai.com',
    'https://API.OpenAI.com:443/v1',
    'https://eu.api.openai.com/v1',
    'https://us.api.openai.com/v1/',
  ])("'auto' asks at %s", async (url) => {
    expect(await asksAt(url, { streamUsage: 'auto' })).toBe(true);
  });

  it('nothing is as auto', async () => {
    expect(await asksAt('https://api.openai.com/v1', {})).toBe(true);
  });

  it.each([
    'http://api.openai.com/v1',
    'https://api.openai.com.evil.example/v1',
    'https://api-openai.com/v1',
    'https://notapi.openai.com/v1',
    'https://evil.example/https://api.openai.com/v1',
    'https://api.openai.com@evil.example/v1',
    'https://api.openai.com:pass@evil.example/v1',
    'https://openrouter.ai/api/v1',
    'http://localhost:1234/v1',
  ])("'auto' does not ask at %s", async (url) => {
    expect(await asksAt(url, { streamUsage: 'auto' })).toBe(false);
  });

  it("'auto' does not ask Azure, wherever it is", async () => {
    expect(await asksAt('https://x.openai.azure.com/openai', {}, true)).toBe(false);
  });

  it("'auto' looks at the base URL that the client has by then, and at a path of its own", async () => {
    const server = await withUsage(CHAT);
    const client = kind.make('https://api.openai.com/v1', { fetch: routed(server.url) });
    const watched = instrumentOpenAI(client, recorded.options);
    const body = { model: 'm', messages: MESSAGES, stream: true };
    const path = 'https://proxy.example/v1/chat/completions';
    await watched.post(path, { body, stream: true });
    watched.baseURL = 'https://proxy.example/v1';
    await CHAT.open(watched);
    watched.baseURL = 'https://eu.api.openai.com/v1';
    await CHAT.open(watched);
    expect(server.bodies.map(asksForUsage)).toEqual([false, false, true]);
    expect((await recorded.events()).length).toBe(3);
  });

  it('of true asks everywhere, of false nowhere', async () => {
    expect(await asksAt('https://proxy.example/v1', { streamUsage: true })).toBe(true);
    recorded = new Recorded();
    expect(await asksAt('https://api.openai.com/v1', { streamUsage: false })).toBe(false);
  });

  it.each(['yes', 1, {}, []])('of %j is told, and as if it were not given', async (streamUsage) => {
    const options = { streamUsage } as unknown as InstrumentOpenAIOptions;
    expect(await asksAt('https://api.openai.com/v1', options)).toBe(true);
    const told = recorded.problems.filter(({ code }) => code === 'bad_option');
    expect(told.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^The option streamUsage is .*: give 'auto', true or false\. It is ignored\.$/),
    ]);
  });
});
