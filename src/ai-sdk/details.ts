import type { CallDetails } from '../recorder/context.js';
import { shown } from '../recorder/problems.js';

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
export function detailsOf(
  providerOptions: unknown,
  tell: (what: string) => void = () => {},
): CallDetails | undefined {
  if (typeof providerOptions !== 'object' || providerOptions === null) return undefined;
  const { tinybird } = providerOptions as { tinybird?: unknown };
  if (tinybird === undefined) return undefined;
  if (typeof tinybird !== 'object' || tinybird === null || Array.isArray(tinybird)) {
    tell(`it is ${whatIs(tinybird)} instead of an object`);
    return undefined;
  }
  for (const key of Object.keys(tinybird)) {
    if (!KEYS.has(key)) tell(`it has the key ${shown(key)}, which nothing reads`);
  }
  const { user, metadata, name, cost } = tinybird as Readonly<Record<keyof CallDetails, unknown>>;
  const details = { metadata, cost } as CallDetails;
  if (typeof user === 'string' || typeof user === 'number') details.user = String(user);
  else if (user !== undefined && user !== null) tell(`its user is ${whatIs(user)} instead of a string`);
  if (typeof name === 'string') details.name = name;
  else if (name !== undefined && name !== null) tell(`its name is ${whatIs(name)} instead of a string`);
  return details;
}

function whatIs(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

const KEYS = new Set(['user', 'metadata', 'name', 'cost']);

/** By the very params that are handed on: any of several watchers may be the one that records. */
const taken = new WeakMap<object, CallDetails>();

/** What the call with these params said of itself before it was taken away. */
export function detailsTakenFrom(params: object): CallDetails | undefined {
  return taken.get(params);
}

/** Past this nobody reads on. */
const MAXIMUM_TOLD = 100;

/** Takes what calls say of themselves out of their params, and tells once of each thing there that it cannot use. */
export class DetailsReader {
  readonly #refuse: (what: string) => void;
  readonly #told = new Set<string>();

  constructor(refuse: (what: string) => void) {
    this.#refuse = refuse;
  }

  /** The params without our key, which some providers (the gateway) would post; the same object when it is not there. */
  take<Params>(params: Params): Params {
    const { providerOptions } = (params ?? {}) as { providerOptions?: unknown };
    if (typeof providerOptions !== 'object' || providerOptions === null || !('tinybird' in providerOptions))
      return params;
    const { tinybird: _, ...others } = providerOptions;
    const stripped: Record<string, unknown> = { ...params, providerOptions: others };
    if (Object.keys(others).length === 0) delete stripped.providerOptions;
    try {
      const details = detailsOf(providerOptions, (what) => this.#tell(what));
      if (details !== undefined) taken.set(stripped, details);
    } catch {
      this.#tell('it throws when it is read');
    }
    return stripped as Params;
  }

  #tell(what: string): void {
    if (this.#told.has(what) || this.#told.size >= MAXIMUM_TOLD) return;
    this.#told.add(what);
    this.#refuse(
      `providerOptions.tinybird cannot be used as it is: ${what}. Give { user, metadata, name, cost }, or build it with tinybirdProviderOptions().`,
    );
  }
}
