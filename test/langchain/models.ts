import type { LangChain } from './generations.js';

export type ChatOpenAI = InstanceType<LangChain['ChatOpenAI']>;
export type ChatAnthropic = InstanceType<LangChain['ChatAnthropic']>;
export type ChatOpenAIFields = NonNullable<ConstructorParameters<LangChain['ChatOpenAI']>[0]>;
export type ChatAnthropicFields = NonNullable<ConstructorParameters<LangChain['ChatAnthropic']>[0]>;

/** Neither it nor the header may ever be in a row. */
export const API_KEY = 'sk-test-0123456789';
export const SECRET_HEADER = 'hush-hush';

/**
 * A model of OpenAI's that tries once and asks there.
 * @param baseURL as `FakeProvider` gives it, with its `/v1`
 */
export function chatOpenAI(
  langchain: LangChain,
  baseURL: string,
  fields: Partial<ChatOpenAIFields> = {},
): ChatOpenAI {
  return new langchain.ChatOpenAI({
    model: 'gpt-4o-mini',
    apiKey: API_KEY,
    maxRetries: 0,
    ...fields,
    configuration: { baseURL, defaultHeaders: { 'x-secret': SECRET_HEADER }, ...fields.configuration },
  });
}

/**
 * A model of Anthropic's that tries once and asks there.
 * @param baseURL as `FakeProvider` gives it: the `/v1` that this client adds by itself is taken off
 */
export function chatAnthropic(
  langchain: LangChain,
  baseURL: string,
  fields: Partial<ChatAnthropicFields> = {},
): ChatAnthropic {
  return new langchain.ChatAnthropic({
    model: 'claude-sonnet-4-5',
    apiKey: API_KEY,
    maxRetries: 0,
    anthropicApiUrl: baseURL.replace(/\/v1\/?$/, ''),
    ...fields,
    clientOptions: { defaultHeaders: { 'x-secret': SECRET_HEADER }, ...fields.clientOptions },
  });
}
