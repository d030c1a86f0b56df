import { onCollected } from '../recorder/collected.js';
import { define } from '../recorder/define.js';
import type { ApiPromise } from './client.js';

/** What a request's promise comes to. More than one of these may be called; the recording counts the first end. */
export interface PromiseWatcher {
  /** The headers have arrived. */
  opened(): void;
  /** The body begins to be read. */
  parsing(): void;
  /** The body is parsed: a value or a stream. */
  parsed(data: unknown): void;
  /** The request or the parsing of its body failed. */
  failed(thrown: unknown): void;
  /** The caller takes the response and reads its body without the client. Told before they have it. */
  takenRaw(response: unknown): void;
  /** Nobody can ask for the answer any more. */
  unreachable(): void;
}

/**
 * Watches a request's promise in place: it stays the object that the client made, its body is parsed only when
 * somebody asks for it, and a failure that nobody handles is still exactly one unhandled rejection.
 */
export function watchPromise(promise: ApiPromise, watcher: PromiseWatcher): ApiPromise {
  const progress = new Progress(watcher);
  // The same in every version so far; whatever else parses is seen through a promise derived from it.
  const seen = seenBy(watcher);
  const watched = typeof promise.parseResponse === 'function' ? promise : promise._thenUnwrap(seen);
  watchParsing(watched, watcher, seen);
  watchUse(watched, progress, seen);
  promise.responsePromise?.then(
    (props) => progress.opened(props?.response),
    async (thrown: unknown) => {
      watcher.failed(thrown);
      // Our handler marked the rejection as handled. If the caller has none by the next turn, it is theirs to hear of.
      await nextTurn();
      if (!progress.subscribed) throw thrown;
    },
  );
  return watched;
}

type Transform = Parameters<ApiPromise['_thenUnwrap']>[0];

function seenBy(watcher: PromiseWatcher): (data: unknown) => unknown {
  return (data) => {
    watcher.parsed(data);
    return data;
  };
}

/** Sees what the body is parsed to as part of the parsing itself, before whoever awaits it. */
function watchParsing(promise: ApiPromise, watcher: PromiseWatcher, seen?: (data: unknown) => unknown): void {
  const { parseResponse } = promise;
  if (typeof parseResponse !== 'function') return;
  const failed = (thrown: unknown) => {
    watcher.failed(thrown);
    throw thrown;
  };
  promise.parseResponse = (...parameters) => {
    watcher.parsing();
    return Promise.resolve(parseResponse.apply(promise, parameters)).then(seen, failed);
  };
}

/**
 * `then`, `catch`, `finally` and `withResponse` all go through `parse`; helpers such as `chat.completions.parse` derive.
 *
 * @param seen sees the data before it is transformed: since 7.5 a derived promise parses by a closure of its own
 */
function watchUse(promise: ApiPromise, progress: Progress, seen?: (data: unknown) => unknown): void {
  const { parse, asResponse, _thenUnwrap } = promise;
  define(promise, 'parse', () => {
    progress.parse();
    return parse.call(promise);
  });
  define(promise, 'asResponse', () => {
    progress.raw();
    return asResponse.call(promise);
  });
  define(promise, '_thenUnwrap', (transform: Transform) => {
    const seeing = seen && ((data: unknown, ...more: unknown[]) => transform(seen(data), ...more));
    const child = _thenUnwrap.call(promise, seeing ?? transform);
    watchParsing(child, progress.watcher);
    watchUse(child, progress);
    return child;
  });
}

/** How far a request's promise and those derived from it have come. All of them hold it, and nobody else does. */
class Progress {
  readonly watcher: PromiseWatcher;
  /** Somebody asked for the outcome. */
  subscribed = false;
  /** Somebody asked for the parsed body. */
  #isParsing = false;
  #wantsRaw = false;
  /** Undefined until the headers have arrived. */
  #response: unknown;
  #stopWaiting: (() => void) | undefined;

  constructor(watcher: PromiseWatcher) {
    this.watcher = watcher;
  }

  opened(response: unknown): void {
    this.watcher.opened();
    this.#response = response ?? null;
    if (this.#wantsRaw) this.#takeRaw();
    else if (!this.subscribed) this.#stopWaiting = onceUnreachable(this, this.watcher);
  }

  parse(): void {
    this.#subscribe();
    this.#isParsing = true;
  }

  /** `withResponse` asks for both, the parsed body first: then the response is only looked at. */
  raw(): void {
    this.#subscribe();
    this.#wantsRaw = true;
    if (this.#response !== undefined) this.#takeRaw();
  }

  #subscribe(): void {
    this.subscribed = true;
    this.#stopWaiting?.();
  }

  #takeRaw(): void {
    if (!this.#isParsing) this.watcher.takenRaw(this.#response);
  }
}

/** Apart, so that the callback holds nothing but the watcher. */
function onceUnreachable(progress: Progress, watcher: PromiseWatcher): () => void {
  return onCollected(progress, () => watcher.unreachable());
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
