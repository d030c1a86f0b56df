import { beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../../fixtures/provider.js';
import { Recorded, summary } from '../support/events.js';
import { serve } from '../support/servers.js';
import { json } from '../support/tinybird.js';
import { withEachGeneration } from './generations.js';
import { chatOpenAI } from './models.js';
import { asWithoutHandler, printedDuring, type Side } from './sides.js';

const TEXT = 'A row is one call, told in columns.';

const CHOICE = { index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' };

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

/** A program with a provider of its own; what that is asked is the same on both sides. */
async function withProvider(program: (side: Side, provider: FakeProvider) => Promise<void>) {
  await asWithoutHandler(recorded, async (side) => {
    const provider = await startFakeProvider();
    onTestFinished(() => provider.close());
    await program(side, provider);
    side.saw(
      'requests',
      provider.requests.map(({ body }) => body),
    );
  });
}

withEachGeneration(({ langchain }) => {
  // 0.3 warns of the cache once in a process
  beforeAll(async () => {
    await printedDuring(async () => void (await new langchain.InMemoryCache().lookup('', '')));
  });

  it('a model that tries again by itself is one event, which lasts as long as all of it', async () => {
    let lastedMs = 0;
    await asWithoutHandler(recorded, async (side) => {
      const askedAt: number[] = [];
      const url = await serve((_request, response) => {
        askedAt.push(performance.now());
        if (askedAt.length < 2) json(response, 500, { error: { message: 'later' } });
        else json(response, 200, { id: 'c1', model: 'm', choices: [CHOICE] });
      });
      const model = chatOpenAI(langchain, url, { maxRetries: 1 });
      await side.outcome('answer', model.invoke('hi', side.with({})));
      side.saw('requests', askedAt.length);
      lastedMs = (askedAt.at(-1) ?? 0) - (askedAt[0] ?? 0);
    });
    const event = await recorded.event();
    expect(summary(event)).toBe('success | hello');
    expect(lastedMs).toBeGreaterThan(0);
    expect(event.duration).toBeGreaterThan(lastedMs / 1000);
  });

  it('a model that is called again is an event an attempt', async () => {
    await withProvider(async (side, provider) => {
      const failing = chatOpenAI(langchain, provider.baseUrl('chat-busy', 'chat-plain'));
      const model = failing.withRetry({ stopAfterAttempt: 2 });
      await side.outcome('answer', model.invoke('hi', side.with({})));
    });
    const events = await recorded.events();
    expect(events.map(summary)).toEqual(['failure', `success | ${TEXT}`]);
    expect(events.map(({ proxy_metadata }) => proxy_metadata.tags)).toEqual([undefined, ['retry:attempt:2']]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(2);
  });

  it('a model with a fallback is an event of each that was asked', async () => {
    await withProvider(async (side, provider) => {
      const first = chatOpenAI(langchain, provider.baseUrl('chat-failed'), { model: 'gpt-4o' });
      const second = chatOpenAI(langchain, provider.defaultBaseUrl);
      const third = chatOpenAI(langchain, provider.defaultBaseUrl);
      await side.outcome('answer', first.withFallbacks([second, third]).invoke('hi', side.with({})));
    });
    const events = await recorded.events();
    expect(events.map((event) => [event.model, summary(event)])).toEqual([
      ['gpt-4o', 'failure'],
      ['gpt-4o-mini', `success | ${TEXT}`],
    ]);
  });

  it('a stream with a fallback is an event of each that was asked', async () => {
    await withProvider(async (side, provider) => {
      const first = chatOpenAI(langchain, provider.baseUrl('chat-failed'));
      const second = chatOpenAI(langchain, provider.defaultBaseUrl);
      await side.read(first.withFallbacks([second]).stream('hi', side.with({})));
    });
    expect((await recorded.events()).map(summary)).toEqual(['failure', `success | ${TEXT}`]);
  });

  it('an answer from the cache costs nothing and is no stream; what it cost before stays', async () => {
    await withProvider(async (side, provider) => {
      const model = chatOpenAI(langchain, provider.defaultBaseUrl, { cache: new langchain.InMemoryCache() });
      for (const _call of [1, 2, 3]) await side.outcome('answer', model.invoke('hi', side.with({})));
    });
    const [paid, ...hits] = await recorded.events();
    expect(paid).toMatchObject({ cache_hit: false, response: { usage: { total_tokens: 34 } } });
    expect(hits.length).toBe(2);
    for (const hit of hits) {
      expect(summary(hit)).toBe(`success | ${TEXT}`);
      expect(hit).toMatchObject({
        cache_hit: true,
        cost: 0,
        stream: false,
        response: { usage: { total_tokens: 0 } },
      });
    }
  });

  it('a stream asks the provider though the cache holds its answer', async () => {
    await withProvider(async (side, provider) => {
      const model = chatOpenAI(langchain, provider.defaultBaseUrl, { cache: new langchain.InMemoryCache() });
      await side.outcome('answer', model.invoke('hi', side.with({})));
      await side.read(model.stream('hi', side.with({})));
    });
    const events = await recorded.events();
    expect(events.map(({ cache_hit, stream }) => [cache_hit, stream])).toEqual([
      [false, false],
      [false, true],
    ]);
  });
});
