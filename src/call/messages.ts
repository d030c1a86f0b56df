import type { EventMessage } from '../../schemas/litellm.js';
import { type Fields, fieldsOf, isFields } from './fields.js';
import { asText, jsonText } from './plain.js';

/**
 * Anything chat-like as flat messages with string values: OpenAI's chat messages and Responses input, AI SDK prompts,
 * LangChain messages, plain strings. Never throws; what cannot be read as a message stays as JSON text.
 */
export function toMessages(input: unknown): EventMessage[] {
  if (input === undefined || input === null) return [];
  const list = Array.isArray(input) ? input : [input];
  return list.flatMap((item) => {
    try {
      return toMessage(item);
    } catch {
      return [{ role: 'user', content: '[Unreadable]' }];
    }
  });
}

function toMessage(item: unknown): EventMessage[] {
  if (typeof item === 'string') return [message('user', item)];
  if (typeof item !== 'object' || item === null) return [message('user', jsonText(item))];
  const fields: Fields = item as Fields;
  if (fields.type === 'function_call') {
    return [
      withToolCalls(message('assistant', ''), [
        openAiToolCall(fields.call_id, fields.name, fields.arguments),
      ]),
    ];
  }
  if (fields.type === 'function_call_output') {
    return [{ ...message('tool', contentText(fields.output)), tool_call_id: asText(fields.call_id) }];
  }
  const role = roleOf(fields);
  if (role === undefined) return [message('user', jsonText(fields))];
  return Array.isArray(fields.content) ? fromParts(role, fields, fields.content) : [fromText(role, fields)];
}

/** LangChain's names of roles, by its own message types. */
const LANGCHAIN_ROLES: Readonly<Record<string, string>> = { human: 'user', ai: 'assistant', generic: 'user' };

/** LangChain messages are recognised by what they can do: two copies of its core make `instanceof` useless. */
function roleOf(fields: Fields): string | undefined {
  const typed = fields.getType ?? fields._getType;
  if (typeof typed === 'function') {
    const type = asText(typed.call(fields));
    if (type === 'generic' && typeof fields.role === 'string') return fields.role;
    return LANGCHAIN_ROLES[type] ?? type;
  }
  return typeof fields.role === 'string' ? fields.role : undefined;
}

function fromText(role: string, fields: Fields): EventMessage {
  return withToolCalls(withNames(message(role, contentText(fields.content)), fields), toolCallsOf(fields));
}

/** Parts that are tool calls, tool results or reasoning leave the content for keys of their own. */
function fromParts(role: string, fields: Fields, parts: readonly unknown[]): EventMessage[] {
  const content: unknown[] = [];
  const toolCalls = toolCallsOf(fields);
  const reasoning: string[] = [];
  const results: EventMessage[] = [];
  for (const part of parts) {
    const own = fieldsOf(part);
    const { type } = own;
    if (type === 'tool-call') toolCalls.push(openAiToolCall(own.toolCallId, own.toolName, own.input));
    else if (type === 'tool-result') results.push(toolResult(own));
    else if (type === 'reasoning' || type === 'thinking')
      reasoning.push(asText(own.text ?? own.thinking ?? own.reasoning));
    // LangChain repeats as content what its tool_calls say
    else if (
      toolCalls.length > 0 &&
      (type === 'tool_use' || type === 'tool_call' || type === 'input_json_delta')
    )
      continue;
    else content.push(part);
  }
  if (results.length > 0 && content.length === 0 && toolCalls.length === 0) return results;
  const first = withToolCalls(withNames(message(role, contentText(content)), fields), toolCalls);
  if (reasoning.length > 0) first.reasoning_content = reasoning.join('\n');
  return [first, ...results];
}

/** Content as one string: text parts joined by line breaks; with anything else among them, the parts as JSON text. */
function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (content === undefined || content === null) return '';
  if (!Array.isArray(content)) return jsonText(content);
  const texts = content.map((part) =>
    isFields(part) ? partText(part) : typeof part === 'string' ? part : undefined,
  );
  return texts.every((text) => text !== undefined) ? texts.join('\n') : jsonText(content);
}

const TEXT_PARTS = new Set<unknown>(['text', 'input_text', 'output_text']);

function partText(part: Fields): string | undefined {
  return TEXT_PARTS.has(part.type) && typeof part.text === 'string' ? part.text : undefined;
}

function message(role: string, content: string): EventMessage {
  return { role: role.toWellFormed(), content: content.toWellFormed() };
}

function withNames(own: EventMessage, fields: Fields): EventMessage {
  if (typeof fields.name === 'string') own.name = fields.name.toWellFormed();
  if (typeof fields.tool_call_id === 'string') own.tool_call_id = fields.tool_call_id.toWellFormed();
  return own;
}

function withToolCalls(own: EventMessage, toolCalls: readonly object[]): EventMessage {
  if (toolCalls.length > 0) own.tool_calls = jsonText(toolCalls);
  return own;
}

/** OpenAI has `function.name` and JSON text, LangChain `name` and an `args` object. */
function toolCallsOf(fields: Fields): object[] {
  if (!Array.isArray(fields.tool_calls)) return [];
  return fields.tool_calls.map((call) => {
    if (!isFields(call) || isFields(call.function))
      return isFields(call) ? call : { function: { name: asText(call) } };
    return openAiToolCall(call.id, call.name, call.args);
  });
}

function openAiToolCall(id: unknown, name: unknown, input: unknown): object {
  return {
    id: asText(id),
    type: 'function',
    function: { name: asText(name), arguments: asText(input ?? {}) },
  };
}

function toolResult(part: Fields): EventMessage {
  const output =
    isFields(part.output) && 'value' in part.output ? part.output.value : (part.output ?? part.result);
  return {
    ...message('tool', contentText(output)),
    tool_call_id: asText(part.toolCallId),
    name: asText(part.toolName),
  };
}
