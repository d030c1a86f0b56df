import { type Fields, firstText, listOf } from './fields.js';

/** Kinds of the parts that a message's content is made of, by what the APIs and frameworks call them. */
const TEXT_PARTS = new Set<unknown>(['text', 'input_text', 'output_text', 'text-plain', 'refusal']);

export const REASONING_PARTS = new Set<unknown>([
  'reasoning',
  'thinking',
  'redacted_thinking',
  'reasoning_content',
]);

/** Parts in which LangChain and its providers repeat what `tool_calls` says. */
export const TOOL_CALL_PARTS = new Set<unknown>([
  'tool_use',
  'tool_call',
  'tool_call_chunk',
  'input_json_delta',
  'functionCall',
]);

/** The text of a part that is text; undefined for any other. */
export function partText(part: Fields): string | undefined {
  if (!TEXT_PARTS.has(part.type)) return undefined;
  return firstText(part.text, part.refusal) ?? (part.text === '' ? '' : undefined);
}

/** What a model thought; of what it thought in secret, nothing. */
export function reasoningText(part: Fields): string | undefined {
  const text = firstText(part.text, part.thinking, part.reasoning);
  if (text !== undefined) return text;
  // OpenAI's summaries, its open models' content, and Mistral's thinking are lists of parts
  const lists = [...listOf(part.summary), ...listOf(part.content), ...listOf(part.thinking)];
  const summary = lists.map((item) => item.text);
  return summary.join('\n') || undefined;
}
