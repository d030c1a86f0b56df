import { fc } from './properties.js';

/** Keys and words of the events of OpenAI's streams, with anything under them. */
const KEYS = [
  ...['type', 'choices', 'index', 'delta', 'content', 'text', 'refusal', 'reasoning_content', 'reasoning'],
  ...[
    'reasoning_details',
    'thinking',
    'audio',
    'transcript',
    'data',
    'images',
    'image_url',
    'url',
    'logprobs',
  ],
  ...[
    'tool_calls',
    'function_call',
    'function',
    'custom',
    'name',
    'arguments',
    'input',
    'id',
    'finish_reason',
  ],
  ...['usage', 'total_tokens', 'x_groq', 'service_tier', 'created', 'model', 'error', 'response', 'status'],
  ...[
    'output',
    'item',
    'output_index',
    'content_index',
    'summary_index',
    'command_index',
    'command',
    'item_id',
  ],
  ...['partial_image_b64', 'result', 'summary', 'action', 'queries', 'call_id', 'code', 'object'],
  ...['incomplete_details', 'encrypted_content', 'b64_json', 'output_format', 'created_at', 'segments'],
] as const;

const WORDS = [
  ...['text', 'thinking', 'image_url', 'message', 'reasoning', 'function_call', 'web_search_call', '_call'],
  ...[
    'response.created',
    'response.completed',
    'response.failed',
    'response.incomplete',
    'response.cancelled',
  ],
  ...['response.output_item.added', 'response.output_item.done', 'response.output_text.delta'],
  ...[
    'response.output_text.done',
    'response.function_call_arguments.delta',
    'response.shell_call_command.delta',
  ],
  ...['response.reasoning_summary_text.delta', 'response.image_generation_call.partial_image', 'error'],
  ...[
    'image_generation.partial_image',
    'image_edit.completed',
    'transcript.text.delta',
    'transcript.text.done',
  ],
  ...['transcript.text.segment', 'speech.audio.delta', 'speech.audio.done', 'queued', 'response.compaction'],
  ...['', '\ud83d', 'iVBORw0KGgo=', 'output_text', 'image_generation_call', 'compaction'],
] as const;

const { shaped } = fc.letrec<{ shaped: unknown }>((tie) => ({
  shaped: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.constantFrom<unknown>(...WORDS, null, undefined, true, 0, 1, -1, Number.NaN, 1e300),
    fc.array(tie('shaped'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie('shaped'), { maxKeys: 7 }),
  ),
}));

/** Anything that a stream may give: mostly what comes close to being a chunk. */
export const oddChunks = fc.oneof({ weight: 5, arbitrary: shaped }, { weight: 1, arbitrary: fc.anything() });

/** The value, with nothing in it that could be changed without a fault. */
export function frozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value))
    return value;
  Object.freeze(value);
  for (const member of Object.values(value)) frozen(member);
  return value;
}
