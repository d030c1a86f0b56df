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
    [
      'Anthropic, which counts the cache apart',
      {
        input_tokens: 6,
        cache_read_input_tokens: 9000,
        cache_creation_input_tokens: 626,
        cache_creation: { ephemeral_5m_input_tokens: 500, ephemeral_1h_input_tokens: 126 },
        output_tokens: 30,
      },
      {
        promptTokens: 9632,
        completionTokens: 30,
        totalTokens: 9662,
        cachedTokens: 9000,
        cacheWriteTokens: 626,
        cacheWrite1hTokens: 126,
      },
    ],
    [
      'Bedrock, which counts the cache apart',
      {
        inputTokens: 6,
        outputTokens: 3,
        totalTokens: 119,
        cacheReadInputTokens: 100,
        cacheWriteInputTokens: 10,
      },
      { promptTokens: 116, completionTokens: 3, totalTokens: 119, cachedTokens: 100, cacheWriteTokens: 10 },
    ],
    [
      'Gemini, which counts thoughts and its own tools apart',
      {
        promptTokenCount: 10,
        toolUsePromptTokenCount: 4,
        cachedContentTokenCount: 3,
        candidatesTokenCount: 29,
        thoughtsTokenCount: 282,
        totalTokenCount: 325,
      },
      { promptTokens: 14, completionTokens: 311, totalTokens: 325, cachedTokens: 3, reasoningTokens: 282 },
    ],
    [
      'Gemini’s OpenAI endpoint, which does not name its thoughts',
      { prompt_tokens: 10, completion_tokens: 29, total_tokens: 321 },
      { promptTokens: 10, completionTokens: 311, totalTokens: 321 },
    ],
    [
      'xAI, which counts reasoning apart',
      {
        prompt_tokens: 10,
        completion_tokens: 5,
        total_tokens: 115,
        completion_tokens_details: { reasoning_tokens: 100 },
      },
      { promptTokens: 10, completionTokens: 105, totalTokens: 115, reasoningTokens: 100 },
    ],
    [
      'DeepSeek',
      { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, prompt_cache_hit_tokens: 8 },
      { promptTokens: 10, completionTokens: 5, totalTokens: 15, cachedTokens: 8 },
    ],
    [
      'Cohere, by what it bills',
      {
        billed_units: { input_tokens: 10, output_tokens: 5 },
        tokens: { input_tokens: 70, output_tokens: 5 },
      },
      { promptTokens: 10, completionTokens: 5, totalTokens: 15 },
    ],
    [
      'Ollama',
      { prompt_eval_count: 10, eval_count: 5, eval_duration: 12_345 },
      { promptTokens: 10, completionTokens: 5, totalTokens: 15 },
    ],
    [
      'OpenAI with audio and predictions',
      {
        prompt_tokens: 10,
        completion_tokens: 50,
        total_tokens: 60,
        prompt_tokens_details: { audio_tokens: 4, cached_tokens: 0 },
        completion_tokens_details: { audio_tokens: 30, reasoning_tokens: 0, rejected_prediction_tokens: 9 },
      },
      {
        promptTokens: 10,
        completionTokens: 50,
        totalTokens: 60,
        audioPromptTokens: 4,
        audioCompletionTokens: 30,
      },
    ],
    [
      'OpenAI images',
      {
        input_tokens: 60,
        input_tokens_details: { image_tokens: 50, text_tokens: 10 },
        output_tokens: 272,
        output_tokens_details: { image_tokens: 272 },
        total_tokens: 332,
      },
      {
        promptTokens: 60,
        completionTokens: 272,
        totalTokens: 332,
        imagePromptTokens: 50,
        imageCompletionTokens: 272,
      },
    ],
    ['a transcription billed by time', { type: 'duration', seconds: 12.5 }, { seconds: 12.5 }],
    ['the AI SDK’s embeddings', { tokens: 5 }, { promptTokens: 5, totalTokens: 5 }],
    [
      'the AI SDK, nested, without a total',
      { inputTokens: { noCache: 6, cacheRead: 4 }, outputTokens: { text: 3, reasoning: 2 } },
      { promptTokens: 10, completionTokens: 5, totalTokens: 15, cachedTokens: 4, reasoningTokens: 2 },
    ],
    [
      'the AI SDK’s telemetry',
      {
        inputTokens: 10,
        inputTokenDetails: { noCacheTokens: 5, cacheReadTokens: 4, cacheWriteTokens: 1 },
        outputTokens: 5,
        outputTokenDetails: { textTokens: 3, reasoningTokens: 2 },
        totalTokens: 15,
      },
      {
        promptTokens: 10,
        completionTokens: 5,
        totalTokens: 15,
        cachedTokens: 4,
        cacheWriteTokens: 1,
        reasoningTokens: 2,
      },
    ],
    [
      'numbers of which some are none',
      { inputTokens: 10, outputTokens: Number.NaN, totalTokens: undefined, cachedInputTokens: null },
      { promptTokens: 10, totalTokens: 10 },
    ],
    [
      'more cached tokens than there are',
      { prompt_tokens: 5, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 100 } },
      { promptTokens: 105, completionTokens: 1, totalTokens: 106, cachedTokens: 100 },
    ],
  ])('comes from %s', (_what, raw, expected) => {
    expect(toUsage(raw)).toEqual(expected);
  });

  // The same recorded Anthropic answer with a prompt cache, and the same Gemini answer with thoughts, as the AI SDK's
  // generations tell them.
  const ANTHROPIC = { promptTokens: 9632, completionTokens: 30, totalTokens: 9662 };
  const CACHED = { ...ANTHROPIC, cachedTokens: 9000, cacheWriteTokens: 626 };
  const V2_WRITE = { anthropic: { cacheCreationInputTokens: 626 } };
  const GEMINI = { promptTokens: 10, completionTokens: 311, totalTokens: 321, reasoningTokens: 282 };
  it.each([
    [
      'Anthropic in spec V2',
      { inputTokens: 6, outputTokens: 30, totalTokens: 36, cachedInputTokens: 9000 },
      { provider: 'anthropic.messages', metadata: V2_WRITE },
      CACHED,
    ],
    [
      'Anthropic in spec V2 with a small cache, which proves nothing',
      { inputTokens: 9000, outputTokens: 30, totalTokens: 9030, cachedInputTokens: 600 },
      { provider: 'my.proxy', metadata: { anthropic: { cacheCreationInputTokens: 32 } } },
      { ...ANTHROPIC, cachedTokens: 600, cacheWriteTokens: 32 },
    ],
    [
      'Anthropic in spec V2 inside the form of V4',
      {
        inputTokens: { total: 6, noCache: undefined, cacheRead: 9000, cacheWrite: undefined },
        outputTokens: { total: 30, text: undefined, reasoning: undefined },
        raw: { inputTokens: 6, outputTokens: 30, totalTokens: 36, cachedInputTokens: 9000 },
      },
      { provider: 'anthropic.messages', metadata: V2_WRITE },
      CACHED,
    ],
    [
      'Anthropic since spec V3',
      {
        inputTokens: { total: 9632, noCache: 6, cacheRead: 9000, cacheWrite: 626 },
        outputTokens: { total: 30, text: undefined, reasoning: undefined },
        raw: { input_tokens: 6, cache_creation: { ephemeral_1h_input_tokens: 600 } },
      },
      { provider: 'anthropic.messages', metadata: { anthropic: { usage: {} } } },
      { ...CACHED, cacheWrite1hTokens: 600 },
    ],
    [
      'Bedrock in spec V2',
      { inputTokens: 6, outputTokens: 30, totalTokens: 36, cachedInputTokens: 9000 },
      { provider: 'amazon-bedrock', metadata: { bedrock: { usage: { cacheWriteInputTokens: 626 } } } },
      CACHED,
    ],
    [
      'OpenAI in spec V2, whose cache is inside',
      { inputTokens: 9632, outputTokens: 30, totalTokens: 9662, cachedInputTokens: 9000 },
      { provider: 'openai.responses', metadata: { openai: { responseId: 'r' } } },
      { ...ANTHROPIC, cachedTokens: 9000 },
    ],
    [
      'Google in spec V2',
      { inputTokens: 10, outputTokens: 29, totalTokens: 321, reasoningTokens: 282 },
      { provider: 'google.generative-ai' },
      GEMINI,
    ],
    [
      'Google in spec V2 inside the form of V4',
      {
        inputTokens: { total: 10, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
        outputTokens: { total: 29, text: undefined, reasoning: 282 },
        raw: { inputTokens: 10, outputTokens: 29, totalTokens: 321, reasoningTokens: 282 },
      },
      { provider: 'google.generative-ai' },
      GEMINI,
    ],
    [
      'Google since spec V3',
      {
        inputTokens: { total: 10, noCache: 10, cacheRead: 0, cacheWrite: undefined },
        outputTokens: { total: 311, text: 29, reasoning: 282 },
      },
      { provider: 'google.generative-ai' },
      GEMINI,
    ],
    [
      'LangChain’s Anthropic before 1.3.12, which leaves the cache out',
      {
        input_tokens: 5,
        output_tokens: 7,
        total_tokens: 12,
        input_token_details: { cache_read: 2, cache_creation: 1 },
      },
      {
        original: {
          input_tokens: 5,
          output_tokens: 7,
          cache_read_input_tokens: 2,
          cache_creation_input_tokens: 1,
        },
      },
      { promptTokens: 8, completionTokens: 7, totalTokens: 15, cachedTokens: 2, cacheWriteTokens: 1 },
    ],
    [
      'LangChain’s Anthropic since, which adds it',
      {
        input_tokens: 8,
        output_tokens: 7,
        total_tokens: 15,
        input_token_details: { cache_read: 2, cache_creation: 1 },
      },
      {
        original: {
          input_tokens: 5,
          output_tokens: 7,
          cache_read_input_tokens: 2,
          cache_creation_input_tokens: 1,
        },
      },
      { promptTokens: 8, completionTokens: 7, totalTokens: 15, cachedTokens: 2, cacheWriteTokens: 1 },
    ],
  ])('of %s includes its cache and its thoughts once', (_what, raw, hints, expected) => {
    expect(toUsage(raw, hints)).toEqual(expected);
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
