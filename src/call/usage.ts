import type { Usage } from './call.js';
import { type Fields, fieldsOf, isFields } from './fields.js';

/** What else is known of a call, where the numbers alone do not say what they include. */
export interface UsageHints {
  /** The provider as the framework calls it. */
  provider?: string | undefined;
  /** What the framework hands on from the provider beside the usage: the AI SDK's `providerMetadata`. */
  metadata?: unknown;
  /** The provider's own usage, where the framework hands on both. */
  original?: unknown;
  /** Whether the prompt's tokens are known to be counted without those of the cache. */
  cacheBeside?: boolean | undefined;
}

/**
 * One `Usage` from what an API or a framework reports: OpenAI's chat and Responses names, Anthropic's, Bedrock's,
 * Gemini's, Cohere's and Ollama's own, the AI SDK's numbers (flat in spec V2, nested with `total` since), LangChain's
 * `usage_metadata` and `tokenUsage`. Cached tokens end up inside the prompt's and reasoning inside the completion's,
 * whoever counted them apart. Undefined when there is no usable count: absent usage stays absent.
 */
export function toUsage(raw: unknown, hints: UsageHints = {}): Usage | undefined {
  if (!isFields(raw)) return undefined;
  const counted = isFields(raw.billed_units) ? raw.billed_units : raw;
  const input = inputDetailsOf(counted);
  const output = outputDetailsOf(counted);
  const reportedTotal = firstCount(counted.total_tokens, counted.totalTokens, counted.totalTokenCount);
  let prompt = promptOf(counted, input);
  let completion = completionOf(counted, output);
  if (prompt === undefined && completion === undefined && reportedTotal === undefined) {
    const { seconds } = raw;
    return typeof seconds === 'number' && seconds >= 0 && Number.isFinite(seconds) ? { seconds } : undefined;
  }

  const cached = cachedOf(counted, input);
  const written = writtenOf(counted, input, hints);
  const cache = (cached ?? 0) + (written ?? 0);
  if (prompt !== undefined && cache > 0 && isCacheBeside({ raw: counted, input, prompt, cache, hints })) {
    prompt = sum(prompt, cache);
  }
  const reasoning = reasoningOf(counted, output);
  if (completion !== undefined) {
    completion = withReasoning(completion, reasoning ?? 0, prompt ?? 0, reportedTotal, counted);
  }

  const usage: Usage = {};
  if (prompt !== undefined) usage.promptTokens = prompt;
  if (completion !== undefined) usage.completionTokens = completion;
  usage.totalTokens = Math.max(sum(prompt ?? 0, completion ?? 0), reportedTotal ?? 0);
  if (cached) usage.cachedTokens = prompt === undefined ? cached : Math.min(cached, prompt);
  if (written)
    usage.cacheWriteTokens = prompt === undefined ? written : Math.min(written, prompt - (cached ?? 0));
  if (reasoning)
    usage.reasoningTokens = completion === undefined ? reasoning : Math.min(reasoning, completion);
  addModalities(usage, input, output);
  const hourly = writtenForAnHour(raw, hints);
  if (hourly) usage.cacheWrite1hTokens = Math.min(hourly, usage.cacheWriteTokens ?? 0);
  return usage;
}

function promptOf(raw: Fields, input: Fields): number | undefined {
  const prompt = firstCount(
    raw.prompt_tokens,
    raw.input_tokens,
    raw.inputTokens,
    raw.promptTokens,
    raw.promptTokenCount,
    raw.prompt_eval_count,
    input.total,
    raw.tokens,
  );
  // Gemini counts the results of its own tools apart
  const toolUse = firstCount(raw.toolUsePromptTokenCount) ?? 0;
  if (prompt !== undefined) return sum(prompt, toolUse);
  return sumOfParts(input.noCache, input.cacheRead, input.cacheWrite);
}

function completionOf(raw: Fields, output: Fields): number | undefined {
  const completion = firstCount(
    raw.completion_tokens,
    raw.output_tokens,
    raw.outputTokens,
    raw.completionTokens,
    raw.candidatesTokenCount,
    raw.eval_count,
    output.total,
  );
  return completion ?? sumOfParts(output.text, output.reasoning);
}

function cachedOf(raw: Fields, input: Fields): number | undefined {
  return firstCount(
    input.cached_tokens,
    input.cache_read,
    input.cacheRead,
    input.cacheReadTokens,
    raw.cachedInputTokens,
    raw.cache_read_input_tokens,
    raw.cacheReadInputTokens,
    raw.prompt_cache_hit_tokens,
    raw.cachedContentTokenCount,
  );
}

/** Spec V2 of the AI SDK has no place for cache writes: there the provider's metadata tell them. */
function writtenOf(raw: Fields, input: Fields, { metadata }: UsageHints): number | undefined {
  const { anthropic, bedrock } = fieldsOf(metadata);
  const beside = isFlat(raw, input)
    ? [fieldsOf(anthropic).cacheCreationInputTokens, fieldsOf(fieldsOf(bedrock).usage).cacheWriteInputTokens]
    : [];
  return firstCount(
    input.cache_write_tokens,
    input.cache_creation_tokens,
    input.cache_creation,
    input.cacheWrite,
    input.cacheWriteTokens,
    raw.cache_creation_input_tokens,
    raw.cacheWriteInputTokens,
    ...beside,
  );
}

function reasoningOf(raw: Fields, output: Fields): number | undefined {
  return firstCount(
    output.reasoning_tokens,
    output.reasoning,
    output.reasoningTokens,
    raw.reasoningTokens,
    raw.thoughtsTokenCount,
  );
}

/**
 * Whether the prompt's tokens were counted without those of the cache: Anthropic and Bedrock do in their own APIs,
 * and so do spec V2 providers of the AI SDK and LangChain's of before 1.3.12 for them. More cached tokens than there
 * are in all prove it for anyone.
 */
function isCacheBeside(counts: {
  raw: Fields;
  input: Fields;
  prompt: number;
  cache: number;
  hints: UsageHints;
}): boolean {
  const { raw, input, prompt, cache, hints } = counts;
  if (cache > prompt || hints.cacheBeside === true || hasOwnCacheNames(raw)) return true;
  const { original } = hints;
  if (isFields(original) && hasOwnCacheNames(original) && original.input_tokens === prompt) return true;
  if (!isFlat(raw, input)) return false;
  const { anthropic, bedrock } = fieldsOf(hints.metadata);
  return (
    isFields(anthropic) ||
    isFields(bedrock) ||
    /(^|[._])(anthropic|bedrock|amazon-bedrock)([._]|$)/.test(hints.provider ?? '')
  );
}

function hasOwnCacheNames(raw: Fields): boolean {
  return (
    raw.cache_read_input_tokens !== undefined ||
    raw.cache_creation_input_tokens !== undefined ||
    raw.cacheReadInputTokens !== undefined ||
    raw.cacheWriteInputTokens !== undefined
  );
}

/** The AI SDK's numbers with the meaning of spec V2: flat, or put into the nested form by `ai` 7 with nothing added. */
function isFlat(raw: Fields, input: Fields): boolean {
  if (typeof raw.inputTokens === 'number') {
    // what `ai` 6 and 7 make of both forms has details, which tell the same
    const { noCacheTokens, cacheWriteTokens } = input;
    return (
      raw.cacheReadInputTokens === undefined && noCacheTokens === undefined && cacheWriteTokens === undefined
    );
  }
  return isFields(raw.inputTokens) && input.noCache === undefined && input.cacheWrite === undefined;
}

/**
 * Whoever counts reasoning apart (Gemini, xAI) shows it: the total is larger than the parts, or there is more reasoning
 * than completion. A gap without a name is output too.
 */
function withReasoning(
  completion: number,
  reasoning: number,
  prompt: number,
  reportedTotal: number | undefined,
  raw: Fields,
): number {
  if (reasoning > completion || firstCount(raw.thoughtsTokenCount) !== undefined)
    return sum(completion, reasoning);
  const total = reportedTotal ?? firstCount(fieldsOf(raw.raw).totalTokens) ?? 0;
  return Math.max(completion, total - prompt);
}

/** Anthropic's price of a cache write depends on how long it is kept; five minutes where nothing is said. */
function writtenForAnHour(raw: Fields, { metadata, original }: UsageHints): number | undefined {
  const { usage } = fieldsOf(fieldsOf(metadata).anthropic);
  for (const usageOfVendor of [raw, raw.raw, usage, original]) {
    const { cache_creation: kept } = fieldsOf(usageOfVendor);
    const hourly = firstCount(fieldsOf(kept).ephemeral_1h_input_tokens);
    if (hourly !== undefined) return hourly;
  }
  return firstCount(fieldsOf(raw.input_token_details).ephemeral_1h_input_tokens);
}

function addModalities(usage: Usage, input: Fields, output: Fields): void {
  const promptAudio = firstCount(input.audio_tokens, input.audio);
  const completionAudio = firstCount(output.audio_tokens, output.audio);
  const promptImage = firstCount(input.image_tokens, input.image);
  const completionImage = firstCount(output.image_tokens, output.image);
  if (promptAudio) usage.audioPromptTokens = promptAudio;
  if (completionAudio) usage.audioCompletionTokens = completionAudio;
  if (promptImage) usage.imagePromptTokens = promptImage;
  if (completionImage) usage.imageCompletionTokens = completionImage;
}

function inputDetailsOf(raw: Fields): Fields {
  return firstFields(
    raw.prompt_tokens_details,
    raw.input_tokens_details,
    raw.input_token_details,
    raw.inputTokenDetails,
    raw.inputTokens,
  );
}

function outputDetailsOf(raw: Fields): Fields {
  return firstFields(
    raw.completion_tokens_details,
    raw.output_tokens_details,
    raw.output_token_details,
    raw.outputTokenDetails,
    raw.outputTokens,
  );
}

function firstFields(...values: unknown[]): Fields {
  for (const value of values) if (isFields(value)) return value;
  return fieldsOf(undefined);
}

/** The first value that is a count: a finite number, not negative; a fraction is cut. */
function firstCount(...values: unknown[]): number | undefined {
  for (const value of values) if (isCount(value)) return Math.trunc(value);
  return undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

/** Of parts the one that is missing is none; without any there is no sum. */
function sumOfParts(...parts: unknown[]): number | undefined {
  const counts = parts.filter(isCount);
  return counts.length === 0 ? undefined : counts.reduce((all, part) => sum(all, Math.trunc(part)), 0);
}

function sum(one: number, other: number): number {
  return Math.min(one + other, Number.MAX_SAFE_INTEGER);
}
