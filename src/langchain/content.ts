import { fileText, mediaTypeOf } from '../call/binary.js';
import type { ToolCall } from '../call/call.js';
import { type Fields, fieldsOf, firstText, isFields, listOf, textOf } from '../call/fields.js';
import type { ChoiceGatherer } from '../call/gather.js';
import { REASONING_PARTS, reasoningText, TOOL_CALL_PARTS } from '../call/parts.js';
import { asText, jsonText } from '../call/plain.js';

const TEXT_BLOCKS = new Set<unknown>(['text', 'text_delta', 'output_text', 'text-plain']);
const FILE_BLOCKS = new Set<unknown>([
  'audio',
  'document',
  'file',
  'image',
  'image_url',
  'input_audio',
  'media',
  'video',
]);

/**
 * Takes what a message says into a choice; gives whether that is anything. Its tool calls are read by their own keys.
 * @param isPiece whether it is one chunk of several
 */
export function gatherMessage(choice: ChoiceGatherer, message: Fields, isPiece: boolean): boolean {
  const { content, additional_kwargs: extra } = message;
  let isOutput = false;
  if (typeof content === 'string') isOutput = gatherText(choice, content);
  else if (Array.isArray(content)) {
    for (const block of content) if (gatherBlock(choice, block, isPiece)) isOutput = true;
  }
  return gatherExtra(choice, fieldsOf(extra), content) || isOutput;
}

function gatherText(choice: ChoiceGatherer, text: string): boolean {
  if (text !== '') choice.text(text);
  return text !== '';
}

/** One part of a content that is a list. */
export function gatherBlock(choice: ChoiceGatherer, block: unknown, isPiece: boolean): boolean {
  if (typeof block === 'string') return gatherText(choice, block);
  const own = fieldsOf(block);
  const { type } = own;
  if (TEXT_BLOCKS.has(type)) return gatherText(choice, textOf(own.text) ?? '');
  if (REASONING_PARTS.has(type)) return gatherReasoning(choice, reasoningText(own));
  if (type === 'refusal') return gatherRefusal(choice, textOf(own.refusal));
  if (FILE_BLOCKS.has(type)) {
    const held = own[String(type)];
    choice.file(
      fileText(isFields(held) || typeof held === 'string' ? held : own, mediaTypeOf(own) ?? 'file'),
    );
    return true;
  }
  if (TOOL_CALL_PARTS.has(type) || type === undefined) return false;
  // what a provider did by itself, a citation …: pieces of it are no JSON yet
  if (!isPiece) choice.file(jsonText(own));
  return true;
}

/** What providers tell beside the content: OpenAI's refusals and audio, the thoughts of those that send them as text. */
function gatherExtra(choice: ChoiceGatherer, extra: Fields, content: unknown): boolean {
  const { refusal, audio } = extra;
  let isOutput = gatherRefusal(choice, textOf(refusal));
  if (isFields(audio)) {
    if (typeof audio.data === 'string') choice.audio(audio.data);
    isOutput = gatherText(choice, textOf(audio.transcript) ?? '') || isOutput || audio.data !== undefined;
  }
  const thought =
    firstText(extra.reasoning_content, extra.reasoning) ?? reasoningText(fieldsOf(extra.reasoning));
  // OpenAI's Responses API tells them twice
  if (thought === undefined || holdsReasoning(content)) return isOutput;
  return gatherReasoning(choice, thought) || isOutput;
}

function gatherReasoning(choice: ChoiceGatherer, text: string | undefined): boolean {
  if (text) choice.reasoning(text);
  return Boolean(text);
}

function gatherRefusal(choice: ChoiceGatherer, text: string | undefined): boolean {
  if (text) choice.refusal(text);
  return Boolean(text);
}

function holdsReasoning(content: unknown): boolean {
  return Array.isArray(content) && content.some((block) => REASONING_PARTS.has(fieldsOf(block).type));
}

/**
 * The tool calls of a whole message: `tool_calls` and those whose input was no JSON, else what OpenAI calls them, else
 * the blocks of its content.
 */
export function toolCallsOf(message: Fields): ToolCall[] {
  const { tool_calls, invalid_tool_calls, additional_kwargs, content } = message;
  const parsed = [...listOf(tool_calls), ...listOf(invalid_tool_calls)];
  if (parsed.length > 0) return parsed.map(({ id, name, args }) => toToolCall(id, name, args));
  const extra = fieldsOf(additional_kwargs);
  const raw = listOf(extra.tool_calls);
  if (raw.length > 0) return raw.map(({ id, function: called }) => ofFunction(id, fieldsOf(called)));
  if (isFields(extra.function_call)) return [ofFunction(undefined, extra.function_call)];
  const blocks = listOf(content).filter(({ type, name }) => TOOL_CALL_PARTS.has(type) && name !== undefined);
  return blocks.map(({ id, name, input, args }) => toToolCall(id, name, input ?? args));
}

function ofFunction(id: unknown, called: Fields): ToolCall {
  return toToolCall(id, called.name, called.arguments);
}

/** @param input JSON text, or the object that was made of it */
export function toToolCall(id: unknown, name: unknown, input: unknown): ToolCall {
  return { id: textOf(id), name: textOf(name) ?? '', arguments: asText(input ?? {}) };
}
