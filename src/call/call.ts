import type { EventMessage } from '../../schemas/litellm.js';

/** LiteLLM's names; the leading `a` says asynchronous, which every JavaScript call is. */
export type CallType =
  | 'acompletion'
  | 'aresponses'
  | 'atext_completion'
  | 'aembedding'
  | 'aimage_generation'
  | 'aimage_edit'
  | 'aimage_variation'
  | 'atranscription'
  | 'aspeech'
  | 'arerank'
  | 'amoderation'
  | 'acreate_video';

/**
 * What one call took. Cached tokens, cache writes and those of audio and images are part of the prompt's or the
 * completion's, reasoning is part of the completion's. What the provider did not tell is left out.
 */
export interface Usage {
  promptTokens?: number;
  completionTokens?: number;
  totalTokens?: number;
  /** Prompt tokens read from the provider's cache. */
  cachedTokens?: number;
  /** Prompt tokens written to the provider's cache. */
  cacheWriteTokens?: number;
  /** Of those, the ones kept for an hour instead of minutes, at a higher price. */
  cacheWrite1hTokens?: number;
  reasoningTokens?: number;
  audioPromptTokens?: number;
  audioCompletionTokens?: number;
  imagePromptTokens?: number;
  imageCompletionTokens?: number;
  /** Seconds of audio, where that is what is billed. */
  seconds?: number;
}

export interface ToolCall {
  id?: string | undefined;
  name: string;
  /** As the provider sent it: JSON text, possibly cut off. */
  arguments: string;
}

/** What a provider tells of each token of an answer, in its own shape, as plain JSON with well-formed strings. */
export interface Logprobs {
  content?: unknown[];
  refusal?: unknown[];
}

export interface Choice {
  index: number;
  /** OpenAI's names: `stop`, `length`, `tool_calls`, `content_filter`; anything else as it came. */
  finishReason?: string | undefined;
  text?: string | undefined;
  reasoning?: string | undefined;
  refusal?: string | undefined;
  /** Markers of the images, audio and files in it, never their data. */
  files?: string[] | undefined;
  toolCalls?: ToolCall[] | undefined;
  logprobs?: Logprobs | undefined;
}

/** What the provider answered, or what of it had arrived when the call ended. */
export interface Answer {
  /** The provider's id of the response. */
  id?: string | undefined;
  /** The model that served the call. */
  model?: string | undefined;
  /** Default `chat.completion`. */
  object?: string | undefined;
  /** Seconds since the epoch. */
  created?: number | undefined;
  choices: Choice[];
  usage?: Usage | undefined;
  /** The tier that served the call, which may be another than was asked for: `flex`, `priority`, `batch`, … */
  serviceTier?: string | undefined;
  /** USD that the provider says it charged. */
  reportedCost?: number | undefined;
  /** Whom a gateway asked, by its own name for it. */
  servedProvider?: string | undefined;
  /** Of embeddings, how many and how long: the vectors themselves never leave the process. */
  embeddings?: { count: number; dimensions?: number | undefined } | undefined;
}

/**
 * How a call ended, by whose doing: `failed` is the provider's or the SDK's; what the caller chose (`aborted` by a
 * signal, `left` before the end, `abandoned`: never read to an end) is not a failure. `queued` is a call that the
 * provider answers later, which is another event.
 */
export type Ending =
  | { readonly kind: 'finished' }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'left' }
  | { readonly kind: 'abandoned' }
  | { readonly kind: 'queued' };

/** One LLM call, complete: plain data, from which `toEvent` makes the row. */
export interface LlmCall {
  /** Unique. */
  id: string;
  type: CallType;
  /** LiteLLM's name of the provider; of the one that served the call, where that is another than was asked. */
  provider: string;
  /** The provider that was asked, where another one served the call. */
  requestedProvider?: string | undefined;
  /** The requested model; of Azure the deployment. */
  model: string;
  stream: boolean;
  messages: EventMessage[];
  user?: string | undefined;
  /** JSON values only, and none of the keys that say how a call went. */
  metadata: Record<string, unknown>;
  /** Masked, if at all. */
  apiKey?: string | undefined;
  /** ms since the epoch. */
  startedAt: number;
  /** ms from the start until the provider's answer, or until its stream was open. */
  openedMs?: number | undefined;
  /** ms from the start until the first token of a stream. */
  firstTokenMs?: number | undefined;
  /** ms from start to end. */
  durationMs: number;
  ending: Ending;
  answer: Answer;
  /** USD that the caller says it cost. */
  cost?: number | undefined;
  /** Answered from a cache, without asking the provider. */
  cacheHit?: boolean | undefined;
  /** HTTP attempts it took. */
  attempts?: number | undefined;
}
