import type { EventMessage } from '../../schemas/litellm.js';
import { type Fields, fieldsOf, firstText, isFields, listOf } from './fields.js';
import { fitTexts, MAX_MESSAGE_BYTES } from './limit.js';
import { partText, REASONING_PARTS, reasoningText, TOOL_CALL_PARTS } from './parts.js';
import { asText, jsonText } from './plain.js';

/**
 * Anything chat-like as flat messages with string values: OpenAI's chat messages and Responses input, AI SDK prompts
 * of every generation, LangChain messages, plain strings, token ids. Never throws; what cannot be read as a message
 * stays as JSON text. Binary data is replaced by its media type and size.
 *
 * @param maxBytes of one message as JSON; the texts of a larger one are cut, with a visible marker
 */
export function toMessages(input: unknown, maxBytes: number = MAX_MESSAGE_BYTES): EventMessage[] {
  if (input === undefined || input === null) return [];
  const reader = new MessageReader(maxBytes);
  const messages: EventMessage[] = [];
  for (const item of membersOf(input)) {
    try {
      for (const message of reader.read(item)) messages.push(fitTexts(message, maxBytes));
    } catch {
      messages.push({ role: 'user', content: '[Unreadable]' });
    }
  }
  return messages;
}

/** The ids of one text's tokens are one message. */
function membersOf(input: unknown): readonly unknown[] {
  try {
    if (!Array.isArray(input)) return [input];
    return input.length > 0 && input.every((item) => typeof item === 'number') ? [input] : input;
  } catch {
    return [input]; // a revoked Proxy
  }
}

/** LangChain's names of roles, by its own message types. */
const LANGCHAIN_ROLES: ReadonlyMap<string, string> = new Map([
  ['ai', 'assistant'],
  ['generic', 'user'],
  ['human', 'user'],
]);

const LANGCHAIN_TYPES = new Set<unknown>([...LANGCHAIN_ROLES.keys(), 'function', 'system', 'tool']);

class MessageReader {
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The messages in one item of a list: mostly one, none for what only removes another, more for several results. */
  read(item: unknown): EventMessage[] {
    if (!isFields(item) || Array.isArray(item)) return [message('user', this.#text(item))];
    const role = roleOf(item);
    if (role === 'remove') return [];
    if (role === undefined) return [this.#fromItem(item)];
    if (Array.isArray(item.content)) return this.#fromParts(role, item, item.content);
    return [this.#finish(message(role, this.#content(item.content)), item, this.#toolCallsOf(item))];
  }

  /** Parts that are tool calls, tool results or reasoning leave the content for keys of their own. */
  #fromParts(role: string, item: Fields, parts: readonly unknown[]): EventMessage[] {
    const toolCalls = this.#toolCallsOf(item);
    const called = toolCalls.length > 0;
    const content: unknown[] = [];
    const reasoning: string[] = [];
    const results: EventMessage[] = [];
    for (const part of parts) {
      const own = fieldsOf(part);
      if (own.type === 'tool-call') toolCalls.push(this.#toolCall(own.toolCallId, own.toolName, own.input));
      else if (own.type === 'tool-result') results.push(this.#toolResult(own));
      else if (isOfProvider(own)) continue;
      else if (own.type === 'tool_result') {
        const result = message('tool', this.#content(own.content));
        if (own.is_error === true) result.status = 'error';
        results.push({ ...result, tool_call_id: asText(own.tool_use_id) });
      } else if (REASONING_PARTS.has(own.type)) reasoning.push(this.#text(reasoningText(own)));
      else if (!TOOL_CALL_PARTS.has(own.type)) content.push(part);
      else if (!called && own.name !== undefined) {
        toolCalls.push(this.#toolCall(own.id, own.name, own.input ?? own.args));
      }
    }
    if (results.length > 0 && content.length === 0 && toolCalls.length === 0) return results;
    const first = message(role, this.#content(content));
    const thought = reasoning.filter((text) => text !== '').join('\n');
    if (thought !== '') first.reasoning_content = thought;
    return [this.#finish(first, item, toolCalls), ...results];
  }

  /** An item of the Responses API that is no message: a call, its output, or reasoning. */
  #fromItem(item: Fields): EventMessage {
    const { type } = item;
    if (type === 'function_call' || type === 'custom_tool_call') {
      const call = this.#toolCall(item.call_id, item.name, item.arguments ?? item.input);
      return this.#finish(message('assistant', ''), {}, [call]);
    }
    if (type === 'function_call_output' || type === 'custom_tool_call_output') {
      return { ...message('tool', this.#content(item.output)), tool_call_id: asText(item.call_id) };
    }
    if (type === 'reasoning') {
      return { ...message('assistant', ''), reasoning_content: this.#text(reasoningText(item)) };
    }
    const role = typeof type !== 'string' ? 'user' : type.endsWith('_output') ? 'tool' : 'assistant';
    const content = partText(item);
    if (content !== undefined) return message('user', this.#text(content));
    return message(isMedia(type) ? 'user' : role, jsonText(item, this.#maxBytes));
  }

  /** Content as one string: text parts joined by line breaks; with anything else among them, the parts as JSON text. */
  #content(content: unknown): string {
    if (!Array.isArray(content)) return this.#text(content);
    const texts = content.map((part) => (typeof part === 'string' ? part : partText(fieldsOf(part))));
    if (!texts.every((text) => text !== undefined))
      return jsonText(content.map(withoutProviderOptions), this.#maxBytes);
    return this.#text(texts.length === 1 ? texts[0] : texts.join('\n'));
  }

  #text(value: unknown): string {
    return asText(value, this.#maxBytes);
  }

  /** OpenAI has `function.name` and JSON text, LangChain `name` and an `args` object. */
  #toolCallsOf(item: Fields): object[] {
    const extra = fieldsOf(item.additional_kwargs);
    const calls = isFilled(item.tool_calls) ? item.tool_calls : extra.tool_calls;
    const legacy = item.function_call ?? extra.function_call;
    // as most messages
    if (!isFields(calls) && !isFields(item.invalid_tool_calls) && !isFields(legacy)) return [];
    const all = [...listOf(calls), ...listOf(item.invalid_tool_calls)].map((call) => this.#anyToolCall(call));
    if (all.length > 0 || !isFields(legacy)) return all;
    return [this.#toolCall(undefined, legacy.name, legacy.arguments)];
  }

  #anyToolCall(call: Fields): object {
    const { id, name, args, function: called, custom } = call;
    if (isFields(called)) return this.#toolCall(id, called.name, called.arguments);
    if (isFields(custom)) return this.#toolCall(id, custom.name, custom.input);
    return this.#toolCall(id, name, args);
  }

  #toolCall(id: unknown, name: unknown, input: unknown): object {
    const called = { name: asText(name), arguments: this.#text(input ?? {}) };
    return {
      ...(id === undefined || id === null ? {} : { id: asText(id) }),
      type: 'function',
      function: called,
    };
  }

  /** The AI SDK says what kind of output it is; a denied execution has a reason instead of a value. */
  #toolResult(part: Fields): EventMessage {
    const output =
      isFields(part.output) && 'value' in part.output ? part.output.value : (part.output ?? part.result);
    return {
      ...message('tool', this.#content(output)),
      tool_call_id: asText(part.toolCallId),
      name: asText(part.toolName),
    };
  }

  #finish(own: EventMessage, item: Fields, toolCalls: readonly object[]): EventMessage {
    if (typeof item.name === 'string') own.name = this.#text(item.name);
    if (typeof item.tool_call_id === 'string') own.tool_call_id = this.#text(item.tool_call_id);
    // of LangChain's messages what only some providers have stands apart
    const thought = firstText(item.reasoning_content, fieldsOf(item.additional_kwargs).reasoning_content);
    if (thought !== undefined) own.reasoning_content ??= this.#text(thought);
    if (own.role === 'tool' && item.status === 'error') own.status = 'error';
    if (typeof item.refusal === 'string' && own.content === '') own.content = this.#text(item.refusal);
    if (toolCalls.length > 0) own.tool_calls = JSON.stringify(toolCalls);
    return own;
  }
}

/** LangChain messages are recognised by what they can do: two copies of its core make `instanceof` useless. */
function roleOf(item: Fields): string | undefined {
  const typed = item.getType ?? item._getType;
  if (typeof typed !== 'function') {
    if (typeof item.role === 'string') return item.role;
    // a LangChain message that went through JSON
    const isMessage = LANGCHAIN_TYPES.has(item.type) && item.content !== undefined;
    return isMessage ? (LANGCHAIN_ROLES.get(String(item.type)) ?? String(item.type)) : undefined;
  }
  const type = asText(typed.call(item));
  const said = firstText(item.role, fieldsOf(item.additional_kwargs).__openai_role__);
  if ((type === 'generic' || type === 'system') && said !== undefined) return said;
  return LANGCHAIN_ROLES.get(type) ?? type;
}

function isFilled(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0;
}

/** A part that holds nothing but what a provider tells itself: from V4 of the AI SDK on, Anthropic's begin with one. */
function isOfProvider(part: Fields): boolean {
  return part.type === 'custom' && typeof part.kind === 'string';
}

/** What the AI SDK hands on from a caller to a provider, or from one answer of its to the next request, is no content. */
function withoutProviderOptions(part: unknown): unknown {
  if (!isFields(part) || part.providerOptions === undefined) return part;
  const { providerOptions: _, ...content } = part;
  return content;
}

function isMedia(type: unknown): boolean {
  return (
    typeof type === 'string' && /^(input_)?(image|file|audio|video)/.test(type) && !type.endsWith('_call')
  );
}

function message(role: string, content: string): EventMessage {
  return { role: role.toWellFormed(), content };
}
