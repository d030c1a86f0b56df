import * as ai from 'ai7';
import {
  MockEmbeddingModelV4,
  MockRerankingModelV4,
  MockSpeechModelV4,
  MockTranscriptionModelV4,
} from 'ai7/test';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LitellmEvent } from '../../schemas/litellm.js';
import { wrapModel } from '../../src/ai-sdk/index.js';
import { Recorded } from '../support/events.js';
import { register, tooMany, unregister } from './registered.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
  register(recorded);
});
afterEach(unregister);

/** What is told of one call, by the telemetry alone and with a watched model. */
async function bothWays<Wrapped extends object>(
  model: () => Wrapped,
  call: (model: Wrapped) => Promise<unknown>,
): Promise<LitellmEvent[][]> {
  const told: LitellmEvent[][] = [];
  for (const wrap of [false, true]) {
    const made = wrap ? wrapModel(model(), recorded.options) : model();
    const before = (await recorded.events()).length;
    await call(made).catch(() => {});
    told.push((await recorded.events()).slice(before));
  }
  return told;
}

describe('the telemetry of models that no middleware fits', () => {
  const embedding = (failures: number) => () => {
    let attempts = 0;
    return new MockEmbeddingModelV4({
      maxEmbeddingsPerCall: 2,
      doEmbed: async ({ values }) => {
        if (attempts++ < failures) throw tooMany();
        return { embeddings: values.map(() => [1, 2, 3]), usage: { tokens: 4 }, warnings: [] };
      },
    });
  };
  const failed = (attempt: LitellmEvent[], exceptions: (string | undefined)[]) =>
    expect(attempt.map(({ exception }) => exception)).toEqual(exceptions);

  it('has an event for each embedding call', async () => {
    const telemetry = { functionId: 'search' };
    const told = await bothWays(embedding(0), (model) =>
      ai.embedMany({ model, values: ['a', 'b', 'c'], telemetry }),
    );
    for (const events of told) {
      expect(events.map(({ response }) => response.embeddings)).toEqual([
        { count: 2, dimensions: 3 },
        { count: 1, dimensions: 3 },
      ]);
      for (const event of events) {
        expect(event).toMatchObject({
          call_type: 'aembedding',
          proxy_metadata: { function_id: 'search' },
          response: { usage: { prompt_tokens: 4 } },
        });
      }
    }
  });

  it('has an event for an attempt that failed, though only the model says why', async () => {
    const [alone = [], watched = []] = await bothWays(embedding(1), (model) =>
      ai.embed({ model, value: 'a' }),
    );
    failed(alone, [expect.stringContaining('the attempt failed and was made again') as never, undefined]);
    failed(watched, ['AI_APICallError: 429 busy', undefined]);
  });

  it('has an event for an embedding that fails for good', async () => {
    const told = await bothWays(embedding(1), (model) => ai.embed({ model, value: 'a', maxRetries: 0 }));
    for (const events of told) failed(events, ['AI_APICallError: 429 busy']);
  });

  it('has an event for a reranking', async () => {
    const told = await bothWays(
      () =>
        new MockRerankingModelV4({
          doRerank: async () => ({ ranking: [{ index: 1, relevanceScore: 0.5 }] }),
        }),
      (model) => ai.rerank({ model, query: 'q', documents: ['a', 'b'] }),
    );
    for (const [event, ...more] of told) {
      expect(more).toEqual([]);
      expect(event).toMatchObject({
        call_type: 'arerank',
        messages: [{ role: 'user', content: 'q' }],
        response: { choices: [{ message: { content: '[{"index":1,"relevance_score":0.5}]' } }] },
      });
    }
  });

  it('has an event for speech, with its size and never its sound', async () => {
    const response = { timestamp: new Date(), modelId: 'served' };
    const told = await bothWays(
      () =>
        new MockSpeechModelV4({
          doGenerate: async () => ({ audio: new Uint8Array(9), warnings: [], response }),
        }),
      (model) => ai.generateSpeech({ model, text: 'hello' }),
    );
    for (const [event, ...more] of told) {
      expect(more).toEqual([]);
      expect(event).toMatchObject({ call_type: 'aspeech', messages: [{ role: 'user', content: 'hello' }] });
      expect(event?.response.choices[0]?.message.content).toMatch(/^\[audio(\/mp3)?, 9 bytes\]$/);
    }
  });

  it('has an event for a transcription', async () => {
    const told = await bothWays(
      () =>
        new MockTranscriptionModelV4({
          doGenerate: async () => ({
            text: 'hello',
            segments: [],
            language: 'en',
            durationInSeconds: 3,
            warnings: [],
            response: { timestamp: new Date(), modelId: 'served' },
          }),
        }),
      (model) => ai.transcribe({ model: model as never, audio: new TextEncoder().encode('RIFF....WAVEfmt') }),
    );
    for (const [event, ...more] of told) {
      expect(more).toEqual([]);
      expect(event).toMatchObject({
        call_type: 'atranscription',
        messages: [{ role: 'user', content: '[audio/wav, 15 bytes]' }],
        response: { model: 'served', usage: { seconds: 3 }, choices: [{ message: { content: 'hello' } }] },
      });
    }
  });
});
