/** The nine calls: three frameworks, each plain, streamed and failing, written as a program would write them. */
import { createOpenAI } from '@ai-sdk/openai';
import { ChatOpenAI } from '@langchain/openai';
import { generateText, streamText, wrapLanguageModel } from 'ai';
import OpenAI from 'openai';
import { withMetadata } from 'tinybird-llm';
import { tinybirdMiddleware } from 'tinybird-llm/ai-sdk';
import { TinybirdCallbackHandler } from 'tinybird-llm/langchain';
import { instrumentOpenAI } from 'tinybird-llm/openai';
import type { FakeProvider } from '../fixtures/provider.js';

export const FRAMEWORKS = ['ai-sdk', 'openai', 'langchain'] as const;

const prompt = 'What is a row?';
const apiKey = 'sk-demo-no-real-key';

export async function makeCalls(provider: FakeProvider): Promise<void> {
  await withMetadata({ user: 'demo', metadata: { project: 'ai-sdk', chat_id: 'chat-1' } }, () =>
    aiSdk(provider),
  );
  await withMetadata({ user: 'demo', metadata: { project: 'openai', chat_id: 'chat-2' } }, () =>
    openai(provider),
  );
  await withMetadata({ user: 'demo', metadata: { project: 'langchain', chat_id: 'chat-3' } }, () =>
    langchain(provider),
  );
}

async function aiSdk(provider: FakeProvider): Promise<void> {
  const middleware = tinybirdMiddleware();
  const modelAt = (baseURL: string) =>
    wrapLanguageModel({ model: createOpenAI({ apiKey, baseURL })('gpt-4o-mini'), middleware });

  await generateText({ model: modelAt(provider.defaultBaseUrl), prompt });

  const { textStream } = streamText({ model: modelAt(provider.defaultBaseUrl), prompt });
  for await (const _text of textStream);

  await expectFailure(generateText({ model: modelAt(provider.baseUrl('chat-failed')), prompt }));
}

async function openai(provider: FakeProvider): Promise<void> {
  const clientAt = (baseURL: string) => instrumentOpenAI(new OpenAI({ apiKey, baseURL }));
  const body = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: prompt }] };

  await clientAt(provider.defaultBaseUrl).chat.completions.create(body);

  const stream = await clientAt(provider.defaultBaseUrl).chat.completions.create({
    ...body,
    stream: true,
    stream_options: { include_usage: true },
  });
  for await (const _chunk of stream);

  await expectFailure(clientAt(provider.baseUrl('chat-failed')).chat.completions.create(body));
}

async function langchain(provider: FakeProvider): Promise<void> {
  const callbacks = [new TinybirdCallbackHandler()];
  const modelAt = (baseURL: string) =>
    new ChatOpenAI({ model: 'gpt-4o-mini', apiKey, configuration: { baseURL } });

  await modelAt(provider.defaultBaseUrl).invoke(prompt, { callbacks });

  for await (const _chunk of await modelAt(provider.defaultBaseUrl).stream(prompt, { callbacks }));

  await expectFailure(modelAt(provider.baseUrl('chat-failed')).invoke(prompt, { callbacks }));
}

async function expectFailure(call: PromiseLike<unknown>): Promise<void> {
  try {
    await call;
  } catch {
    return; // the provider refuses the key, and the program hears of it as it always would
  }
  throw new Error('the call that should fail did not');
}
