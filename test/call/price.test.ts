import { describe, expect, it } from 'vitest';
import type { Usage } from '../../src/call/call.js';
import { type Catalogue, loadCatalogue } from '../../src/call/catalogue.js';
import { costOf as costIn, type PricedCall, type Prices, pricingOf } from '../../src/call/price.js';
import {
  AT,
  GOLDEN_PRICES,
  type GoldenPrice,
  KNOWN_DIFFERENCES,
  PATTERNS,
  type Pattern,
  UNKNOWN,
} from '../support/golden-prices.js';

const catalogue = await loadCatalogue();

function costOf(call: PricedCall, prices: Prices | undefined, from: Catalogue | undefined) {
  return costIn(pricingOf(call, prices), call, from);
}

function priced(own: Partial<PricedCall> = {}): PricedCall {
  return {
    provider: 'openai',
    model: 'gpt-4o-mini',
    usage: { promptTokens: 10_000, completionTokens: 1000, totalTokens: 11_000 },
    startedAt: Date.UTC(2026, 7, 1),
    ...own,
  };
}

describe('the catalogue', () => {
  const cases = (table: readonly GoldenPrice[]) =>
    table.flatMap(({ provider, model, usd, source }) =>
      (Object.entries(usd) as [Pattern, number][]).map(([pattern, expected]) => {
        return { provider, model, pattern, expected, source };
      }),
    );
  const costOfPattern = (provider: string, model: string, pattern: Pattern) =>
    costOf({ provider, model, usage: PATTERNS[pattern], startedAt: AT }, undefined, catalogue);

  it.each(cases(GOLDEN_PRICES))('prices $pattern of $provider $model by $source', (golden) => {
    const { provider, model, pattern, expected } = golden;
    const cost = costOfPattern(provider, model, pattern) ?? Number.NaN;
    expect(Math.abs(cost / expected - 1)).toBeLessThan(0.005);
  });

  it('is held against enough models', () => {
    expect(new Set(GOLDEN_PRICES.map(({ model }) => model)).size).toBeGreaterThan(60);
    const patterns = new Set(cases(GOLDEN_PRICES).map(({ pattern }) => pattern));
    expect([...patterns].sort()).toEqual(Object.keys(PATTERNS).sort());
  });

  // A release of the catalogue that mends one of these makes this fail: move it to the table above.
  it.each(KNOWN_DIFFERENCES)(
    'is known to differ from $source: $why',
    ({ provider, model, usd, catalogue: own }) => {
      for (const pattern of Object.keys(own) as Pattern[]) {
        expect(costOfPattern(provider, model, pattern)).toBeCloseTo(own[pattern] ?? Number.NaN, 9);
        expect(Math.abs((own[pattern] ?? 0) / (usd[pattern] ?? 0) - 1)).toBeGreaterThan(0.005);
      }
    },
  );

  it.each(UNKNOWN)('has no price for %s %s', (provider, model) => {
    expect(costOfPattern(provider, model, 'plain')).toBeUndefined();
  });

  it.each([
    ['openai', 'gpt-5-mini', 'flex', 0.5],
    ['openai', 'gpt-5-mini', 'priority', 1.8],
    ['openai', 'gpt-5-mini', 'default', 1],
    ['openai', 'gpt-4o-2024-08-06', 'priority', 1.7],
    ['openai', 'gpt-4o-mini-2024-07-18', 'priority', 5 / 3],
    ['gemini', 'gemini-2.5-pro', 'priority', 1.8],
    ['vertex_ai', 'gemini-2.5-pro', 'FLEX', 0.5],
    ['bedrock', 'amazon.nova-pro-v1:0', 'priority', 1.75],
    ['anthropic', 'claude-sonnet-4-5', 'batch', 0.5],
    ['anthropic', 'claude-sonnet-4-5', 'priority', 1],
    ['groq', 'llama-3.3-70b-versatile', 'on_demand', 1],
    ['openai', 'gpt-4o', 'some-new-tier', undefined],
    ['mistral', 'mistral-medium-latest', 'priority', undefined],
  ])('prices %s %s in the tier %s by the standard price times %s', (provider, model, serviceTier, factor) => {
    const standard = costOf(priced({ provider, model }), undefined, catalogue) ?? Number.NaN;
    const cost = costOf(priced({ provider, model, serviceTier }), undefined, catalogue);
    if (factor === undefined) expect(cost).toBeUndefined();
    else expect(cost).toBeCloseTo(standard * factor, 12);
  });

  it('prices by the day of the call', () => {
    // o3 went from 10 + 40 to 2 + 8 USD per million on 2025-06-10
    const on = (startedAt: number) => costOf(priced({ model: 'o3', startedAt }), undefined, catalogue);
    expect(on(Date.UTC(2025, 4, 1))).toBeCloseTo(0.14, 9);
    expect(on(Date.UTC(2026, 4, 1))).toBeCloseTo(0.028, 9);
  });

  it('prices what is kept in the cache for an hour apart', () => {
    const call = (hourly: number) => {
      const usage = {
        promptTokens: 10_000,
        completionTokens: 0,
        totalTokens: 10_000,
        cacheWriteTokens: 4000,
      };
      return priced({
        provider: 'anthropic',
        model: 'claude-sonnet-4-5',
        usage: hourly > 0 ? { ...usage, cacheWrite1hTokens: hourly } : usage,
      });
    };
    // 3 USD per million, 3.75 written for five minutes, 6 for an hour
    expect(costOf(call(0), undefined, catalogue)).toBeCloseTo(0.018 + 0.015, 9);
    expect(costOf(call(1000), undefined, catalogue)).toBeCloseTo(0.018 + 0.01125 + 0.006, 9);
  });

  it('prices audio and images apart, also where part of them was cached', () => {
    const usage = { promptTokens: 1000, completionTokens: 100, totalTokens: 1100 };
    const cost = (model: string, own: Partial<Usage>, provider = 'openai') =>
      costOf(priced({ provider, model, usage: { ...usage, ...own } }), undefined, catalogue);
    // USD per million: 2.5 + 10 text, 32 + 64 audio
    expect(cost('gpt-audio', { audioPromptTokens: 800, audioCompletionTokens: 50 })).toBeCloseTo(
      (200 * 2.5 + 800 * 32 + 50 * 10 + 50 * 64) / 1e6,
      9,
    );
    expect(cost('gemini-2.5-flash', { audioPromptTokens: 500, cachedTokens: 900 }, 'gemini')).toBeGreaterThan(
      0,
    );
    expect(cost('gpt-4o-audio-preview', { audioPromptTokens: 800 })).toBeUndefined();
  });

  it('prices seconds, where seconds are billed', () => {
    expect(costOf(priced({ model: 'whisper-1', usage: { seconds: 90 } }), undefined, catalogue)).toBeCloseTo(
      0.009,
      9,
    );
    expect(costOf(priced({ model: 'gpt-4o', usage: { seconds: 90 } }), undefined, catalogue)).toBeUndefined();
  });

  it('takes nothing for a price only where models are free', () => {
    expect(
      costOf(priced({ provider: 'cerebras', model: 'qwen-3-coder-480b' }), undefined, catalogue),
    ).toBeUndefined();
    expect(
      costOf(priced({ provider: 'openrouter', model: 'z-ai/glm-4.5-air:free' }), undefined, catalogue),
    ).toBe(0);
    const moderation = priced({ type: 'amoderation', model: 'omni-moderation-latest', usage: {} });
    expect(costOf(moderation, undefined, catalogue)).toBe(0);
  });

  it('says the same of a model the second time it is asked', () => {
    const call = priced({ provider: 'openrouter', model: 'anthropic/claude-sonnet-4.5' });
    const [first, second] = [0, 0].map(() => costOf(call, undefined, catalogue));
    expect(first).toBeGreaterThan(0);
    expect(second).toBe(first);
  });

  it('keeps no row waiting for itself when it is broken', () => {
    const broken: Catalogue = {
      calcPrice() {
        throw new Error('no');
      },
    };
    expect(costOf(priced(), undefined, broken)).toBeUndefined();
  });

  it('prices the served model before the requested one', () => {
    expect(
      costOf(priced({ model: 'my-deployment', servedModel: 'gpt-4o-mini-2024-07-18' }), undefined, catalogue),
    ).toBeCloseTo(0.0021, 9);
    expect(costOf(priced({ servedModel: 'somebody-elses-name' }), undefined, catalogue)).toBeCloseTo(
      0.0021,
      9,
    );
  });

  it('survives counts that contradict each other', () => {
    const usage = { promptTokens: 10, totalTokens: 10, cachedTokens: 4000, cacheWriteTokens: 4000 };
    expect(costOf(priced({ usage }), undefined, catalogue)).toBeGreaterThanOrEqual(0);
  });
});

describe('what the provider says it charged', () => {
  it('comes before the catalogue, and after your own prices', () => {
    expect(costOf(priced({ reportedCost: 0.5 }), undefined, catalogue)).toBe(0.5);
    expect(costOf(priced({ reportedCost: 0 }), undefined, undefined)).toBe(0);
    expect(costOf(priced({ reportedCost: 0.5 }), () => 7, catalogue)).toBe(7);
    expect(costOf(priced({ reportedCost: 0.5 }), { 'gpt-4o-mini': 'openai/gpt-4o' }, catalogue)).toBeCloseTo(
      0.035,
      9,
    );
    expect(costOf(priced({ reportedCost: 0.5 }), { 'gpt-4o-mini': 'openai/no-such' }, catalogue)).toBe(0.5);
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY, 1e9])(
    'is not believed when it is %s',
    (reportedCost) => {
      expect(costOf(priced({ reportedCost }), undefined, catalogue)).toBeCloseTo(0.0021, 9);
    },
  );

  it('needs no catalogue', () => {
    expect(pricingOf(priced({ reportedCost: 0.5 }), undefined).names).toEqual([]);
    expect(pricingOf(priced(), () => 7).names).toEqual([]);
    expect(pricingOf(priced({ usage: {} }), undefined).names).toEqual([]);
  });
});

describe('your own prices', () => {
  it('come before the catalogue, from a function', () => {
    expect(costOf(priced(), () => 7, catalogue)).toBe(7);
    expect(costOf(priced(), () => undefined, catalogue)).toBeCloseTo(0.0021, 9);
    expect(costOf(priced(), () => Number.NaN, catalogue)).toBeCloseTo(0.0021, 9);
  });

  it('come from a table, in USD per million tokens', () => {
    const usage = {
      promptTokens: 1_000_000,
      completionTokens: 1_000_000,
      totalTokens: 2_000_000,
      cachedTokens: 500_000,
      cacheWriteTokens: 250_000,
    };
    const prices = { 'openai/gpt-4o-mini': { input: 4, output: 8, cacheRead: 1, cacheWrite: 5 } };
    expect(costOf(priced({ usage }), prices, undefined)).toBe(0.25 * 4 + 0.5 * 1 + 0.25 * 5 + 8);
    expect(costOf(priced({ usage }), { 'gpt-4o-mini': { input: 4, output: 8 } }, undefined)).toBe(12);
  });

  it('price a call of which the provider told nothing, from a function', () => {
    const image = priced({ type: 'aimage_generation', model: 'dall-e-3', usage: {} });
    expect(costOf(image, ({ model }) => (model === 'dall-e-3' ? 0.04 : undefined), catalogue)).toBe(0.04);
    expect(costOf(image, { 'dall-e-3': { input: 1, output: 1 } }, catalogue)).toBeUndefined();
  });

  it('name a deployment as the catalogue knows it', () => {
    const call = priced({ provider: 'azure', model: 'my-gpt4o-deployment' });
    expect(costOf(call, { 'my-gpt4o-deployment': 'azure/gpt-4o' }, catalogue)).toBeCloseTo(0.035, 9);
    expect(costOf(call, { 'my-gpt4o-deployment': 'gpt-4o' }, catalogue)).toBeCloseTo(0.035, 9);
  });

  it('are no prototype: a model called constructor has no price', () => {
    expect(costOf(priced({ model: 'constructor' }), {}, catalogue)).toBeUndefined();
  });
});
