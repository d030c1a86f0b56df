import { describe, expect, it } from 'vitest';
import { type Catalogue, loadCatalogue } from '../../src/call/catalogue.js';
import { costOf as costIn, type PricedCall, type Prices, pricingOf } from '../../src/call/price.js';

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
  // Expected USD: the vendors' price lists of 2026-08-01, as LiteLLM's map of that day has them.
  it.each([
    ['openai', 'gpt-4o-mini', 0.0021],
    ['openai', 'gpt-4o-2024-08-06', 0.035],
    ['openai', 'gpt-4.1', 0.028],
    ['anthropic', 'claude-sonnet-4-5-20250929', 0.045],
    ['gemini', 'models/gemini-2.5-flash', 0.0055],
    ['bedrock', 'global.anthropic.claude-haiku-4-5-20251001-v1:0', 0.015],
    ['vertex_ai', 'claude-sonnet-4@20250514', 0.045],
    ['azure', 'gpt-4o', 0.035],
    ['groq', 'llama-3.3-70b-versatile', 0.00669],
    ['xai', 'grok-4', 0.045],
    ['vercel_ai_gateway', 'anthropic/claude-sonnet-4', 0.045],
    ['cerebras', 'gpt-oss-120b', 0.00425],
  ])('prices 10,000 + 1,000 tokens of %s %s', (provider, model, usd) => {
    expect(costOf(priced({ provider, model }), undefined, catalogue)).toBeCloseTo(usd, 9);
  });

  it('prices cached tokens at their own rate', () => {
    const usage = { promptTokens: 10_000, completionTokens: 1000, totalTokens: 11_000, cachedTokens: 4000 };
    expect(costOf(priced({ usage }), undefined, catalogue)).toBeCloseTo(0.0018, 9);
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

  it.each([
    ['a model that nobody knows', priced({ model: 'gpt-9-turbo' })],
    ['a provider that nobody knows', priced({ provider: 'acme' })],
    ['another provider’s model', priced({ provider: 'groq', model: 'gpt-4o-mini' })],
  ])('has no price for %s', (_what, call) => {
    expect(costOf(call, undefined, catalogue)).toBeUndefined();
  });

  it('survives counts that contradict each other', () => {
    const usage = { promptTokens: 10, totalTokens: 10, cachedTokens: 4000, cacheWriteTokens: 4000 };
    expect(costOf(priced({ usage }), undefined, catalogue)).toBeGreaterThanOrEqual(0);
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

  it('name a deployment as the catalogue knows it', () => {
    const call = priced({ provider: 'azure', model: 'my-gpt4o-deployment' });
    expect(costOf(call, { 'my-gpt4o-deployment': 'azure/gpt-4o' }, catalogue)).toBeCloseTo(0.035, 9);
    expect(costOf(call, { 'my-gpt4o-deployment': 'gpt-4o' }, catalogue)).toBeCloseTo(0.035, 9);
  });

  it('are no prototype: a model called constructor has no price', () => {
    expect(costOf(priced({ model: 'constructor' }), {}, catalogue)).toBeUndefined();
  });
});
