import type { CallerProgram } from './caller.js';

/** Each is loaded only where it is run: a process shall hold one framework. */
const callers: Readonly<Record<string, () => Promise<CallerProgram>>> = {
  langchain: async () => (await import('./langchain/caller.js')).callerOfLangChain,
  openai: async () => (await import('./openai/caller.js')).callerOfOpenAI,
};

export const callerNames: readonly string[] = Object.keys(callers);

/** @throws when there is none of this name */
export async function callerNamed(name: string): Promise<CallerProgram> {
  const open = callers[name];
  if (open === undefined) throw new Error(`There is no program ${name}, but ${callerNames.join(', ')}.`);
  return open();
}
