import { quietly } from './quietly.js';

/** What holds a value for the code that a function runs. */
export interface ScopeStore<Value> {
  getStore(): Value | undefined;
  run<Result>(value: Value, run: () => Result): Result;
}

/**
 * AsyncLocalStorage where the runtime has one: as a global (Vercel's edge), or as a built-in module asked for by name
 * (Node ≥ 20.16, Deno, Bun, Cloudflare with `nodejs_compat`). An import of `node:async_hooks` would keep this package
 * from loading anywhere else.
 *
 * Where there is none, a store that holds while the function runs synchronously, which is all that can be had there:
 * after the first `await` the value is gone.
 */
export function createScopeStore<Value>(): ScopeStore<Value> {
  const Storage = asyncLocalStorage();
  return Storage === undefined ? new SynchronousStore<Value>() : new Storage<Value>();
}

type StorageClass = new <Value>() => ScopeStore<Value>;

function asyncLocalStorage(): StorageClass | undefined {
  const { AsyncLocalStorage, process } = globalThis as {
    AsyncLocalStorage?: StorageClass;
    process?: { getBuiltinModule?: (name: string) => { AsyncLocalStorage?: StorageClass } | undefined };
  };
  if (typeof AsyncLocalStorage === 'function') return AsyncLocalStorage;
  // a runtime may imitate `process` and have no such module
  return quietly(() => process?.getBuiltinModule?.('node:async_hooks')?.AsyncLocalStorage);
}

class SynchronousStore<Value> implements ScopeStore<Value> {
  #value: Value | undefined;

  getStore(): Value | undefined {
    return this.#value;
  }

  run<Result>(value: Value, run: () => Result): Result {
    const outer = this.#value;
    this.#value = value;
    try {
      return run();
    } finally {
      this.#value = outer;
    }
  }
}
