import type { CallDetails } from '../recorder/context.js';
import { DetailsReader } from '../recorder/details.js';

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

/** By the very params that are handed on: any of several watchers may be the one that records. */
const taken = new WeakMap<object, CallDetails>();

/** What the call with these params said of itself before it was taken away. */
export function detailsTakenFrom(params: object): CallDetails | undefined {
  return taken.get(params);
}

/** Takes what calls say of themselves out of their params, and tells once of each thing there that it cannot use. */
export class ProviderOptionsReader {
  readonly #reader: DetailsReader;

  constructor(refuse: (what: string) => void) {
    this.#reader = new DetailsReader((what) =>
      refuse(
        `providerOptions.tinybird cannot be used as it is: ${what}. Give { user, metadata, name, cost }, or build it with tinybirdProviderOptions().`,
      ),
    );
  }

  /** The params without our key, which some providers (the gateway) would post; the same object when it is not there. */
  take<Params>(params: Params): Params {
    const { providerOptions } = (params ?? {}) as { providerOptions?: unknown };
    if (typeof providerOptions !== 'object' || providerOptions === null || !('tinybird' in providerOptions))
      return params;
    const { tinybird, ...others } = providerOptions;
    const stripped: Record<string, unknown> = { ...params, providerOptions: others };
    if (Object.keys(others).length === 0) delete stripped.providerOptions;
    const details = this.#reader.read(tinybird);
    if (details !== undefined) taken.set(stripped, details);
    return stripped as Params;
  }
}
