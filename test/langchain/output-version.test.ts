import { describe, expect, it } from 'vitest';
import { essence } from './essence.js';
import { withEachGeneration } from './generations.js';
import { isStreamed, modelFor, seen, useTraffic } from './traffic.js';

const traffic = useTraffic();

withEachGeneration((generation) => {
  describe('an answer in blocks of one kind for all providers', () => {
    it.each([
      'chat-plain',
      'chat-tool-call',
      'chat-streamed-tool-call',
      'responses-plain',
      'responses-built-in-tools',
      'responses-streamed',
      'responses-streamed-reasoning',
      'responses-incomplete',
      'anthropic-plain',
      'anthropic-tool-call',
      'anthropic-streamed',
      'anthropic-streamed-tool-call',
    ])('says the same as in the provider’s own: %s', async (fixture) => {
      for (const outputVersion of ['v0', 'v1']) {
        const options = { outputVersion, callbacks: [traffic.handler()] };
        const model = modelFor(generation, traffic.provider, fixture, options);
        const isStream = await isStreamed(fixture);
        await seen(() => (isStream ? model.stream('hi') : model.invoke('hi')));
      }
      const [own, common] = await traffic.recorded.events();
      expect(common && essence(common)).toEqual(own && essence(own));
      expect(own?.response.choices.length).toBe(1);
    });
  });
});
