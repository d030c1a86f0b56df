import type { Usage } from './call.js';

/** The part of `@pydantic/genai-prices` that is used. */
export type Catalogue = Pick<typeof import('@pydantic/genai-prices'), 'calcPrice'>;

/** A model as it is looked up. */
export interface CatalogueName {
  /** LiteLLM's name. */
  readonly provider: string;
  readonly model: string;
}

export interface CatalogueCall {
  readonly usage: Usage;
  readonly serviceTier?: string | undefined;
  /** ms since the epoch: prices change. */
  readonly startedAt: number;
}

let loading: Promise<Catalogue> | undefined;

/** The price catalogue: 830 KB of object literals, so it is loaded at the first need and never while a caller waits. */
export function loadCatalogue(): Promise<Catalogue> {
  loading ??= import('@pydantic/genai-prices');
  return loading;
}

/** USD by the price in force when the call started; undefined when the catalogue does not know. Never throws. */
export function catalogueCost(
  catalogue: Catalogue,
  name: CatalogueName,
  call: CatalogueCall,
): number | undefined {
  const { provider, model } = normalize(name);
  try {
    const found = catalogue.calcPrice(toCatalogueUsage(call.usage), model, {
      providerId: CATALOGUE_PROVIDERS.get(provider) ?? provider,
      timestamp: new Date(call.startedAt),
    });
    return found?.total_price;
  } catch {
    return undefined; // counts that contradict each other: no price rather than a wrong one
  }
}

/** LiteLLM's provider names that the catalogue calls otherwise. The rest are the same in both. */
const CATALOGUE_PROVIDERS: ReadonlyMap<string, string> = new Map([
  ['azure_ai', 'azure'],
  ['bedrock', 'aws'],
  ['fireworks_ai', 'fireworks'],
  ['gemini', 'google'],
  ['moonshot', 'moonshotai'],
  ['together_ai', 'together'],
  ['vertex_ai', 'google'],
  ['xai', 'x-ai'],
]);

/** Prefixes that are part of a resource name, not of the model's. */
const MODEL_PREFIX = /^(models\/|publishers\/[^/]+\/models\/|accounts\/fireworks\/models\/)/;

function normalize({ provider, model }: CatalogueName): CatalogueName {
  const id = model.replace(MODEL_PREFIX, '');
  // A gateway's ids name the real provider: `anthropic/claude-sonnet-4`.
  const slash = provider === 'vercel_ai_gateway' ? id.indexOf('/') : -1;
  return slash > 0 ? { provider: id.slice(0, slash), model: id.slice(slash + 1) } : { provider, model: id };
}

/** The catalogue throws on caches larger than the prompt, and warns of keys it does not know. */
function toCatalogueUsage(usage: Usage): Record<string, number> {
  const input = usage.promptTokens ?? 0;
  const read = Math.min(usage.cachedTokens ?? 0, input);
  const written = Math.min(usage.cacheWriteTokens ?? 0, input - read);
  const counts: Record<string, number> = { input_tokens: input, output_tokens: usage.completionTokens ?? 0 };
  if (read > 0) counts.cache_read_tokens = read;
  if (written > 0) counts.cache_write_tokens = written;
  return counts;
}
