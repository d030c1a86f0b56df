import * as openai6 from '@ai-sdk/openai';
import * as ai6 from 'ai';
import * as mocks6 from 'ai/test';
import * as ai5 from 'ai5';
import * as mocks5 from 'ai5/test';
import * as openai5 from 'ai5-openai';
import * as ai7 from 'ai7';
import * as mocks7 from 'ai7/test';
import * as openai7 from 'ai7-openai';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  tinybirdEmbeddingMiddleware,
  tinybirdImageMiddleware,
  tinybirdMiddleware,
  tinybirdProviderOptions,
  wrapModel,
} from '../../src/ai-sdk/index.js';

/** What this file is about is decided by the compiler; that it runs too shows that the types do not lie. */
const options = { datasource: [] };
const middleware = tinybirdMiddleware(options);
const embedding = tinybirdEmbeddingMiddleware(options);
const image = tinybirdImageMiddleware(options);

const provider5 = openai5.createOpenAI({ apiKey: 'none' });
const provider6 = openai6.createOpenAI({ apiKey: 'none' });
const provider7 = openai7.createOpenAI({ apiKey: 'none' });

// ai 6 has no mock of a video model, and that of ai 7 speaks another edition of its specification.
type VideoModel6 = Exclude<Parameters<typeof ai6.experimental_generateVideo>[0]['model'], string>;
const video6 = {} as VideoModel6;

describe('the one middleware of language models', () => {
  it('is taken by wrapLanguageModel of every generation, alone', () => {
    expect(ai5.wrapLanguageModel({ model: new mocks5.MockLanguageModelV2(), middleware }).modelId).toBe(
      'mock-model-id',
    );
    expect(ai6.wrapLanguageModel({ model: new mocks6.MockLanguageModelV3(), middleware }).modelId).toBe(
      'mock-model-id',
    );
    expect(ai7.wrapLanguageModel({ model: new mocks7.MockLanguageModelV4(), middleware }).modelId).toBe(
      'mock-model-id',
    );
  });

  it('is taken in an array with middlewares of the SDK', () => {
    const settings = { settings: { temperature: 0 } };
    ai5.wrapLanguageModel({
      model: new mocks5.MockLanguageModelV2(),
      middleware: [ai5.defaultSettingsMiddleware(settings), middleware],
    });
    ai6.wrapLanguageModel({
      model: new mocks6.MockLanguageModelV3(),
      middleware: [ai6.defaultSettingsMiddleware(settings), middleware],
    });
    ai7.wrapLanguageModel({
      model: new mocks7.MockLanguageModelV4(),
      middleware: [ai7.defaultSettingsMiddleware(settings), middleware],
    });
  });

  it('fits the type that each generation exports', () => {
    expectTypeOf(middleware).toExtend<ai5.LanguageModelMiddleware>();
    expectTypeOf(middleware).toExtend<ai6.LanguageModelMiddleware>();
    expectTypeOf(middleware).toExtend<ai7.LanguageModelMiddleware>();
  });

  it('is taken for models of earlier specifications by ai 7', () => {
    ai7.wrapLanguageModel({ model: new mocks5.MockLanguageModelV2(), middleware });
    ai7.wrapLanguageModel({ model: new mocks7.MockLanguageModelV3(), middleware });
  });

  it('is taken by wrapProvider and by the registry', () => {
    ai5.wrapProvider({ provider: provider5, languageModelMiddleware: middleware });
    ai6.wrapProvider({ provider: provider6, languageModelMiddleware: [middleware] });
    ai7.wrapProvider({ provider: provider7, languageModelMiddleware: middleware });
    ai5.createProviderRegistry({ p: provider5 }, { languageModelMiddleware: middleware });
    ai6.createProviderRegistry({ p: provider6 }, { languageModelMiddleware: [middleware] });
    ai7.createProviderRegistry({ p: provider7 }, { languageModelMiddleware: middleware });
  });
});

describe('the middlewares of embedding and image models', () => {
  it('are taken by the wrap functions of ai 6 and 7', () => {
    const model = new mocks6.MockEmbeddingModelV3();
    expect(ai6.wrapEmbeddingModel({ model, middleware: embedding }).provider).toBe('mock-provider');
    ai6.wrapEmbeddingModel({ model, middleware: [embedding] });
    ai7.wrapEmbeddingModel({ model: new mocks7.MockEmbeddingModelV4(), middleware: embedding });
    ai7.wrapEmbeddingModel({ model: new mocks7.MockEmbeddingModelV4(), middleware: [embedding] });
    ai6.wrapImageModel({ model: new mocks6.MockImageModelV3(), middleware: image });
    ai6.wrapImageModel({ model: new mocks6.MockImageModelV3(), middleware: [image] });
    ai7.wrapImageModel({ model: new mocks7.MockImageModelV3(), middleware: image });
    ai7.wrapImageModel({ model: new mocks7.MockImageModelV3(), middleware: [image] });
    expectTypeOf(embedding).toExtend<ai6.EmbeddingModelMiddleware>();
    expectTypeOf(embedding).toExtend<ai7.EmbeddingModelMiddleware>();
    expectTypeOf(image).toExtend<ai6.ImageModelMiddleware>();
    expectTypeOf(image).toExtend<ai7.ImageModelMiddleware>();
  });

  it('are taken for images by wrapProvider and by the registry', () => {
    const both = { languageModelMiddleware: middleware, imageModelMiddleware: image };
    ai6.wrapProvider({ provider: provider6, ...both });
    ai7.wrapProvider({ provider: provider7, ...both });
    ai6.createProviderRegistry({ p: provider6 }, both);
    ai7.createProviderRegistry({ p: provider7 }, both);
  });
});

describe('tinybirdProviderOptions', () => {
  it('is taken as providerOptions of every function, beside those of others', () => {
    const own = tinybirdProviderOptions({ user: 'u1', metadata: { chat_id: 'c1' }, name: 'n', cost: 0.1 });
    const others = { ...own, openai: { store: false } };
    for (const given of [own, others]) {
      expectTypeOf(given).toExtend<NonNullable<Parameters<typeof ai5.generateText>[0]['providerOptions']>>();
      expectTypeOf(given).toExtend<NonNullable<Parameters<typeof ai6.generateText>[0]['providerOptions']>>();
      expectTypeOf(given).toExtend<NonNullable<Parameters<typeof ai7.generateText>[0]['providerOptions']>>();
      expectTypeOf(given).toExtend<NonNullable<Parameters<typeof ai5.embed>[0]['providerOptions']>>();
      expectTypeOf(given).toExtend<NonNullable<Parameters<typeof ai6.embed>[0]['providerOptions']>>();
      expectTypeOf(given).toExtend<NonNullable<Parameters<typeof ai7.embed>[0]['providerOptions']>>();
      expectTypeOf(given).toExtend<ImageOptions<typeof ai5.experimental_generateImage>>();
      expectTypeOf(given).toExtend<ImageOptions<typeof ai6.generateImage>>();
      expectTypeOf(given).toExtend<ImageOptions<typeof ai7.generateImage>>();
    }
  });

  it('takes keys of which nothing is known, as they come from elsewhere', () => {
    const user: string | undefined = undefined;
    expect(tinybirdProviderOptions({ user, metadata: undefined })).toEqual({ tinybird: {} });
  });
});

type ImageOptions<Generate extends (given: never) => unknown> = NonNullable<
  Parameters<Generate>[0] extends { providerOptions?: infer Options } ? Options : never
>;

describe('wrapModel', () => {
  it('keeps the type of every kind of model', () => {
    // The kinds that no generation has a wrap function for, and those that ai 5 has none for.
    const { imageModel, speech, textEmbeddingModel, transcription } = provider5;
    for (const model of [textEmbeddingModel('m'), imageModel('m'), speech('m'), transcription('m')]) {
      expectTypeOf(wrapModel(model, options)).toEqualTypeOf(model);
    }
    expectTypeOf(wrapModel(new mocks6.MockRerankingModelV3(), options)).toExtend<ai6.RerankingModel>();
    expectTypeOf(wrapModel(new mocks7.MockRerankingModelV4(), options)).toExtend<ai7.RerankingModel>();
  });

  it('gives what the functions of each generation take', () => {
    // Never run: whether it compiles is the question.
    const _calls = [
      () => ai5.embed({ model: wrapModel(provider5.textEmbeddingModel('m')), value: 'v' }),
      () => ai5.experimental_generateImage({ model: wrapModel(provider5.imageModel('m')), prompt: 'p' }),
      () => ai5.experimental_generateSpeech({ model: wrapModel(provider5.speech('m')), text: 't' }),
      () => ai5.experimental_transcribe({ model: wrapModel(provider5.transcription('m')), audio: 'AAAA' }),
      () => ai6.embed({ model: wrapModel(provider6.embeddingModel('m')), value: 'v' }),
      () => ai6.generateImage({ model: wrapModel(provider6.imageModel('m')), prompt: 'p' }),
      () => ai6.experimental_generateSpeech({ model: wrapModel(provider6.speech('m')), text: 't' }),
      () => ai6.experimental_transcribe({ model: wrapModel(provider6.transcription('m')), audio: 'AAAA' }),
      () => ai6.experimental_generateVideo({ model: wrapModel(video6), prompt: 'p' }),
      () => ai7.embed({ model: wrapModel(provider7.embeddingModel('m')), value: 'v' }),
      () => ai7.generateImage({ model: wrapModel(provider7.imageModel('m')), prompt: 'p' }),
      () => ai7.experimental_generateSpeech({ model: wrapModel(provider7.speech('m')), text: 't' }),
      () => ai7.experimental_transcribe({ model: wrapModel(provider7.transcription('m')), audio: 'AAAA' }),
      () => ai7.experimental_generateVideo({ model: wrapModel(new mocks7.MockVideoModelV3()), prompt: 'p' }),
    ];
  });

  it('refuses the id of a model', () => {
    // @ts-expect-error an id is no model
    expect(wrapModel('openai/gpt-4o', { ...options, onError: () => {} })).toBe('openai/gpt-4o');
  });
});
