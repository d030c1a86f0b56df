import { describe, expect, it } from 'vitest';
import { billingOf } from '../../src/call/billing.js';

describe('what a provider says it charged', () => {
  it.each([
    ['OpenRouter', { cost: 0.0123 }, undefined, 0.0123],
    [
      'OpenRouter with the user’s own key: its fee and the provider’s price',
      { cost: 0.001, is_byok: true, cost_details: { upstream_inference_cost: 0.02 } },
      undefined,
      0.021,
    ],
    [
      'OpenRouter, of the same without that key',
      { cost: 0.02, cost_details: { upstream_inference_cost: 0.02 } },
      undefined,
      0.02,
    ],
    ['Perplexity', { cost: { input_tokens_cost: 0.001, total_cost: 0.006 } }, undefined, 0.006],
    ['xAI, in ticks', { cost_in_usd_ticks: 37_756_000 }, undefined, 0.0037756],
    ['OpenRouter through the AI SDK', {}, { openrouter: { usage: { cost: 0.5 } } }, 0.5],
    ['Perplexity through the AI SDK', {}, { perplexity: { cost: { totalCost: 0.25 } } }, 0.25],
    ['xAI through the AI SDK', {}, { xai: { costInUsdTicks: 1e10 } }, 1],
    ['an OpenAI-compatible provider through the AI SDK', { raw: { cost: 0.5 } }, {}, 0.5],
    ['Vercel’s gateway, as text', {}, { gateway: { cost: '0.0012', marketCost: '0.0015' } }, 0.0012],
    [
      'Vercel’s gateway with the user’s own key',
      {},
      { gateway: { cost: '0', marketCost: '0.0015' } },
      0.0015,
    ],
    ['Vercel’s gateway, of what is free', {}, { gateway: { cost: '0' } }, 0],
    ['nobody', {}, { openai: { responseId: 'r' } }, undefined],
    ['somebody who says nonsense', { cost: 'much' }, { gateway: { cost: '', marketCost: null } }, undefined],
    ['somebody who says less than nothing', { cost: -1 }, undefined, undefined],
  ])('comes from %s', (_who, usage, metadata, expected) => {
    const { reportedCost } = billingOf(usage, { metadata });
    if (expected === undefined) expect(reportedCost).toBeUndefined();
    else expect(reportedCost).toBeCloseTo(expected, 12);
  });
});

describe('the tier that served a call', () => {
  it.each([
    ['OpenAI through the AI SDK', {}, { openai: { serviceTier: 'flex' } }, 'flex'],
    ['Anthropic', { service_tier: 'batch' }, undefined, 'batch'],
    ['Anthropic through the AI SDK', {}, { anthropic: { usage: { service_tier: 'priority' } } }, 'priority'],
    ['Anthropic through the AI SDK, raw', { raw: { service_tier: 'standard' } }, {}, 'standard'],
    ['Google through the AI SDK', {}, { google: { serviceTier: 'priority' } }, 'priority'],
    ['nobody', { service_tier: null }, { openai: {} }, undefined],
  ])('comes from %s', (_who, usage, metadata, expected) => {
    expect(billingOf(usage, { metadata }).serviceTier).toBe(expected);
  });
});

it('knows nothing of nothing', () => {
  expect(billingOf(undefined)).toEqual({});
});
