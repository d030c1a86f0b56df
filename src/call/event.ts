import type { LitellmEvent } from '../../schemas/litellm.js';
import { MAX_TOKEN_COLUMN } from '../../schemas/token-column.js';
import type { LlmCall } from './call.js';
import { describeFailure } from './failure.js';
import { fitEvent, MAX_EVENT_BYTES } from './limit.js';
import { COLUMN_KEYS } from './metadata-keys.js';
import { asText } from './plain.js';
import { toResponse } from './response.js';

export interface EventOptions {
  /** USD; undefined: not known. */
  cost?: number | undefined;
  /** Keep what was asked. Default true. */
  captureMessages?: boolean | undefined;
  /** Keep the words of the answer. Default true. */
  captureResponse?: boolean | undefined;
  /** Bytes of the event as JSON; the longest texts of a larger one are cut. Default 1,000,000. */
  maxBytes?: number | undefined;
}

/**
 * The event of a call: the one place where a call becomes a row. Pure; correct by construction, so it is not parsed
 * again on the way out.
 */
export function toEvent(call: LlmCall, options: EventOptions = {}): LitellmEvent {
  const { captureMessages = true, captureResponse = true } = options;
  const { kind } = call.ending;
  const failed = kind === 'failed';
  const id = call.id.toWellFormed() || 'unknown';
  const responseId = call.answer.id?.toWellFormed() || id;
  const durationMs = span(call.durationMs);
  const event: LitellmEvent = {
    id,
    message_id: responseId,
    model: call.model.toWellFormed() || 'unknown',
    provider: call.provider.toWellFormed() || 'unknown',
    call_type: call.type,
    stream: call.stream,
    messages: captureMessages ? call.messages : [],
    start_time: utcDateTime(call.startedAt),
    end_time: utcDateTime(call.startedAt + durationMs),
    duration: durationMs / 1000,
    llm_api_duration_ms: call.openedMs === undefined ? durationMs : span(call.openedMs),
    standard_logging_object_response_time:
      (call.stream && call.firstTokenMs !== undefined ? span(call.firstTokenMs) : durationMs) / 1000,
    standard_logging_object_status: failed ? 'failure' : 'success',
    log_event_type: failed ? 'failed_api_call' : 'successful_api_call',
    cache_hit: call.cacheHit ?? false,
    api_key: call.apiKey?.toWellFormed() ?? '****',
    proxy_metadata: toProxyMetadata(call, options.cost),
    response: toResponse(call.answer, responseId, captureResponse),
  };
  if (call.user) event.user = call.user.toWellFormed();
  if (options.cost !== undefined) event.cost = options.cost;
  if (call.ending.kind === 'failed') {
    const failure = describeFailure(call.ending.error, captureMessages && captureResponse);
    event.exception = failure.exception;
    if (failure.traceback !== undefined) event.traceback = failure.traceback;
  }
  return fitEvent(event, options.maxBytes ?? MAX_EVENT_BYTES);
}

function toProxyMetadata(call: LlmCall, cost: number | undefined): LitellmEvent['proxy_metadata'] {
  const metadata: LitellmEvent['proxy_metadata'] = { ...call.metadata };
  for (const key of COLUMN_KEYS) {
    const value: unknown = metadata[key];
    if (value !== undefined && typeof value !== 'string') metadata[key] = asText(value);
  }
  const { kind } = call.ending;
  if (kind !== 'finished' && kind !== 'failed') metadata.outcome = kind;
  if (call.attempts !== undefined && call.attempts > 1) metadata.attempts = Math.trunc(call.attempts);
  const { requestedProvider, answer } = call;
  if (requestedProvider) metadata.requested_provider = requestedProvider.toWellFormed();
  if (answer.servedProvider) metadata.served_provider = answer.servedProvider.toWellFormed();
  if (cost === undefined && isBilled(call)) metadata.cost_unknown = true;
  const { promptTokens = 0, completionTokens = 0, totalTokens = 0 } = answer.usage ?? {};
  if (promptTokens >= MAX_TOKEN_COLUMN) metadata.exact_prompt_tokens = promptTokens;
  if (completionTokens >= MAX_TOKEN_COLUMN) metadata.exact_completion_tokens = completionTokens;
  if (totalTokens >= MAX_TOKEN_COLUMN) metadata.exact_total_tokens = totalTokens;
  return metadata;
}

/**
 * Whether a call must have cost something: of a failure nothing is known that tells of no usage, and of one that is
 * answered later the event of the answer says it.
 */
export function isBilled({ ending, answer }: LlmCall): boolean {
  return (ending.kind !== 'failed' && ending.kind !== 'queued') || answer.usage !== undefined;
}

/** What a DateTime column holds: the seconds of 32 bits since 1970. */
const LAST_DATE_TIME_MS = 0xff_ff_ff_ff * 1000;

function utcDateTime(epochMs: number): string {
  const seconds = epochMs >= 0 ? Math.trunc(Math.min(epochMs, LAST_DATE_TIME_MS) / 1000) : 0; // NaN too
  const day = Math.trunc(seconds / SECONDS_A_DAY);
  const time = seconds - day * SECONDS_A_DAY;
  const minutes = Math.trunc(time / 60);
  return `${dateOf(day)} ${two(Math.trunc(minutes / 60))}:${two(minutes % 60)}:${two(time % 60)}`;
}

const SECONDS_A_DAY = 24 * 3600;

/** The day that was asked for last, since 1970, and its text: `toISOString` takes longer than all the rest. */
let latest = { day: 0, text: '1970-01-01' };

function dateOf(day: number): string {
  if (latest.day !== day)
    latest = { day, text: new Date(day * SECONDS_A_DAY * 1000).toISOString().slice(0, 10) };
  return latest.text;
}

function two(number: number): string {
  return number < 10 ? `0${number}` : `${number}`;
}

/** A year of milliseconds: no clock that went wrong may keep a row out. */
const LONGEST_MS = 366 * 24 * 3600 * 1000;

function span(ms: number): number {
  return ms > 0 ? Math.min(ms, LONGEST_MS) : 0; // NaN too
}
