import type { Usage } from './call.js';
import { fieldsOf, isFields } from './fields.js';

/**
 * One `Usage` from what an API or a framework reports: OpenAI's chat and Responses names, the AI SDK's numbers (flat
 * or nested with `total`), LangChain's `usage_metadata` and `tokenUsage`. Undefined when it holds no usable count:
 * absent usage stays absent.
 */
export function toUsage(raw: unknown): Usage | undefined {
  if (!isFields(raw)) return undefined;
  const promptDetails = fieldsOf(
    raw.prompt_tokens_details ?? raw.input_tokens_details ?? raw.input_token_details ?? raw.inputTokens,
  );
  const completionDetails = fieldsOf(
    raw.completion_tokens_details ??
      raw.output_tokens_details ??
      raw.output_token_details ??
      raw.outputTokens,
  );
  const promptTokens = firstCount(
    raw.prompt_tokens,
    raw.input_tokens,
    raw.inputTokens,
    raw.promptTokens,
    promptDetails.total,
    raw.tokens,
  );
  const completionTokens = firstCount(
    raw.completion_tokens,
    raw.output_tokens,
    raw.outputTokens,
    raw.completionTokens,
    completionDetails.total,
  );
  const reported = firstCount(raw.total_tokens, raw.totalTokens);
  const usage: Usage = {};
  if (promptTokens !== undefined) usage.promptTokens = promptTokens;
  if (completionTokens !== undefined) usage.completionTokens = completionTokens;
  const sum = (promptTokens ?? 0) + (completionTokens ?? 0);
  if (reported !== undefined) usage.totalTokens = reported;
  else if (promptTokens !== undefined || completionTokens !== undefined) usage.totalTokens = sum;
  if (usage.totalTokens === undefined) return undefined;

  const cached = firstCount(
    promptDetails.cached_tokens,
    promptDetails.cache_read,
    promptDetails.cacheRead,
    raw.cachedInputTokens,
  );
  const written = firstCount(
    promptDetails.cache_write_tokens,
    promptDetails.cache_creation_tokens,
    promptDetails.cache_creation,
    promptDetails.cacheWrite,
  );
  const reasoning = firstCount(
    completionDetails.reasoning_tokens,
    completionDetails.reasoning,
    raw.reasoningTokens,
  );
  if (cached) usage.cachedTokens = cached;
  if (written) usage.cacheWriteTokens = written;
  if (reasoning) usage.reasoningTokens = reasoning;
  return usage;
}

/** The first value that is a count: a finite number, not negative; a fraction is cut. */
function firstCount(...values: unknown[]): number | undefined {
  for (const value of values) {
    if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return Math.trunc(value);
  }
  return undefined;
}
