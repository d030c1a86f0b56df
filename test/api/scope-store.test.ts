import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createScopeStore } from '../../src/api/scope-store.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('the store of a scope', () => {
  it('is AsyncLocalStorage on Node', () => {
    expect(createScopeStore()).toBeInstanceOf(AsyncLocalStorage);
  });

  it('is the AsyncLocalStorage that an edge has as a global', () => {
    class Own extends AsyncLocalStorage<unknown> {}
    vi.stubGlobal('AsyncLocalStorage', Own);
    expect(createScopeStore()).toBeInstanceOf(Own);
  });

  const without = {
    'no process': undefined,
    'a process without built-in modules': { env: {} },
    'a process whose built-in modules are others': { getBuiltinModule: () => undefined },
    'a process that refuses': {
      getBuiltinModule: () => {
        throw new Error('no such module');
      },
    },
  };
  it.each(Object.entries(without))('with %s holds as long as its function runs', (_what, process) => {
    vi.stubGlobal('process', process);
    const store = createScopeStore<string>();
    vi.unstubAllGlobals();
    const seen: unknown[] = [];
    const boom = new Error('boom');
    const nested = store.run('outer', () => {
      seen.push(store.getStore());
      expect(() =>
        store.run('inner', () => {
          seen.push(store.getStore());
          throw boom;
        }),
      ).toThrow(boom);
      seen.push(store.getStore());
      return 7;
    });
    expect([nested, ...seen, store.getStore()]).toEqual([7, 'outer', 'inner', 'outer', undefined]);
  });
});
