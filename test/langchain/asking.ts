import type { BaseMessage } from '@langchain/core/messages';
import type { ChatOpenAI, ChatOpenAIFields } from '@langchain/openai';
import type { FakeProvider } from '../../fixtures/provider.js';
import type { EventMessage } from '../../schemas/litellm.js';
import { TinybirdCallbackHandler, type TinybirdCallbackHandlerOptions } from '../../src/langchain/index.js';
import { Recorded } from '../support/events.js';
import type { LangChain } from './generations.js';

/** What the fixture `chat-plain` answers, and its stream. */
export const ANSWER = 'A row is one call, told in columns.';
export const API_KEY = 'sk-test-0123456789';
/** Of a header that goes out with every request of `chatOf`. */
export const SECRET = 'hush-hush';

export function handlerOf(
  recorded: Recorded,
  options: TinybirdCallbackHandlerOptions = {},
): TinybirdCallbackHandler {
  return new TinybirdCallbackHandler({ ...recorded.options, ...options });
}

/** A real model that gets the answer of a fixture, else what its request asks for. */
export function chatOf(
  { ChatOpenAI }: LangChain,
  provider: FakeProvider,
  { fixture, ...options }: ChatOpenAIFields & { fixture?: string } = {},
): ChatOpenAI {
  return new ChatOpenAI({
    model: 'gpt-4o-mini',
    apiKey: API_KEY,
    maxRetries: 0,
    configuration: {
      baseURL: fixture === undefined ? provider.defaultBaseUrl : provider.baseUrl(fixture),
      defaultHeaders: { 'x-secret': SECRET },
    },
    ...options,
  });
}

/** The messages in the row of a call that asks a model without a provider this. */
export async function messagesOfCall(
  { FakeListChatModel }: LangChain,
  asked: readonly (BaseMessage | string)[],
): Promise<EventMessage[]> {
  const recorded = new Recorded();
  const model = new FakeListChatModel({ responses: ['done'] });
  await model.invoke(asked as BaseMessage[], { callbacks: [handlerOf(recorded)] });
  const { messages, response } = await recorded.event();
  if (response.choices[0]?.message.content !== 'done' || recorded.problems.length > 0)
    throw new Error(`the call went wrong: ${JSON.stringify(recorded.problems)}`);
  return messages;
}
