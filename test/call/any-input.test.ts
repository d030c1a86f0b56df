import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { litellmEventSchema } from '../../schemas/litellm.js';
import { answerOfResult, StreamAnswer } from '../../src/ai-sdk/answer.js';
import {
  embeddingsAnswer,
  imagesAnswer,
  moderationAnswer,
  rerankAnswer,
  speechAnswer,
  transcriptionAnswer,
} from '../../src/call/answers.js';
import type { Answer, Ending, LlmCall } from '../../src/call/call.js';
import { loadCatalogue } from '../../src/call/catalogue.js';
import { toEvent } from '../../src/call/event.js';
import { describeFailure } from '../../src/call/failure.js';
import { toMessages } from '../../src/call/messages.js';
import { toPlain } from '../../src/call/plain.js';
import { costOf, pricingOf } from '../../src/call/price.js';
import { providerOfAiSdk, providerOfBaseUrl, providerOfLangChain } from '../../src/call/provider.js';
import { toUsage } from '../../src/call/usage.js';
import { answerOfResult as answerOfLlmResult } from '../../src/langchain/answer.js';
import { loadProject } from '../../src/local/project.js';
import { chatAnswer } from '../../src/openai/chat.js';
import { ChatChunks } from '../../src/openai/chat-stream.js';
import { ImageEvents, LastChunk, SpeechEvents, TranscriptEvents } from '../../src/openai/media-stream.js';
import { responsesAnswer } from '../../src/openai/responses.js';
import { ResponsesEvents } from '../../src/openai/responses-stream.js';
import { aCall } from '../support/call.js';
import { fc, runs } from '../support/properties.js';

const catalogue = await loadCatalogue();
const litellm = (
  await loadProject([fileURLToPath(new URL('../../datasources', import.meta.url))])
).datasources.get('litellm');

/** Anything that JavaScript can hold. */
const anything = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withObjectString: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
  withUnicodeString: true,
});

const LONE = '\ud83d';
const word = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    LONE,
    '',
    'constructor',
    '__proto__',
    `data:image/png;base64,${'iVBORw0KGgo'.repeat(40)}`,
    'a\u0000b',
  ),
);
const number = fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger(), fc.constantFrom(1e308, -1, 0.5));

/** The keys that the code looks for, with anything under them: what comes closest to being what it seems. */
const KEYS = [
  ...['role', 'content', 'type', 'text', 'name', 'tool_calls', 'tool_call_id', 'function', 'arguments', 'id'],
  ...[
    'image_url',
    'url',
    'data',
    'mediaType',
    'mime_type',
    'source',
    'input',
    'output',
    'value',
    'toolCallId',
  ],
  ...[
    'toolName',
    'result',
    'summary',
    'reasoning',
    'thinking',
    'refusal',
    'audio',
    'additional_kwargs',
    'args',
  ],
  ...[
    'choices',
    'message',
    'delta',
    'index',
    'finish_reason',
    'finishReason',
    'usage',
    'model',
    'created',
    'object',
  ],
  ...['service_tier', 'error', 'code', 'status', 'statusCode', 'responseBody', 'stack', 'cause', 'errors'],
  ...['prompt_tokens', 'completion_tokens', 'total_tokens', 'input_tokens', 'output_tokens', 'inputTokens'],
  ...['outputTokens', 'totalTokens', 'cachedInputTokens', 'reasoningTokens', 'total', 'noCache', 'cacheRead'],
  ...['cacheWrite', 'cached_tokens', 'cache_read_input_tokens', 'prompt_tokens_details', 'seconds', 'cost'],
  ...['input_token_details', 'billed_units', 'thoughtsTokenCount', 'cache_creation', 'raw', 'response'],
  ...['embeddings', 'embedding', 'images', 'results', 'ranking', 'categories', 'flagged', 'meta', 'duration'],
  ...['generations', 'llmOutput', 'tokenUsage', 'usage_metadata', 'response_metadata', 'generationInfo'],
  ...[
    'unified',
    'toolCall',
    'item',
    'output_index',
    'providerMetadata',
    'organization',
    'project',
    'chat_id',
  ],
];
const TYPES = [
  ...['text', 'input_text', 'image_url', 'input_audio', 'file', 'tool-call', 'tool-result', 'tool_result'],
  ...[
    'tool_use',
    'reasoning',
    'function_call',
    'function_call_output',
    'custom_tool_call',
    'json',
    'content',
  ],
  ...['text-delta', 'finish', 'error', 'response-metadata', 'tool-input-start', 'tool-input-delta', 'Buffer'],
  ...['response.completed', 'response.failed', 'response.output_text.delta', 'response.output_item.added'],
];
const { shaped } = fc.letrec<{ shaped: unknown; leaf: unknown }>((tie) => ({
  leaf: fc.oneof(word, number, fc.constantFrom(...TYPES), fc.constant(null), fc.boolean(), anything),
  shaped: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    fc.array(tie('shaped'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie('shaped'), { maxKeys: 6 }),
  ),
}));
const input = fc.oneof(shaped, anything);

const ANSWERS: Readonly<Record<string, (body: unknown) => Answer>> = {
  'a chat completion': chatAnswer,
  'chat chunks': (body) => gathered(new ChatChunks(), body),
  'a response': responsesAnswer,
  'response events': (body) => gathered(new ResponsesEvents(), body),
  'image events': (body) => gathered(new ImageEvents(), body),
  'transcript events': (body) => gathered(new TranscriptEvents(), body),
  'speech events': (body) => gathered(new SpeechEvents(), body),
  'events of nobody': (body) => gathered(new LastChunk(embeddingsAnswer), body),
  'an AI SDK result': (body) => answerOfResult(body, 'anthropic.messages'),
  'AI SDK parts': (body) => gathered(new StreamAnswer(() => 'openai.chat'), body),
  'an LLMResult': (body) => answerOfLlmResult(body, false),
  embeddings: embeddingsAnswer,
  images: imagesAnswer,
  speech: speechAnswer,
  'a transcription': transcriptionAnswer,
  moderations: moderationAnswer,
  'a ranking': rerankAnswer,
};

function gathered(gatherer: { add(chunk: unknown): unknown; answer(): Answer }, body: unknown): Answer {
  for (const chunk of Array.isArray(body) ? body : [body]) gatherer.add(chunk);
  return gatherer.answer();
}

describe('whatever it is made from', () => {
  it.each(Object.keys(ANSWERS))('an answer of %s becomes an event that lands', (kind) => {
    fc.assert(
      fc.property(input, (body) =>
        lands(eventOf({ answer: (ANSWERS[kind] as (body: unknown) => Answer)(body) })),
      ),
      runs(300),
    );
  });

  it('a prompt becomes an event that lands', () => {
    fc.assert(
      fc.property(input, (prompt) => lands(eventOf({ messages: toMessages(prompt) }))),
      runs(2000),
    );
  });

  it('a prompt cut to a few bytes becomes an event that lands', () => {
    fc.assert(
      fc.property(fc.array(input), fc.integer({ min: 1000, max: 3000 }), (prompt, maxBytes) => {
        const messages = toMessages(prompt, maxBytes);
        lands(toEvent(aCall({ messages }), { maxBytes: 4 * maxBytes }));
      }),
      runs(500),
    );
  });

  it('a failure becomes an event that lands', () => {
    const thrown = fc.oneof(
      input,
      fc.tuple(word, input).map(([message, own]) => Object.assign(new Error(message), own)),
      fc.tuple(fc.array(input), word, input).map(([errors, message, cause]) => {
        return new AggregateError(errors, message, { cause });
      }),
    );
    fc.assert(
      fc.property(thrown, fc.boolean(), (error, words) => {
        expect(describeFailure(error, words).exception).not.toBe('');
        lands(eventOf({ ending: { kind: 'failed', error } }, words));
      }),
      runs(1500),
    );
  });

  it('metadata becomes an event that lands', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.oneof(word, fc.constantFrom(...KEYS)), input), (given) => {
        const metadata = toPlain(given) as LlmCall['metadata'];
        for (const key of ['outcome', 'attempts', 'cost_unknown']) delete metadata[key];
        lands(eventOf({ metadata }));
      }),
      runs(1000),
    );
  });

  it('names, times and counts become an event that lands', () => {
    const ending = fc.constantFrom<Ending>({ kind: 'finished' }, { kind: 'aborted' }, { kind: 'left' });
    const call = fc.record({
      id: word,
      provider: word,
      model: word,
      user: word,
      apiKey: word,
      stream: fc.boolean(),
      startedAt: number,
      openedMs: number,
      firstTokenMs: number,
      durationMs: number,
      attempts: fc.nat({ max: 9 }),
      ending,
    });
    fc.assert(
      fc.property(call, (own) => lands(eventOf(own))),
      runs(1000),
    );
  });

  it('usage holds whole counts, of which the parts are in the whole', () => {
    fc.assert(
      fc.property(shaped, shaped, word, (raw, metadata, provider) => {
        const usage = toUsage(raw, { provider, metadata, original: metadata }) ?? {};
        for (const [name, count] of Object.entries(usage)) {
          if (name !== 'seconds') expect(count).toSatisfy(Number.isSafeInteger);
          expect(count).toBeGreaterThanOrEqual(0);
        }
        const { promptTokens = 0, completionTokens = 0, cachedTokens = 0, cacheWriteTokens = 0 } = usage;
        if (usage.promptTokens !== undefined) {
          expect(cachedTokens + cacheWriteTokens).toBeLessThanOrEqual(promptTokens);
        }
        if (usage.completionTokens !== undefined) {
          expect(usage.reasoningTokens ?? 0).toBeLessThanOrEqual(completionTokens);
        }
        if (usage.totalTokens !== undefined) {
          expect(usage.totalTokens).toBeGreaterThanOrEqual(Math.max(promptTokens, completionTokens));
        }
      }),
      runs(3000),
    );
  });

  it('a price is a price or none', () => {
    const call = fc.record({
      provider: fc.oneof(word, fc.constantFrom('openai', 'anthropic', 'bedrock', 'vercel_ai_gateway')),
      model: fc.oneof(word, fc.constantFrom('gpt-4o', 'claude-sonnet-4-5', 'anthropic/claude-sonnet-4')),
      servedModel: fc.option(word, { nil: undefined }),
      serviceTier: fc.option(fc.oneof(word, fc.constantFrom('flex', 'priority', 'batch')), {
        nil: undefined,
      }),
      reportedCost: fc.option(number, { nil: undefined }),
      usage: shaped.map((raw) => toUsage(raw) ?? {}),
      startedAt: number,
    });
    const prices = fc.oneof(
      fc.constant(undefined),
      input.map((given) => () => given as number),
      fc.dictionary(word, fc.oneof(word, fc.record({ input: number, output: number }))),
    );
    fc.assert(
      fc.property(call, prices, (priced, own) => {
        const cost = costOf(pricingOf(priced, own), priced, catalogue);
        if (cost !== undefined) expect(cost).toSatisfy((usd: number) => usd >= 0 && usd <= 1_000_000);
      }),
      runs(1500),
    );
  });

  it('a provider has a name', () => {
    fc.assert(
      fc.property(word, fc.option(word, { nil: undefined }), (one, other) => {
        expect(providerOfAiSdk(one)).toBeTypeOf('string');
        expect(providerOfBaseUrl(one) ?? '').toBeTypeOf('string');
        expect(providerOfLangChain(one, other, one)).toBeTypeOf('string');
      }),
    );
  });
});

describe('a prompt', () => {
  it('is not changed by being read', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (prompt) => {
        const before = structuredClone(prompt);
        toMessages(prompt);
        expect(prompt).toEqual(before);
      }),
    );
  });
});

function eventOf(own: Partial<LlmCall>, words = true): unknown {
  return toEvent(aCall(own), { captureMessages: words });
}

/** The schema takes the event, every column takes its value, and nothing in it is what JSON or ClickHouse has no place for. */
function lands(event: unknown): void {
  expect(litellmEventSchema.safeParse(event).error).toBeUndefined();
  const wire = JSON.parse(JSON.stringify(event));
  expect(wire).toEqual(event);
  const verdict = litellm?.judge(wire);
  expect(verdict).toMatchObject({ ok: true });
  for (const message of wire.messages) {
    for (const value of Object.values(message)) expect(value).toBeTypeOf('string');
  }
  sound(event);
}

function sound(value: unknown): void {
  if (typeof value === 'string') expect(value.isWellFormed()).toBe(true);
  else if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      expect(key.isWellFormed()).toBe(true);
      sound(member);
    }
  } else expect(value).toBeTypeOf('boolean');
}
