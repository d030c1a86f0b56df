import type { CallVariant, Program } from './program.js';

/** Each is loaded only where it is run: a process shall hold one framework. */
const programs: Readonly<Record<string, () => Promise<Program>>> = {
  'ai-sdk': async () => (await import('./ai-sdk.js')).aiSdk,
  langchain: async () => (await import('./langchain.js')).langChain,
  'langchain-openai': async () => (await import('./langchain.js')).langChainOpenAI,
  openai: async () => (await import('./openai.js')).openAI,
};

export const programNames: readonly string[] = Object.keys(programs);

/** @throws when there is none of this name */
export async function programNamed(name: string): Promise<Program> {
  const open = programs[name];
  if (open === undefined) throw new Error(`There is no program ${name}, but ${programNames.join(', ')}.`);
  return open();
}

/** @throws when there is none of this name */
export function variantOf(variants: readonly CallVariant[], name: string): CallVariant {
  const variant = variants.find((candidate) => candidate.name === name);
  if (variant === undefined) throw new Error(`There is no variant ${name}.`);
  return variant;
}
