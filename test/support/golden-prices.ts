import type { Usage } from '../../src/call/call.js';

/** Calls whose price is known. Cached, written and reasoning tokens are part of the totals. */
export const PATTERNS = {
  plain: { promptTokens: 10_000, completionTokens: 1_000, totalTokens: 11_000 },
  cached: { promptTokens: 10_000, completionTokens: 1_000, totalTokens: 11_000, cachedTokens: 4_000 },
  cacheWrite: { promptTokens: 10_000, completionTokens: 1_000, totalTokens: 11_000, cacheWriteTokens: 3_000 },
  reasoning: { promptTokens: 10_000, completionTokens: 1_000, totalTokens: 11_000, reasoningTokens: 600 },
  /** Beyond every threshold above which a whole call gets dearer. */
  long: { promptTokens: 300_000, completionTokens: 2_000, totalTokens: 302_000 },
} as const satisfies Record<string, Usage>;

export type Pattern = keyof typeof PATTERNS;

/** When the calls started: some prices depend on the date, DeepSeek's on the hour. */
export const AT = Date.parse('2026-11-24T00:00:00Z');

/** What a call of each pattern costs, USD, by the price lists in force on 2026-11-24. */
export interface GoldenPrice {
  /** LiteLLM's name. */
  readonly provider: string;
  readonly model: string;
  /** Where the rates stand. */
  readonly source: string;
  /** A pattern for which the source has no rate is left out. */
  readonly usd: Readonly<Partial<Record<Pattern, number>>>;
}

/** Where LiteLLM's list and the price catalogue disagree by more than 0.5 %. */
export interface KnownDifference extends GoldenPrice {
  /** What the catalogue says, USD. */
  readonly catalogue: Readonly<Partial<Record<Pattern, number>>>;
  /** Which of the two seems right, and on what ground. */
  readonly why: string;
}

/** On these LiteLLM's list and the price catalogue agree. */
export const GOLDEN_PRICES: readonly GoldenPrice[] = [
  // OpenAI: chat, old and new.
  {
    provider: 'openai',
    model: 'gpt-3.5-turbo-0125',
    source: 'LiteLLM 1.109.1: gpt-3.5-turbo-0125',
    usd: { plain: 0.0065 },
  },
  { provider: 'openai', model: 'gpt-4', source: 'LiteLLM 1.109.1: gpt-4', usd: { plain: 0.36 } },
  {
    provider: 'openai',
    model: 'gpt-4-turbo-2024-04-09',
    source: 'LiteLLM 1.109.1: gpt-4-turbo-2024-04-09',
    usd: { plain: 0.13 },
  },
  {
    provider: 'openai',
    model: 'gpt-4o',
    source: 'LiteLLM 1.109.1: gpt-4o',
    usd: { plain: 0.035, cached: 0.03 },
  },
  {
    provider: 'openai',
    model: 'openai/gpt-4o',
    source: 'LiteLLM 1.109.1: gpt-4o',
    usd: { plain: 0.035, cached: 0.03 },
  },
  {
    provider: 'openai',
    model: 'gpt-4o-2024-05-13',
    source: 'LiteLLM 1.109.1: gpt-4o-2024-05-13',
    usd: { plain: 0.065 },
  },
  {
    provider: 'openai',
    model: 'gpt-4o-mini-2024-07-18',
    source: 'LiteLLM 1.109.1: gpt-4o-mini-2024-07-18',
    usd: { plain: 0.0021, cached: 0.0018 },
  },
  {
    provider: 'openai',
    model: 'gpt-4.1',
    source: 'LiteLLM 1.109.1: gpt-4.1',
    usd: { plain: 0.028, cached: 0.022, long: 0.616 },
  },
  {
    provider: 'openai',
    model: 'o1',
    source: 'LiteLLM 1.109.1: o1',
    usd: { plain: 0.21, cached: 0.18, reasoning: 0.21 },
  },
  {
    provider: 'openai',
    model: 'o3',
    source: 'LiteLLM 1.109.1: o3',
    usd: { plain: 0.028, cached: 0.022, reasoning: 0.028 },
  },
  {
    provider: 'openai',
    model: 'o4-mini-2025-04-16',
    source: 'LiteLLM 1.109.1: o4-mini-2025-04-16',
    usd: { plain: 0.0154, cached: 0.0121, reasoning: 0.0154 },
  },
  {
    provider: 'openai',
    model: 'gpt-5',
    source: 'LiteLLM 1.109.1: gpt-5',
    usd: { plain: 0.0225, cached: 0.018, reasoning: 0.0225 },
  },
  {
    provider: 'openai',
    model: 'gpt-5-mini-2025-08-07',
    source: 'LiteLLM 1.109.1: gpt-5-mini-2025-08-07',
    usd: { plain: 0.0045, cached: 0.0036, reasoning: 0.0045 },
  },
  {
    provider: 'openai',
    model: 'gpt-5.1-codex',
    source: 'LiteLLM 1.109.1: gpt-5.1-codex',
    usd: { plain: 0.0225, cached: 0.018, reasoning: 0.0225, long: 0.395 },
  },
  {
    provider: 'openai',
    model: 'gpt-5.2-2025-12-11',
    source: 'LiteLLM 1.109.1: gpt-5.2-2025-12-11',
    usd: { plain: 0.0315, cached: 0.0252, reasoning: 0.0315 },
  },
  {
    provider: 'openai',
    model: 'gpt-5.4',
    source: 'LiteLLM 1.109.1: gpt-5.4',
    usd: { plain: 0.04, cached: 0.031, reasoning: 0.04, long: 1.545 },
  },
  {
    provider: 'openai',
    model: 'gpt-5.5-2026-04-23',
    source: 'LiteLLM 1.109.1: gpt-5.5-2026-04-23',
    usd: { plain: 0.08, cached: 0.062, reasoning: 0.08, long: 3.09 },
  },
  {
    provider: 'openai',
    model: 'gpt-5.6',
    source: 'LiteLLM 1.109.1: gpt-5.6',
    usd: { plain: 0.06, cached: 0.0456, cacheWrite: 0.063, reasoning: 0.06, long: 2.46 },
  },
  {
    provider: 'openai',
    model: 'gpt-5.6-luna',
    source: 'LiteLLM 1.109.1: gpt-5.6-luna',
    usd: { plain: 0.0032, cached: 0.00248, cacheWrite: 0.00335, reasoning: 0.0032, long: 0.1236 },
  },
  {
    provider: 'openai',
    model: 'gpt-6-sol',
    source: 'LiteLLM 1.109.1: gpt-6-sol',
    usd: { plain: 0.03, cached: 0.0228, cacheWrite: 0.0315, reasoning: 0.03, long: 1.23 },
  },
  {
    provider: 'openai',
    model: 'ft:gpt-4o-mini-2024-07-18:acme::AbC123',
    source: 'LiteLLM 1.109.1: ft:gpt-4o-mini-2024-07-18',
    usd: { plain: 0.0042 },
  },
  {
    provider: 'openai',
    model: 'ft:gpt-3.5-turbo-0125:acme::AbC123',
    source: 'LiteLLM 1.109.1: ft:gpt-3.5-turbo-0125',
    usd: { plain: 0.036 },
  },
  // Azure, both of its names.
  {
    provider: 'azure',
    model: 'gpt-4o',
    source: 'LiteLLM 1.109.1: azure/gpt-4o',
    usd: { plain: 0.035, cached: 0.03 },
  },
  {
    provider: 'azure',
    model: 'azure/gpt-4o-2024-11-20',
    source: 'LiteLLM 1.109.1: azure/gpt-4o-2024-11-20',
    usd: { plain: 0.035, cached: 0.03 },
  },
  {
    provider: 'azure',
    model: 'gpt-35-turbo',
    source: 'LiteLLM 1.109.1: azure/gpt-35-turbo',
    usd: { plain: 0.0065 },
  },
  {
    provider: 'azure',
    model: 'gpt-4.1-mini-2025-04-14',
    source: 'LiteLLM 1.109.1: azure/gpt-4.1-mini-2025-04-14',
    usd: { plain: 0.0056, cached: 0.0044, long: 0.1232 },
  },
  {
    provider: 'azure',
    model: 'o3-mini',
    source: 'LiteLLM 1.109.1: azure/o3-mini',
    usd: { plain: 0.0154, cached: 0.0132, reasoning: 0.0154 },
  },
  {
    provider: 'azure',
    model: 'gpt-5.6-terra-2026-07-09',
    source: 'LiteLLM 1.109.1: azure/gpt-5.6-terra-2026-07-09',
    usd: { plain: 0.032, cached: 0.0248, cacheWrite: 0.0335, reasoning: 0.032, long: 1.236 },
  },
  {
    provider: 'azure_ai',
    model: 'claude-haiku-4-5',
    source: 'LiteLLM 1.109.1: azure_ai/claude-haiku-4-5',
    usd: { plain: 0.015, cached: 0.0114, cacheWrite: 0.01575, reasoning: 0.015 },
  },
  {
    provider: 'azure_ai',
    model: 'grok-4',
    source: 'LiteLLM 1.109.1: azure_ai/grok-4',
    usd: { plain: 0.045 },
  },
  // Anthropic.
  {
    provider: 'anthropic',
    model: 'claude-3-5-sonnet-20241022',
    source: 'LiteLLM 1.109.1: vercel_ai_gateway/anthropic/claude-3-5-sonnet-20241022 (at list price)',
    usd: { plain: 0.045, cached: 0.0342, cacheWrite: 0.04725 },
  },
  {
    provider: 'anthropic',
    model: 'claude-sonnet-4-20250514',
    source: 'LiteLLM 1.109.1: vercel_ai_gateway/anthropic/claude-sonnet-4 (at list price)',
    usd: { plain: 0.045, cached: 0.0342, cacheWrite: 0.04725, reasoning: 0.045 },
  },
  {
    provider: 'anthropic',
    model: 'claude-haiku-4-5-20251001',
    source: 'LiteLLM 1.109.1: claude-haiku-4-5-20251001',
    usd: { plain: 0.015, cached: 0.0114, cacheWrite: 0.01575, reasoning: 0.015 },
  },
  {
    provider: 'anthropic',
    model: 'claude-sonnet-4-5-20250929',
    source: 'LiteLLM 1.109.1: claude-sonnet-4-5-20250929',
    usd: { plain: 0.045, cached: 0.0342, cacheWrite: 0.04725, reasoning: 0.045 },
  },
  {
    provider: 'anthropic',
    model: 'anthropic/claude-sonnet-4-5',
    source: 'LiteLLM 1.109.1: claude-sonnet-4-5',
    usd: { plain: 0.045, cached: 0.0342, cacheWrite: 0.04725, reasoning: 0.045 },
  },
  {
    provider: 'anthropic',
    model: 'claude-sonnet-4-6',
    source: 'LiteLLM 1.109.1: claude-sonnet-4-6',
    usd: { plain: 0.045, cached: 0.0342, cacheWrite: 0.04725, reasoning: 0.045, long: 0.93 },
  },
  {
    provider: 'anthropic',
    model: 'claude-opus-4-6-20260205',
    source: 'LiteLLM 1.109.1: claude-opus-4-6-20260205',
    usd: { plain: 0.075, cached: 0.057, cacheWrite: 0.07875, reasoning: 0.075, long: 1.55 },
  },
  {
    provider: 'anthropic',
    model: 'claude-sonnet-5',
    source: 'LiteLLM 1.109.1: claude-sonnet-5',
    usd: { plain: 0.03, cached: 0.0228, cacheWrite: 0.0315, reasoning: 0.03, long: 0.62 },
  },
  {
    provider: 'anthropic',
    model: 'claude-opus-5',
    source: 'LiteLLM 1.109.1: claude-opus-5',
    usd: { plain: 0.075, cached: 0.057, cacheWrite: 0.07875, reasoning: 0.075, long: 1.55 },
  },
  {
    provider: 'anthropic',
    model: 'claude-opus-5-5',
    source: 'LiteLLM 1.109.1: claude-opus-5-5',
    usd: { plain: 0.06, cached: 0.0448, cacheWrite: 0.063, reasoning: 0.06, long: 1.24 },
  },
  {
    provider: 'anthropic',
    model: 'claude-fable-5-1',
    source: 'LiteLLM 1.109.1: claude-fable-5-1',
    usd: { plain: 0.15, cached: 0.111, cacheWrite: 0.1575, reasoning: 0.15, long: 3.1 },
  },
  // Bedrock: in-region ids, inference profiles, ARNs.
  {
    provider: 'bedrock',
    model: 'anthropic.claude-3-5-sonnet-20240620-v1:0',
    source: 'LiteLLM 1.109.1: anthropic.claude-3-5-sonnet-20240620-v1:0',
    usd: { plain: 0.045, cached: 0.0342, cacheWrite: 0.04725 },
  },
  {
    provider: 'bedrock',
    model: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    source: 'LiteLLM 1.109.1: us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    usd: { plain: 0.0495, cached: 0.03762, cacheWrite: 0.051975, reasoning: 0.0495 },
  },
  {
    provider: 'bedrock',
    model: 'bedrock/us.anthropic.claude-opus-4-8',
    source: 'LiteLLM 1.109.1: us.anthropic.claude-opus-4-8',
    usd: { plain: 0.0825, cached: 0.0627, cacheWrite: 0.086625, reasoning: 0.0825, long: 1.705 },
  },
  {
    provider: 'bedrock',
    model: 'global.anthropic.claude-haiku-4-5-20251001-v1:0',
    source: 'LiteLLM 1.109.1: global.anthropic.claude-haiku-4-5-20251001-v1:0',
    usd: { plain: 0.015, cached: 0.0114, cacheWrite: 0.01575, reasoning: 0.015 },
  },
  {
    provider: 'bedrock',
    model: 'eu.anthropic.claude-opus-4-6-v1',
    source: 'LiteLLM 1.109.1: eu.anthropic.claude-opus-4-6-v1',
    usd: { plain: 0.0825, cached: 0.0627, cacheWrite: 0.086625, reasoning: 0.0825, long: 1.705 },
  },
  {
    provider: 'bedrock',
    model: 'arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-5-haiku-20241022-v1:0',
    source: 'LiteLLM 1.109.1: anthropic.claude-3-5-haiku-20241022-v1:0',
    usd: { plain: 0.012, cached: 0.00912, cacheWrite: 0.0126 },
  },
  {
    provider: 'bedrock',
    model: 'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-4-7',
    source: 'LiteLLM 1.109.1: us.anthropic.claude-opus-4-7',
    usd: { plain: 0.0825, cached: 0.0627, cacheWrite: 0.086625, reasoning: 0.0825, long: 1.705 },
  },
  {
    provider: 'bedrock',
    model: 'arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-opus-5',
    source: 'LiteLLM 1.109.1: eu.anthropic.claude-opus-5',
    usd: { plain: 0.0825, cached: 0.0627, cacheWrite: 0.086625, reasoning: 0.0825, long: 1.705 },
  },
  {
    provider: 'bedrock',
    model: 'amazon.nova-pro-v1:0',
    source: 'LiteLLM 1.109.1: amazon.nova-pro-v1:0',
    usd: { plain: 0.0112, cached: 0.0088, long: 0.2464 },
  },
  {
    provider: 'bedrock',
    model: 'us.amazon.nova-2-lite-v1:0',
    source: 'LiteLLM 1.109.1: us.amazon.nova-2-lite-v1:0',
    usd: { plain: 0.00605, cached: 0.00506, reasoning: 0.00605, long: 0.1045 },
  },
  {
    provider: 'bedrock',
    model: 'meta.llama3-3-70b-instruct-v1:0',
    source: 'LiteLLM 1.109.1: meta.llama3-3-70b-instruct-v1:0',
    usd: { plain: 0.00792 },
  },
  {
    provider: 'bedrock',
    model: 'us.deepseek.r1-v1:0',
    source: 'LiteLLM 1.109.1: us.deepseek.r1-v1:0',
    usd: { plain: 0.0189, reasoning: 0.0189 },
  },
  {
    provider: 'bedrock',
    model: 'openai.gpt-oss-120b-1:0',
    source: 'LiteLLM 1.109.1: openai.gpt-oss-120b-1:0',
    usd: { plain: 0.0021, reasoning: 0.0021 },
  },
  // Google: Vertex AI and the Gemini API.
  {
    provider: 'vertex_ai',
    model: 'gemini-2.5-flash',
    source: 'LiteLLM 1.109.1: gemini-2.5-flash',
    usd: { plain: 0.0055, cached: 0.00442, reasoning: 0.0055, long: 0.095 },
  },
  {
    provider: 'vertex_ai',
    model: 'publishers/google/models/gemini-2.5-pro',
    source: 'LiteLLM 1.109.1: gemini-2.5-pro',
    usd: { plain: 0.0225, cached: 0.018, reasoning: 0.0225, long: 0.78 },
  },
  {
    provider: 'vertex_ai',
    model: 'projects/acme/locations/us-central1/publishers/google/models/gemini-2.5-flash-lite',
    source: 'LiteLLM 1.109.1: gemini-2.5-flash-lite',
    usd: { plain: 0.0014, cached: 0.00104, reasoning: 0.0014, long: 0.0308 },
  },
  {
    provider: 'vertex_ai',
    model: 'google/gemini-3-flash-preview',
    source: 'LiteLLM 1.109.1: vertex_ai/gemini-3-flash-preview',
    usd: { plain: 0.008, cached: 0.0062, reasoning: 0.008, long: 0.156 },
  },
  {
    provider: 'vertex_ai',
    model: 'claude-sonnet-4@20250514',
    source: 'LiteLLM 1.109.1: vercel_ai_gateway/anthropic/claude-sonnet-4 (the same on Vertex AI)',
    usd: { plain: 0.045, cached: 0.0342, cacheWrite: 0.04725, reasoning: 0.045 },
  },
  {
    provider: 'vertex_ai',
    model: 'claude-sonnet-4-5@20250929',
    source: 'LiteLLM 1.109.1: vertex_ai/claude-sonnet-4-5@20250929',
    usd: { plain: 0.045, cached: 0.0342, cacheWrite: 0.04725, reasoning: 0.045, long: 1.845 },
  },
  {
    provider: 'vertex_ai',
    model: 'claude-opus-4-7@default',
    source: 'LiteLLM 1.109.1: vertex_ai/claude-opus-4-7@default',
    usd: { plain: 0.075, cached: 0.057, cacheWrite: 0.07875, reasoning: 0.075, long: 1.55 },
  },
  {
    provider: 'vertex_ai',
    model: 'publishers/anthropic/models/claude-haiku-4-5@20251001',
    source: 'LiteLLM 1.109.1: vertex_ai/claude-haiku-4-5@20251001',
    usd: { plain: 0.015, cached: 0.0114, cacheWrite: 0.01575, reasoning: 0.015 },
  },
  {
    provider: 'gemini',
    model: 'gemini-2.5-flash',
    source: 'LiteLLM 1.109.1: gemini/gemini-2.5-flash',
    usd: { plain: 0.0055, cached: 0.00442, reasoning: 0.0055, long: 0.095 },
  },
  {
    provider: 'gemini',
    model: 'models/gemini-2.5-flash',
    source: 'LiteLLM 1.109.1: gemini/gemini-2.5-flash',
    usd: { plain: 0.0055, cached: 0.00442, reasoning: 0.0055, long: 0.095 },
  },
  {
    provider: 'gemini',
    model: 'gemini-2.5-pro',
    source: 'LiteLLM 1.109.1: gemini/gemini-2.5-pro',
    usd: { plain: 0.0225, cached: 0.018, reasoning: 0.0225, long: 0.78 },
  },
  {
    provider: 'gemini',
    model: 'models/gemini-3.1-pro-preview',
    source: 'LiteLLM 1.109.1: gemini/gemini-3.1-pro-preview',
    usd: { plain: 0.032, cached: 0.0248, reasoning: 0.032, long: 1.236 },
  },
  {
    provider: 'gemini',
    model: 'gemini-3.8-flash',
    source: 'LiteLLM 1.109.1: gemini/gemini-3.8-flash',
    usd: { plain: 0.01125, cached: 0.00855, reasoning: 0.01125, long: 0.2325 },
  },
  // Other vendors and hosts.
  {
    provider: 'mistral',
    model: 'mistral-large-2512',
    source: 'LiteLLM 1.109.1: mistral/mistral-large-2512',
    usd: { plain: 0.0065, cached: 0.0047 },
  },
  {
    provider: 'mistral',
    model: 'mistral/codestral-2508',
    source: 'LiteLLM 1.109.1: mistral/codestral-2508',
    usd: { plain: 0.0039, cached: 0.00282 },
  },
  {
    provider: 'mistral',
    model: 'mistral-medium-3.5',
    source: 'LiteLLM 1.109.1: mistral/mistral-medium-3.5',
    usd: { plain: 0.0225, cached: 0.0171, reasoning: 0.0225 },
  },
  {
    provider: 'mistral',
    model: 'mistral-small-2603',
    source: 'LiteLLM 1.109.1: mistral/mistral-small-2603',
    usd: { plain: 0.0021, cached: 0.00156, reasoning: 0.0021 },
  },
  {
    provider: 'groq',
    model: 'openai/gpt-oss-120b',
    source: 'LiteLLM 1.109.1: groq/openai/gpt-oss-120b',
    usd: { plain: 0.0021, cached: 0.0018, reasoning: 0.0021 },
  },
  {
    provider: 'groq',
    model: 'groq/openai/gpt-oss-20b',
    source: 'LiteLLM 1.109.1: groq/openai/gpt-oss-20b',
    usd: { plain: 0.00105, cached: 0.0009, reasoning: 0.00105 },
  },
  {
    provider: 'deepseek',
    model: 'deepseek-v4-pro',
    source: 'LiteLLM 1.109.1: deepseek/deepseek-v4-pro, off-peak',
    usd: { plain: 0.00858, cached: 0.006028, reasoning: 0.00858, long: 0.20196 },
  },
  {
    provider: 'xai',
    model: 'grok-4.3',
    source: 'LiteLLM 1.109.1: xai/grok-4.3',
    usd: { plain: 0.015, cached: 0.0108, reasoning: 0.015, long: 0.76 },
  },
  {
    provider: 'xai',
    model: 'xai/grok-4.6',
    source: 'LiteLLM 1.109.1: xai/grok-4.6',
    usd: { plain: 0.026, cached: 0.02, reasoning: 0.026, long: 1.224 },
  },
  {
    provider: 'cohere',
    model: 'command-a-03-2025',
    source: 'LiteLLM 1.109.1: command-a-03-2025',
    usd: { plain: 0.035 },
  },
  {
    provider: 'cohere',
    model: 'command-r-plus-08-2024',
    source: 'LiteLLM 1.109.1: command-r-plus-08-2024',
    usd: { plain: 0.035 },
  },
  {
    provider: 'perplexity',
    model: 'sonar-deep-research',
    source: 'LiteLLM 1.109.1: perplexity/sonar-deep-research',
    usd: { plain: 0.028, reasoning: 0.025 },
  },
  {
    provider: 'together_ai',
    model: 'meta-llama/Llama-4-Scout-17B-16E-Instruct',
    source: 'LiteLLM 1.109.1: together_ai/meta-llama/Llama-4-Scout-17B-16E-Instruct',
    usd: { plain: 0.00239, long: 0.05518 },
  },
  {
    provider: 'together_ai',
    model: 'meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo',
    source: 'LiteLLM 1.109.1: together_ai/meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo',
    usd: { plain: 0.00198 },
  },
  {
    provider: 'fireworks_ai',
    model: 'accounts/fireworks/models/kimi-k2p6',
    source: 'LiteLLM 1.109.1: fireworks_ai/accounts/fireworks/models/kimi-k2p6',
    usd: { plain: 0.0135, cached: 0.01034, reasoning: 0.0135 },
  },
  {
    provider: 'fireworks_ai',
    model: 'accounts/fireworks/routers/glm-5p2-fast',
    source: 'LiteLLM 1.109.1: fireworks_ai/accounts/fireworks/routers/glm-5p2-fast',
    usd: { plain: 0.0276, cached: 0.02004, reasoning: 0.0276, long: 0.6432 },
  },
  {
    provider: 'fireworks_ai',
    model: 'gpt-oss-120b',
    source: 'LiteLLM 1.109.1: fireworks_ai/gpt-oss-120b',
    usd: { plain: 0.0021, cached: 0.00156, reasoning: 0.0021 },
  },
  {
    provider: 'cerebras',
    model: 'gpt-oss-120b',
    source: 'LiteLLM 1.109.1: cerebras/gpt-oss-120b',
    usd: { plain: 0.00425, reasoning: 0.00425 },
  },
  {
    provider: 'moonshot',
    model: 'kimi-k2.6',
    source: 'LiteLLM 1.109.1: moonshot/kimi-k2.6',
    usd: { plain: 0.0135, cached: 0.01034, reasoning: 0.0135 },
  },
  {
    provider: 'moonshot',
    model: 'kimi-k3',
    source: 'LiteLLM 1.109.1: moonshot/kimi-k3',
    usd: { plain: 0.045, cached: 0.0342, cacheWrite: 0.045, reasoning: 0.045, long: 0.93 },
  },
  {
    provider: 'zai',
    model: 'glm-5.3',
    source: 'LiteLLM 1.109.1: zai/glm-5.3',
    usd: { plain: 0.0184, cached: 0.01384, reasoning: 0.0184, long: 0.4288 },
  },
  {
    provider: 'minimax',
    model: 'MiniMax-M2.5',
    source: 'LiteLLM 1.109.1: minimax/MiniMax-M2.5',
    usd: { plain: 0.0042, cached: 0.00312, cacheWrite: 0.004425, reasoning: 0.0042, long: 0.0924 },
  },
  // Gateways.
  {
    provider: 'openrouter',
    model: 'anthropic/claude-sonnet-5',
    source: 'LiteLLM 1.109.1: claude-sonnet-5 (at list price)',
    usd: { plain: 0.03, cached: 0.0228, cacheWrite: 0.0315, reasoning: 0.03, long: 0.62 },
  },
  {
    provider: 'openrouter',
    model: 'openrouter/anthropic/claude-opus-4.8',
    source: 'LiteLLM 1.109.1: claude-opus-4-8 (at list price)',
    usd: { plain: 0.075, cached: 0.057, cacheWrite: 0.07875, reasoning: 0.075, long: 1.55 },
  },
  {
    provider: 'openrouter',
    model: 'openai/gpt-4o-mini',
    source: 'LiteLLM 1.109.1: gpt-4o-mini (at list price)',
    usd: { plain: 0.0021, cached: 0.0018 },
  },
  {
    provider: 'openrouter',
    model: 'openai/gpt-5.2',
    source: 'LiteLLM 1.109.1: gpt-5.2 (at list price)',
    usd: { plain: 0.0315, cached: 0.0252, reasoning: 0.0315 },
  },
  {
    provider: 'openrouter',
    model: 'google/gemini-2.5-flash',
    source: 'LiteLLM 1.109.1: gemini/gemini-2.5-flash (at list price)',
    usd: { plain: 0.0055, reasoning: 0.0055, long: 0.095 },
  },
  {
    provider: 'vercel_ai_gateway',
    model: 'anthropic/claude-sonnet-4',
    source: 'LiteLLM 1.109.1: vercel_ai_gateway/anthropic/claude-sonnet-4',
    usd: { plain: 0.045, cached: 0.0342, cacheWrite: 0.04725, reasoning: 0.045 },
  },
  {
    provider: 'vercel_ai_gateway',
    model: 'openai/gpt-4o-mini',
    source: 'LiteLLM 1.109.1: vercel_ai_gateway/openai/gpt-4o-mini',
    usd: { plain: 0.0021, cached: 0.0018 },
  },
  {
    provider: 'vercel_ai_gateway',
    model: 'google/gemini-2.5-pro',
    source: 'LiteLLM 1.109.1: vercel_ai_gateway/google/gemini-2.5-pro',
    usd: { plain: 0.0225, cached: 0.018, reasoning: 0.0225, long: 0.78 },
  },
  {
    provider: 'vercel_ai_gateway',
    model: 'xai/grok-4',
    source: 'LiteLLM 1.109.1: vercel_ai_gateway/xai/grok-4',
    usd: { plain: 0.045 },
  },
  {
    provider: 'vercel_ai_gateway',
    model: 'cohere/command-a',
    source: 'LiteLLM 1.109.1: vercel_ai_gateway/cohere/command-a',
    usd: { plain: 0.035 },
  },
  {
    provider: 'vercel_ai_gateway',
    model: 'mistral/ministral-8b',
    source: 'LiteLLM 1.109.1: vercel_ai_gateway/mistral/ministral-8b',
    usd: { plain: 0.0011 },
  },
  {
    provider: 'vercel_ai_gateway',
    model: 'amazon/nova-pro',
    source: 'LiteLLM 1.109.1: vercel_ai_gateway/amazon/nova-pro',
    usd: { plain: 0.0112, long: 0.2464 },
  },
  // Embeddings.
  {
    provider: 'openai',
    model: 'text-embedding-3-small',
    source: 'LiteLLM 1.109.1: text-embedding-3-small',
    usd: { plain: 0.0002 },
  },
  {
    provider: 'openai',
    model: 'text-embedding-ada-002',
    source: 'LiteLLM 1.109.1: text-embedding-ada-002',
    usd: { plain: 0.001 },
  },
  {
    provider: 'gemini',
    model: 'models/gemini-embedding-001',
    source: 'LiteLLM 1.109.1: gemini/gemini-embedding-001',
    usd: { plain: 0.0015 },
  },
  {
    provider: 'vertex_ai',
    model: 'gemini-embedding-001',
    source: 'LiteLLM 1.109.1: gemini-embedding-001',
    usd: { plain: 0.0015 },
  },
  {
    provider: 'bedrock',
    model: 'amazon.titan-embed-text-v1',
    source: 'LiteLLM 1.109.1: amazon.titan-embed-text-v1',
    usd: { plain: 0.001 },
  },
  {
    provider: 'cohere',
    model: 'embed-v4.0',
    source: 'LiteLLM 1.109.1: cohere/embed-v4.0',
    usd: { plain: 0.0012 },
  },
  {
    provider: 'voyage',
    model: 'voyage-3.5',
    source: 'LiteLLM 1.109.1: voyage/voyage-3.5',
    usd: { plain: 0.0006 },
  },
  {
    provider: 'voyage',
    model: 'voyage-code-3',
    source: 'LiteLLM 1.109.1: voyage/voyage-code-3',
    usd: { plain: 0.0018 },
  },
];

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    provider: 'mistral',
    model: 'mistral-large-latest',
    source: 'LiteLLM 1.109.1: mistral/mistral-large-latest',
    usd: { plain: 0.0065, cached: 0.0047 },
    catalogue: { plain: 0.026, cached: 0.026 },
    why: 'LiteLLM: the alias now costs what mistral-large-2512 does, in the catalogue too.',
  },
  {
    provider: 'mistral',
    model: 'mistral-small-latest',
    source: 'LiteLLM 1.109.1: mistral/mistral-small-latest',
    usd: { plain: 0.0021, cached: 0.00156 },
    catalogue: { plain: 0.0013, cached: 0.0013 },
    why: 'LiteLLM: the alias now costs what mistral-small-2603 does, in the catalogue too.',
  },
  {
    provider: 'deepseek',
    model: 'deepseek-chat',
    source: 'LiteLLM 1.109.1: deepseek/deepseek-chat',
    usd: { plain: 0.00322, cached: 0.002212 },
    catalogue: { plain: 0.0019, cached: 0.0015 },
    why: 'LiteLLM: the catalogue has the list of early 2025. Retired in July 2026.',
  },
  {
    provider: 'perplexity',
    model: 'sonar-pro',
    source: 'LiteLLM 1.109.1: perplexity/sonar-pro',
    usd: { plain: 0.045 },
    catalogue: { plain: 0.059 },
    why: 'The tokens agree; the catalogue adds the dearest of three request fees, LiteLLM bills it apart.',
  },
  {
    provider: 'anthropic',
    model: 'claude-sonnet-5-5',
    source: 'LiteLLM 1.109.1: claude-sonnet-5-5',
    usd: { cached: 0.0224 },
    catalogue: { cached: 0.0228 },
    why: 'LiteLLM: the catalogue takes any id that starts with claude-sonnet-5 for Sonnet 5.',
  },
  {
    provider: 'bedrock',
    model: 'anthropic.claude-sonnet-4-5-20250929-v1:0',
    source: 'LiteLLM 1.109.1: anthropic.claude-sonnet-4-5-20250929-v1:0',
    usd: { plain: 0.045, cached: 0.0342, cacheWrite: 0.04725 },
    catalogue: { plain: 0.0495, cached: 0.03762, cacheWrite: 0.051975 },
    why: 'Not settled: the catalogue adds 10 % to ids without a prefix too, LiteLLM to regional ones only.',
  },
  {
    provider: 'bedrock',
    model: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    source: 'LiteLLM 1.109.1: us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    usd: { long: 2.0295 },
    catalogue: { long: 1.023 },
    why: 'LiteLLM, probably: the catalogue has the rate beyond 200k tokens for Anthropic and Vertex AI.',
  },
  {
    provider: 'vertex_ai',
    model: 'claude-opus-4-6',
    source: 'LiteLLM 1.109.1: vertex_ai/claude-opus-4-6',
    usd: { long: 1.55 },
    catalogue: { long: 3.075 },
    why: 'LiteLLM: the rate beyond 200k tokens ended; the catalogue ends it for Anthropic alone.',
  },
  {
    provider: 'openai',
    model: 'ft:gpt-4o-mini-2024-07-18:acme::AbC123',
    source: 'LiteLLM 1.109.1: ft:gpt-4o-mini-2024-07-18',
    usd: { cached: 0.0036 },
    catalogue: { cached: 0.0042 },
    why: 'LiteLLM: the catalogue has no cache rate for fine-tuned models and bills the full one.',
  },
  {
    provider: 'openai',
    model: 'gpt-4o-search-preview',
    source: 'LiteLLM 1.109.1: gpt-4o-search-preview',
    usd: { cached: 0.03 },
    catalogue: { cached: 0.035 },
    why: 'Not settled: LiteLLM has a cache rate, the catalogue none.',
  },
  {
    provider: 'xai',
    model: 'grok-code-fast-1',
    source: 'LiteLLM 1.109.1: xai/grok-code-fast-1',
    usd: { plain: 0.012, cached: 0.0088, long: 0.608 },
    catalogue: { plain: 0.0035, cached: 0.00278, long: 0.063 },
    why: 'LiteLLM: retired in May 2026; the name now costs what grok-build-0.1 does, in the catalogue too.',
  },
  {
    provider: 'groq',
    model: 'openai/gpt-oss-safeguard-20b',
    source: 'LiteLLM 1.109.1: groq/openai/gpt-oss-safeguard-20b',
    usd: { plain: 0.00105, cached: 0.000898 },
    catalogue: { plain: 0.0021, cached: 0.0018 },
    why: 'LiteLLM: the catalogue lists it as another name of gpt-oss-120b.',
  },
  {
    provider: 'bedrock',
    model: 'amazon.titan-embed-text-v2:0',
    source: 'LiteLLM 1.109.1: amazon.titan-embed-text-v2:0',
    usd: { plain: 0.0002 },
    catalogue: { plain: 0.001 },
    why: 'LiteLLM: the catalogue knows the first version only and takes the second for it.',
  },
  {
    provider: 'bedrock',
    model: 'eu.amazon.nova-pro-v1:0',
    source: 'LiteLLM 1.109.1: eu.amazon.nova-pro-v1:0',
    usd: { plain: 0.0147, cached: 0.01155, long: 0.3234 },
    catalogue: { plain: 0.0112, cached: 0.0088, long: 0.2464 },
    why: 'LiteLLM: the catalogue has the US rate for every region.',
  },
  {
    provider: 'azure',
    model: 'text-embedding-3-small',
    source: 'LiteLLM 1.109.1: azure/text-embedding-3-small',
    usd: { plain: 0.00022 },
    catalogue: { plain: 0.0002 },
    why: 'Not settled: LiteLLM is 10 % above the list of OpenAI, which the catalogue repeats.',
  },
];

/** Providers and models that have no price: a wrong one would be worse. */
export const UNKNOWN: readonly (readonly [provider: string, model: string])[] = [
  ['openai', 'gpt-9-turbo'],
  ['anthropic', 'claude-opus-9'],
  ['gemini', 'models/gemini-9-ultra'],
  ['azure', 'my-gpt4o-deployment'],
  ['bedrock', 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6'],
  ['openai', 'claude-sonnet-4-5'],
  ['groq', 'gpt-4o'],
  ['mistral', 'gemini-2.5-flash'],
  ['vercel_ai_gateway', 'meta/llama-3.3-70b'],
  ['hosted_vllm', 'gpt-4o'],
  ['acme_cloud', 'gpt-4o'],
];
