import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Forks, never threads: the embedded ClickHouse crashes the process when a worker thread that used it ends.
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // A machine may be slow: how long a thing takes is never what a test is about.
    expect: { poll: { timeout: 10_000 } },
    restoreMocks: true,
    unstubEnvs: true,
  },
});
