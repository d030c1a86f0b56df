import { createOpenAI } from '@ai-sdk/openai';
import { ChatOpenAI } from '@langchain/openai';
import { generateText, streamText, wrapLanguageModel } from 'ai';
import OpenAI from 'openai';
import { tinybirdMiddleware } from '../../src/ai-sdk/index.js';
import { TinybirdCallbackHandler } from '../../src/langchain/index.js';
import { instrumentOpenAI } from '../../src/openai/index.js';
import type { TinybirdOptions } from '../../src/recorder/options.js';

/** One framework, watched: each asks the model behind `baseURL` and gives the text it answers. */
export interface Framework {
  readonly name: string;
  ask(baseURL: string, options?: TinybirdOptions): Promise<string>;
  askStreamed(baseURL: string, options?: TinybirdOptions): Promise<string>;
}

const apiKey = 'sk-test-0123456789';
const model = 'gpt-4o-mini';
const prompt = 'What is a row?';

const aiSdk: Framework = {
  name: 'ai-sdk',
  async ask(baseURL, options) {
    return (await generateText({ model: aiSdkModel(baseURL, options), prompt })).text;
  },
  async askStreamed(baseURL, options) {
    const { textStream } = streamText({ model: aiSdkModel(baseURL, options), prompt });
    return join(textStream, (delta) => delta);
  },
};

const openai: Framework = {
  name: 'openai',
  async ask(baseURL, options) {
    const client = instrumentOpenAI(new OpenAI({ apiKey, baseURL, maxRetries: 0 }), options);
    const { choices } = await client.chat.completions.create({
      model,
      messages: [{ role: 'user', content: prompt }],
    });
    return choices[0]?.message.content ?? '';
  },
  async askStreamed(baseURL, options) {
    const client = instrumentOpenAI(new OpenAI({ apiKey, baseURL, maxRetries: 0 }), options);
    const stream = await client.chat.completions.create({
      model,
      messages: [{ role: 'user', content: prompt }],
      stream: true,
      stream_options: { include_usage: true },
    });
    return join(stream, (chunk) => chunk.choices[0]?.delta.content ?? '');
  },
};

const langchain: Framework = {
  name: 'langchain',
  async ask(baseURL, options) {
    return String((await langchainModel(baseURL, options).invoke(prompt)).content);
  },
  async askStreamed(baseURL, options) {
    return join(await langchainModel(baseURL, options).stream(prompt), (chunk) => String(chunk.content));
  },
};

export const FRAMEWORKS: readonly Framework[] = [aiSdk, openai, langchain];

function aiSdkModel(baseURL: string, options: TinybirdOptions | undefined) {
  const own = createOpenAI({ apiKey, baseURL }).chat(model);
  return wrapLanguageModel({ model: own, middleware: tinybirdMiddleware(options) });
}

function langchainModel(baseURL: string, options: TinybirdOptions | undefined) {
  const callbacks = [new TinybirdCallbackHandler(options)];
  return new ChatOpenAI({ model, apiKey, maxRetries: 0, configuration: { baseURL }, callbacks });
}

async function join<Chunk>(chunks: AsyncIterable<Chunk>, textOf: (chunk: Chunk) => string): Promise<string> {
  let text = '';
  for await (const chunk of chunks) text += textOf(chunk);
  return text;
}
