import { describe, expect, it } from 'vitest';
import { toUsage } from '../../src/call/usage.js';

describe('usage', () => {
  it.each([
    [
      'OpenAI chat',
      {
        prompt_tokens: 10,
        completion_tokens: 5,
        total_tokens: 15,
        prompt_tokens_details: { cached_tokens: 4 },
        completion_tokens_details: { reasoning_tokens: 2 },
      },
      { promptTokens: 10, completionTokens: 5, totalTokens: 15, cachedTokens: 4, reasoningTokens: 2 },
    ],
    [
      'OpenAI Responses',
      {
        input_tokens: 10,
        output_tokens: 5,
        total_tokens: 15,
        input_tokens_details: { cached_tokens: 4, cache_write_tokens: 3 },
        output_tokens_details: { reasoning_tokens: 2 },
      },
      {
        promptTokens: 10,
        completionTokens: 5,
        totalTokens: 15,
        cachedTokens: 4,
        cacheWriteTokens: 3,
        reasoningTokens: 2,
      },
    ],
    [
      'the AI SDK, nested',
      {
        inputTokens: { total: 10, noCache: 6, cacheRead: 4, cacheWrite: undefined },
        outputTokens: { total: 5, text: 3, reasoning: 2 },
      },
      { promptTokens: 10, completionTokens: 5, totalTokens: 15, cachedTokens: 4, reasoningTokens: 2 },
    ],
    [
      'the AI SDK, flat',
      { inputTokens: 10, outputTokens: 5, totalTokens: 15, cachedInputTokens: 4, reasoningTokens: 2 },
      { promptTokens: 10, completionTokens: 5, totalTokens: 15, cachedTokens: 4, reasoningTokens: 2 },
    ],
    [
      'LangChain usage_metadata',
      {
        input_tokens: 10,
        output_tokens: 5,
        total_tokens: 15,
        input_token_details: { cache_read: 4, cache_creation: 3 },
        output_token_details: { reasoning: 2 },
      },
      {
        promptTokens: 10,
        completionTokens: 5,
        totalTokens: 15,
        cachedTokens: 4,
        cacheWriteTokens: 3,
        reasoningTokens: 2,
      },
    ],
    [
      'LangChain tokenUsage',
      { promptTokens: 10, completionTokens: 5, totalTokens: 15 },
      { promptTokens: 10, completionTokens: 5, totalTokens: 15 },
    ],
    ['embeddings', { prompt_tokens: 5, total_tokens: 5 }, { promptTokens: 5, totalTokens: 5 }],
    [
      'no total, which is the sum',
      { prompt_tokens: 10, completion_tokens: 5 },
      { promptTokens: 10, completionTokens: 5, totalTokens: 15 },
    ],
  ])('comes from %s', (_what, raw, expected) => {
    expect(toUsage(raw)).toEqual(expected);
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['an empty object', {}],
    ['empty details', { input_token_details: {}, output_token_details: {} }],
    ['undefined numbers', { inputTokens: undefined, outputTokens: undefined, totalTokens: undefined }],
    ['nonsense', { prompt_tokens: 'many', completion_tokens: Number.NaN, total_tokens: -3 }],
  ])('is absent when there is %s: nothing is invented', (_what, raw) => {
    expect(toUsage(raw)).toBeUndefined();
  });

  it('is whole and never negative', () => {
    expect(
      toUsage({ prompt_tokens: 10.9, completion_tokens: -5, total_tokens: Number.POSITIVE_INFINITY }),
    ).toEqual({
      promptTokens: 10,
      totalTokens: 10,
    });
  });
});
