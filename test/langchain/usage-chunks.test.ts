import { describe, expect, it } from 'vitest';
import { answerOfResult } from '../../src/langchain/answer.js';
import { RunGatherer } from '../../src/langchain/tokens.js';
import { ChunkUsage } from '../../src/langchain/usage.js';

const counts = (input: number, output: number, cached?: number) => ({
  input_tokens: input,
  output_tokens: output,
  total_tokens: input + output,
  ...(cached === undefined ? {} : { input_token_details: { cache_read: cached } }),
});

/** What of the chunks of a stream is right, and what LangChain makes of them. */
function best(provider: string, chunks: object[], whole?: object): unknown {
  const usage = new ChunkUsage(provider);
  for (const chunk of chunks) usage.add(chunk as never);
  return usage.best(whole);
}

describe('the usage of chunks', () => {
  it('is that of the whole where no chunk told any', () => {
    expect(best('openai', [], counts(5, 7))).toEqual(counts(5, 7));
    expect(best('openai', [])).toBeUndefined();
  });

  it('is that of the whole where not all of it came with chunks', () => {
    expect(best('openai', [counts(5, 1)], counts(5, 7))).toEqual(counts(5, 7));
  });

  it.each([
    ['all of it with two last chunks', 'openai', [counts(5, 7), counts(5, 7)], counts(10, 14), counts(5, 7)],
    [
      'what it took so far with every chunk',
      'xai',
      [counts(5, 1), counts(5, 4), counts(5, 7)],
      counts(15, 12),
      counts(5, 7),
    ],
    [
      'the prompt first and then pieces of the answer',
      'gemini',
      [counts(5, 3), counts(0, 4)],
      counts(5, 7),
      counts(5, 7),
    ],
    ['Anthropic’s output so far', 'anthropic', [counts(5, 1), counts(0, 7)], counts(5, 8), counts(5, 7)],
    [
      'the cache with every chunk',
      'gemini',
      [counts(9, 3, 4), counts(0, 4, 4)],
      counts(9, 7, 8),
      counts(9, 7, 4),
    ],
  ])('knows %s', (_what, provider, chunks, whole, right) => {
    expect(best(provider, chunks, whole)).toMatchObject(right);
    expect(best(provider, chunks)).toMatchObject(right);
  });

  it('leaves unknown what a package adds up to no number', () => {
    const nothing = { input_tokens: Number.NaN, output_tokens: 1, total_tokens: Number.NaN };
    const chunks = [nothing, counts(0, 7)];
    const gatherer = new RunGatherer('anthropic', true);
    for (const usage_metadata of chunks)
      gatherer.add({ token: '', indices: {}, chunk: { message: { content: '', usage_metadata } } });
    const whole = { input_tokens: Number.NaN, output_tokens: 8, total_tokens: Number.NaN };
    gatherer.ended({ generations: [[{ message: { content: 'a', usage_metadata: whole } }]] }, false);
    expect(gatherer.answer().usage).toEqual({ completionTokens: 7, totalTokens: 7 });
  });
});

describe('what an answer took', () => {
  const generation = (message: object) => [[{ message: { content: 'a', ...message } }]];
  const right = { promptTokens: 5, completionTokens: 7, totalTokens: 12 };
  const camel = { promptTokens: 5, completionTokens: 7, totalTokens: 12 };
  const snake = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 };
  const wrong = { promptTokens: 99, completionTokens: 99, totalTokens: 198 };

  it.each([
    ['the message', { usage_metadata: counts(5, 7) }, { tokenUsage: wrong }],
    ['the result', {}, { tokenUsage: camel }],
    ['the result, in other words', {}, { tokenUsage: snake }],
    [
      'the result, where the message has no counts',
      { usage_metadata: { input_token_details: {} } },
      { tokenUsage: camel },
    ],
    ['the result, where the message has zeros', { usage_metadata: counts(0, 0) }, { tokenUsage: camel }],
    ['the provider’s words in the message', { response_metadata: { usage: snake } }, { tokenUsage: {} }],
    ['the same by another name', { response_metadata: { token_usage: snake } }, {}],
    ['the provider’s words in the result', {}, { usage: { input_tokens: 5, output_tokens: 7 } }],
    [
      'Bedrock’s words',
      { response_metadata: { 'amazon-bedrock-invocationMetrics': { inputTokens: 5, outputTokens: 7 } } },
      {},
    ],
  ])('is taken from %s', (_where, message, llmOutput) => {
    const { usage } = answerOfResult({ generations: generation(message), llmOutput }, false);
    expect(usage).toEqual(right);
  });

  it.each([
    ['an estimate', { estimatedTokenUsage: camel }],
    ['empty objects', { tokenUsage: {}, usage: {} }],
    ['zeros', { tokenUsage: { promptTokens: 0, completionTokens: 0, totalTokens: 0 } }],
    ['nothing', undefined],
  ])('is unknown of %s', (_what, llmOutput) => {
    expect(answerOfResult({ generations: generation({}), llmOutput }, false).usage).toBeUndefined();
  });

  it('has details that only the provider’s own words have, where both are of one answer', () => {
    const usage_metadata = counts(5, 7);
    const own = { ...snake, prompt_cache_hit_tokens: 4 };
    const with_ = (usage: object) =>
      answerOfResult({ generations: generation({ usage_metadata, response_metadata: { usage } }) }, false)
        .usage;
    expect(with_(own)).toEqual({ ...right, cachedTokens: 4 });
    expect(with_({ ...own, prompt_tokens: 10, completion_tokens: 14, total_tokens: 24 })).toEqual(right);
  });

  it('is more than its parts say where the total is: Gemini counts thoughts in that alone', () => {
    const usage_metadata = { input_tokens: 14, output_tokens: 29, total_tokens: 325 };
    expect(answerOfResult({ generations: generation({ usage_metadata }) }, false).usage).toEqual({
      promptTokens: 14,
      completionTokens: 311,
      totalTokens: 325,
    });
  });

  it('has the cache in its prompt, which is more than all of it where it was counted apart', () => {
    const usage_metadata = counts(5, 7, 100);
    expect(answerOfResult({ generations: generation({ usage_metadata }) }, false).usage).toEqual({
      promptTokens: 105,
      completionTokens: 7,
      totalTokens: 112,
      cachedTokens: 100,
    });
  });

  it('is nothing when it comes from a cache, which holds the counts of the call that filled it', () => {
    const message = { usage_metadata: counts(5, 7), response_metadata: { usage: { ...snake, cost: 1 } } };
    const { usage, reportedCost } = answerOfResult({ generations: generation(message) }, true);
    expect(usage).toEqual({ promptTokens: 0, completionTokens: 0, totalTokens: 0 });
    expect(reportedCost).toBeUndefined();
  });
});
