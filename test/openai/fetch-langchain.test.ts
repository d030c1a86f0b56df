import { ChatOpenAI } from '@langchain/openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../../fixtures/provider.js';
import { TinybirdCallbackHandler } from '../../src/langchain/index.js';
import { tinybirdFetch } from '../../src/openai/index.js';
import { Recorded, summary } from '../support/events.js';
import { answering, COMPLETION } from './fetching.js';

let provider: FakeProvider;
beforeAll(async () => {
  provider = await startFakeProvider();
});
afterAll(() => provider.close());

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const TEXT = 'A row is one call, told in columns.';

/** Streams one chunk and no more, until it is aborted. */
const stalling = answering((_url, init) => {
  const chunk = { id: 'c1', choices: [{ index: 0, delta: { content: 'half' }, finish_reason: null }] };
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(chunk)}\n\n`));
      init?.signal?.addEventListener('abort', () => controller.error(init.signal?.reason));
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
});

describe('ChatOpenAI of LangChain with a tinybirdFetch', () => {
  const chat = (
    baseURL: string,
    { fetch, maxRetries = 0 }: { fetch?: typeof globalThis.fetch; maxRetries?: number } = {},
  ) =>
    new ChatOpenAI({
      model: 'gpt-4o-mini',
      apiKey: 'sk-test-0123456789',
      maxRetries,
      configuration: { baseURL, fetch: tinybirdFetch({ ...recorded.options, fetch }) },
    });

  it('has one event for a call, and for a stream', async () => {
    expect((await chat(provider.baseUrl('chat-plain')).invoke('What is a row?')).content).toBe(TEXT);
    let read = '';
    for await (const { content } of await chat(provider.baseUrl('chat-streamed')).stream('What is a row?'))
      read += content;
    expect(read).toBe(TEXT);
    const events = await recorded.events();
    expect(events.map(summary)).toEqual([`success | ${TEXT}`, `success | ${TEXT}`]);
    expect(events[0]).toMatchObject({ model: 'gpt-4o-mini', messages: [{ content: 'What is a row?' }] });
  });

  it('has one event for each attempt', async () => {
    const statuses = [500, 200];
    const fetch = answering(() => Response.json(COMPLETION, { status: statuses.shift() ?? 200 }));
    await chat('https://example.com/v1', { fetch, maxRetries: 1 }).invoke('What is a row?');
    const events = await recorded.events();
    expect(events.map(summary)).toEqual(['failure', 'success | Hello.']);
    expect(events[0]?.exception).toBe('HttpError: 500');
  });

  it('has a failure for an error, and an abort for an abort', async () => {
    await expect(chat(provider.baseUrl('chat-failed')).invoke('hi')).rejects.toThrow('401');
    const controller = new AbortController();
    const stream = await chat('https://example.com/v1', { fetch: stalling }).stream('hi', {
      signal: controller.signal,
    });
    await expect(async () => {
      for await (const { content } of stream) if (content !== '') controller.abort();
    }).rejects.toThrow(/abort/i);
    const [failed, aborted] = await recorded.events();
    expect(failed?.exception).toMatch(/^HttpError: 401 .*sk-\*\*\*\*/);
    expect(summary(aborted as never)).toBe('success | aborted | half');
  });

  it('and a TinybirdCallbackHandler has an event of each: choose one', async () => {
    const callbacks = [new TinybirdCallbackHandler(recorded.options)];
    await chat(provider.baseUrl('chat-plain')).invoke('What is a row?', { callbacks });
    const events = await recorded.events();
    expect(events.map(summary)).toEqual([`success | ${TEXT}`, `success | ${TEXT}`]);
  });
});
