import { describe, expect, it } from 'vitest';
import { litellmEventSchema } from '../../schemas/litellm.js';
import type { LlmCall } from '../../src/call/call.js';
import { toEvent } from '../../src/call/event.js';
import { cutText, jsonBytes, MAX_EVENT_BYTES, MAX_MESSAGE_BYTES } from '../../src/call/limit.js';
import { toMessages } from '../../src/call/messages.js';
import { toPlain } from '../../src/call/plain.js';
import { aCall } from '../support/call.js';
import { fc, runs } from '../support/properties.js';

/** Bytes of a value as it goes over the wire. */
const wireBytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value)).length;
const MARKER = / … \[cut: (\d+) more characters\]$/;

describe('a text', () => {
  it('that fits stays as it is', () => {
    expect(cutText('a'.repeat(1000), 1000)).toBe('a'.repeat(1000));
  });

  it('that does not is cut, and says how much of it is missing', () => {
    const cut = cutText('a'.repeat(1001), 1000);
    expect(wireBytes(cut)).toBeLessThanOrEqual(1000 + 2);
    expect(cut.replace(MARKER, '').length + Number(MARKER.exec(cut)?.[1])).toBe(1001);
  });

  it.each([
    ['of two bytes', 'é'],
    ['of three bytes', '東'],
    ['of two halves', '🙂'],
    ['that JSON escapes', '"\\\n'],
    ['that JSON spells out', '\u0001'],
  ])('of characters %s is cut between them', (_what, character) => {
    const cut = cutText(character.repeat(1000), 500);
    expect(wireBytes(cut)).toBeLessThanOrEqual(500 + 2);
    expect(wireBytes(cut)).toBeGreaterThan(480);
    const kept = cut.replace(/ … \[.*$/, '');
    expect(character.repeat(1000).startsWith(kept)).toBe(true);
    expect(cut.isWellFormed()).toBe(true);
  });

  it('is never larger than it may be, and never cut without need', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'é', '東', '🙂', '"', '\n', '\u0001', '\ud83d', '\udc00'),
    });
    fc.assert(
      fc.property(text, fc.integer({ min: 60, max: 400 }), (given, maxBytes) => {
        const cut = cutText(given, maxBytes);
        expect(wireBytes(cut) - 2).toBeLessThanOrEqual(maxBytes);
        if (wireBytes(given.toWellFormed()) - 2 <= maxBytes) expect(cut).toBe(given.toWellFormed());
      }),
      runs(2000),
    );
  });
});

it('bytes are counted as they go over the wire, or a few more', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const plain = toPlain(value) ?? {};
      expect(jsonBytes(plain)).toBeGreaterThanOrEqual(wireBytes(plain));
    }),
  );
});

describe('a message', () => {
  it('of up to 500 kB is whole', () => {
    const content = 'a'.repeat(MAX_MESSAGE_BYTES - 100);
    expect(toMessages([{ role: 'user', content }])).toEqual([{ role: 'user', content }]);
  });

  it('of more is cut', () => {
    const [message] = toMessages([{ role: 'user', content: 'a'.repeat(2_000_000) }]);
    expect(wireBytes(message)).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
    expect(message?.content).toMatch(MARKER);
  });

  it('is cut where it is longest', () => {
    const [message] = toMessages(
      [{ role: 'user', name: 'Ada', content: 'a'.repeat(5000), reasoning_content: 'b'.repeat(300) }],
      2000,
    );
    expect(wireBytes(message)).toBeLessThanOrEqual(2000);
    expect(message).toMatchObject({ name: 'Ada', reasoning_content: 'b'.repeat(300) });
    expect(message?.content).toMatch(MARKER);
  });

  it('keeps its parts readable when one of them is too long', () => {
    const content = [
      { type: 'text', text: 'a'.repeat(5000) },
      { type: 'file', file: { file_id: 'f' } },
    ];
    const [message] = toMessages([{ role: 'user', content }], 6000);
    expect(JSON.parse(message?.content ?? '')).toEqual(content);
  });
});

describe('an event', () => {
  const eventOf = (own: Partial<LlmCall>, maxBytes?: number) => {
    const event = toEvent(aCall(own), { cost: 0.5, maxBytes });
    expect(litellmEventSchema.safeParse(event).error).toBeUndefined();
    expect(wireBytes(event)).toBeLessThanOrEqual(maxBytes ?? MAX_EVENT_BYTES);
    return event;
  };
  const said = (text: string) => ({ id: 'r', choices: [{ index: 0, text }] });

  it('of up to 1 MB is whole', () => {
    const messages = [{ role: 'user', content: 'é'.repeat(245_000) }];
    expect(eventOf({ messages, answer: said('b'.repeat(400_000)) }).messages).toEqual(messages);
  });

  it('of more loses of its longest texts, and none of its numbers', () => {
    const messages = [
      { role: 'system', content: 'be brief' },
      { role: 'user', content: 'a'.repeat(490_000) },
      { role: 'user', content: 'b'.repeat(490_000) },
      { role: 'user', content: 'c'.repeat(490_000) },
    ];
    const usage = { promptTokens: 400_000, completionTokens: 9, totalTokens: 400_009 };
    const answer = { ...said('short'), usage };
    const event = eventOf({ messages, answer, metadata: { chat_id: 'c1' } });
    expect(event.messages[0]).toEqual(messages[0]);
    for (const message of event.messages.slice(1)) expect(message.content).toMatch(MARKER);
    expect(wireBytes(event)).toBeGreaterThan(0.99 * MAX_EVENT_BYTES);
    expect(event.response.choices[0]?.message.content).toBe('short');
    expect(event).toMatchObject({ cost: 0.5, response: { usage: { input_tokens: 400_000 } } });
    expect(event.proxy_metadata).toEqual({
      chat_id: 'c1',
      exact_prompt_tokens: 400_000,
      exact_total_tokens: 400_009,
    });
  });

  it('gives what was asked and what was answered half each, when both need it', () => {
    const messages = [{ role: 'user', content: 'a'.repeat(900_000) }];
    const event = eventOf({ messages, answer: said('b'.repeat(900_000)) });
    const answered = wireBytes(event.response);
    expect(answered).toBeGreaterThan(0.45 * MAX_EVENT_BYTES);
    expect(wireBytes(event.messages)).toBeGreaterThan(0.45 * MAX_EVENT_BYTES);
  });

  it('keeps the first message and the last when there are too many', () => {
    const messages = Array.from({ length: 20_000 }, (_, index) => ({
      role: 'user',
      content: `message ${index} `.repeat(5),
    }));
    const event = eventOf({ messages });
    expect(event.messages[0]).toEqual(messages[0]);
    expect(event.messages[1]?.content).toMatch(/^\[cut: \d+ messages\]$/);
    expect(event.messages.at(-1)).toEqual(messages.at(-1));
    const left = Number(/\d+/.exec(event.messages[1]?.content ?? '')?.[0]);
    expect(event.messages.length - 1 + left).toBe(20_000);
  });

  it('keeps its own keys of metadata when there are too many of others', () => {
    const metadata: Record<string, unknown> = { nested: { deep: new Array(50_000).fill('x') } };
    for (let index = 0; index < 20_000; index += 1) metadata[`key-${index}`] = index;
    metadata.chat_id = 'c1';
    const { proxy_metadata } = eventOf({ metadata }, 100_000);
    expect(proxy_metadata.chat_id).toBe('c1');
    expect(proxy_metadata.cut).toMatch(/^\d+ more keys$/);
    expect(proxy_metadata.nested).toMatch(MARKER);
  });

  it('keeps the first of its choices and of their tool calls when there are too many', () => {
    const toolCalls = Array.from({ length: 100 }, () => ({ id: 'c', name: 'f', arguments: '{}' }));
    const choices = Array.from({ length: 500 }, (_, index) => ({ index, text: 'a', toolCalls }));
    const event = eventOf({ answer: { choices } }, 100_000);
    expect(event.response.choices.length).toBe(10);
    expect(event.response.choices[0]?.message.tool_calls?.length).toBe(10);
  });

  it('loses its log probabilities before any text is cut', () => {
    const logprobs = { content: Array.from({ length: 2000 }, () => ({ token: 'a', logprob: -0.5 })) };
    const choices = [{ index: 0, text: 'a'.repeat(5000), logprobs, finishReason: 'stop' }];
    const messages = [{ role: 'user', content: 'b'.repeat(5000) }];
    const event = eventOf({ messages, answer: { choices } }, 20_000);
    expect(event.response.choices).toEqual([
      { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'a'.repeat(5000) } },
    ]);
    expect(event.messages).toEqual(messages);
    expect(eventOf({ answer: { choices } }).response.choices[0]?.logprobs).toEqual(logprobs);
    const shorter = eventOf({ messages, answer: { choices } }, 9_000);
    expect(shorter.response.choices[0]?.message.content).toMatch(MARKER);
    expect(shorter.response.choices[0]).not.toHaveProperty('logprobs');
  });

  it('is the same object when it fits: nothing is copied', () => {
    const messages = [{ role: 'user', content: 'hi' }];
    expect(eventOf({ messages }).messages).toBe(messages);
  });

  it('of any shape is never larger than it may be', () => {
    const text = fc.string({ maxLength: 2000, unit: 'binary' }).map((given) => given.toWellFormed());
    const messages = fc.array(fc.record({ role: text, content: text }), { maxLength: 60 });
    const choices = fc.array(fc.record({ index: fc.nat(), text, reasoning: text }), { maxLength: 5 });
    const metadata = fc.dictionary(
      text,
      fc.jsonValue().map((value) => toPlain(value) ?? ''),
    );
    fc.assert(
      fc.property(messages, choices, metadata, fc.integer({ min: 10_000, max: 40_000 }), (...given) => {
        const [asked, answered, { cost_unknown, outcome, attempts, ...own }, maxBytes] = given;
        eventOf({ messages: asked, answer: { choices: answered }, metadata: own }, maxBytes);
      }),
      runs(300),
    );
  });
});
