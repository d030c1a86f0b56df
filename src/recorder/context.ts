import { quietly } from '../api/quietly.js';
import { createScopeStore } from '../api/scope-store.js';

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
interface Scope extends CallContext {
  readonly outer: Scope | undefined;
  /** Of a single call, while it is under way. */
  readonly isOfCall: boolean;
  callId: string | undefined;
  chatId: unknown;
}

/** What a log line says of the call and the chat that it belongs to. */
export interface LineContext {
  readonly callId: string | undefined;
  readonly chatId: string | undefined;
}

const scopes = createScopeStore<Scope>();

let areLinesJoined = false;

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
  const metadata = merged(outer?.metadata, context?.metadata);
  const scope: Scope = {
    user: context?.user ?? outer?.user,
    metadata,
    outer,
    isOfCall: false,
    callId: outer?.callId,
    chatId: chatIn(metadata) ?? outer?.chatId,
  };
  return scopes.run(scope, run);
}

function merged(outer: CallContext['metadata'], inner: CallContext['metadata']): CallContext['metadata'] {
  // where it throws when it is read, a call's recorder tells of it, and the program goes on
  return quietly(() => ({ ...outer, ...inner })) ?? inner;
}

function chatIn(metadata: CallContext['metadata']): unknown {
  return quietly(() => metadata?.chat_id);
}

/** The user and metadata of the scope that the code runs in now. */
export function currentScope(): CallContext | undefined {
  return scopes.getStore();
}

/**
 * From now on log lines ask which call they belong to. Before, a call opens no scope of its own: on Node 20 an
 * AsyncLocalStorage that is in use makes every promise of the process dearer.
 */
export function joinLines(): void {
  areLinesJoined = true;
}

/** What log lines say that are written here and now; undefined outside every scope. */
export function lineContext(): LineContext | undefined {
  const scope = scopes.getStore();
  if (scope === undefined) return undefined;
  const { callId, chatId } = scope;
  const isId = (typeof chatId === 'string' && chatId !== '') || typeof chatId === 'number';
  return { callId, chatId: isId ? String(chatId).toWellFormed() : undefined };
}

/** Begins a call and asks its model within `run`: log lines written meanwhile are of that call, whatever runs beside it. */
export function inCall<Result>(run: () => Result): Result {
  if (!areLinesJoined) return run();
  const outer = scopes.getStore();
  const { user, metadata, callId, chatId } = outer ?? NOTHING_KNOWN;
  return scopes.run({ user, metadata, outer, isOfCall: true, callId, chatId }, run);
}

const NOTHING_KNOWN = { user: undefined, metadata: undefined, callId: undefined, chatId: undefined };

/** A call has begun: it is the newest one of every scope around it. */
export function noteCall(id: string, chatId: unknown): void {
  const scope = scopes.getStore();
  if (scope?.isOfCall === true) scope.chatId = chatId ?? scope.chatId;
  for (let around = scope; around !== undefined; around = around.outer) around.callId = id;
}
