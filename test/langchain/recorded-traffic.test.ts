import { describe, expect, it } from 'vitest';
import { apiOf, fixtureNames, readFixture } from '../compat/recorded-traffic.js';
import { asFarAsTold, essence } from './essence.js';
import { withEachGeneration } from './generations.js';
import { isStreamed, modelFor, seen, useTraffic } from './traffic.js';

const APIS = ['anthropic', 'chat', 'completion', 'gemini', 'responses', 'vendor', 'wire'];
const names = (await fixtureNames()).filter((name) => APIS.includes(apiOf(name)));

const traffic = useTraffic();

withEachGeneration((generation) => {
  describe('recorded traffic', () => {
    it.each(names)('%s says the same through LangChain', async (name) => {
      const { model } = await readFixture(name, 'request.json');
      const own = model === undefined ? {} : { model };
      const streamed = await isStreamed(name);
      const { provider, recorded } = traffic;
      const ask = (callbacks: unknown[]) => {
        const asked = modelFor(generation, provider, name, { ...own, callbacks });
        return seen(() => (streamed ? asked.stream('hi') : asked.invoke('hi')));
      };
      expect(await ask([traffic.handler()])).toEqual(await ask([]));
      const [first, second] = provider.requests.slice(-2);
      expect(first?.body).toEqual(second?.body);
      const expected = essence(await readFixture(name, 'event.json'));
      expect(essence(await recorded.event())).toEqual(asFarAsTold(name, expected, generation.major));
    });
  });
});
