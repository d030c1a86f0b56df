import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import type { CallbackManagerForLLMRun } from '@langchain/core/callbacks/manager';
import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import type { BaseMessage } from '@langchain/core/messages';
import type { ChatGenerationChunk, ChatResult } from '@langchain/core/outputs';
import type { Build } from './build.js';

/** What a model says. */
export interface Voice {
  answer(prompt: string): string;
  chunks(prompt: string): Iterable<string>;
}

const REQUESTED = 'gpt-4o-mini';
const SERVED = 'gpt-4o-mini-2024-07-18';
const USAGE = { prompt_tokens: 520, completion_tokens: 260, total_tokens: 780 };
const COUNTS = {
  input_tokens: 520,
  output_tokens: 260,
  total_tokens: 780,
  input_token_details: { audio: 0, cache_read: 128 },
  output_token_details: { audio: 0, reasoning: 0 },
};
const INDICES = { prompt: 0, completion: 0 };
/** As several arrive together. */
const CHUNKS_A_TURN = 16;

let answered = 0;

/**
 * A model that answers from memory after one turn of the event loop, without a client: what is left is LangChain's own
 * cost of a call. Whoever watches it is told what `ChatOpenAI` tells: its name, parameters, counts and metadata.
 */
export function memoryModel(build: Build, voice: Voice): BaseChatModel {
  const { AIMessage, AIMessageChunk, BaseChatModel, ChatGenerationChunk } = build;

  class ChatOpenAI extends BaseChatModel {
    static override lc_name(): string {
      return 'ChatOpenAI';
    }

    override lc_serializable = true;
    override lc_namespace = ['langchain', 'chat_models', 'openai'];

    override _llmType(): string {
      return 'openai';
    }

    override invocationParams(options: this['ParsedCallOptions']): Record<string, unknown> {
      return { model: REQUESTED, temperature: 0.5, max_tokens: 500, stop: options.stop, stream: false };
    }

    override getLsParams({ stop }: this['ParsedCallOptions']) {
      return {
        ls_provider: 'openai',
        ls_model_name: REQUESTED,
        ls_model_type: 'chat' as const,
        ls_temperature: 0.5,
        ls_max_tokens: 500,
        ...(stop === undefined ? {} : { ls_stop: stop }),
      };
    }

    override async _generate(messages: BaseMessage[]): Promise<ChatResult> {
      const text = voice.answer(textOf(messages));
      await turnOfTheLoop();
      const message = new AIMessage({
        content: text,
        id: nextId(),
        additional_kwargs: {},
        response_metadata: { model_provider: 'openai', model_name: SERVED, usage: { ...USAGE } },
      });
      Object.assign(message, { usage_metadata: counts() });
      const llmOutput = { tokenUsage: { promptTokens: 520, completionTokens: 260, totalTokens: 780 } };
      return { generations: [{ text, message, generationInfo: { finish_reason: 'stop' } }], llmOutput };
    }

    override async *_streamResponseChunks(
      messages: BaseMessage[],
      _options: this['ParsedCallOptions'],
      runManager?: CallbackManagerForLLMRun,
    ): AsyncGenerator<ChatGenerationChunk> {
      await turnOfTheLoop();
      const id = nextId();
      const told = async (chunk: ChatGenerationChunk) =>
        runManager?.handleLLMNewToken(chunk.text, INDICES, undefined, undefined, undefined, { chunk });
      let count = 0;
      const first = chunkOf('', id);
      yield first;
      await told(first);
      for (const text of voice.chunks(textOf(messages))) {
        count += 1;
        if (count % CHUNKS_A_TURN === 0) await turnOfTheLoop();
        const chunk = chunkOf(text, id);
        yield chunk;
        await told(chunk);
      }
      const said = { finish_reason: 'stop', model_name: SERVED, service_tier: 'default' };
      const last = chunkOf('', id, said);
      yield last;
      await told(last);
      const response_metadata = { usage: { ...USAGE } };
      const message = new AIMessageChunk({ content: '', response_metadata });
      Object.assign(message, { usage_metadata: counts() });
      const counted = new ChatGenerationChunk({ message, text: '' });
      yield counted;
      await told(counted);
    }
  }

  function chunkOf(text: string, id: string, said: object = {}): ChatGenerationChunk {
    const message = new AIMessageChunk({
      content: text,
      tool_call_chunks: [],
      additional_kwargs: {},
      id,
      response_metadata: { model_provider: 'openai', usage: {} },
    });
    return new ChatGenerationChunk({ message, text, generationInfo: { ...INDICES, ...said } });
  }

  return new ChatOpenAI({});
}

/** Of its own for every message: LangChain adds to it. */
function counts(): typeof COUNTS {
  const { input_token_details, output_token_details } = COUNTS;
  return {
    ...COUNTS,
    input_token_details: { ...input_token_details },
    output_token_details: { ...output_token_details },
  };
}

function nextId(): string {
  answered += 1;
  return `chatcmpl-${String(answered).padStart(8, '0')}`;
}

function textOf(messages: readonly BaseMessage[]): string {
  return String(messages.at(-1)?.content);
}
