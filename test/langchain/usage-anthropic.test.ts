import { describe, expect, it } from 'vitest';
import { drain } from '../compat/recorded-traffic.js';
import { answering, bytes, json } from '../openai/answers.js';
import { withEachGeneration } from './generations.js';
import { useTraffic } from './traffic.js';

const traffic = useTraffic();

const message = (usage: object | undefined) => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5-20250929',
  content: [{ type: 'text', text: 'A row.' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage,
});

/** The events of a stream whose beginning and end say this of what it takes. */
function streamed(atFirst: object, atLast: object): string {
  const events = [
    { type: 'message_start', message: { ...message(atFirst), content: [], stop_reason: null } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'A row.' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: atLast },
    { type: 'message_stop' },
  ];
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
}

const cache = (read: number, written: number) => ({
  cache_read_input_tokens: read,
  cache_creation_input_tokens: written,
});

withEachGeneration(({ langchain, major }) => {
  const answeredBy = async (answer: Parameters<typeof answering>[0]) => {
    const { url } = await answering(answer);
    return new langchain.ChatAnthropic({
      model: 'claude-sonnet-4-5',
      apiKey: 'k',
      maxRetries: 0,
      anthropicApiUrl: url.replace(/\/v1$/, ''),
      callbacks: [traffic.handler()],
    });
  };
  const invoked = async (usage: object | undefined) => {
    await (await answeredBy(json(message(usage)))).invoke('hi');
    return traffic.recorded.event();
  };
  const read = async (atFirst: object, atLast: object) => {
    await drain((await answeredBy(bytes(streamed(atFirst, atLast), 'text/event-stream'))).stream('hi'));
    return traffic.recorded.event();
  };

  describe('what Anthropic took', () => {
    it('has the cache in its prompt, whether or not LangChain puts it there', async () => {
      const { response, cost } = await invoked({ input_tokens: 5, output_tokens: 7, ...cache(100, 10) });
      expect(response.usage).toEqual({
        prompt_tokens: 115,
        input_tokens: 115,
        completion_tokens: 7,
        output_tokens: 7,
        total_tokens: 122,
        prompt_tokens_details: { cached_tokens: 100, cache_creation_tokens: 10 },
      });
      // 5 of input, 100 of the cache, 10 to it and 7 of output
      expect(cost).toBeCloseTo((5 * 3 + 100 * 0.3 + 10 * 3.75 + 7 * 15) / 1e6, 12);
    });

    it('has it in the prompt of a stream', async () => {
      const { response } = await read(
        { input_tokens: 5, output_tokens: 1, ...cache(100, 10) },
        { output_tokens: 7 },
      );
      expect(response).toMatchObject({
        model: 'claude-sonnet-4-5-20250929',
        id: 'msg_1',
        choices: [{ finish_reason: 'stop', message: { content: 'A row.' } }],
        usage: {
          prompt_tokens: 115,
          completion_tokens: 7,
          total_tokens: 122,
          prompt_tokens_details: { cached_tokens: 100, cache_creation_tokens: 10 },
        },
      });
    });

    it('has it in the prompt of an answer where it is less than the rest of that', async () => {
      const { response } = await invoked({ input_tokens: 200, output_tokens: 7, ...cache(20, 0) });
      expect(response.usage).toMatchObject({ prompt_tokens: 220, completion_tokens: 7, total_tokens: 227 });
    });

    it('has it in the prompt of a stream where it is less than the rest of that', async () => {
      const { response } = await read(
        { input_tokens: 200, output_tokens: 1, ...cache(20, 0) },
        { output_tokens: 7 },
      );
      expect(response.usage).toMatchObject({ prompt_tokens: 220, completion_tokens: 7, total_tokens: 227 });
    });

    it('counts the cache once that the end of a stream repeats', async () => {
      const counts = { input_tokens: 5, ...cache(100, 10) };
      const { response } = await read({ ...counts, output_tokens: 2 }, { ...counts, output_tokens: 7 });
      expect(response.usage).toMatchObject({
        prompt_tokens: 115,
        completion_tokens: 7,
        prompt_tokens_details: { cached_tokens: 100, cache_creation_tokens: 10 },
      });
    });

    it('is right without a cache', async () => {
      const { response } = await read(
        { input_tokens: 11, output_tokens: 1, ...cache(0, 0) },
        { output_tokens: 7 },
      );
      expect(response.usage).toMatchObject({ prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 });
      expect(response.usage.prompt_tokens_details).toBeUndefined();
    });

    it('is as far as it goes where nothing is said of a cache', async () => {
      const { response } = await read({ input_tokens: 11, output_tokens: 1 }, { output_tokens: 7 });
      expect(response.usage).toMatchObject({ prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 });
    });

    it('is priced by how long the cache is kept', async () => {
      const kept = { cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 1000 } };
      const { cost } = await invoked({ input_tokens: 5, output_tokens: 7, ...cache(0, 1000), ...kept });
      expect(cost).toBeCloseTo((5 * 3 + 1000 * 6 + 7 * 15) / 1e6, 12);
    });

    it('is in the tier that served it', async () => {
      const { response } = await read(
        { input_tokens: 11, output_tokens: 1, service_tier: 'priority' },
        { output_tokens: 7 },
      );
      expect(response.service_tier).toBe('priority');
    });

    it(`is ${major === 0 ? 'without' : 'with'} the cache in what the caller sees`, async () => {
      const usage = { input_tokens: 5, output_tokens: 7, ...cache(100, 10) };
      const answer = await (await answeredBy(json(message(usage)))).invoke('hi');
      expect(answer).toMatchObject({ usage_metadata: { input_tokens: major === 0 ? 5 : 115 } });
      await traffic.recorded.event();
    });
  });
});
