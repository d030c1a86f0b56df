import { billingOf } from '../call/billing.js';
import type { Answer, Choice, ToolCall } from '../call/call.js';
import { type Fields, fieldsOf, firstText, listOf, textOf } from '../call/fields.js';
import { toFinishReason } from '../call/finish-reason.js';
import { ChoicesGatherer } from '../call/gather.js';
import { asText } from '../call/plain.js';
import { toUsage } from '../call/usage.js';

/** The answer in an `LLMResult`. A cached one holds the counts of the call that filled the cache: they are not read. */
export function answerOfResult(output: unknown, cached: boolean): Answer {
  const result = fieldsOf(output);
  const generations = Array.isArray(result.generations) ? result.generations[0] : undefined;
  const choices = listOf(generations);
  const first = fieldsOf(choices[0]);
  const message = fieldsOf(first.message);
  const metadata = fieldsOf(message.response_metadata);
  const info = fieldsOf(first.generationInfo);
  const llmOutput = fieldsOf(result.llmOutput);
  return {
    id: firstText(metadata.id, isPlaceholder(message.id) ? undefined : message.id, llmOutput.id),
    model: firstText(
      info.model_name,
      info.model,
      metadata.model_name,
      metadata.model,
      fieldsOf(message.additional_kwargs).model,
      llmOutput.model_name,
      llmOutput.model,
    ),
    choices: choices.map(toChoice),
    ...(cached ? {} : billingOfResult(message, metadata, llmOutput)),
  };
}

/** The provider's own usage stands beside LangChain's, and alone says its tier and its cost. */
function billingOfResult(message: Fields, metadata: Fields, llmOutput: Fields): Partial<Answer> {
  const original = metadata.usage ?? metadata.token_usage ?? llmOutput.usage;
  const own = [message.usage_metadata, llmOutput.tokenUsage, llmOutput.estimatedTokenUsage, original];
  const reported = own.find((usage) => toUsage(usage) !== undefined);
  const serviceTier = firstText(metadata.service_tier, llmOutput.service_tier);
  return {
    ...(serviceTier === undefined ? {} : { serviceTier }),
    ...billingOf(original),
    ...billingOf(reported, { original }),
  };
}

/** LangChain fills in `run-…` where the provider gave no id. */
function isPlaceholder(id: unknown): boolean {
  return typeof id === 'string' && id.startsWith('run-');
}

function toChoice(generation: Fields, index: number): Choice {
  const message = fieldsOf(generation.message);
  const metadata = fieldsOf(message.response_metadata);
  const info = fieldsOf(generation.generationInfo);
  const toolCalls = listOf(message.tool_calls).map(toToolCall);
  return {
    index,
    // `generation.text` is not the answer: it is empty or holds tool input for some providers
    text: message.content === undefined ? (textOf(generation.text) ?? '') : contentText(message.content),
    reasoning: textOf(fieldsOf(message.additional_kwargs).reasoning_content),
    toolCalls,
    finishReason: toFinishReason(
      firstText(
        info.finish_reason,
        info.finishReason,
        metadata.finish_reason,
        metadata.finishReason,
        metadata.stop_reason,
        fieldsOf(message.additional_kwargs).stop_reason,
      ),
      toolCalls.length > 0,
    ),
  };
}

function toToolCall(call: Fields): ToolCall {
  return {
    id: textOf(call.id),
    name: textOf(call.name) ?? '',
    arguments: asText(call.args),
  };
}

/** The text of a message: a string, or blocks of which the text ones count. */
function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  return listOf(content)
    .map((block) => (block.type === 'text' || block.type === 'text_delta' ? (textOf(block.text) ?? '') : ''))
    .join('');
}

/** Gathers what the token hook tells: all there is to know of a stream that never came to its end. */
export class TokenGatherer {
  readonly #choices = new ChoicesGatherer();
  #usage: unknown;
  #model: string | undefined;
  /** Whether a token came with a chunk, which only a stream's does. */
  sawChunk = false;

  /** Takes a token; gives whether it is output. */
  add(token: string, indices: unknown, fields: unknown): boolean {
    const chunk = fieldsOf(fieldsOf(fields).chunk);
    const message = fieldsOf(chunk.message);
    if (chunk.text !== undefined || chunk.message !== undefined) this.sawChunk = true;
    const toolCalls = listOf(message.tool_call_chunks);
    const index = fieldsOf(indices).completion;
    if (token) this.#choices.at(index).text(token);
    for (const call of toolCalls) {
      this.#choices
        .at(index)
        .toolCall(call.index ?? call.id, { id: call.id, name: call.name, arguments: call.args });
    }
    if (toUsage(message.usage_metadata) !== undefined) this.#usage = message.usage_metadata;
    this.#model = firstText(fieldsOf(chunk.generationInfo).model_name, this.#model);
    return Boolean(token) || toolCalls.length > 0;
  }

  answer(): Answer {
    return { model: this.#model, choices: this.#choices.choices(), ...billingOf(this.#usage) };
  }
}
