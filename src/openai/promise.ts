import { type ApiPromise, define } from './client.js';

/** What a request's promise comes to. More than one of these may be called; the recording counts the first end. */
export interface PromiseWatcher {
  /** The headers have arrived. */
  opened(): void;
  /** The body is parsed: a value or a stream. */
  parsed(data: unknown): void;
  /** The request or the parsing of its body failed. */
  failed(thrown: unknown): void;
  /** The caller took the raw response and reads the body without us. */
  takenRaw(): void;
}

/**
 * A promise derived from the client's own, that behaves as it does: the body is parsed only when asked for and only
 * once, and a failure that nobody handles is still exactly one unhandled rejection.
 */
export function watchPromise(promise: ApiPromise, watcher: PromiseWatcher): ApiPromise {
  const state = new Progress(watcher);
  const derived = promise._thenUnwrap((data) => {
    watcher.parsed(data);
    return data;
  });
  decorate(derived, watcher, state);
  promise.responsePromise?.then(
    () => {
      watcher.opened();
      state.opened();
    },
    async (thrown: unknown) => {
      watcher.failed(thrown);
      // Our handler marked the rejection as handled. If the caller has none by the next turn, it is theirs to hear of.
      await new Promise((resolve) => setImmediate(resolve));
      if (!state.subscribed) throw thrown;
    },
  );
  return derived;
}

/** How far a request's promise and its children have come. */
class Progress {
  /** Somebody asked for the outcome. */
  subscribed = false;
  /** Somebody asked for the parsed body. */
  parsing = false;
  readonly #watcher: PromiseWatcher;
  #opened = false;
  #raw = false;

  constructor(watcher: PromiseWatcher) {
    this.#watcher = watcher;
  }

  opened(): void {
    this.#opened = true;
    this.#check();
  }

  raw(): void {
    this.#raw = true;
    this.#check();
  }

  /** `withResponse` asks for both: only a response that nobody is parsing by the next turn was taken raw. */
  #check(): void {
    if (!this.#opened || !this.#raw) return;
    setImmediate(() => {
      if (!this.parsing) this.#watcher.takenRaw();
    });
  }
}

/** `then`, `catch`, `finally` and `withResponse` all go through `parse`; `chat.completions.parse` derives a child. */
function decorate(promise: ApiPromise, watcher: PromiseWatcher, state: Progress): void {
  const { parse, asResponse, _thenUnwrap } = promise;
  let parsing: Promise<unknown> | undefined;
  define(promise, 'parse', () => {
    state.subscribed = true;
    state.parsing = true;
    parsing ??= parse.call(promise).catch((thrown: unknown) => {
      watcher.failed(thrown);
      throw thrown;
    });
    return parsing;
  });
  define(promise, 'asResponse', () => {
    state.subscribed = true;
    state.raw();
    return asResponse.call(promise);
  });
  define(promise, '_thenUnwrap', (transform: Parameters<ApiPromise['_thenUnwrap']>[0]) => {
    const child = _thenUnwrap.call(promise, transform);
    decorate(child, watcher, state);
    return child;
  });
}
