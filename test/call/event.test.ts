import { describe, expect, it } from 'vitest';
import { litellmEventSchema } from '../../schemas/litellm.js';
import type { LlmCall } from '../../src/call/call.js';
import { type EventOptions, toEvent } from '../../src/call/event.js';
import { aCall } from '../support/call.js';

/** Every event a test makes is also held against the schema. */
function eventOf(own: Partial<LlmCall> = {}, options?: EventOptions) {
  const event = toEvent(aCall(own), options);
  expect(litellmEventSchema.parse(event)).toEqual(event);
  return event;
}

describe('a finished call', () => {
  it('has every key in its documented unit', () => {
    expect(eventOf({ user: 'u1' }, { cost: 0.25 })).toEqual({
      id: 'call-1',
      message_id: 'chatcmpl-1',
      model: 'gpt-4o-mini',
      provider: 'openai',
      call_type: 'acompletion',
      stream: false,
      user: 'u1',
      messages: [{ role: 'user', content: 'hi' }],
      start_time: '2026-11-24 09:05:07',
      end_time: '2026-11-24 09:05:08',
      duration: 0.5,
      llm_api_duration_ms: 400,
      standard_logging_object_response_time: 0.5,
      standard_logging_object_status: 'success',
      log_event_type: 'successful_api_call',
      cache_hit: false,
      api_key: '****',
      proxy_metadata: {},
      response: {
        id: 'chatcmpl-1',
        object: 'chat.completion',
        model: 'gpt-4o-mini-2024-07-18',
        choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'hello' } }],
        usage: {
          prompt_tokens: 25,
          input_tokens: 25,
          completion_tokens: 9,
          output_tokens: 9,
          total_tokens: 34,
        },
      },
      cost: 0.25,
    });
  });

  it.each([
    0,
    59_999,
    Date.UTC(1999, 11, 31, 23, 59, 59, 999),
    Date.UTC(2028, 1, 29),
    Date.UTC(2026, 10, 24, 12, 0, 0, 1),
    Date.UTC(2106, 1, 7, 6, 28, 15),
  ])('tells %d ms since 1970 in UTC', (startedAt) => {
    const text = new Date(startedAt).toISOString().slice(0, 19).replace('T', ' ');
    expect(eventOf({ startedAt, durationMs: 0 })).toMatchObject({ start_time: text, end_time: text });
  });

  it('has the id of the call where the provider gave none: the column has no DEFAULT', () => {
    const event = eventOf({ answer: { choices: [] } });
    expect(event.response.id).toBe('call-1');
    expect(event.message_id).toBe('call-1');
  });

  it('has the time to the first token as response time when it was streamed', () => {
    const event = eventOf({ stream: true, firstTokenMs: 120 });
    expect(event.standard_logging_object_response_time).toBe(0.12);
    expect(event.duration).toBe(0.5);
  });

  it('says so when its cost is not known, and has no cost', () => {
    const event = eventOf();
    expect(event).not.toHaveProperty('cost');
    expect(event.proxy_metadata).toEqual({ cost_unknown: true });
  });

  it('tells how many attempts it took, if more than one', () => {
    expect(eventOf({ attempts: 3 }, { cost: 0 }).proxy_metadata).toEqual({ attempts: 3 });
    expect(eventOf({ attempts: 1 }, { cost: 0 }).proxy_metadata).toEqual({});
  });
});

describe('tokens above what the UInt16 columns hold', () => {
  it('are clamped in the columns and exact beside them', () => {
    const usage = {
      promptTokens: 200_000,
      completionTokens: 70_000,
      totalTokens: 270_000,
      cachedTokens: 150_000,
    };
    const event = eventOf({ answer: { choices: [], usage } }, { cost: 0 });
    expect(event.proxy_metadata).toEqual({
      exact_prompt_tokens: 200_000,
      exact_completion_tokens: 70_000,
      exact_total_tokens: 270_000,
    });
    expect(event.response.usage).toEqual({
      prompt_tokens: 65_535,
      input_tokens: 200_000,
      completion_tokens: 65_535,
      output_tokens: 70_000,
      total_tokens: 65_535,
      prompt_tokens_details: { cached_tokens: 150_000 },
    });
  });
});

describe('a count that its column just holds', () => {
  it('is told to be exact, which no reader of the column could know', () => {
    const usage = { promptTokens: 65_534, completionTokens: 1, totalTokens: 65_535 };
    expect(eventOf({ answer: { choices: [], usage } }, { cost: 0 }).proxy_metadata).toEqual({
      exact_total_tokens: 65_535,
    });
  });
});

describe('usage that is not known', () => {
  it('stays absent', () => {
    expect(eventOf({ answer: { choices: [] } }).response.usage).toEqual({});
  });
});

describe('a call that ended otherwise', () => {
  it('is a failure when the provider failed it, with what had arrived', () => {
    const error = new TypeError('terminated');
    const answer = { choices: [{ index: 0, text: 'half an ans' }] };
    const event = eventOf({ ending: { kind: 'failed', error }, answer });
    expect(event.standard_logging_object_status).toBe('failure');
    expect(event.log_event_type).toBe('failed_api_call');
    expect(event.exception).toBe('TypeError: terminated');
    expect(event.traceback).toContain('TypeError: terminated\n');
    expect(event.response.choices[0]?.message.content).toBe('half an ans');
    expect(event.proxy_metadata).toEqual({});
  });

  it.each(['aborted', 'left', 'abandoned'] as const)(
    'is a success with the outcome %s when the caller chose it',
    (kind) => {
      const event = eventOf({ ending: { kind } });
      expect(event.standard_logging_object_status).toBe('success');
      expect(event.proxy_metadata.outcome).toBe(kind);
      expect(event).not.toHaveProperty('exception');
    },
  );
});

describe('metadata', () => {
  it('is text where it has columns of its own, and stays as it is elsewhere', () => {
    const metadata = { chat_id: 42, project: { name: 'bot' }, organization: 'acme', retries: 3 };
    expect(eventOf({ metadata }, { cost: 0 }).proxy_metadata).toEqual({
      chat_id: '42',
      project: '{"name":"bot"}',
      organization: 'acme',
      retries: 3,
    });
  });
});

describe('captureResponse: false', () => {
  it('keeps every word of the answer out and every number in', () => {
    const choice = {
      index: 0,
      text: 'canary',
      reasoning: 'canary',
      refusal: 'canary',
      toolCalls: [{ id: 'c', name: 'canary', arguments: '{"a":"canary"}' }],
      finishReason: 'stop',
    };
    const event = eventOf(
      { answer: { choices: [choice], usage: { promptTokens: 1, completionTokens: 2, totalTokens: 3 } } },
      { captureResponse: false },
    );
    expect(JSON.stringify(event)).not.toContain('canary');
    expect(event.response.choices).toEqual([
      { index: 0, finish_reason: 'stop', message: { role: 'assistant' } },
    ]);
    expect(event.response.usage.total_tokens).toBe(3);
  });
});

describe('a lone surrogate', () => {
  it('is in no string of the event', () => {
    const cut = '🙂'.slice(0, 1);
    const event = eventOf({
      id: `id${cut}`,
      model: `m${cut}`,
      provider: `p${cut}`,
      user: `u${cut}`,
      answer: {
        id: `r${cut}`,
        model: `s${cut}`,
        choices: [{ index: 0, text: cut, finishReason: cut, toolCalls: [{ name: cut, arguments: cut }] }],
      },
      ending: { kind: 'failed', error: new Error(cut) },
    });
    expect(JSON.stringify(event)).not.toMatch(/\\ud[89a-f]/i);
  });
});
