import { billingOf } from '../call/billing.js';
import { binaryMarker, fileText } from '../call/binary.js';
import type { Answer, Choice, ToolCall } from '../call/call.js';
import { type Fields, fieldsOf, listOf, textOf } from '../call/fields.js';
import { toFinishReason } from '../call/finish-reason.js';
import { logprobsOf } from '../call/gather.js';
import { answerOf, identityOf } from '../call/identity.js';
import { isCallersTurn, isToolCallItem, toolCallOfItem } from '../call/tool-items.js';

/** The answer in a `response` or a `response.compaction`: its output items as one choice. */
export function responsesAnswer(body: unknown): Answer {
  const response = fieldsOf(body);
  const output = listOf(response.output);
  const choices = output.length > 0 ? [toChoice(response, output)] : awaited(response);
  return answerOf(identityOf(response), choices, billingOf(response.usage));
}

/** A response in the background is answered before there is any of it: with its status. */
function awaited({ status }: Fields): Choice[] {
  return status === 'queued' || status === 'in_progress' ? [{ index: 0, finishReason: status }] : [];
}

function toChoice(response: Fields, output: readonly Fields[]): Choice {
  const words = new Words();
  for (const item of output) words.add(item);
  const { texts, refusals, reasoning, files, toolCalls, logprobs } = words;
  if (response.object === 'response.compaction') files.push(...output.flatMap(compactionMarkers));
  return {
    index: 0,
    finishReason: finishReasonOf(response, words.isCallersTurn),
    text: texts.join(''),
    files,
    refusal: refusals.join('') || undefined,
    reasoning: reasoning.join('\n') || undefined,
    toolCalls,
    logprobs: logprobsOf(logprobs, undefined),
  };
}

/** What is said in the items of an output. */
class Words {
  readonly texts: string[] = [];
  readonly refusals: string[] = [];
  readonly reasoning: string[] = [];
  readonly files: string[] = [];
  readonly toolCalls: ToolCall[] = [];
  readonly logprobs: unknown[] = [];
  /** Whether the model waits for what a tool of the caller's gives. */
  isCallersTurn = false;

  add(item: Fields): void {
    const type = textOf(item.type) ?? '';
    for (const part of listOf(item.content)) this.#addPart(part);
    if (type === 'reasoning')
      this.reasoning.push(...listOf(item.summary).map((part) => textOf(part.text) ?? ''));
    else if (type === 'image_generation_call') {
      if (item.result !== undefined && item.result !== null) this.files.push(fileText(item.result, 'image'));
    } else if (isToolCallItem(item)) {
      this.toolCalls.push(toolCallOfItem(item));
      if (isCallersTurn(item)) this.isCallersTurn = true;
    }
  }

  #addPart(part: Fields): void {
    if (part.type === 'output_text') {
      this.texts.push(textOf(part.text) ?? '');
      for (const token of listOf(part.logprobs)) this.logprobs.push(token);
    } else if (part.type === 'reasoning_text') this.reasoning.push(textOf(part.text) ?? '');
    else if (part.type === 'refusal') this.refusals.push(textOf(part.refusal) ?? '');
  }
}

/** What a conversation was compacted to is for the provider to read. */
function compactionMarkers({ type, encrypted_content: content }: Fields): string[] {
  if (type !== 'compaction' || typeof content !== 'string') return [];
  return [binaryMarker('compaction', Math.floor((content.replace(/=+$/, '').length * 3) / 4))];
}

/** A compaction has no status: there it is complete. */
function finishReasonOf(response: Fields, calledTools: boolean): string | undefined {
  const reason = textOf(fieldsOf(response.incomplete_details).reason) ?? textOf(response.status);
  if (reason === undefined && response.object === 'response.compaction') return 'stop';
  return toFinishReason(reason, calledTools);
}
