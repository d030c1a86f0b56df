import fc from 'fast-check';

/**
 * Properties are held against the same inputs every time, so that a failure comes from a change and not from chance.
 * `PROPERTY_SEED=2 PROPERTY_RUNS=50 npx vitest run any-input` looks at others, and at fifty times as many.
 */
fc.configureGlobal({ seed: Number(process.env.PROPERTY_SEED ?? 1) });

export { fc };

export function runs(count: number): { numRuns: number } {
  return { numRuns: count * Number(process.env.PROPERTY_RUNS ?? 1) };
}
