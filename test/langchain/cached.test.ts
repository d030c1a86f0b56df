import { describe, expect, it, vi } from 'vitest';
import type { LitellmEvent } from '../../schemas/litellm.js';
import { TEXT } from '../openai/answers.js';
import { withEachGeneration } from './generations.js';
import { modelFor, seen, useTraffic } from './traffic.js';

const traffic = useTraffic();

const NOTHING = {
  prompt_tokens: 0,
  input_tokens: 0,
  completion_tokens: 0,
  output_tokens: 0,
  total_tokens: 0,
};
const essence = ({ cache_hit, cost, stream, response }: LitellmEvent) => ({
  cache_hit,
  cost,
  stream,
  usage: response.usage,
  content: response.choices[0]?.message.content,
});

withEachGeneration(({ langchain }) => {
  const cachedModel = (fixture: string, callbacks: unknown[] = []) => {
    vi.spyOn(console, 'warn').mockImplementation(() => {}); // of how LangChain 0.3 hashes its keys
    return modelFor({ langchain }, traffic.provider, fixture, {
      cache: new langchain.InMemoryCache(),
      callbacks,
    });
  };

  describe('an answer from LangChain’s cache', () => {
    it('costs nothing and is no stream, however often it is asked for; the first one stays paid', async () => {
      const before = traffic.provider.requests.length;
      const model = cachedModel('chat-plain', [traffic.handler()]);
      for (let call = 0; call < 3; call++) await model.invoke('hi');
      expect(traffic.provider.requests.length).toBe(before + 1);
      const [paid, ...hits] = await traffic.recorded.events();
      expect(paid).toMatchObject({
        cache_hit: false,
        cost: expect.closeTo(0.00000915, 12),
        response: { usage: { prompt_tokens: 25, completion_tokens: 9, total_tokens: 34 } },
      });
      const hit = { cache_hit: true, cost: 0, stream: false, usage: NOTHING, content: TEXT };
      expect(hits.map(essence)).toEqual([hit, hit]);
    });

    it('of a model of text costs nothing too', async () => {
      const model = cachedModel('completion-plain', [traffic.handler()]);
      await model.invoke('hi');
      await model.invoke('hi');
      const [paid, hit] = await traffic.recorded.events();
      expect(paid?.response.usage.total_tokens).toBe(6);
      expect(hit && essence(hit)).toEqual({
        cache_hit: true,
        cost: 0,
        stream: false,
        usage: NOTHING,
        content: ' one call.',
      });
    });

    it('of an Anthropic model costs nothing, with whatever it once took written beside it', async () => {
      const model = cachedModel('anthropic-plain', [traffic.handler()]);
      await model.invoke('hi');
      await model.invoke('hi');
      const [paid, hit] = await traffic.recorded.events();
      expect(paid?.response.usage.prompt_tokens).toBe(9632);
      expect(hit).toMatchObject({
        cache_hit: true,
        cost: 0,
        response: { usage: NOTHING, choices: [{ finish_reason: 'stop' }] },
      });
    });

    it('is none for a stream, which is asked of the provider', async () => {
      const model = cachedModel('chat-streamed', [traffic.handler()]);
      await seen(() => model.stream('hi'));
      await seen(() => model.stream('hi'));
      const all = await traffic.recorded.events();
      expect(all.map(({ cache_hit, response }) => [cache_hit, response.usage.total_tokens])).toEqual([
        [false, 35],
        [false, 35],
      ]);
    });

    it('is the same to its caller as without a handler', async () => {
      const answers = async (callbacks: unknown[]) => {
        const model = cachedModel('chat-plain', callbacks);
        return [await seen(() => model.invoke('hi')), await seen(() => model.invoke('hi'))];
      };
      expect(await answers([traffic.handler()])).toEqual(await answers([]));
      expect((await traffic.recorded.events()).length).toBe(2);
    });
  });
});
