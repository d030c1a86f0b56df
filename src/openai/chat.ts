import { billingOf } from '../call/billing.js';
import { fileText } from '../call/binary.js';
import type { Answer, Choice, ToolCall } from '../call/call.js';
import { type Fields, fieldsOf, isFields, listOf, textOf } from '../call/fields.js';
import { logprobsOf } from '../call/gather.js';
import { answerOf, identityOf } from '../call/identity.js';
import { jsonText } from '../call/plain.js';

/** The answer in a `chat.completion` or a `text_completion`. */
export function chatAnswer(body: unknown): Answer {
  const completion = fieldsOf(body);
  const choices = listOf(completion.choices).map((choice, position) => toChoice(choice, position));
  return answerOf(identityOf(completion), choices, billingOf(completion.usage));
}

function toChoice(choice: Fields, position: number): Choice {
  const message = fieldsOf(choice.message);
  const files = filesOf(message);
  if (isFields(message.audio)) files.push(fileText(message.audio, 'audio'));
  const { content, refusal } = fieldsOf(choice.logprobs);
  return {
    index: typeof choice.index === 'number' ? choice.index : position,
    finishReason: textOf(choice.finish_reason),
    text: wordsOf(message) ?? textOf(choice.text),
    reasoning: reasoningOf(message),
    refusal: textOf(message.refusal),
    files,
    toolCalls: toolCallsOf(message).map(toToolCall),
    logprobs: logprobsOf(content, refusal),
  };
}

function toToolCall(call: Fields): ToolCall {
  const called = calledOf(call);
  return {
    id: textOf(call.id),
    name: textOf(called.name) ?? '',
    arguments: argumentsOf(called) ?? '',
  };
}

/** What a tool call or a piece of one calls: a function, or a custom tool. */
export function calledOf(call: Fields): Fields {
  return fieldsOf(call.function ?? call.custom);
}

/** JSON text as it came; some vendors send the object itself. */
export function argumentsOf({ arguments: text, input }: Fields): string | undefined {
  const given = text ?? input;
  return isFields(given) ? jsonText(given) : textOf(given);
}

/** The tool calls of a message or a delta; `function_call` is what they were before there were several. */
export function toolCallsOf({ tool_calls: calls, function_call: legacy }: Fields): Fields[] {
  const list = listOf(calls);
  // one key for all pieces of it: there is only one
  return list.length === 0 && isFields(legacy) ? [{ index: LEGACY_CALL, function: legacy }] : list;
}

const LEGACY_CALL = 'function_call';

/** The text of a message or a delta; Mistral gives it in parts, and what is spoken is text too. */
export function wordsOf({ content, audio }: Fields): string | undefined {
  if (typeof content === 'string' && content !== '') return content;
  if (Array.isArray(content)) return textOfParts(content);
  return (isFields(audio) ? textOf(audio.transcript) : undefined) ?? textOf(content);
}

/**
 * What a message or a delta tells of the model's thoughts: `reasoning_content` (DeepSeek, vLLM, xAI), `reasoning`
 * (Groq, OpenRouter), else OpenRouter's `reasoning_details` or Mistral's parts, which say the same in pieces.
 */
export function reasoningOf(message: Fields): string | undefined {
  const { reasoning_content: content, reasoning, reasoning_details: details } = message;
  if (typeof content === 'string' && content !== '') return content;
  if (typeof reasoning === 'string' && reasoning !== '') return reasoning;
  if (Array.isArray(details)) return joined(details, (part) => textOf(part.text) ?? textOf(part.summary));
  return Array.isArray(message.content) ? joined(message.content, thoughtOf) : undefined;
}

/** Markers of the images in a message or a delta, which OpenRouter gives beside its text and others as parts of it. */
export function filesOf({ content, images }: Fields): string[] {
  const parts = Array.isArray(content) ? listOf(content) : [];
  const pictures = [...listOf(images), ...parts].filter((part) => part.type === 'image_url');
  return pictures.map((part) => fileText(part.image_url, 'image'));
}

function textOfParts(parts: readonly unknown[]): string | undefined {
  return joined(parts, (part) => (part.type === 'text' ? textOf(part.text) : undefined));
}

/** Mistral's `{ type: 'thinking', thinking: [{ type: 'text', text }] }`. */
function thoughtOf({ type, thinking }: Fields): string | undefined {
  if (type !== 'thinking') return undefined;
  return Array.isArray(thinking) ? textOfParts(thinking) : textOf(thinking);
}

/** The texts of those parts that have one; undefined when none has. */
function joined(parts: readonly unknown[], textIn: (part: Fields) => string | undefined): string | undefined {
  let text: string | undefined;
  for (const part of listOf(parts)) {
    const piece = textIn(part);
    if (piece !== undefined) text = (text ?? '') + piece;
  }
  return text;
}
