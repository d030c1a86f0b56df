import type { Usage } from './call.js';

/** USD per million tokens. */
export interface ModelPrice {
  input: number;
  output: number;
  /** Default: `input`. */
  cacheRead?: number | undefined;
  /** Default: `input`. */
  cacheWrite?: number | undefined;
}

/** What a price depends on. */
export interface PricedCall {
  /** LiteLLM's name. */
  provider: string;
  /** The requested model. */
  model: string;
  /** The model that served the call. */
  servedModel?: string | undefined;
  usage: Usage;
  /** ms since the epoch: prices change. */
  startedAt: number;
}

/**
 * Your own prices, asked before the catalogue: a function that gives USD (undefined: not known), or a table by
 * `provider/model` or `model`, whose entries are prices or the name under which the catalogue knows the model
 * (`{ 'my-deployment': 'azure/gpt-4o' }`).
 */
export type Prices =
  | ((call: PricedCall) => number | undefined)
  | Readonly<Record<string, ModelPrice | string>>;

/** The part of `@pydantic/genai-prices` that is used. */
export type Catalogue = Pick<typeof import('@pydantic/genai-prices'), 'calcPrice'>;

let loading: Promise<Catalogue> | undefined;

/** The price catalogue: 830 KB of object literals, so it is loaded at the first need and never while a caller waits. */
export function loadCatalogue(): Promise<Catalogue> {
  loading ??= import('@pydantic/genai-prices');
  return loading;
}

/**
 * What the call cost, USD; undefined when no source knows. Served model before requested model, never another
 * provider's price for the same name.
 * @throws what a `prices` function throws
 */
export function costOf(
  call: PricedCall,
  prices: Prices | undefined,
  catalogue: Catalogue | undefined,
): number | undefined {
  const models = call.servedModel === undefined ? [call.model] : [call.servedModel, call.model];
  if (typeof prices === 'function') {
    const cost = usable(prices(call));
    if (cost !== undefined) return cost;
  } else if (prices !== undefined) {
    for (const model of models) {
      const entry = ownEntry(prices, `${call.provider}/${model}`) ?? ownEntry(prices, model);
      if (typeof entry === 'object') return usable(fromTable(entry, call.usage));
      if (entry !== undefined) {
        const cost = catalogue && fromCatalogue(catalogue, ...splitAlias(entry, call.provider), call);
        if (cost !== undefined) return cost;
      }
    }
  }
  if (catalogue === undefined) return undefined;
  for (const model of models) {
    const cost = fromCatalogue(catalogue, call.provider, model, call);
    if (cost !== undefined) return cost;
  }
  return undefined;
}

/** LiteLLM's provider names that the catalogue calls otherwise. The rest are the same in both. */
const CATALOGUE_PROVIDERS: Readonly<Record<string, string>> = {
  azure_ai: 'azure',
  bedrock: 'aws',
  fireworks_ai: 'fireworks',
  gemini: 'google',
  moonshot: 'moonshotai',
  together_ai: 'together',
  vertex_ai: 'google',
  xai: 'x-ai',
};

/** Prefixes that are part of a resource name, not of the model's. */
const MODEL_PREFIX = /^(models\/|publishers\/[^/]+\/models\/|accounts\/fireworks\/models\/)/;

function fromCatalogue(
  catalogue: Catalogue,
  provider: string,
  model: string,
  call: PricedCall,
): number | undefined {
  const id = model.replace(MODEL_PREFIX, '');
  // A gateway's ids name the real provider: `anthropic/claude-sonnet-4`.
  const slash = provider === 'vercel_ai_gateway' ? id.indexOf('/') : -1;
  const [owner, name] = slash > 0 ? [id.slice(0, slash), id.slice(slash + 1)] : [provider, id];
  try {
    const found = catalogue.calcPrice(catalogueUsage(call.usage), name, {
      providerId: CATALOGUE_PROVIDERS[owner] ?? owner,
      timestamp: new Date(call.startedAt),
    });
    return usable(found?.total_price);
  } catch {
    return undefined; // counts that contradict each other: no price rather than a wrong one
  }
}

/** The catalogue throws on caches larger than the prompt, and warns of keys it does not know. */
function catalogueUsage(usage: Usage): Record<string, number> {
  const input = usage.promptTokens ?? 0;
  const read = Math.min(usage.cachedTokens ?? 0, input);
  const written = Math.min(usage.cacheWriteTokens ?? 0, input - read);
  const counts: Record<string, number> = { input_tokens: input, output_tokens: usage.completionTokens ?? 0 };
  if (read > 0) counts.cache_read_tokens = read;
  if (written > 0) counts.cache_write_tokens = written;
  return counts;
}

function fromTable(price: ModelPrice, usage: Usage): number {
  const counts = catalogueUsage(usage);
  const read = counts.cache_read_tokens ?? 0;
  const written = counts.cache_write_tokens ?? 0;
  const fresh = (counts.input_tokens ?? 0) - read - written;
  const total =
    fresh * price.input +
    read * (price.cacheRead ?? price.input) +
    written * (price.cacheWrite ?? price.input) +
    (counts.output_tokens ?? 0) * price.output;
  return total / 1e6;
}

function splitAlias(alias: string, provider: string): [provider: string, model: string] {
  const slash = alias.indexOf('/');
  return slash > 0 ? [alias.slice(0, slash), alias.slice(slash + 1)] : [provider, alias];
}

function ownEntry(
  table: Readonly<Record<string, ModelPrice | string>>,
  key: string,
): ModelPrice | string | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function usable(cost: unknown): number | undefined {
  return typeof cost === 'number' && Number.isFinite(cost) && cost >= 0 ? cost : undefined;
}
