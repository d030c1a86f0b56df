/** What vendors and frameworks call the ways an answer ends, by OpenAI's name for each. */
const NAMES: Readonly<Record<string, string>> = {
  COMPLETE: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content_filter',
  STOP: 'stop',
  completed: 'stop',
  'content-filter': 'content_filter',
  end_turn: 'stop',
  max_output_tokens: 'length',
  max_tokens: 'length',
  refusal: 'content_filter',
  stop_sequence: 'stop',
  'tool-calls': 'tool_calls',
  tool_use: 'tool_calls',
};

/** OpenAI's name of a finish reason; one that OpenAI has no name for stays as it came. */
export function toFinishReason(reason: string | undefined, calledTools = false): string | undefined {
  if (reason === undefined) return undefined;
  const name = Object.hasOwn(NAMES, reason) ? NAMES[reason] : reason;
  return name === 'stop' && calledTools ? 'tool_calls' : name;
}
