import type { BaseMessage } from '@langchain/core/messages';
import type { FakeProvider } from '../../fixtures/provider.js';
import type { EventMessage } from '../../schemas/litellm.js';
import { TinybirdCallbackHandler, type TinybirdCallbackHandlerOptions } from '../../src/langchain/index.js';
import { Recorded } from '../support/events.js';
import type { LangChain } from './generations.js';
import { type ChatOpenAI, type ChatOpenAIFields, chatOpenAI } from './models.js';

/** What the fixture `chat-plain` answers, and its stream. */
export const ANSWER = 'A row is one call, told in columns.';

export function handlerOf(
  recorded: Recorded,
  options: TinybirdCallbackHandlerOptions = {},
): TinybirdCallbackHandler {
  return new TinybirdCallbackHandler({ ...recorded.options, ...options });
}

/** A real model that gets the answer of a fixture, else what its request asks for. */
export function chatOf(
  langchain: LangChain,
  provider: FakeProvider,
  { fixture, ...fields }: Partial<ChatOpenAIFields> & { fixture?: string } = {},
): ChatOpenAI {
  const baseURL = fixture === undefined ? provider.defaultBaseUrl : provider.baseUrl(fixture);
  return chatOpenAI(langchain, baseURL, fields);
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
