/**
 * The event that feeds `datasources/litellm.datasource`: one LLM call, as it goes over the wire.
 *
 * Key names and units are those of Tinybird's LiteLLM integration: `duration` and
 * `standard_logging_object_response_time` in seconds, `llm_api_duration_ms` in milliseconds, times in UTC.
 * A key that is not known is left out, never `null`: a missing key takes the column's DEFAULT, while the answer
 * to `null` differs between Tinybird versions.
 */
import * as z from 'zod';
import { MAX_TOKEN_COLUMN } from './token-column.js';

/** A lone surrogate makes ClickHouse refuse the whole batch, so no string may hold one. */
const text = z.string().refine((value) => value.isWellFormed(), { error: 'must hold no lone surrogate' });
const filled = text.min(1);
const seconds = z.number().nonnegative();
const milliseconds = z.number().nonnegative();
/** `YYYY-MM-DD hh:mm:ss`, UTC: the one form that every Tinybird client documents for DateTime. */
const utcDateTime = z.string().regex(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/);
const tokenColumn = z.int().min(0).max(MAX_TOKEN_COLUMN);
const exactTokens = z.int().min(0);

/** One message, flat, as the column `Array(Map(String, String))` needs it: string values only. */
export const messageSchema = z.record(z.string(), text);

const toolCallSchema = z.looseObject({
  id: text.optional(),
  type: z.literal('function'),
  function: z.object({ name: text, arguments: text }),
});

/** JSON without `null`, whatever its shape. */
const plain: z.ZodType<unknown> = z.lazy(() =>
  z.union([text, z.number(), z.boolean(), z.array(plain), z.record(text, plain)]),
);

const choiceSchema = z.looseObject({
  index: z.int().min(0),
  finish_reason: text.optional(),
  message: z.looseObject({
    role: text,
    content: text.optional(),
    reasoning_content: text.optional(),
    tool_calls: z.array(toolCallSchema).optional(),
  }),
  /**
   * What the provider tells of each token, in its own shape: `token`, `logprob`, `top_logprobs`, … Left out with the
   * words of the answer, and of an event that would be too large.
   */
  logprobs: z.object({ content: z.array(plain).optional(), refusal: z.array(plain).optional() }).optional(),
});

const usageSchema = z.object({
  prompt_tokens: tokenColumn.optional(),
  completion_tokens: tokenColumn.optional(),
  total_tokens: tokenColumn.optional(),
  /** Exact prompt tokens, cached ones included. */
  input_tokens: exactTokens.optional(),
  /** Exact completion tokens, reasoning included. */
  output_tokens: exactTokens.optional(),
  prompt_tokens_details: z
    .object({
      cached_tokens: exactTokens.optional(),
      cache_creation_tokens: exactTokens.optional(),
      audio_tokens: exactTokens.optional(),
      image_tokens: exactTokens.optional(),
    })
    .optional(),
  completion_tokens_details: z
    .object({
      reasoning_tokens: exactTokens.optional(),
      audio_tokens: exactTokens.optional(),
      image_tokens: exactTokens.optional(),
    })
    .optional(),
  /** Seconds of audio, where that is what is billed. */
  seconds: seconds.optional(),
});

const responseSchema = z.looseObject({
  /** The provider's id, else the call's own: the column has no DEFAULT, a row without it is quarantined. */
  id: filled,
  object: filled,
  created: z.int().optional(),
  /** The model that served the call. */
  model: text.optional(),
  choices: z.array(choiceSchema),
  usage: usageSchema,
  /** The tier that served the call. */
  service_tier: text.optional(),
  /** What stands for the vectors of embeddings, which are not kept. */
  embeddings: z.object({ count: z.int().min(0), dimensions: z.int().min(0).optional() }).optional(),
});

/** What is known about the run. The first four have columns of their own; every other key is kept beside them. */
const metadataSchema = z.looseObject({
  organization: text.optional(),
  environment: text.optional(),
  project: text.optional(),
  chat_id: text.optional(),
  /** How the call ended when the caller ended it; `queued`: its answer comes later, as an event of its own. */
  outcome: z.enum(['aborted', 'left', 'abandoned', 'queued']).optional(),
  /** HTTP attempts, when there was more than one. */
  attempts: z.int().min(2).optional(),
  /** True when no price source knew the model. */
  cost_unknown: z.literal(true).optional(),
  /**
   * The counts of a call that has more tokens than its columns hold: `response.usage` has them too, but to add them up
   * from there is to read every answer.
   */
  exact_prompt_tokens: exactTokens.optional(),
  exact_completion_tokens: exactTokens.optional(),
  exact_total_tokens: exactTokens.optional(),
});

/** Validates one event. `toEvent` builds events that pass by construction; tests and doubters parse them. */
export const litellmEventSchema = z.strictObject({
  id: filled,
  /** Same as `response.id`; the `llm_events` datasource of Tinybird's template requires it. */
  message_id: filled,
  /** The requested model. */
  model: filled,
  provider: filled,
  call_type: filled,
  stream: z.boolean(),
  user: text.optional(),
  messages: z.array(messageSchema),
  start_time: utcDateTime,
  end_time: utcDateTime,
  /** Seconds from start to end; of a stream, to its end. */
  duration: seconds,
  /** Milliseconds until the provider's answer, or until its stream was open. */
  llm_api_duration_ms: milliseconds,
  /** Seconds to the first token of a stream, else the duration. */
  standard_logging_object_response_time: seconds,
  standard_logging_object_status: z.enum(['success', 'failure']),
  log_event_type: z.enum(['successful_api_call', 'failed_api_call']),
  cache_hit: z.boolean(),
  /** `****`, or first4****last4 when asked for. Never the key. */
  api_key: text,
  proxy_metadata: metadataSchema,
  response: responseSchema,
  /** USD. Left out when it is not known. */
  cost: z.number().nonnegative().optional(),
  /** `Name: message`; only on a failure, and then never empty. */
  exception: filled.optional(),
  traceback: text.optional(),
});

/** One LLM call as it goes over the wire. */
export type LitellmEvent = z.infer<typeof litellmEventSchema>;
/** One flat message of an event. */
export type EventMessage = z.infer<typeof messageSchema>;
export type EventResponse = z.infer<typeof responseSchema>;
export type EventUsage = z.infer<typeof usageSchema>;
