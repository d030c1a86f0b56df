import { beforeEach, describe, expect, it } from 'vitest';
import { Recorded } from '../support/events.js';
import { aCallOf, aModel, aResult, readAll, someParts, streamOf, watchedBy } from './answering.js';
import { EACH_GENERATION, type Part } from './generations.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

describe.each(EACH_GENERATION)('with %s a model that falls back on another', (_name, generation) => {
  /** Its names are whoever serves it at the moment, as those of ai-fallback are. */
  const fallback = (served: object = {}) => {
    let names = { provider: 'openai.chat', modelId: 'gpt-4o' };
    const change = () => {
      names = { provider: 'anthropic.messages', modelId: 'claude-sonnet-4-5' };
    };
    const model = new generation.MockLanguageModel({
      doGenerate: async () => {
        change();
        return aResult(generation, served);
      },
      doStream: async () => {
        change();
        return { stream: streamOf(someParts(generation).filter(({ type }) => type !== 'response-metadata')) };
      },
    });
    Object.defineProperty(model, 'provider', { get: () => names.provider });
    Object.defineProperty(model, 'modelId', { get: () => names.modelId });
    return model;
  };
  const ROW = {
    model: 'gpt-4o',
    provider: 'anthropic',
    response: { model: 'claude-sonnet-4-5' },
    proxy_metadata: { requested_provider: 'openai' },
  };

  it('tells who was asked and who served, and costs what that one costs', async () => {
    await watchedBy(generation, fallback({ response: {} }), recorded.options).doGenerate(aCallOf());
    const event = await recorded.event();
    expect(event).toMatchObject(ROW);
    // 3 tokens at $3 and 2 at $15 a million
    expect(event.cost).toBeCloseTo((3 * 3 + 2 * 15) / 1e6, 12);
  });

  it('tells it of a stream', async () => {
    const { stream } = await watchedBy(generation, fallback(), recorded.options).doStream(aCallOf());
    await readAll(stream);
    expect(await recorded.event()).toMatchObject(ROW);
  });

  it('goes by what its response says where it says more', async () => {
    const response = { modelId: 'claude-sonnet-4-5-20250929' };
    await watchedBy(generation, fallback({ response }), recorded.options).doGenerate(aCallOf());
    expect((await recorded.event()).response.model).toBe('claude-sonnet-4-5-20250929');
  });

  it('is named as the option provider says', async () => {
    const options = { ...recorded.options, provider: 'mine' };
    await watchedBy(generation, fallback(), options).doGenerate(aCallOf());
    const event = await recorded.event();
    expect(event.provider).toBe('mine');
    expect(event.proxy_metadata).not.toHaveProperty('requested_provider');
  });
});

describe.each(EACH_GENERATION)('with %s the gateway', (_name, generation) => {
  const gateway = {
    cost: '0.0012',
    routing: {
      finalProvider: 'azure',
      resolvedProvider: 'openai',
      resolvedProviderApiModelId: 'gpt-4o-2024-11-20',
    },
  };
  const ROW = {
    model: 'openai/gpt-4o',
    provider: 'vercel_ai_gateway',
    cost: 0.0012,
    response: { model: 'gpt-4o-2024-11-20' },
    proxy_metadata: { served_provider: 'azure' },
  };
  const named = { provider: 'gateway', modelId: 'openai/gpt-4o' };

  it('tells what it charged and whom it asked', async () => {
    const result = aResult(generation, { response: {}, providerMetadata: { gateway } });
    const model = Object.assign(aModel(generation, result), named);
    await watchedBy(generation, model, recorded.options).doGenerate(aCallOf());
    expect(await recorded.event()).toMatchObject(ROW);
  });

  it('tells it at the end of a stream', async () => {
    const parts = someParts(generation)
      .filter(({ type }) => type !== 'response-metadata')
      .map((part): Part => (part.type === 'finish' ? { ...part, providerMetadata: { gateway } } : part));
    const model = new generation.MockLanguageModel({ doStream: async () => ({ stream: streamOf(parts) }) });
    const watched = watchedBy(generation, Object.assign(model, named), recorded.options);
    await readAll((await watched.doStream(aCallOf())).stream);
    expect(await recorded.event()).toMatchObject(ROW);
  });

  it.each([
    ['no routing', { cost: '0.0012' }, 0.0012],
    ['a cost that is no number', { cost: 'free', routing: null }, undefined],
    ['a market cost beside a cost of nothing', { cost: '0', marketCost: '0.002' }, 0.002],
  ])('with %s is a row all the same', async (_what, metadata, cost) => {
    const result = aResult(generation, { response: {}, providerMetadata: { gateway: metadata } });
    const model = Object.assign(aModel(generation, result), { ...named, modelId: 'nobody/knows-it' });
    await watchedBy(generation, model, recorded.options).doGenerate(aCallOf());
    const event = await recorded.event();
    expect(event.cost).toBe(cost);
    expect(event.proxy_metadata).not.toHaveProperty('served_provider');
  });
});

describe.each(EACH_GENERATION)('with %s a model that no price list knows', (_name, generation) => {
  it('is a row without a cost that says so', async () => {
    await watchedBy(generation, aModel(generation), recorded.options).doGenerate(aCallOf());
    const event = await recorded.event();
    expect(event).not.toHaveProperty('cost');
    expect(event.proxy_metadata.cost_unknown).toBe(true);
    expect(event.response.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 2 });
    expect(recorded.problems.map(({ code }) => code)).toEqual(['unknown_price']);
  });
});
