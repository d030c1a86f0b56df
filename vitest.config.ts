import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The imports of package.json lead to dist; tests run from source, as the paths of tsconfig.json do for tsc and tsx.
  resolve: {
    alias: { '#transport': fileURLToPath(new URL('src/api/transport.undici.ts', import.meta.url)) },
  },
  test: {
    include: ['test/**/*.test.ts'],
    // Forks, never threads: the embedded ClickHouse crashes the process when a worker thread that used it ends.
    pool: 'forks',
    // By default one less than there are cores, which of two is one, and most tests wait for a process or a server: two
    // workers leave a fifth of two cores idle.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // A machine may be slow: how long a thing takes is never what a test is about.
    expect: { poll: { timeout: 10_000 } },
    restoreMocks: true,
    unstubEnvs: true,
  },
});
