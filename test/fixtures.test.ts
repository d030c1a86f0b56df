import { readdir, readFile } from 'node:fs/promises';
import { createOpenAI } from '@ai-sdk/openai';
import { ChatOpenAI } from '@langchain/openai';
import { generateText, streamText, wrapLanguageModel } from 'ai';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../fixtures/provider.js';
import type { LitellmEvent } from '../schemas/litellm.js';
import { tinybirdMiddleware } from '../src/ai-sdk/index.js';
import { TinybirdCallbackHandler } from '../src/langchain/index.js';
import { instrumentOpenAI } from '../src/openai/index.js';
import { Recorded } from './support/events.js';

const FIXTURES = new URL('../fixtures/', import.meta.url);
const names = (await readdir(FIXTURES, { withFileTypes: true }))
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);
const readJson = async (name: string, file: string) =>
  JSON.parse(await readFile(new URL(`${name}/${file}`, FIXTURES), 'utf8'));

let provider: FakeProvider;
beforeAll(async () => {
  provider = await startFakeProvider();
});
afterAll(() => provider.close());

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const apiKey = 'sk-test-0123456789';

describe('recorded traffic, through the openai client', () => {
  const PATHS: Readonly<Record<string, string>> = {
    chat: '/chat/completions',
    responses: '/responses',
    embeddings: '/embeddings',
  };

  it.each(names)('%s becomes the event expected of it', async (name) => {
    const body = await readJson(name, 'request.json');
    const client = instrumentOpenAI(
      new OpenAI({ apiKey, baseURL: provider.baseUrl(name), maxRetries: 0 }),
      recorded.options,
    );
    const call = client.post(PATHS[name.split('-')[0] ?? ''] ?? '', { body, stream: body.stream === true });
    await drain(call);
    expect(withoutTimes(await recorded.event())).toEqual(await readJson(name, 'event.json'));
  });
});

describe('recorded chat traffic', () => {
  const chats = names.filter((name) => name.startsWith('chat-'));

  it.each(chats)('%s says the same through the AI SDK', async (name) => {
    const { stream } = await readJson(name, 'request.json');
    const model = wrapLanguageModel({
      model: createOpenAI({ apiKey, baseURL: provider.baseUrl(name) }).chat('gpt-4o-mini'),
      middleware: tinybirdMiddleware(recorded.options),
    });
    if (stream) await drain(streamText({ model, prompt: 'hi', onError: () => {} }).fullStream);
    else await drain(generateText({ model, prompt: 'hi' }));
    expect(essence(await recorded.event())).toEqual(essence(await readJson(name, 'event.json')));
  });

  it.each(chats)('%s says the same through LangChain', async (name) => {
    const { stream } = await readJson(name, 'request.json');
    const model = new ChatOpenAI({
      model: 'gpt-4o-mini',
      apiKey,
      maxRetries: 0,
      configuration: { baseURL: provider.baseUrl(name) },
      callbacks: [new TinybirdCallbackHandler(recorded.options)],
    });
    await drain(stream ? model.stream('hi') : model.invoke('hi'));
    const event = await recorded.event();
    const expected = await readJson(name, 'event.json');
    // LangChain ends a stream that was cut off as if it were complete, and names the model with its last chunk only.
    if (name === 'chat-cut-off') expected.standard_logging_object_status = 'success';
    if (name === 'chat-cut-off') delete expected.exception;
    if (event.response.model === undefined) delete expected.response.model;
    expect(essence(event)).toEqual(essence(expected));
  });
});

/** Reads whatever it is given to its end, however it ends. */
async function drain(given: unknown): Promise<void> {
  try {
    const value = await given;
    if (typeof value !== 'object' || value === null || !(Symbol.asyncIterator in value)) return;
    for await (const _chunk of value as AsyncIterable<unknown>);
  } catch {
    // a fixture of a failure: what came of it is in the event
  }
}

/** The event as a file can hold it: what differs from run to run is only there or not. */
function withoutTimes(event: LitellmEvent): unknown {
  const { traceback, cost, ...rest } = event;
  const ownId = event.response.id === event.id;
  return {
    ...rest,
    ...(traceback === undefined ? {} : { traceback: '…' }),
    ...(cost === undefined ? {} : { cost: Number(cost.toPrecision(12)) }),
    id: '…',
    message_id: ownId ? '…' : event.message_id,
    response: { ...event.response, id: ownId ? '…' : event.response.id },
    start_time: '…',
    end_time: '…',
    duration: '…',
    llm_api_duration_ms: '…',
    standard_logging_object_response_time: '…',
  };
}

/** What must not depend on the framework that made the call. */
function essence(event: LitellmEvent): unknown {
  const [choice] = event.response.choices;
  return {
    provider: event.provider,
    stream: event.stream,
    status: event.standard_logging_object_status,
    servedModel: event.response.model,
    tokens: event.response.usage,
    content: choice?.message.content ?? '',
    finishReason: event.exception === undefined ? choice?.finish_reason : 'none',
    // LangChain parses the arguments and writes them anew
    toolCalls: choice?.message.tool_calls?.map(({ id, function: { name, arguments: text } }) => [
      id,
      name,
      JSON.parse(text),
    ]),
    reason: event.exception?.replace(/^\w+: (\w+: )?|\s*Troubleshooting URL:.*$/gs, ''),
  };
}
