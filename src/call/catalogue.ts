import type { PriceCalculation, Provider } from '@pydantic/genai-prices';
import type { Usage } from './call.js';
import { type CatalogueName, toCatalogueName } from './catalogue-name.js';
import { costAt, isOfTokensAlone, type Rates, ratesOf } from './rates.js';
import { tierFactor } from './service-tier.js';

/** The part of `@pydantic/genai-prices` that is used. */
export type Catalogue = Pick<typeof import('@pydantic/genai-prices'), 'calcPrice'>;

export interface CatalogueCall {
  readonly usage: Usage;
  /** The tier that served the call. */
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

/**
 * USD by the price in force when the call started, in the tier that served it; undefined when the catalogue does not
 * know, and where it is known to be wrong. Never throws.
 */
export function catalogueCost(
  catalogue: Catalogue,
  name: CatalogueName,
  call: CatalogueCall,
): number | undefined {
  const asked = toCatalogueName(name);
  if (asked === undefined) return undefined;
  if (asked === 'free') return 0;
  const factor = tierFactor(name.provider, asked.model, call);
  if (factor === undefined || isWrongOfAudio(asked.model, call.usage)) return undefined;
  try {
    const price = priceOf(catalogue, asked, call);
    if (price === undefined || isNoPrice(price, name, call.usage)) return undefined;
    return price * factor;
  } catch {
    return undefined; // counts that contradict each other: no price rather than a wrong one
  }
}

/** A name is looked for among hundreds; what was found is asked alone the next time, if it must be asked at all. */
interface KnownModel {
  readonly provider: Provider;
  /** Undefined: its price depends on how much is used, or on the time. */
  readonly rates: Rates | undefined;
}

const known = new WeakMap<Catalogue, Map<string, KnownModel | null>>();
const MAXIMUM_KNOWN = 1000;

/** USD before the tier; undefined for a model that the catalogue does not know. */
function priceOf(
  catalogue: Catalogue,
  { provider, model }: CatalogueName,
  { usage, startedAt }: CatalogueCall,
): number | undefined {
  let models = known.get(catalogue);
  if (models === undefined || models.size > MAXIMUM_KNOWN) {
    models = new Map();
    known.set(catalogue, models);
  }
  const key = `${provider} ${model}`;
  const only = models.get(key);
  if (only === null) return undefined;
  if (only?.rates !== undefined && isOfTokensAlone(usage)) return costAt(only.rates, usage);
  const where = only === undefined ? { providerId: provider } : { provider: only.provider };
  const timestamp = new Date(startedAt);
  const found = catalogue.calcPrice(toCatalogueUsage(usage), model, { ...where, timestamp });
  if (only === undefined) {
    models.set(key, found && { provider: onlyModelOf(found), rates: ratesOf(catalogue, model, found) });
  }
  return found?.total_price;
}

/** The catalogue bills the audio of these as text, at a tenth of its price. */
function isWrongOfAudio(model: string, usage: Usage): boolean {
  return /-audio-preview/.test(model) && Boolean(usage.audioPromptTokens || usage.audioCompletionTokens);
}

/** What the catalogue needs to price one model, without the rest of the provider, which it would copy at every call. */
function onlyModelOf({ provider, model }: PriceCalculation): Provider {
  return { id: provider.id, name: provider.name, api_pattern: provider.api_pattern, models: [model] };
}

/**
 * Nothing is what the catalogue says of a model whose price it does not have, and of one that is billed by what it was
 * not told. Of these providers alone some models are free.
 */
function isNoPrice(price: number, { provider, model }: CatalogueName, usage: Usage): boolean {
  if (price > 0 || !(usage.totalTokens || usage.seconds)) return false;
  return provider !== 'gemini' && provider !== 'github_copilot' && !model.endsWith(':free');
}

/**
 * The catalogue's own units, every part within its whole, or it throws; so does a model that prices cached audio apart
 * when it is told of audio and of cached tokens, but not how many are both: in proportion, then.
 */
function toCatalogueUsage(usage: Usage): Record<string, number | undefined> {
  const input = usage.promptTokens ?? 0;
  const output = usage.completionTokens ?? 0;
  const read = Math.min(usage.cachedTokens ?? 0, input);
  const written = Math.min(usage.cacheWriteTokens ?? 0, input - read);
  const audio = Math.min(usage.audioPromptTokens ?? 0, input);
  const image = Math.min(usage.imagePromptTokens ?? 0, input - audio);
  const audioOut = Math.min(usage.audioCompletionTokens ?? 0, output);
  return {
    input_tokens: input,
    output_tokens: output,
    cache_read_tokens: read || undefined,
    cache_write_tokens: written || undefined,
    cache_write_1h_tokens: Math.min(usage.cacheWrite1hTokens ?? 0, written) || undefined,
    input_audio_tokens: audio || undefined,
    cache_audio_read_tokens: (audio * read) / input || undefined,
    input_image_tokens: image || undefined,
    cache_image_read_tokens: (image * read) / input || undefined,
    output_reasoning_tokens: Math.min(usage.reasoningTokens ?? 0, output) || undefined,
    output_audio_tokens: audioOut || undefined,
    output_image_tokens: Math.min(usage.imageCompletionTokens ?? 0, output - audioOut) || undefined,
    audio_seconds: usage.seconds || undefined,
    input_audio_seconds: usage.seconds || undefined,
  };
}
