import type { PriceCalculation } from '@pydantic/genai-prices';
import type { Usage } from './call.js';
import type { Catalogue } from './catalogue.js';

/**
 * USD a token of each kind, of a model that is always billed at them. The catalogue reckons for any price there may be,
 * which takes longer than all else that is done for a call; these are asked of it once.
 */
export interface Rates {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly cacheWrite1h: number;
  readonly reasoning: number;
}

/** Enough tokens that no fraction of a cent is lost. */
const MANY = 1_000_000;

/** The rates of a model that was found; undefined where it has more than one price. */
export function ratesOf(
  catalogue: Catalogue,
  model: string,
  { provider, model: found, model_price }: PriceCalculation,
): Rates | undefined {
  // an array holds prices that depend on the time, an object as a price those that depend on the amount
  if (Array.isArray(found.prices) || !Object.values(model_price).every(isRate)) return undefined;
  if ('requests_kcount' in model_price) return undefined;
  const rate = (usage: Record<string, number>): number => {
    const calculated = catalogue.calcPrice(usage, model, { provider: { ...provider, models: [found] } });
    return calculated === null ? Number.NaN : calculated.total_price / MANY;
  };
  try {
    const rates: Rates = {
      input: rate({ input_tokens: MANY }),
      output: rate({ output_tokens: MANY }),
      cacheRead: rate({ input_tokens: MANY, cache_read_tokens: MANY }),
      cacheWrite: rate({ input_tokens: MANY, cache_write_tokens: MANY }),
      cacheWrite1h: rate({ input_tokens: MANY, cache_write_tokens: MANY, cache_write_1h_tokens: MANY }),
      reasoning: rate({ output_tokens: MANY, output_reasoning_tokens: MANY }),
    };
    return Object.values(rates).every(isRate) ? rates : undefined;
  } catch {
    return undefined; // a model that cannot be asked about one of these alone
  }
}

function isRate(value: unknown): boolean {
  return value === undefined || (typeof value === 'number' && Number.isFinite(value));
}

/** Whether the usage is of kinds that the rates know. */
export function isOfTokensAlone(usage: Usage): boolean {
  const { audioPromptTokens, audioCompletionTokens, imagePromptTokens, imageCompletionTokens, seconds } =
    usage;
  return !(
    audioPromptTokens ||
    audioCompletionTokens ||
    imagePromptTokens ||
    imageCompletionTokens ||
    seconds
  );
}

/** USD. Every part counts within its whole. */
export function costAt(rates: Rates, usage: Usage): number {
  const input = usage.promptTokens ?? 0;
  const output = usage.completionTokens ?? 0;
  const read = Math.min(usage.cachedTokens ?? 0, input);
  const written = Math.min(usage.cacheWriteTokens ?? 0, input - read);
  const hourly = Math.min(usage.cacheWrite1hTokens ?? 0, written);
  const reasoning = Math.min(usage.reasoningTokens ?? 0, output);
  return (
    (input - read - written) * rates.input +
    read * rates.cacheRead +
    (written - hourly) * rates.cacheWrite +
    hourly * rates.cacheWrite1h +
    (output - reasoning) * rates.output +
    reasoning * rates.reasoning
  );
}
