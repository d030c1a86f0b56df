import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FakeProvider } from '../../fixtures/provider.js';
import { TinybirdCallbackHandler } from '../../src/langchain/index.js';
import { apiOf, fixtureNames, readFixture } from '../compat/recorded-traffic.js';
import { Recorded } from '../support/events.js';
import { asFarAsTold, essence } from './essence.js';
import { withEachGeneration } from './generations.js';
import { isStreamed, modelFor, seen, startTraffic } from './traffic.js';

const APIS = ['anthropic', 'chat', 'completion', 'gemini', 'responses', 'vendor', 'wire'];
const names = (await fixtureNames()).filter((name) => APIS.includes(apiOf(name)));

let provider: FakeProvider;
beforeAll(async () => {
  provider = await startTraffic();
});
afterAll(() => provider.close());

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

withEachGeneration((generation) => {
  describe('recorded traffic', () => {
    it.each(names)('%s says the same through LangChain', async (name) => {
      const { model } = await readFixture(name, 'request.json');
      const own = model === undefined ? {} : { model };
      const streamed = await isStreamed(name);
      const ask = (asked: ReturnType<typeof modelFor>) => () =>
        streamed ? asked.stream('hi') : asked.invoke('hi');
      const bare = modelFor(generation, provider, name, own);
      const watched = modelFor(generation, provider, name, {
        ...own,
        callbacks: [new TinybirdCallbackHandler(recorded.options)],
      });
      expect(await seen(ask(watched))).toEqual(await seen(ask(bare)));
      const [first, second] = provider.requests.slice(-2);
      expect(first?.body).toEqual(second?.body);
      expect(essence(await recorded.event())).toEqual(
        asFarAsTold(name, essence(await readFixture(name, 'event.json')), generation.major),
      );
    });
  });
});
