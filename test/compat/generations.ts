import * as anthropic6 from '@ai-sdk/anthropic';
import * as google6 from '@ai-sdk/google';
import * as openai6 from '@ai-sdk/openai';
import * as ai6 from 'ai';
import * as mocks6 from 'ai/test';
import * as ai5 from 'ai5';
import * as mocks5 from 'ai5/test';
import * as anthropic5 from 'ai5-anthropic';
import * as google5 from 'ai5-google';
import * as openai5 from 'ai5-openai';
import * as ai7 from 'ai7';
import * as mocks7 from 'ai7/test';
import * as anthropic7 from 'ai7-anthropic';
import * as google7 from 'ai7-google';
import * as openai7 from 'ai7-openai';

/**
 * One generation of the Vercel AI SDK, with the providers and mocks that belong to it. All are typed as the sixth, so
 * that one suite can be written for the three: what a test uses is alike in all of them, and where it is not the
 * test says so by `major`. That our own types fit each generation's is test/compat/types.ts's matter.
 */
export interface Generation {
  readonly name: string;
  readonly major: 5 | 6 | 7;
  readonly ai: typeof ai6;
  readonly createOpenAI: typeof openai6.createOpenAI;
  readonly createAnthropic: typeof anthropic6.createAnthropic;
  readonly createGoogle: typeof google6.createGoogleGenerativeAI;
  readonly MockLanguageModel: typeof mocks6.MockLanguageModelV3;
  readonly MockEmbeddingModel: typeof mocks6.MockEmbeddingModelV3;
  readonly MockImageModel: typeof mocks6.MockImageModelV3;
}

export type Model = ReturnType<typeof ai6.wrapLanguageModel>;
export type Result = Awaited<ReturnType<Model['doGenerate']>>;
export type Part =
  Awaited<ReturnType<Model['doStream']>>['stream'] extends ReadableStream<infer Each> ? Each : never;

const six: Generation = {
  name: 'ai 6',
  major: 6,
  ai: ai6,
  createOpenAI: openai6.createOpenAI,
  createAnthropic: anthropic6.createAnthropic,
  createGoogle: google6.createGoogleGenerativeAI,
  MockLanguageModel: mocks6.MockLanguageModelV3,
  MockEmbeddingModel: mocks6.MockEmbeddingModelV3,
  MockImageModel: mocks6.MockImageModelV3,
};

const five = {
  name: 'ai 5',
  major: 5,
  ai: ai5,
  createOpenAI: openai5.createOpenAI,
  createAnthropic: anthropic5.createAnthropic,
  createGoogle: google5.createGoogleGenerativeAI,
  MockLanguageModel: mocks5.MockLanguageModelV2,
  MockEmbeddingModel: mocks5.MockEmbeddingModelV2,
  MockImageModel: mocks5.MockImageModelV2,
} as unknown as Generation;

const seven = {
  name: 'ai 7',
  major: 7,
  ai: ai7,
  createOpenAI: openai7.createOpenAI,
  createAnthropic: anthropic7.createAnthropic,
  createGoogle: google7.createGoogleGenerativeAI,
  MockLanguageModel: mocks7.MockLanguageModelV4,
  MockEmbeddingModel: mocks7.MockEmbeddingModelV4,
  MockImageModel: mocks7.MockImageModelV4,
} as unknown as Generation;

export const GENERATIONS: readonly Generation[] = [five, six, seven];

/** For `describe.each`: `%s` is the name. */
export const EACH_GENERATION = GENERATIONS.map((generation) => [generation.name, generation] as const);

/** What a call took, as a model of that generation's own specification says it. */
export function usageOf(major: 5 | 6 | 7, input: number, output: number): Result['usage'] {
  if (major === 5) {
    return { inputTokens: input, outputTokens: output, totalTokens: input + output } as never;
  }
  return {
    inputTokens: { total: input, noCache: input, cacheRead: undefined, cacheWrite: undefined },
    outputTokens: { total: output, text: output, reasoning: undefined },
  };
}

/** Why an answer ended: a word in spec V2, `{ unified, raw }` since. */
export function finishReasonOf(major: 5 | 6 | 7, reason: string): Result['finishReason'] {
  return (major === 5 ? reason : { unified: reason, raw: reason }) as never;
}
