/** The keys of `proxy_metadata` with String columns of their own: a number there might be quarantined. */
export const COLUMN_KEYS = ['organization', 'environment', 'project', 'chat_id'] as const;

/** The keys that say how a call went: `LlmCall.metadata` has none of them. */
export const OUTCOME_KEYS = [
  'outcome',
  'attempts',
  'requested_provider',
  'served_provider',
  'cost_unknown',
  'exact_prompt_tokens',
  'exact_completion_tokens',
  'exact_total_tokens',
] as const;
