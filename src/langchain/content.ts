import { fileText, mediaTypeOf } from '../call/binary.js';
import type { ToolCall } from '../call/call.js';
import { type Fields, fieldsOf, firstText, isFields, listOf, textOf } from '../call/fields.js';
import type { ChoiceGatherer } from '../call/gather.js';
import { REASONING_PARTS, reasoningText, TOOL_CALL_PARTS } from '../call/parts.js';
import { asText, jsonText } from '../call/plain.js';
import { isCallersTurn, isToolCallItem, toolCallOfItem } from '../call/tool-items.js';

const TEXT_BLOCKS = new Set<unknown>(['text', 'text_delta', 'output_text', 'text-plain']);
const FILE_BLOCKS = new Set<unknown>([
  'audio',
  'document',
  'file',
  'fileData',
  'image',
  'image_url',
  'inlineData',
  'input_audio',
  'media',
  'video',
]);

/** What LangChain makes of the calls of a provider's own tools, which OpenAI's are told beside too. */
const SERVER_TOOL_BLOCKS = new Set<unknown>(['server_tool_call', 'server_tool_call_result']);

/**
 * Takes what a message says into a choice; gives whether that is anything. Its tool calls are read by their own keys.
 * @param isPiece whether it is one chunk of several
 */
export function gatherMessage(choice: ChoiceGatherer, message: Fields, isPiece: boolean): boolean {
  const { content, additional_kwargs: extra } = message;
  let isOutput = false;
  if (typeof content === 'string') isOutput = gatherText(choice, content);
  else if (Array.isArray(content)) {
    let thought: Fields | undefined;
    const isTwice = isFields(fieldsOf(extra).tool_outputs);
    for (const block of content) {
      if (isTwice && SERVER_TOOL_BLOCKS.has(fieldsOf(block).type)) continue;
      const isThought = isReasoning(block);
      if (isThought && !isPiece && thought !== undefined && isAnother(block, thought, message)) {
        choice.reasoning('\n');
      }
      if (isThought) thought = block;
      if (gatherBlock(choice, block, isPiece)) isOutput = true;
    }
  }
  return gatherExtra(choice, fieldsOf(extra), message, isPiece) || isOutput;
}

/** Whether a block is a thought of its own, and no further piece of the one before, which a stream leaves as it came. */
function isAnother(block: Fields, before: Fields, message: Fields): boolean {
  return typeof message.concat !== 'function' || block.index !== before.index;
}

function isReasoning(block: unknown): block is Fields {
  return isFields(block) && REASONING_PARTS.has(block.type) && Boolean(reasoningText(block));
}

function gatherText(choice: ChoiceGatherer, text: string): boolean {
  if (text !== '') choice.text(text);
  return text !== '';
}

/** One part of a content that is a list. */
export function gatherBlock(choice: ChoiceGatherer, block: unknown, isPiece: boolean): boolean {
  if (typeof block === 'string') return gatherText(choice, block);
  const own = fieldsOf(block);
  // Gemini's parts have a key of what they are in place of a type
  const { type = Object.keys(own)[0] } = own;
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

/**
 * What providers tell beside the content: OpenAI's refusals, audio and tools of its own, the thoughts of those that send
 * them as text.
 */
function gatherExtra(choice: ChoiceGatherer, extra: Fields, { content }: Fields, isPiece: boolean): boolean {
  const { refusal, audio, tool_outputs: items, reasoning_content, reasoning, reasoning_details } = extra;
  const told = refusal ?? audio ?? items ?? reasoning_content ?? reasoning ?? reasoning_details;
  if (told === undefined || told === null) return false; // as of most chunks
  let isOutput = gatherRefusal(choice, textOf(refusal));
  if (isFields(audio)) isOutput = gatherAudio(choice, audio, isPiece) || isOutput;
  for (const item of listOf(items)) {
    if (isToolCallItem(item)) choice.wholeToolCall(item.call_id ?? item.id, toolCallOfItem(item));
    else if (item.type === 'image_generation_call') choice.file(fileText(item.result, 'image'));
  }
  const thought = thoughtIn(extra);
  // OpenAI's Responses API tells them twice
  if (thought === undefined || holdsReasoning(content)) return isOutput;
  return gatherReasoning(choice, thought) || isOutput;
}

/** OpenRouter tells them in details, and most of them as text too. */
function thoughtIn({ reasoning_content, reasoning, reasoning_details }: Fields): string | undefined {
  const said = firstText(reasoning_content, reasoning) ?? reasoningText(fieldsOf(reasoning));
  const details = listOf(reasoning_details).map(({ text, summary }) => firstText(text, summary) ?? '');
  const detailed = details.join('');
  return detailed.length > (said?.length ?? 0) ? detailed : said;
}

/** Only the beginning of the data shows what kind it is. */
function gatherAudio(choice: ChoiceGatherer, { data, transcript }: Fields, isPiece: boolean): boolean {
  if (typeof data === 'string' && isPiece) choice.audio(data);
  else if (data !== undefined) choice.file(fileText({ data }, 'audio'));
  return gatherText(choice, textOf(transcript) ?? '') || data !== undefined;
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

/** The tool calls of an answer. */
export interface Called {
  readonly toolCalls: readonly ToolCall[];
  /** Whether the model waits for what a tool of the caller's gives. */
  readonly isCallersTurn: boolean;
}

const NOTHING_CALLED: Called = { toolCalls: [], isCallersTurn: false };

/**
 * The tool calls of a whole message, those of the provider's own tools first.
 * @param pieces what came of them in a stream, which is how they were sent: the message has what could be made of it
 */
export function calledIn(message: Fields, pieces: readonly ToolCall[] = []): Called {
  const { tool_outputs: outputs } = fieldsOf(message.additional_kwargs);
  const parsed = parsedToolCalls(message);
  if (outputs === undefined && parsed.length === 0 && pieces.length === 0) return NOTHING_CALLED;
  const items = listOf(outputs).filter(isToolCallItem);
  const said = pieces.length > 0 ? pieces : parsed;
  const isItsTurn = parsed.length > 0 || items.some(isCallersTurn);
  if (items.length === 0) return { toolCalls: said, isCallersTurn: isItsTurn };
  const whole = items.map(toolCallOfItem);
  const ids = new Set(whole.map(({ id }) => id));
  // of OpenAI's custom tools LangChain 0.3 streams no more than the input
  const others = said.filter(({ id, name }) => name !== '' && !ids.has(id));
  return { toolCalls: [...whole, ...others], isCallersTurn: isItsTurn };
}

/** `tool_calls` and those whose input was no JSON, else what OpenAI calls them, else the blocks of the content. */
function parsedToolCalls(message: Fields): ToolCall[] {
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
