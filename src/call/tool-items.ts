import type { ToolCall } from './call.js';
import { type Fields, isFields, textOf } from './fields.js';
import { jsonText } from './plain.js';

/** Whether an output item of OpenAI's Responses API is a call of a tool. An image is a call too, and an answer. */
export function isToolCallItem({ type }: Fields): boolean {
  return typeof type === 'string' && type.endsWith('_call') && type !== 'image_generation_call';
}

/** Whether the caller has to answer that call; the others the provider has answered itself. */
export function isCallersTurn({ type }: Fields): boolean {
  return CALLERS_TOOLS.has(type);
}

const CALLERS_TOOLS = new Set<unknown>([
  'apply_patch_call',
  'computer_call',
  'custom_tool_call',
  'function_call',
  'local_shell_call',
  'shell_call',
]);

/** Tools of the provider's own have no name but their type, and say in keys of their own what they are asked. */
export function toolCallOfItem(item: Fields): ToolCall {
  const type = textOf(item.type) ?? '';
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
