import type { CallType, Usage } from './call.js';
import { type Catalogue, catalogueCost } from './catalogue.js';
import type { CatalogueName } from './catalogue-name.js';

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
  type?: CallType | undefined;
  /** LiteLLM's name. */
  provider: string;
  /** The requested model. */
  model: string;
  /** The model that served the call. */
  servedModel?: string | undefined;
  /** The tier that served the call. */
  serviceTier?: string | undefined;
  /** Empty when the provider told nothing of it. */
  usage: Usage;
  /** USD that the provider says it charged. */
  reportedCost?: number | undefined;
  /** ms since the epoch: prices change. */
  startedAt: number;
}

/**
 * Your own prices, asked before anybody else's: a function that gives USD (undefined: not known), or a table by
 * `provider/model` or `model`, whose entries are prices or the name under which the catalogue knows the model
 * (`{ 'my-deployment': 'azure/gpt-4o' }`).
 */
export type Prices =
  | ((call: PricedCall) => number | undefined)
  | Readonly<Record<string, ModelPrice | string>>;

/** What is known of a cost before the catalogue is asked, and what to ask it. */
export interface Pricing {
  /** USD; given, it stands, unless the catalogue knows an alias of the user's. */
  readonly usd?: number | undefined;
  /** Names to look up, the first that has a price wins. Empty: there is no need of the catalogue. */
  readonly names: readonly CatalogueName[];
}

/**
 * The first that knows: your own prices, what the provider says it charged, then the catalogue by the served model and
 * by the requested one. Never another provider's price for the same name.
 * @throws what a `prices` function throws
 */
export function pricingOf(call: PricedCall, prices: Prices | undefined): Pricing {
  const models = call.servedModel === undefined ? [call.model] : [call.servedModel, call.model];
  const asked = typeof prices === 'function' ? prices(call) : undefined;
  const entry = typeof prices === 'function' ? undefined : entryOf(prices, call.provider, models);
  const usd = usableCost(typeof entry === 'object' ? fromTable(entry, call.usage) : asked);
  if (usd !== undefined) return { usd, names: [] };
  const alias = typeof entry === 'string' ? [splitAlias(entry, call.provider)] : [];
  const reported = usableCost(call.reportedCost) ?? costOfFree(call);
  if (reported !== undefined) return { usd: reported, names: hasTokens(call.usage) ? alias : [] };
  if (!hasTokens(call.usage)) return { names: [] };
  return { names: [...alias, ...models.map((model) => ({ provider: call.provider, model }))] };
}

/** USD; undefined when nobody knows, or when there is no catalogue to ask. Never throws. */
export function costOf(
  { usd, names }: Pricing,
  call: PricedCall,
  catalogue: Catalogue | undefined,
): number | undefined {
  for (const name of names) {
    const cost = catalogue && usableCost(catalogueCost(catalogue, name, call));
    if (cost !== undefined) return cost;
  }
  return usd;
}

/** More than a call can cost: a wrong unit, or a sum gone wrong. */
const MAXIMUM_USD = 1_000_000;

/** A cost that can be told; undefined for anything absurd. */
export function usableCost(cost: unknown): number | undefined {
  return typeof cost === 'number' && cost >= 0 && cost <= MAXIMUM_USD ? cost : undefined;
}

/** OpenAI moderates without charge. */
function costOfFree({ type, provider }: PricedCall): number | undefined {
  return type === 'amoderation' && provider === 'openai' ? 0 : undefined;
}

function hasTokens({ promptTokens, completionTokens, seconds }: Usage): boolean {
  return promptTokens !== undefined || completionTokens !== undefined || seconds !== undefined;
}

function entryOf(
  table: Readonly<Record<string, ModelPrice | string>> | undefined,
  provider: string,
  models: readonly string[],
): ModelPrice | string | undefined {
  if (table === undefined) return undefined;
  for (const model of models) {
    for (const key of [`${provider}/${model}`, model]) {
      if (Object.hasOwn(table, key)) return table[key] ?? undefined;
    }
  }
  return undefined;
}

function fromTable(price: ModelPrice, usage: Usage): number | undefined {
  if (!hasTokens(usage)) return undefined;
  const prompt = usage.promptTokens ?? 0;
  const read = Math.min(usage.cachedTokens ?? 0, prompt);
  const written = Math.min(usage.cacheWriteTokens ?? 0, prompt - read);
  const total =
    (prompt - read - written) * price.input +
    read * (price.cacheRead ?? price.input) +
    written * (price.cacheWrite ?? price.input) +
    (usage.completionTokens ?? 0) * price.output;
  return total / 1e6;
}

function splitAlias(alias: string, provider: string): CatalogueName {
  const slash = alias.indexOf('/');
  return slash > 0
    ? { provider: alias.slice(0, slash), model: alias.slice(slash + 1) }
    : { provider, model: alias };
}
