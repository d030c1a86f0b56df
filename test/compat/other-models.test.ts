import { beforeEach, describe, expect, it } from 'vitest';
import {
  tinybirdEmbeddingMiddleware,
  tinybirdImageMiddleware,
  tinybirdProviderOptions,
  wrapModel,
} from '../../src/ai-sdk/index.js';
import { Recorded } from '../support/events.js';
import { outcomeOf } from './answering.js';
import { EACH_GENERATION, type Generation } from './generations.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

type EmbeddingModel = InstanceType<Generation['MockEmbeddingModel']>;
type ImageModel = InstanceType<Generation['MockImageModel']>;

/** Watched as one does with that generation: ai 5 has wrap functions for language models alone. */
function watchedEmbedding({ ai, major }: Generation, model: EmbeddingModel) {
  if (major === 5) return wrapModel(model, recorded.options);
  return ai.wrapEmbeddingModel({ model, middleware: tinybirdEmbeddingMiddleware(recorded.options) });
}

function watchedImage({ ai, major }: Generation, model: ImageModel) {
  if (major === 5) return wrapModel(model, recorded.options);
  return ai.wrapImageModel({ model, middleware: tinybirdImageMiddleware(recorded.options) });
}

/** A number that is in no row, unless a vector is. */
const TRAIT = 0.123456789;

describe.each(EACH_GENERATION)('an embedding model of %s', (_name, generation) => {
  const { ai } = generation;
  const calls: Record<string, unknown>[] = [];
  const aModel = (own: object = { usage: { tokens: 7 } }, settings: object = {}) => {
    calls.length = 0;
    return new generation.MockEmbeddingModel({
      provider: 'acme.embedding',
      modelId: 'vectors',
      maxEmbeddingsPerCall: 2,
      doEmbed: async (params) => {
        calls.push(params as never);
        return {
          embeddings: params.values.map(() => [TRAIT, TRAIT, TRAIT]),
          response: { headers: { 'x-secret': 'in-the-headers' }, body: { data: TRAIT } },
          warnings: [],
          ...own,
        };
      },
      ...settings,
    });
  };

  it('is a row for a value: how many vectors and how long, not one of their numbers', async () => {
    const { embedding } = await ai.embed({ model: watchedEmbedding(generation, aModel()), value: 'a text' });
    expect(embedding).toEqual([TRAIT, TRAIT, TRAIT]);
    const event = await recorded.event();
    expect(event).toMatchObject({
      call_type: 'aembedding',
      model: 'vectors',
      provider: 'acme',
      stream: false,
      messages: [{ role: 'user', content: 'a text' }],
      response: {
        object: 'list',
        choices: [],
        embeddings: { count: 1, dimensions: 3 },
        usage: { prompt_tokens: 7 },
      },
    });
    for (const hidden of [String(TRAIT), 'in-the-headers'])
      expect(JSON.stringify(event)).not.toContain(hidden);
  });

  it('is a row for each chunk of many values', async () => {
    const model = watchedEmbedding(generation, aModel());
    const { embeddings } = await ai.embedMany({ model, values: ['a', 'b', 'c', 'd', 'e'] });
    expect(embeddings.length).toBe(5);
    const events = await recorded.events();
    expect(events.map(({ messages }) => messages.map(({ content }) => content)).sort()).toEqual([
      ['a', 'b'],
      ['c', 'd'],
      ['e'],
    ]);
    expect(events.map(({ response }) => response.embeddings?.count).sort()).toEqual([1, 2, 2]);
  });

  it('is a row for each of several calls at the same time for the very same values', async () => {
    const model = watchedEmbedding(generation, aModel(undefined, { maxEmbeddingsPerCall: null }));
    const values = ['a', 'b'];
    await Promise.all([ai.embedMany({ model, values }), ai.embedMany({ model, values })]);
    expect((await recorded.events()).length).toBe(2);
  });

  it('may say nothing of usage', async () => {
    await ai.embed({ model: watchedEmbedding(generation, aModel({})), value: 'a text' });
    expect((await recorded.event()).response.usage).toEqual({});
  });

  it('is told what its call says of itself, which the provider does not see', async () => {
    const providerOptions = { ...tinybirdProviderOptions({ user: 'u1', name: 'search' }), acme: { a: 1 } };
    await ai.embed({ model: watchedEmbedding(generation, aModel()), value: 'a text', providerOptions });
    expect(calls[0]?.providerOptions).toEqual({ acme: { a: 1 } });
    expect(await recorded.event()).toMatchObject({ user: 'u1', proxy_metadata: { name: 'search' } });
  });

  it('gives its very result, and its very error', async () => {
    const result = { embeddings: [[1]], extra: 1 };
    const failure = new Error('no vectors');
    const good = watchedEmbedding(generation, aModel({}, { doEmbed: async () => result }));
    expect(await good.doEmbed({ values: ['a'] })).toBe(result);
    const bad = watchedEmbedding(generation, aModel({}, { doEmbed: () => Promise.reject(failure) }));
    expect(await outcomeOf(() => ai.embed({ model: bad, value: 'a', maxRetries: 0 }))).toEqual({
      thrown: failure,
    });
    const [, event] = await recorded.events();
    expect(event).toMatchObject({ call_type: 'aembedding', exception: 'Error: no vectors' });
  });

  it('that is watched twice is one row', async () => {
    const model = watchedEmbedding(generation, wrapModel(aModel(), recorded.options));
    await ai.embed({ model, value: 'a text' });
    expect((await recorded.event()).call_type).toBe('aembedding');
  });
});

describe.each(EACH_GENERATION)('an image model of %s', (_name, generation) => {
  const { ai, major } = generation;
  const generateImage = major === 5 ? ai.experimental_generateImage : ai.generateImage;
  const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(292)]);
  const calls: Record<string, unknown>[] = [];
  const aModel = (own: object = {}, settings: object = {}) => {
    calls.length = 0;
    return new generation.MockImageModel({
      provider: 'acme.image',
      modelId: 'pictures',
      maxImagesPerCall: 2,
      doGenerate: async (params) => {
        calls.push(params as never);
        return {
          images: Array.from({ length: params.n }, () => PNG.toString('base64')),
          warnings: [],
          response: { timestamp: new Date(), modelId: 'pictures-1', headers: {} },
          ...own,
        } as never;
      },
      ...settings,
    });
  };

  it('is a row with what its images are, and none of their bytes', async () => {
    const usage = { inputTokens: 4, outputTokens: 6, totalTokens: 10 };
    const model = watchedImage(generation, aModel({ usage }));
    const { image } = await generateImage({ model, prompt: 'a fjord' });
    expect(image.base64).toBe(PNG.toString('base64'));
    const event = await recorded.event();
    expect(event).toMatchObject({
      call_type: 'aimage_generation',
      provider: 'acme',
      model: 'pictures',
      messages: [{ role: 'user', content: 'a fjord' }],
      response: {
        model: 'pictures-1',
        choices: [{ message: { content: '[image/png, 300 bytes]' } }],
        usage: { prompt_tokens: 4, completion_tokens: 6 },
      },
    });
    expect(JSON.stringify(event)).not.toContain(PNG.toString('base64').slice(0, 12));
  });

  it('takes images as bytes too', async () => {
    const model = watchedImage(generation, aModel({ images: [new Uint8Array(PNG)] }));
    await generateImage({ model, prompt: 'a fjord' });
    expect((await recorded.event()).response.choices[0]?.message.content).toBe('[image/png, 300 bytes]');
  });

  it('is a row for each call that many images take', async () => {
    const { images } = await generateImage({
      model: watchedImage(generation, aModel()),
      prompt: 'a fjord',
      n: 5,
    });
    expect(images.length).toBe(5);
    const events = await recorded.events();
    expect(events.map(({ response }) => response.choices.length).sort()).toEqual([1, 2, 2]);
  });

  it('is told what its call says of itself, which the provider does not see', async () => {
    const providerOptions = { ...tinybirdProviderOptions(DETAILS), acme: { a: 1 } };
    await generateImage({ model: watchedImage(generation, aModel()), prompt: 'a fjord', providerOptions });
    expect(calls[0]?.providerOptions).toEqual({ acme: { a: 1 } });
    expect(await recorded.event()).toMatchObject({ user: 'u1', cost: 0.04 });
  });

  it('that fails and is asked again is a row an attempt', async () => {
    const failing = () => Promise.reject(Object.assign(new Error('busy'), { isRetryable: true }));
    const model = watchedImage(generation, aModel({}, { doGenerate: failing }));
    const bare = await outcomeOf(() =>
      generateImage({ model: aModel({}, { doGenerate: failing }), prompt: 'p' }),
    );
    const outcome = await outcomeOf(() => generateImage({ model, prompt: 'p' }));
    expect(String((outcome as { thrown: unknown }).thrown)).toBe(
      String((bare as { thrown: unknown }).thrown),
    );
    for (const { exception } of await recorded.events()) expect(exception).toBe('Error: busy');
  });

  it('that is asked without a prompt, with files alone, names them', async () => {
    const file = { type: 'file', mediaType: 'image/png', data: new Uint8Array(PNG) };
    const params = { prompt: undefined, n: 1, files: [file], providerOptions: {} };
    await watchedImage(generation, aModel()).doGenerate(params as never);
    expect((await recorded.event()).messages).toEqual([{ role: 'user', content: '[image/png, 300 bytes]' }]);
  });
});

const DETAILS = { user: 'u1', cost: 0.04 };
