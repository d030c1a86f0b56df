import type { Answer } from './call.js';
import { fieldsOf, firstText } from './fields.js';
import { toUsage, type UsageHints } from './usage.js';

/** What a call took. */
export type Billing = Pick<Answer, 'usage' | 'serviceTier' | 'reportedCost'>;

/** What a call took, in which tier, and what the provider says it charged; keys of which nothing is known are left out. */
export function billingOf(reported: unknown, hints: UsageHints = {}): Billing {
  const billing: Billing = {};
  const usage = toUsage(reported, hints);
  const { metadata, original } = hints;
  const serviceTier = tierOf(reported, metadata) ?? tierOf(original, undefined);
  const reportedCost = reportedCostOf(reported, metadata) ?? reportedCostOf(original, undefined);
  if (usage !== undefined) billing.usage = usage;
  if (serviceTier !== undefined) billing.serviceTier = serviceTier;
  if (reportedCost !== undefined) billing.reportedCost = reportedCost;
  return billing;
}

/** Anthropic says the tier in its usage, and the AI SDK in the metadata of each provider. */
function tierOf(reported: unknown, metadata: unknown): string | undefined {
  const { service_tier, raw } = fieldsOf(reported);
  if (metadata === undefined) return firstText(service_tier, fieldsOf(raw).service_tier);
  const { openai, azure, anthropic, google, vertex } = fieldsOf(metadata);
  const { serviceTier, usage } = fieldsOf(anthropic);
  return firstText(
    service_tier,
    fieldsOf(raw).service_tier,
    fieldsOf(openai).serviceTier,
    fieldsOf(azure).serviceTier,
    serviceTier,
    fieldsOf(usage).service_tier,
    fieldsOf(google).serviceTier,
    fieldsOf(vertex).serviceTier,
  );
}

/** https://docs.x.ai/developers/cost-tracking */
const XAI_TICKS_A_DOLLAR = 1e10;

/**
 * USD that a provider says it charged: OpenRouter's `usage.cost`, Perplexity's `usage.cost.total_cost`, xAI's ticks, or
 * what the AI SDK makes of them and of its gateway in `providerMetadata`.
 */
function reportedCostOf(reported: unknown, metadata: unknown): number | undefined {
  const told = fromUsage(reported) ?? fromUsage(fieldsOf(reported).raw);
  if (told !== undefined || metadata === undefined) return told;
  const { openrouter, perplexity, xai, gateway } = fieldsOf(metadata);
  return (
    fromUsage(fieldsOf(openrouter).usage) ??
    usable(fieldsOf(fieldsOf(perplexity).cost).totalCost) ??
    fromTicks(fieldsOf(xai).costInUsdTicks) ??
    fromGateway(gateway)
  );
}

function fromUsage(usage: unknown): number | undefined {
  const { cost, cost_in_usd_ticks: ticks, cost_details, costDetails, is_byok, isByok } = fieldsOf(usage);
  const total = usable(cost) ?? usable(fieldsOf(cost).total_cost) ?? fromTicks(ticks);
  if (total === undefined || (is_byok !== true && isByok !== true)) return total;
  // with the user's own key OpenRouter charges its fee alone, and the provider its price beside it
  const upstream = fieldsOf(cost_details ?? costDetails);
  return total + (usable(upstream.upstream_inference_cost) ?? usable(upstream.upstreamInferenceCost) ?? 0);
}

/** With the user's own key the gateway charges nothing, and tells what the provider does. */
function fromGateway(gateway: unknown): number | undefined {
  const { cost, marketCost } = fieldsOf(gateway);
  return usable(cost) || (usable(marketCost) ?? usable(cost));
}

function fromTicks(ticks: unknown): number | undefined {
  const count = usable(ticks);
  return count === undefined ? undefined : count / XAI_TICKS_A_DOLLAR;
}

/** The gateway writes numbers as text. */
function usable(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined;
}
