import { createRequire } from 'node:module';
import { awaitAllCallbacks } from '@langchain/core/callbacks/promises';
import { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { AIMessage, AIMessageChunk, HumanMessage } from '@langchain/core/messages';
import { ChatGenerationChunk } from '@langchain/core/outputs';

/** What the program uses of one build of LangChain's core. */
export interface Build {
  readonly awaitAllCallbacks: typeof awaitAllCallbacks;
  readonly BaseChatModel: typeof BaseChatModel;
  readonly AIMessage: typeof AIMessage;
  readonly AIMessageChunk: typeof AIMessageChunk;
  readonly HumanMessage: typeof HumanMessage;
  readonly ChatGenerationChunk: typeof ChatGenerationChunk;
  /** The model of LangChain's own package for OpenAI. */
  openChatOpenAI(): Promise<typeof import('@langchain/openai').ChatOpenAI>;
}

export const modules: Build = {
  awaitAllCallbacks,
  BaseChatModel,
  AIMessage,
  AIMessageChunk,
  HumanMessage,
  ChatGenerationChunk,
  openChatOpenAI: async () => (await import('@langchain/openai')).ChatOpenAI,
};

const require = createRequire(import.meta.url);

/** The CommonJS build, for what patches it: the bare program of the same process uses the other one. */
export function commonJs(): Build {
  return {
    ...require('@langchain/core/callbacks/promises'),
    ...require('@langchain/core/language_models/chat_models'),
    ...require('@langchain/core/messages'),
    ...require('@langchain/core/outputs'),
    openChatOpenAI: async () => require('@langchain/openai').ChatOpenAI,
  };
}

/** The module of that build in which every call's callbacks are put together. */
export function commonJsCallbackManager(): unknown {
  return require('@langchain/core/callbacks/manager');
}
