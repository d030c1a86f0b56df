import type { BaseMessage } from '@langchain/core/messages';
import { CHUNKS_OF_READY_STREAM } from '../../ready-provider.js';
import { textOf } from '../../rows.js';
import { ANSWER_BYTES, CHUNK_BYTES, chunksOf } from '../../texts.js';
import type { Answers, CallerProgram } from '../caller.js';
import { modules } from './build.js';
import { memoryModel, type Voice } from './memory-model.js';
import { configOf, flushOf, messagesOf } from './watch.js';
import { waysOfLangChain } from './ways.js';

/** LangChain's core, whose model has its answers at hand. */
export const callerOfLangChain: CallerProgram = {
  title: 'LangChain',
  packages: ['@langchain/core'],
  goals: { call: '80 µs with delivery', chunk: '5 µs, LangChain’s own for any handler included' },
  ways: waysOfLangChain,
  async watch(way, discard) {
    const found = waysOfLangChain.find(({ name }) => name === way);
    if (found === undefined) throw new Error(`There is no variant ${way}.`);
    const watch = await found.watch(discard);
    const { build = modules } = watch;
    return async (answers) => {
      const model = memoryModel(build, voiceOf(answers));
      return {
        async call(prompt) {
          const { content } = await model.invoke(messagesOf(build, prompt), configOf(watch));
          if (content === '') throw new Error('There is no answer.');
        },
        stream: (prompt) => model.stream(messagesOf(build, prompt), configOf(watch)),
        isText: (chunk) => (chunk as BaseMessage).content !== '',
        flush: () => flushOf(watch),
      };
    };
  },
};

/** Different answers: no string is the one before. */
const DISTINCT = 32;

function voiceOf(answers: Answers): Voice {
  let asked = 0;
  const next = () => {
    asked += 1;
    return asked;
  };
  const silent: Voice = { answer: () => '', chunks: () => [] };
  if (answers.kind === 'fresh stream') return { ...silent, chunks: () => streamOf(next()) };
  if (answers.kind === 'ready stream') {
    const streams = Array.from({ length: DISTINCT }, (_, index) => [...streamOf(index)]);
    return { ...silent, chunks: () => streams[next() % DISTINCT] ?? [] };
  }
  const texts = Array.from({ length: DISTINCT }, (_, index) => textOf(index, ANSWER_BYTES));
  return {
    ...silent,
    answer() {
      answers.onAsked();
      return texts[next() % DISTINCT] ?? '';
    },
  };
}

function streamOf(index: number): Iterable<string> {
  return chunksOf(textOf(index, CHUNKS_OF_READY_STREAM * CHUNK_BYTES), CHUNKS_OF_READY_STREAM);
}
