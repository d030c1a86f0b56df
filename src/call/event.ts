import type { LitellmEvent } from '../../schemas/litellm.js';
import type { LlmCall } from './call.js';
import { describeFailure } from './failure.js';
import { toResponse } from './response.js';

export interface EventOptions {
  /** USD; undefined: not known. */
  cost?: number | undefined;
  /** Keep the words of the answer. Default true. */
  captureResponse?: boolean | undefined;
}

/**
 * The event of a call: the one place where a call becomes a row. Pure; correct by construction, so it is not parsed
 * again on the way out.
 */
export function toEvent(call: LlmCall, options: EventOptions = {}): LitellmEvent {
  const failed = call.ending.kind === 'failed';
  const id = call.id.toWellFormed();
  const responseId = call.answer.id?.toWellFormed() || id;
  const duration = toSeconds(call.durationMs);
  const event: LitellmEvent = {
    id,
    message_id: responseId,
    model: call.model.toWellFormed() || 'unknown',
    provider: call.provider.toWellFormed() || 'unknown',
    call_type: call.type,
    stream: call.stream,
    messages: call.messages,
    start_time: utcDateTime(call.startedAt),
    end_time: utcDateTime(call.startedAt + call.durationMs),
    duration,
    llm_api_duration_ms: Math.max(0, call.openedMs ?? call.durationMs),
    standard_logging_object_response_time:
      call.stream && call.firstTokenMs !== undefined ? toSeconds(call.firstTokenMs) : duration,
    standard_logging_object_status: failed ? 'failure' : 'success',
    log_event_type: failed ? 'failed_api_call' : 'successful_api_call',
    cache_hit: call.cacheHit ?? false,
    api_key: call.apiKey?.toWellFormed() ?? '****',
    proxy_metadata: toProxyMetadata(call, options.cost),
    response: toResponse(call.answer, responseId, options.captureResponse ?? true),
  };
  if (call.user) event.user = call.user.toWellFormed();
  if (options.cost !== undefined) event.cost = options.cost;
  if (call.ending.kind === 'failed') {
    const { exception, traceback } = describeFailure(call.ending.error);
    event.exception = exception;
    if (traceback !== undefined) event.traceback = traceback;
  }
  return event;
}

/** The keys that say how a call went: `LlmCall.metadata` has none of them. */
export const OUTCOME_KEYS = ['outcome', 'attempts', 'cost_unknown'] as const;

/** The keys with String columns of their own: a number there might be quarantined. */
const COLUMN_KEYS = ['organization', 'environment', 'project', 'chat_id'] as const;

function toProxyMetadata(call: LlmCall, cost: number | undefined): LitellmEvent['proxy_metadata'] {
  const metadata: LitellmEvent['proxy_metadata'] = { ...call.metadata };
  for (const key of COLUMN_KEYS) {
    const value: unknown = metadata[key];
    if (value !== undefined && typeof value !== 'string') {
      metadata[key] = typeof value === 'object' ? JSON.stringify(value) : String(value);
    }
  }
  const { kind } = call.ending;
  if (kind !== 'finished' && kind !== 'failed') metadata.outcome = kind;
  if (call.attempts !== undefined && call.attempts > 1) metadata.attempts = call.attempts;
  // A failure without usage was not billed, as far as anybody can know.
  if (cost === undefined && (kind !== 'failed' || call.answer.usage !== undefined))
    metadata.cost_unknown = true;
  return metadata;
}

function utcDateTime(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ');
}

function toSeconds(ms: number): number {
  return Math.max(0, ms) / 1000;
}
