import { createScopeStore } from './scope-store.js';

/** What is known about the calls that follow. */
export interface CallContext {
  user?: string | undefined;
  /** `organization`, `environment`, `project` and `chat_id` have columns of their own; any other key is kept too. */
  metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** What a single call can be told of itself. */
export interface CallDetails extends CallContext {
  /** What the call is for; kept as `name` among its metadata. */
  name?: string | undefined;
  /** USD, where the caller knows it better than any price list. */
  cost?: number | undefined;
}

/** An open scope. The recorder writes the newest call's id into it, so that log lines can join their call. */
export interface Scope extends CallContext {
  callId?: string | undefined;
}

const scopes = createScopeStore<Scope>();

/**
 * Every LLM call made by `run`, and by what it starts, carries this user and metadata. Scopes nest: the inner one's
 * keys win, and a single call's own keys win over both.
 *
 * Where a runtime has no AsyncLocalStorage (a browser; Cloudflare without `nodejs_compat`) it reaches the calls that
 * `run` makes before its first `await`.
 *
 * @example
 * const answer = await withMetadata({ user: 'u1', metadata: { chat_id: 'c1' } }, () => ask(question));
 */
export function withMetadata<Result>(context: CallContext, run: () => Result): Result {
  const outer = scopes.getStore();
  const scope: Scope = {
    user: context?.user ?? outer?.user,
    metadata: merged(outer?.metadata, context?.metadata),
  };
  return scopes.run(scope, run);
}

function merged(outer: CallContext['metadata'], inner: CallContext['metadata']): CallContext['metadata'] {
  try {
    return { ...outer, ...inner };
  } catch {
    return inner; // throws when it is read: a call's recorder tells of it, the program goes on
  }
}

/** The scope of the code that runs now. */
export function currentScope(): Scope | undefined {
  return scopes.getStore();
}
