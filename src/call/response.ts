import type { EventResponse, EventUsage } from '../../schemas/litellm.js';
import { MAX_TOKEN_COLUMN } from '../../schemas/token-column.js';
import type { Answer, Choice, ToolCall, Usage } from './call.js';

type EventChoice = EventResponse['choices'][number];
type EventToolCall = NonNullable<EventChoice['message']['tool_calls']>[number];

/** The answer in OpenAI's `chat.completion` shape, whatever API it came from; `content: false` keeps the words out. */
export function toResponse(answer: Answer, id: string, content: boolean): EventResponse {
  const response: EventResponse = {
    id,
    object: answer.object?.toWellFormed() || 'chat.completion',
    choices: answer.choices.map((choice, position) => toChoice(choice, position, content)),
    usage: toEventUsage(answer.usage),
  };
  const { created, model, serviceTier, embeddings } = answer;
  if (created !== undefined && Number.isSafeInteger(Math.trunc(created)))
    response.created = Math.trunc(created);
  if (model) response.model = model.toWellFormed();
  if (serviceTier) response.service_tier = serviceTier.toWellFormed();
  if (embeddings !== undefined) response.embeddings = withoutAbsent(embeddings);
  return response;
}

function toChoice(choice: Choice, position: number, content: boolean): EventChoice {
  const index = Number.isSafeInteger(choice.index) && choice.index >= 0 ? choice.index : position;
  const message = content ? toMessage(choice) : { role: 'assistant' };
  const reason = choice.finishReason?.toWellFormed();
  const event: EventChoice = reason ? { index, finish_reason: reason, message } : { index, message };
  // the tokens are the words
  if (content && choice.logprobs !== undefined) event.logprobs = choice.logprobs;
  return event;
}

function toMessage({ text, files, reasoning, refusal, toolCalls }: Choice): EventChoice['message'] {
  const message: EventChoice['message'] = { role: 'assistant' };
  const content =
    files === undefined || files.length === 0 ? text : [text, ...files].filter(Boolean).join('\n');
  if (content !== undefined) message.content = content.toWellFormed();
  if (reasoning) message.reasoning_content = reasoning.toWellFormed();
  if (refusal) message.refusal = refusal.toWellFormed();
  if (toolCalls !== undefined && toolCalls.length > 0) message.tool_calls = toolCalls.map(toToolCall);
  return message;
}

function toToolCall({ id, name, arguments: text }: ToolCall): EventToolCall {
  const called = { name: name.toWellFormed(), arguments: text.toWellFormed() };
  return id
    ? { id: id.toWellFormed(), type: 'function', function: called }
    : { type: 'function', function: called };
}

/** The columns are UInt16, which would wrap: clamped there, exact in `input_tokens` and `output_tokens`. */
function toEventUsage(usage: Usage | undefined): EventUsage {
  if (usage === undefined) return {};
  const event: EventUsage = {};
  const { promptTokens, completionTokens, totalTokens, seconds } = usage;
  if (promptTokens !== undefined) {
    event.prompt_tokens = Math.min(promptTokens, MAX_TOKEN_COLUMN);
    event.input_tokens = promptTokens;
  }
  if (completionTokens !== undefined) {
    event.completion_tokens = Math.min(completionTokens, MAX_TOKEN_COLUMN);
    event.output_tokens = completionTokens;
  }
  if (totalTokens !== undefined) event.total_tokens = Math.min(totalTokens, MAX_TOKEN_COLUMN);
  if (usage.cachedTokens || usage.cacheWriteTokens || usage.audioPromptTokens || usage.imagePromptTokens) {
    event.prompt_tokens_details = withoutAbsent({
      cached_tokens: usage.cachedTokens,
      cache_creation_tokens: usage.cacheWriteTokens,
      audio_tokens: usage.audioPromptTokens,
      image_tokens: usage.imagePromptTokens,
    });
  }
  if (usage.reasoningTokens || usage.audioCompletionTokens || usage.imageCompletionTokens) {
    event.completion_tokens_details = withoutAbsent({
      reasoning_tokens: usage.reasoningTokens,
      audio_tokens: usage.audioCompletionTokens,
      image_tokens: usage.imageCompletionTokens,
    });
  }
  if (seconds !== undefined) event.seconds = seconds;
  return event;
}

/** Without the keys that hold nothing: `undefined` is no JSON. */
function withoutAbsent<Value extends object>(
  value: Value,
): { [Key in keyof Value]: Exclude<Value[Key], undefined> } {
  const present: Partial<Value> = {};
  for (const key in value) if (value[key] !== undefined) present[key] = value[key];
  return present as { [Key in keyof Value]: Exclude<Value[Key], undefined> };
}
