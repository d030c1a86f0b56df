import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { fetchCompletion } from '../../completions.js';
import { answerChunksTo, answerTo } from '../../texts.js';
import type { Destination } from '../destination.js';
import type { CallVariant, Places, WatchedProgram } from '../program.js';
import { type Build, modules } from './build.js';
import { memoryModel } from './memory-model.js';

type Config = NonNullable<Parameters<BaseChatModel['invoke']>[1]>;

/** How a variant watches; what is left out is as in the bare program. */
export interface Watch {
  readonly build?: Build;
  /** The handlers that every call is given. */
  readonly callbacks?: readonly object[];
  readonly flush?: () => Promise<unknown>;
  readonly problems?: readonly string[];
}

/** A variant whose watch can be had alone, too. */
export interface Way extends Omit<CallVariant, 'open'> {
  readonly watch: (destination: Destination) => Promise<Watch>;
}

/** Gives the model of a program, in one build of LangChain. */
export type OpenModel = (build: Build, places: Places) => Promise<BaseChatModel>;

/** Answers from memory. */
export const openMemoryModel: OpenModel = async (build) =>
  memoryModel(build, { answer: answerTo, chunks: answerChunksTo });

/** LangChain's own package for OpenAI, with the client of `openai`. */
export const openChatOpenAI: OpenModel = async (build, { provider }) => {
  const ChatOpenAI = await build.openChatOpenAI();
  const configuration = provider === undefined ? { fetch: fetchCompletion } : { baseURL: provider };
  return new ChatOpenAI({ apiKey: 'sk-bench', model: 'gpt-4o-mini', configuration });
};

/** One prompt, one answer, watched. */
export async function watchedProgram(
  openModel: OpenModel,
  places: Places,
  watch: Watch,
): Promise<WatchedProgram> {
  const build = watch.build ?? modules;
  const model = await openModel(build, places);
  return {
    async call(prompt) {
      const { content } = await model.invoke(messagesOf(build, prompt), configOf(watch));
      return String(content);
    },
    async stream(prompt, onChunk) {
      const pieces: string[] = [];
      for await (const { content } of await model.stream(messagesOf(build, prompt), configOf(watch))) {
        if (content !== '') pieces.push(String(content));
        onChunk();
      }
      return pieces.join('');
    },
    flush: () => flushOf(watch),
    problems: watch.problems ?? [],
  };
}

export function messagesOf({ HumanMessage }: Build, prompt: string) {
  return [new HumanMessage(prompt)];
}

/** Callbacks in a list of its own: there are watchers that add themselves to it. */
export function configOf({ callbacks }: Watch): Config {
  return callbacks === undefined ? {} : { callbacks: [...callbacks] as NonNullable<Config['callbacks']> };
}

/** Most handlers are called in LangChain's background queue, after which there is something to deliver. */
export async function flushOf({ build = modules, flush }: Watch): Promise<void> {
  if (flush === undefined) return;
  await build.awaitAllCallbacks();
  await flush();
}
