import type { Usage } from './call.js';

/**
 * What a tier makes of the standard price; undefined where that is not known. Ratios as the vendors' price lists have
 * them in November 2026, compared through LiteLLM 1.109.1's price map, where they hold to half a percent.
 */
export function tierFactor(
  provider: string,
  model: string,
  { serviceTier, usage }: { serviceTier?: string | undefined; usage: Usage },
): number | undefined {
  const tier = serviceTier?.toLowerCase() ?? 'default';
  if (STANDARD.has(tier)) return 1;
  if (tier === 'priority' || tier === 'fast') return priorityFactor(provider, model, usage);
  return FACTORS.get(tier)?.get(provider);
}

/** What the vendors call the tier that their price lists are about. */
const STANDARD = new Set(['', 'auto', 'default', 'on_demand', 'scale', 'standard', 'standard_only']);

const HALF: readonly (readonly [provider: string, factor: number])[] = [
  ['azure', 0.5],
  ['azure_ai', 0.5],
  ['bedrock', 0.5],
  ['gemini', 0.5],
  ['openai', 0.5],
  ['vertex_ai', 0.5],
];

const FACTORS: ReadonlyMap<string, ReadonlyMap<string, number>> = new Map([
  ['flex', new Map([...HALF, ['groq', 1]])],
  ['batch', new Map([...HALF, ['anthropic', 0.5], ['xai', 0.8]])],
]);

/** OpenAI's differs by model; the longer name before the shorter. */
const OPENAI_PRIORITY: readonly (readonly [prefix: string, factor: number])[] = [
  ['gpt-4o-mini', 5 / 3],
  ['gpt-4o-2024-05-13', 1.75],
  ['gpt-4o', 1.7],
  ['gpt-4.1-nano', 2],
  ['gpt-4.1', 1.75],
  ['o3', 1.75],
  ['o4-mini', 20 / 11],
  ['gpt-5-mini', 1.8],
  ['gpt-5.1-codex-mini', 1.8],
  ['gpt-5.5', 2.5],
  ['gpt-5', 2],
  ['gpt-6', 2],
];

/** Above this many prompt tokens OpenAI has no priority price for some models. */
const LONG_PROMPT_TOKENS = 272_000;

function priorityFactor(provider: string, model: string, { promptTokens = 0 }: Usage): number | undefined {
  switch (provider) {
    case 'openai':
    case 'azure':
    case 'azure_ai':
      if (/^gpt-5\.[45]/.test(model) && promptTokens > LONG_PROMPT_TOKENS) return 1;
      return OPENAI_PRIORITY.find(([prefix]) => model.startsWith(prefix))?.[1];
    case 'gemini':
    case 'vertex_ai':
      return 1.8;
    case 'bedrock':
      return 1.75;
    case 'anthropic':
      return 1; // paid for in advance, not by the token
    default:
      return undefined;
  }
}
