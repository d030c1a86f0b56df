import { billingOf } from '../call/billing.js';
import { fileText } from '../call/binary.js';
import type { Answer, Choice, ToolCall } from '../call/call.js';
import { type Fields, fieldsOf, listOf, textOf } from '../call/fields.js';
import { toFinishReason } from '../call/finish-reason.js';
import { ChoiceGatherer } from '../call/gather.js';
import { identityOf } from '../call/identity.js';
import type { StreamGatherer } from '../recorder/stream.js';

/** The answer in a `response`: its output items as one choice. */
export function responsesAnswer(body: unknown): Answer {
  const response = fieldsOf(body);
  const output = listOf(response.output);
  return {
    ...identityOf(response),
    choices: output.length > 0 ? [toChoice(response, output)] : [],
    ...billingOf(response.usage),
  };
}

function toChoice(response: Fields, output: Fields[]): Choice {
  const texts: string[] = [];
  const refusals: string[] = [];
  const reasoning: string[] = [];
  const files: string[] = [];
  const toolCalls: ToolCall[] = [];
  for (const item of output) {
    if (item.type === 'function_call' || item.type === 'custom_tool_call') {
      toolCalls.push({
        id: textOf(item.call_id),
        name: textOf(item.name) ?? '',
        arguments: textOf(item.arguments) ?? textOf(item.input) ?? '',
      });
    }
    for (const part of listOf(item.content)) {
      if (part.type === 'output_text') texts.push(textOf(part.text) ?? '');
      else if (part.type === 'reasoning_text') reasoning.push(textOf(part.text) ?? '');
      else if (part.type === 'refusal') refusals.push(textOf(part.refusal) ?? '');
    }
    if (item.type === 'reasoning')
      reasoning.push(...listOf(item.summary).map((part) => textOf(part.text) ?? ''));
    if (item.type === 'image_generation_call') files.push(fileText(item.result, 'image'));
  }
  return {
    index: 0,
    finishReason: finishReasonOf(response, toolCalls.length > 0),
    text: texts.join(''),
    files,
    refusal: refusals.join('') || undefined,
    reasoning: reasoning.join('\n') || undefined,
    toolCalls,
  };
}

function finishReasonOf(response: Fields, calledTools: boolean): string | undefined {
  const reason = textOf(fieldsOf(response.incomplete_details).reason);
  return toFinishReason(reason ?? textOf(response.status), calledTools);
}

/** Gathers the events of a streamed response. The terminal event holds it whole; until then its pieces are kept. */
export class ResponsesEvents implements StreamGatherer {
  /** Always the latest snapshot: `response.created`, `.in_progress`, then the terminal one. */
  #response: Fields = {};
  readonly #pieces = new ChoiceGatherer();
  #finished = false;
  #error: { readonly error: unknown } | undefined;

  add(chunk: unknown): boolean {
    const event = fieldsOf(chunk);
    if (typeof event.response === 'object' && event.response !== null)
      this.#response = fieldsOf(event.response);
    const delta = textOf(event.delta);
    switch (event.type) {
      case 'response.completed':
      case 'response.incomplete':
        this.#finished = true;
        return false;
      case 'response.failed':
        this.#error ??= { error: this.#response.error ?? 'the response failed' };
        return false;
      case 'error':
        this.#error ??= { error: event };
        return false;
      case 'response.output_text.delta':
        if (delta) this.#pieces.text(delta);
        return Boolean(delta);
      case 'response.refusal.delta':
        if (delta) this.#pieces.refusal(delta);
        return Boolean(delta);
      case 'response.reasoning_summary_text.delta':
        if (delta) this.#pieces.reasoning(delta);
        return Boolean(delta);
      case 'response.output_item.added': {
        const item = fieldsOf(event.item);
        if (item.type === 'function_call') {
          this.#pieces.toolCall(event.output_index, { id: item.call_id, name: item.name });
        }
        return false;
      }
      case 'response.function_call_arguments.delta':
        if (delta) this.#pieces.toolCall(event.output_index, { arguments: delta });
        return Boolean(delta);
      default:
        return false;
    }
  }

  get finished(): boolean {
    return this.#finished;
  }

  get error(): { readonly error: unknown } | undefined {
    return this.#error;
  }

  answer(): Answer {
    const answer = responsesAnswer(this.#response);
    return answer.choices.length > 0 || this.#pieces.isEmpty
      ? answer
      : { ...answer, choices: [this.#pieces.choice()] };
  }
}
