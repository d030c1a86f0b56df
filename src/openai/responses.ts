import { billingOf } from '../call/billing.js';
import { binaryMarker, fileText } from '../call/binary.js';
import type { Answer, Choice, ToolCall } from '../call/call.js';
import { type Fields, fieldsOf, isFields, listOf, textOf } from '../call/fields.js';
import { toFinishReason } from '../call/finish-reason.js';
import { logprobsOf } from '../call/gather.js';
import { answerOf, identityOf } from '../call/identity.js';
import { jsonText } from '../call/plain.js';

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
    } else if (type.endsWith('_call')) {
      this.toolCalls.push(toToolCall(item, type));
      if (CALLERS_TOOLS.has(type)) this.isCallersTurn = true;
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

/** The calls that the caller has to answer; the others the provider has answered itself. */
const CALLERS_TOOLS = new Set([
  'apply_patch_call',
  'computer_call',
  'custom_tool_call',
  'function_call',
  'local_shell_call',
  'shell_call',
]);

/** Tools of the provider's own have no name but their type, and say in keys of their own what they are asked. */
function toToolCall(item: Fields, type: string): ToolCall {
  return {
    id: textOf(item.call_id) ?? textOf(item.id),
    name: textOf(item.name) ?? type.slice(0, -'_call'.length),
    arguments: argumentsOf(item),
  };
}

function argumentsOf(item: Fields): string {
  for (const said of [item.arguments, item.input, item.code]) if (typeof said === 'string') return said;
  const asked = [item.arguments, item.action, item.actions, item.queries, item.operation, item.commands].find(
    isFields,
  );
  return asked === undefined ? '' : jsonText(asked);
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
