import type { CallDetails } from '../recorder/context.js';

/** A value as the AI SDK takes it in `providerOptions`. */
export type JsonValue = null | string | number | boolean | JsonValue[] | { [key: string]: JsonValue };

/** What a single call can be told of itself, through `providerOptions.tinybird`. */
export interface TinybirdCallDetails {
  /** Who asked. */
  user?: string | undefined;
  /** `organization`, `environment`, `project` and `chat_id` have columns of their own; any other key is kept too. */
  metadata?: { [key: string]: JsonValue } | undefined;
  /** What this call is for; kept as `proxy_metadata.name`. */
  name?: string | undefined;
  /** USD, where you know it better than any price list. */
  cost?: number | undefined;
}

/**
 * The `providerOptions` that tell what a single call is. They are read and taken away before the provider is asked.
 *
 * @example
 * await generateText({ model, prompt, providerOptions: { ...tinybirdProviderOptions({ user: 'u1' }), openai: { … } } });
 */
export function tinybirdProviderOptions(details: TinybirdCallDetails): {
  tinybird: { [key: string]: JsonValue };
} {
  const given = Object.entries(details).filter(([, value]) => value !== undefined);
  return { tinybird: Object.fromEntries(given) };
}

/** The details in `providerOptions`, if there are any. */
export function detailsOf(providerOptions: unknown): CallDetails | undefined {
  if (typeof providerOptions !== 'object' || providerOptions === null) return undefined;
  const { tinybird } = providerOptions as { tinybird?: unknown };
  if (typeof tinybird !== 'object' || tinybird === null) return undefined;
  const { user, metadata, name, cost } = tinybird as CallDetails;
  return { user, metadata, name, cost };
}

/** The params without our key, which some providers (the gateway) would post; the same object when it is not there. */
export function withoutDetails<Params>(params: Params): Params {
  const { providerOptions } = (params ?? {}) as { providerOptions?: unknown };
  if (typeof providerOptions !== 'object' || providerOptions === null || !('tinybird' in providerOptions))
    return params;
  const { tinybird: _, ...others } = providerOptions;
  const stripped: Record<string, unknown> = { ...params, providerOptions: others };
  if (Object.keys(others).length === 0) delete stripped.providerOptions;
  return stripped as Params;
}
