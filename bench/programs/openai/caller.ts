import {
  type Fetch,
  fetchFreshStream,
  fetchReadyCompletion,
  fetchReadyStream,
} from '../../ready-provider.js';
import type { Answers, CallerProgram } from '../caller.js';
import { type Chunk, openClient, requestOf, streamRequestOf } from './watch.js';
import { waysOfOpenAI } from './ways.js';

/** The client of `openai`, reached by a `fetch`. */
export const callerOfOpenAI: CallerProgram = {
  title: 'openai',
  packages: ['openai'],
  goals: { call: '8 µs in all', chunk: '0.5 µs' },
  ways: waysOfOpenAI,
  async watch(way, discard) {
    const found = waysOfOpenAI.find(({ name }) => name === way);
    if (found === undefined) throw new Error(`There is no variant ${way}.`);
    const watch = await found.watch(discard);
    return async (answers) => {
      const { completions } = openClient(watch, { apiKey: 'sk-bench', fetch: fetchOf(answers) }).chat;
      return {
        async call(prompt) {
          const { choices } = await completions.create(requestOf(watch, prompt));
          if (choices[0] === undefined) throw new Error('There is no answer.');
        },
        stream: (prompt) => completions.create(streamRequestOf(watch, prompt)),
        isText: (chunk) => Boolean((chunk as Chunk).choices[0]?.delta.content),
        flush: async () => watch.flush?.(),
      };
    };
  },
};

function fetchOf(answers: Answers): Fetch {
  if (answers.kind === 'completion') return fetchReadyCompletion(answers.onAsked);
  return answers.kind === 'ready stream' ? fetchReadyStream() : fetchFreshStream();
}
