import { findProvider } from '@pydantic/genai-prices';
import { describe, expect, it } from 'vitest';
import type { Usage } from '../../src/call/call.js';
import { type Catalogue, catalogueCost, loadCatalogue } from '../../src/call/catalogue.js';

const catalogue = await loadCatalogue();
const startedAt = Date.UTC(2026, 10, 24, 12);

const USAGES: readonly Usage[] = [
  { promptTokens: 520, completionTokens: 260, totalTokens: 780 },
  { promptTokens: 1_000_003, totalTokens: 1_000_003 },
  { completionTokens: 7, totalTokens: 7 },
  { promptTokens: 9632, completionTokens: 311, cachedTokens: 9000, reasoningTokens: 282, totalTokens: 9943 },
  {
    promptTokens: 9632,
    cachedTokens: 9000,
    cacheWriteTokens: 626,
    cacheWrite1hTokens: 100,
    totalTokens: 9632,
  },
  { promptTokens: 10, cachedTokens: 40, completionTokens: 3, reasoningTokens: 9, totalTokens: 13 },
  { promptTokens: 500_000, completionTokens: 100, audioPromptTokens: 20, totalTokens: 500_100 },
];

/** A catalogue that nobody has asked yet. */
const fresh = (): Catalogue => ({ calcPrice: catalogue.calcPrice });

describe('a price that is reckoned from the rates of a model', () => {
  it.each([
    'openai',
    'anthropic',
    'google',
    'groq',
    'mistral',
    'deepseek',
    'x-ai',
    'aws',
    'openrouter',
    'cohere',
  ])('is what the catalogue reckons, for every model of %s', (providerId) => {
    const models = findProvider({ providerId })?.models ?? [];
    expect(models.length).toBeGreaterThan(3);
    const asked = fresh();
    for (const { id } of models) {
      const name = { provider: providerId === 'google' ? 'gemini' : providerId, model: id };
      for (const usage of USAGES) {
        const reckoned = catalogueCost(fresh(), name, { usage, startedAt });
        catalogueCost(asked, name, { usage, startedAt });
        const again = catalogueCost(asked, name, { usage, startedAt });
        if (reckoned === undefined) expect(again).toBeUndefined();
        else expect(again).toBeCloseTo(reckoned, 10);
      }
    }
  });

  it('asks the catalogue once for a model, whose price it then knows', () => {
    let times = 0;
    const counted: Catalogue = {
      calcPrice: (...parameters) => {
        times += 1;
        return catalogue.calcPrice(...parameters);
      },
    };
    const cost = () =>
      catalogueCost(
        counted,
        { provider: 'openai', model: 'gpt-4o-mini' },
        { usage: USAGES[0] ?? {}, startedAt },
      );
    const first = cost();
    const asked = times;
    for (let call = 0; call < 10; call += 1) expect(cost()).toBeCloseTo(first ?? Number.NaN, 12);
    expect(times).toBe(asked);
  });
});
