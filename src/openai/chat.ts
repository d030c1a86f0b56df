import { billingOf } from '../call/billing.js';
import { fileText } from '../call/binary.js';
import type { Answer, Choice, ToolCall } from '../call/call.js';
import { type Fields, fieldsOf, isFields, listOf, textOf } from '../call/fields.js';
import { ChoicesGatherer } from '../call/gather.js';
import { identityOf } from '../call/identity.js';
import { toUsage } from '../call/usage.js';
import type { StreamGatherer } from '../recorder/stream.js';

/** The answer in a `chat.completion`, or in the `text_completion` it came from. */
export function chatAnswer(body: unknown): Answer {
  const completion = fieldsOf(body);
  return {
    ...identityOf(completion),
    choices: listOf(completion.choices).map((choice, position) => toChoice(choice, position)),
    ...billingOf(completion.usage),
  };
}

function toChoice(choice: Fields, position: number): Choice {
  const message = fieldsOf(choice.message);
  return {
    index: typeof choice.index === 'number' ? choice.index : position,
    finishReason: textOf(choice.finish_reason),
    text: textOf(message.content) ?? textOf(fieldsOf(message.audio).transcript) ?? textOf(choice.text),
    reasoning: textOf(message.reasoning_content) ?? textOf(message.reasoning),
    refusal: textOf(message.refusal),
    files: isFields(message.audio) ? [fileText(message.audio, 'audio')] : undefined,
    toolCalls: toolCallsOf(message).map(toToolCall),
  };
}

/** `function_call` is what tool calls were before there were several. */
function toolCallsOf(message: Fields): Fields[] {
  const { tool_calls: calls, function_call: legacy } = message;
  return isFields(legacy) ? [{ function: legacy }] : listOf(calls);
}

function toToolCall(call: Fields): ToolCall {
  const called = fieldsOf(call.function ?? call.custom);
  return {
    id: textOf(call.id),
    name: textOf(called.name) ?? '',
    arguments: textOf(called.arguments) ?? textOf(called.input) ?? '',
  };
}

/** Gathers `chat.completion.chunk`s: by choice, and within one by tool call. */
export class ChatChunks implements StreamGatherer {
  readonly #choices = new ChoicesGatherer();
  #identity: Partial<Answer> = {};
  #usage: unknown;
  #serviceTier: string | undefined;
  readonly error = undefined;

  add(chunk: unknown): boolean {
    const fields = fieldsOf(chunk);
    // every chunk says it again, and the first word counts
    if (!isComplete(this.#identity)) this.#identity = { ...identityOf(fields), ...this.#identity };
    this.#serviceTier = textOf(fields.service_tier) ?? this.#serviceTier;
    // Some providers send cumulative usage on many chunks: the last that says anything counts, never a sum.
    const usage = fields.usage ?? fieldsOf(fields.x_groq).usage;
    if (toUsage(usage) !== undefined) this.#usage = usage;
    let output = false;
    for (const choice of listOf(fields.choices)) {
      if (this.#addChoice(choice)) output = true;
    }
    return output;
  }

  get finished(): boolean {
    return this.#choices.finished;
  }

  answer(): Answer {
    return {
      ...this.#identity,
      object: 'chat.completion',
      choices: this.#choices.choices(),
      serviceTier: this.#serviceTier,
      ...billingOf(this.#usage),
    };
  }

  #addChoice(choice: Fields): boolean {
    const gatherer = this.#choices.at(choice.index);
    gatherer.finishReason = textOf(choice.finish_reason) ?? gatherer.finishReason;
    const delta = fieldsOf(choice.delta);
    const text = textOf(delta.content) ?? textOf(fieldsOf(delta.audio).transcript) ?? textOf(choice.text);
    const reasoning = textOf(delta.reasoning_content) ?? textOf(delta.reasoning);
    const refusal = textOf(delta.refusal);
    if (text) gatherer.text(text);
    if (reasoning) gatherer.reasoning(reasoning);
    if (refusal) gatherer.refusal(refusal);
    const toolCalls = toolCallsOf(delta);
    for (const [position, call] of toolCalls.entries()) {
      const called = fieldsOf(call.function ?? call.custom);
      gatherer.toolCall(call.index ?? position, {
        id: call.id,
        name: called.name,
        arguments: called.arguments ?? called.input,
      });
    }
    return Boolean(text || reasoning || refusal || toolCalls.length > 0);
  }
}

function isComplete({ id, model, created }: Partial<Answer>): boolean {
  return id !== undefined && model !== undefined && created !== undefined;
}
