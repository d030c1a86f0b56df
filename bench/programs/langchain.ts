import { type OpenModel, openChatOpenAI, openMemoryModel, watchedProgram } from './langchain/watch.js';
import { waysOfLangChain } from './langchain/ways.js';
import type { CallVariant, Program } from './program.js';

const EXTERNALS = ['@langchain/*', 'langsmith', 'langsmith/*', '@opentelemetry/api'];
/** What LangChain takes for awaiting a handler that does nothing is in them. */
const GOALS = { callMicroseconds: 80, streamMicroseconds: 2500, kilobytes: 15 };

/** The core of LangChain 1, of whose model nothing is left but what it tells: `invoke` and `stream`. */
export const langChain: Program = {
  title: 'LangChain',
  packages: ['@langchain/core'],
  externals: EXTERNALS,
  goals: GOALS,
  variants: variantsWith(openMemoryModel),
};

/** The same with `ChatOpenAI`. */
export const langChainOpenAI: Program = {
  title: 'LangChain with ChatOpenAI',
  packages: ['@langchain/core', '@langchain/openai', 'openai'],
  externals: EXTERNALS,
  goals: GOALS,
  variants: variantsWith(openChatOpenAI),
};

function variantsWith(openModel: OpenModel): CallVariant[] {
  return waysOfLangChain.map(({ watch, ...variant }) => ({
    ...variant,
    open: async (places) => watchedProgram(openModel, places, await watch(places.sink)),
  }));
}
