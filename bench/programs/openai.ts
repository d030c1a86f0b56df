import { watchedProgram } from './openai/watch.js';
import { waysOfOpenAI } from './openai/ways.js';
import type { Program } from './program.js';

/** The client of `openai` 6: `chat.completions.create`, plain and streamed. */
export const openAI: Program = {
  title: 'openai',
  packages: ['openai'],
  externals: ['openai', '@opentelemetry/api'],
  goals: { callMicroseconds: 37, streamMicroseconds: 250, kilobytes: 15 },
  variants: waysOfOpenAI.map(({ watch, ...variant }) => ({
    ...variant,
    open: async (places) => watchedProgram(places, await watch(places.sink)),
  })),
};
