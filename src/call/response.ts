import type { EventResponse, EventUsage } from '../../schemas/litellm.js';
import { MAX_TOKEN_COLUMN } from '../../schemas/token-column.js';
import type { Answer, Choice, Usage } from './call.js';

type EventChoice = EventResponse['choices'][number];

/** The answer in OpenAI's `chat.completion` shape, whatever API it came from; `content: false` keeps the words out. */
export function toResponse(answer: Answer, id: string, content: boolean): EventResponse {
  const response: EventResponse = {
    id,
    object: wellFormed(answer.object) || 'chat.completion',
    choices: answer.choices.map((choice) => toChoice(choice, content)),
    usage: toEventUsage(answer.usage),
  };
  if (answer.created !== undefined && Number.isFinite(answer.created))
    response.created = Math.trunc(answer.created);
  if (answer.model) response.model = answer.model.toWellFormed();
  return response;
}

function toChoice(choice: Choice, content: boolean): EventChoice {
  const message: EventChoice['message'] = { role: 'assistant' };
  if (content) {
    if (choice.text !== undefined) message.content = choice.text.toWellFormed();
    if (choice.reasoning) message.reasoning_content = choice.reasoning.toWellFormed();
    if (choice.refusal) message.refusal = choice.refusal.toWellFormed();
    if (choice.toolCalls && choice.toolCalls.length > 0) {
      message.tool_calls = choice.toolCalls.map((call) => ({
        ...(call.id ? { id: call.id.toWellFormed() } : {}),
        type: 'function' as const,
        function: { name: call.name.toWellFormed(), arguments: call.arguments.toWellFormed() },
      }));
    }
  }
  return {
    index: choice.index,
    ...(choice.finishReason ? { finish_reason: choice.finishReason.toWellFormed() } : {}),
    message,
  };
}

/** The columns are UInt16, which would wrap: clamped there, exact in `input_tokens` and `output_tokens`. */
function toEventUsage(usage: Usage | undefined): EventUsage {
  if (usage === undefined) return {};
  const event: EventUsage = {};
  if (usage.promptTokens !== undefined) {
    event.prompt_tokens = Math.min(usage.promptTokens, MAX_TOKEN_COLUMN);
    event.input_tokens = usage.promptTokens;
  }
  if (usage.completionTokens !== undefined) {
    event.completion_tokens = Math.min(usage.completionTokens, MAX_TOKEN_COLUMN);
    event.output_tokens = usage.completionTokens;
  }
  if (usage.totalTokens !== undefined) event.total_tokens = Math.min(usage.totalTokens, MAX_TOKEN_COLUMN);
  const { cachedTokens, cacheWriteTokens, reasoningTokens } = usage;
  if (cachedTokens !== undefined || cacheWriteTokens !== undefined) {
    event.prompt_tokens_details = {
      ...(cachedTokens === undefined ? {} : { cached_tokens: cachedTokens }),
      ...(cacheWriteTokens === undefined ? {} : { cache_creation_tokens: cacheWriteTokens }),
    };
  }
  if (reasoningTokens !== undefined) event.completion_tokens_details = { reasoning_tokens: reasoningTokens };
  return event;
}

function wellFormed(text: string | undefined): string {
  return text?.toWellFormed() ?? '';
}
