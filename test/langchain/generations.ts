import { describe } from 'vitest';
import * as parts03 from './core-0.3/parts.js';
import * as parts1 from './core-1/parts.js';

/** The packages of one generation of LangChain; the same names in both, typed as the newer ones. */
export type LangChain = typeof parts1;

export interface Generation {
  readonly name: string;
  readonly major: 0 | 1;
  readonly langchain: LangChain;
}

export const GENERATIONS: readonly Generation[] = [
  { name: 'LangChain 0.3', major: 0, langchain: parts03 as unknown as LangChain },
  { name: 'LangChain 1', major: 1, langchain: parts1 },
];

/** The same tests with each generation. */
export function withEachGeneration(tests: (generation: Generation) => void): void {
  describe.each(GENERATIONS)('$name', tests);
}
