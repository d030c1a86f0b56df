import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../../fixtures/provider.js';
import { Recorded } from '../support/events.js';
import { EACH_GENERATION } from './generations.js';
import { ask, modelOf, readFixture, watched } from './recorded-traffic.js';

let provider: FakeProvider;
beforeAll(async () => {
  provider = await startFakeProvider();
});
afterAll(() => provider.close());

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const ASKED = [
  { role: 'system', content: 'You answer in one sentence.' },
  { role: 'user', content: 'What is a row?' },
];
const ANSWERED = [
  {
    index: 0,
    finish_reason: 'stop',
    message: { role: 'assistant', content: 'A row is one call, told in columns.' },
  },
];
const call = (id: string, text: string) => ({
  id,
  type: 'function',
  function: { name: 'weather', arguments: text },
});

describe.each(EACH_GENERATION)('%s with its own OpenAI provider', (_name, generation) => {
  const { major } = generation;

  /** What became of the one call that a fixture is about. */
  async function eventOf(fixture: string) {
    await ask(
      generation,
      fixture,
      watched(generation, modelOf(generation, provider, fixture), recorded.options),
    );
    return recorded.event();
  }

  describe('asking chat', () => {
    it('tells all of a plain answer, and the tier that the provider package keeps to itself', async () => {
      const event = await eventOf('chat-plain');
      expect(event).toMatchObject({
        model: 'gpt-4o-mini',
        provider: 'openai',
        call_type: 'acompletion',
        stream: false,
        messages: ASKED,
        standard_logging_object_status: 'success',
        proxy_metadata: {},
      });
      expect(event.response).toEqual({
        id: 'chatcmpl-plain',
        object: 'chat.completion',
        created: 1780000000,
        model: 'gpt-4o-mini-2024-07-18',
        service_tier: 'default',
        choices: ANSWERED,
        usage: {
          prompt_tokens: 25,
          input_tokens: 25,
          completion_tokens: 9,
          output_tokens: 9,
          total_tokens: 34,
        },
      });
      expect(event.cost).toBeCloseTo((25 * 0.15 + 9 * 0.6) / 1e6, 9);
    });

    it('is priced by the tier that served it', async () => {
      const { response, cost } = await eventOf('vendor-flex-tier');
      const { cost: expected } = await readFixture('vendor-flex-tier', 'event.json');
      expect([response.service_tier, cost]).toEqual(['flex', expected]);
    });

    it('counts cached tokens once in a stream', async () => {
      const event = await eventOf('chat-streamed-cached');
      expect(event).toMatchObject({ stream: true, messages: ASKED });
      expect(event.response).toMatchObject({
        id: 'chatcmpl-cached',
        model: 'gpt-4o-mini-2024-07-18',
        choices: ANSWERED,
        usage: {
          prompt_tokens: 2006,
          completion_tokens: 9,
          total_tokens: 2015,
          prompt_tokens_details: { cached_tokens: 1920 },
        },
      });
      expect(event.cost).toBeCloseTo((86 * 0.15 + 1920 * 0.075 + 9 * 0.6) / 1e6, 9);
    });

    it('keeps the arguments of tool calls as the provider wrote them', async () => {
      const { response } = await eventOf('chat-tool-call');
      expect(response.choices).toEqual([
        {
          index: 0,
          finish_reason: 'tool_calls',
          message: {
            role: 'assistant',
            content: '',
            tool_calls: [call('call_oslo', '{"city":"Oslo"}'), call('call_rome', '{"city": "Rome"}')],
          },
        },
      ]);
    });

    it('keeps streamed tool calls apart', async () => {
      const { response } = await eventOf('chat-streamed-tool-call');
      expect(response.choices[0]).toMatchObject({
        finish_reason: 'tool_calls',
        message: { tool_calls: [call('call_oslo', '{"city":"Oslo"}'), call('call_rome', '{"city":"Rome"}')] },
      });
    });

    it('tells a refusal as far as the provider package does', async () => {
      const { response, standard_logging_object_status } = await eventOf('chat-refusal');
      // Only the package of ai 6 reads `refusal`, as text with a reason of its own.
      const [text, reason] = major === 6 ? ['I cannot help with that.', 'content_filter'] : ['', 'stop'];
      expect(response.choices).toEqual([
        { index: 0, finish_reason: reason, message: { role: 'assistant', content: text } },
      ]);
      expect(standard_logging_object_status).toBe('success');
    });

    it.each([
      ['chat-failed', /^AI_APICallError: 401 Incorrect API key provided: sk-\*{4}\. .* \(invalid_api_key\)$/],
      ['chat-busy', /^AI_APICallError: 429 Rate limit reached for gpt-4o-mini .* \(rate_limit_exceeded\)$/],
    ])('tells status, words and code of a failure, and no key: %s', async (fixture, exception) => {
      const event = await eventOf(fixture);
      expect(event).toMatchObject({
        standard_logging_object_status: 'failure',
        model: 'gpt-4o-mini',
        messages: ASKED,
      });
      expect([event.response.choices, event.response.usage]).toEqual([[], {}]);
      expect(event.exception).toMatch(exception);
      expect(event.cost).toBeUndefined();
      expect(JSON.stringify(event)).not.toContain('not-a-real-key');
    });

    it.each([
      ['chat-error-in-stream', 'A row is one', /^Error: server_error: The server had an error/],
      ['chat-malformed', 'A row', /^AI_JSONParseError: JSON parsing failed: .*Bearer \*{4}.*end of JSON/s],
      ['chat-connection-cut', 'A row is one', /^AI_APICallError: 200 Failed .*TypeError: terminated/],
      ['chat-cut-off', 'A row is one', /^IncompleteStream: the stream ended without its completion$/],
    ])('keeps what had arrived of a stream that fails: %s', async (fixture, text, exception) => {
      const event = await eventOf(fixture);
      expect(event).toMatchObject({
        standard_logging_object_status: 'failure',
        response: { model: 'gpt-4o-mini-2024-07-18', choices: [{ message: { content: text } }] },
      });
      expect(event.response.usage).toEqual({});
      expect(event.exception).toMatch(exception);
      expect(JSON.stringify(event)).not.toContain('not-a-real-token');
    });
  });

  describe('asking Responses', () => {
    it.each(['responses-plain', 'responses-streamed'])('tells all of an answer: %s', async (fixture) => {
      const event = await eventOf(fixture);
      expect(event).toMatchObject({
        model: 'gpt-5-mini',
        provider: 'openai',
        call_type: 'acompletion',
        stream: fixture === 'responses-streamed',
        messages: ASKED,
        standard_logging_object_status: 'success',
        response: {
          id: fixture.replace('responses-', 'resp_'),
          created: 1780000000,
          model: 'gpt-4o-mini-2024-07-18',
          service_tier: 'default',
          choices: ANSWERED,
          usage: { prompt_tokens: 25 },
        },
      });
      // at the price of the model that served it
      const { output_tokens: output = 0 } = event.response.usage;
      expect(event.cost).toBeCloseTo((25 * 0.15 + output * 0.6) / 1e6, 9);
    });

    it('tells an answer that became too long', async () => {
      expect((await eventOf('responses-incomplete')).response).toMatchObject({
        choices: [{ finish_reason: 'length', message: { content: 'A row is one' } }],
        usage: { prompt_tokens: 25, completion_tokens: 16 },
      });
    });

    it('tells a stream that ends without its completion, and what had arrived', async () => {
      const { exception, response } = await eventOf('responses-cut-off');
      expect(exception).toBe('IncompleteStream: the stream ended without its completion');
      expect(response).toMatchObject({
        id: 'resp_cut_off',
        model: 'gpt-5-mini-2025-08-07',
        choices: [{ message: { content: 'A row is one' } }],
      });
    });

    it('tells reasoning, its tokens, and a streamed function call', async () => {
      const event = await eventOf('responses-streamed-reasoning');
      expect(event.response).toMatchObject({
        id: 'resp_reasoning',
        model: 'gpt-5-mini-2025-08-07',
        choices: [
          {
            index: 0,
            finish_reason: 'tool_calls',
            message: {
              role: 'assistant',
              content: '',
              reasoning_content: 'Oslo first, then the others.',
              tool_calls: [call('call_oslo', '{"city": "Oslo"}')],
            },
          },
        ],
        usage: {
          prompt_tokens: 84,
          completion_tokens: 90,
          total_tokens: 174,
          prompt_tokens_details: { cached_tokens: 64 },
          completion_tokens_details: { reasoning_tokens: 64 },
        },
      });
      expect(event.cost).toBeGreaterThan(0);
    });

    it('tells the failure of a stream before any output, which is a rejection since ai 6', async () => {
      const event = await eventOf('responses-failed-at-once');
      const told = 'The model is overloaded.';
      expect(event.standard_logging_object_status).toBe('failure');
      expect(event.exception).toBe(
        major === 5 ? `Error: server_error: ${told}` : `AI_APICallError: 500 ${told} (server_error)`,
      );
      expect([event.response.choices, event.response.usage]).toEqual([[], {}]);
    });

    it('tells the failure of a stream after some output, and that output', async () => {
      const event = await eventOf('responses-failed-in-stream');
      expect(event.standard_logging_object_status).toBe('failure');
      expect(event.response.choices[0]?.message.content).toBe('A row is one');
      // The package of ai 5 drops `response.failed`, so that its stream looks cut off.
      expect(event.exception).toBe(
        major === 5
          ? 'IncompleteStream: the stream ended without its completion'
          : 'Error: server_error: The model failed to answer.',
      );
    });
  });
});
