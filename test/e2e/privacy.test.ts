import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createOpenAI } from '@ai-sdk/openai';
import { AIMessage, HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages';
import { ChatOpenAI, OpenAI as LangChainOpenAI } from '@langchain/openai';
import { generateText, streamText, wrapLanguageModel } from 'ai';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tinybirdMiddleware } from '../../src/ai-sdk/index.js';
import { TinybirdCallbackHandler } from '../../src/langchain/index.js';
import { instrumentOpenAI } from '../../src/openai/index.js';
import type { TinybirdOptions } from '../../src/recorder/options.js';
import { Recorded } from '../support/events.js';

/** Stands in everything that is asked. The words around it are looked for too: half a prompt is too much of it. */
const CANARY = 'zanzibar-canary';
const ASKED = `Tell nobody of ${CANARY} in Timbuktu`;
const TRACES = ['zanzibar', 'canary', 'Timbuktu', 'Tell nobody'];
const IMAGE = `data:image/png;base64,${Buffer.from(`${CANARY} in Timbuktu`).toString('base64')}`;

/** How the provider answers; all but the first repeat to the caller what was asked. */
const ANSWERS = ['well', 'refuses', 'babbles', 'breaks off'] as const;
type AnswerKind = (typeof ANSWERS)[number];

let server: Server;
let origin: string;
beforeAll(async () => {
  server = createServer(async (request, response) => {
    const kind = decodeURIComponent(request.url?.split('/')[1] ?? '') as AnswerKind;
    let asked = '';
    for await (const chunk of request) asked += chunk;
    const { stream } = JSON.parse(asked) as { stream?: boolean };
    const path = request.url?.replace(/^\/[^/]+\/v1/, '') ?? '';
    if (kind === 'refuses') {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({
          error: { message: `Cannot: ${asked}`, type: 'invalid_request_error', code: 'bad' },
        }),
      );
    } else if (kind === 'babbles') {
      response.writeHead(200, { 'content-type': stream ? 'text/event-stream' : 'application/json' });
      response.end(stream ? `data: {"choices": oops ${asked}\n\n` : `oops ${asked}`);
    } else if (stream) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(sse(firstChunk(path)));
      if (kind === 'well') response.end(sse(...lastChunks(path, asked)));
      else
        response.end(sse({ error: { message: `Cannot go on: ${asked}`, type: 'server_error', code: null } }));
    } else {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(whole(path, asked)));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const apiKey = 'sk-test-0123456789';
const tools = [{ type: 'function' as const, function: { name: 'f', description: ASKED, parameters: {} } }];
const CONTENT = [
  { type: 'text' as const, text: ASKED },
  { type: 'image_url' as const, image_url: { url: IMAGE } },
];

/** Every shape in which something can be asked. */
const SHAPES: Readonly<Record<string, (baseURL: string, options: TinybirdOptions) => Promise<unknown>>> = {
  'openai chat': (baseURL, options) =>
    client(baseURL, options).chat.completions.create({
      model: 'gpt-4o-mini',
      tools,
      messages: [
        { role: 'system', content: ASKED },
        { role: 'user', name: 'Ada', content: CONTENT },
        {
          role: 'assistant',
          tool_calls: [
            { id: 'c', type: 'function', function: { name: 'f', arguments: JSON.stringify({ ASKED }) } },
          ],
        },
        { role: 'tool', tool_call_id: 'c', content: ASKED },
      ],
    }),
  'openai chat, streamed': async (baseURL, options) =>
    drain(
      await client(baseURL, options).chat.completions.create({
        model: 'gpt-4o-mini',
        stream: true,
        messages: [{ role: 'user', content: CONTENT }],
      }),
    ),
  'openai responses': (baseURL, options) =>
    client(baseURL, options).responses.create({ model: 'gpt-4o-mini', instructions: ASKED, input: ASKED }),
  'openai responses, streamed': async (baseURL, options) =>
    drain(
      await client(baseURL, options).responses.create({
        model: 'gpt-4o-mini',
        stream: true,
        input: [
          { role: 'user', content: [{ type: 'input_text', text: ASKED }] },
          { type: 'function_call_output', call_id: 'c', output: ASKED },
        ],
      }),
    ),
  'openai embeddings': (baseURL, options) =>
    client(baseURL, options).embeddings.create({ model: 'text-embedding-3-small', input: [ASKED] }),
  'an AI SDK prompt': (baseURL, options) =>
    generateText({ model: model(baseURL, options), prompt: ASKED, maxRetries: 0 }),
  'AI SDK messages': (baseURL, options) =>
    generateText({
      model: model(baseURL, options),
      maxRetries: 0,
      system: ASKED,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: ASKED },
            { type: 'image', image: IMAGE },
          ],
        },
        {
          role: 'assistant',
          content: [{ type: 'tool-call', toolCallId: 'c', toolName: 'f', input: { ASKED } }],
        },
        {
          role: 'tool',
          content: [
            { type: 'tool-result', toolCallId: 'c', toolName: 'f', output: { type: 'text', value: ASKED } },
          ],
        },
      ],
    }),
  'an AI SDK prompt, streamed': (baseURL, options) =>
    drain(
      streamText({ model: model(baseURL, options), prompt: ASKED, maxRetries: 0, onError: () => {} })
        .fullStream,
    ),
  'LangChain messages': (baseURL, options) =>
    chatModel(baseURL, options).invoke([
      new SystemMessage(ASKED),
      new HumanMessage({ content: CONTENT }),
      new AIMessage({ content: '', tool_calls: [{ id: 'c', name: 'f', args: { ASKED } }] }),
      new ToolMessage({ content: ASKED, tool_call_id: 'c' }),
    ]),
  'LangChain messages, streamed': async (baseURL, options) =>
    drain(await chatModel(baseURL, options).stream([new HumanMessage(ASKED)])),
  'a LangChain text': (baseURL, options) =>
    new LangChainOpenAI({
      model: 'gpt-3.5-turbo-instruct',
      apiKey,
      maxRetries: 0,
      configuration: { baseURL },
      callbacks: [new TinybirdCallbackHandler(options)],
    }).invoke(ASKED),
};

describe.each(Object.keys(SHAPES))('capture.messages: false, with %s', (shape) => {
  it.each(ANSWERS)('lets nothing of it into the event when the provider answers %s', async (kind) => {
    const ask = SHAPES[shape] as (typeof SHAPES)[string];
    const capture = { messages: false };
    const ended = await ask(`${origin}/${encodeURIComponent(kind)}/v1`, {
      ...recorded.options,
      capture,
    }).then(
      () => 'fine',
      () => 'thrown',
    );
    const event = await recorded.event();
    const text = JSON.stringify(event);
    for (const trace of [...TRACES, IMAGE.slice(-30)]) expect(text).not.toContain(trace);
    expect(event.messages).toEqual([]);
    // the event is there for what it can tell all the same
    if (ended === 'thrown') expect(event.standard_logging_object_status).toBe('failure');
    if (kind === 'refuses') expect(event.exception).toMatch(/^\w+: 400/);
    if (kind === 'well') expect(event.standard_logging_object_status).toBe('success');
  });
});

it('with everything captured the same canary is found: the test would see it', async () => {
  for (const kind of ['well', 'refuses'] as const) {
    const one = new Recorded();
    await SHAPES['openai chat']?.(`${origin}/${kind}/v1`, one.options).catch(() => {});
    const event = await one.event();
    expect(JSON.stringify(event.messages)).toContain(CANARY);
    if (kind === 'refuses') expect(event.exception).toContain(CANARY);
  }
});

it('capture.response: false keeps a failure’s words out too, which may be the answer’s', async () => {
  const capture = { response: false };
  await SHAPES['an AI SDK prompt']?.(`${origin}/babbles/v1`, { ...recorded.options, capture }).catch(
    () => {},
  );
  const event = await recorded.event();
  expect(event.exception).not.toContain('oops');
  expect(event.traceback).not.toContain('oops');
  expect(event.messages.length).toBe(1);
});

function client(baseURL: string, options: TinybirdOptions): OpenAI {
  return instrumentOpenAI(new OpenAI({ apiKey, baseURL, maxRetries: 0 }), options);
}

function model(baseURL: string, options: TinybirdOptions) {
  return wrapLanguageModel({
    model: createOpenAI({ apiKey, baseURL }).chat('gpt-4o-mini'),
    middleware: tinybirdMiddleware(options),
  });
}

function chatModel(baseURL: string, options: TinybirdOptions): ChatOpenAI {
  return new ChatOpenAI({
    model: 'gpt-4o-mini',
    apiKey,
    maxRetries: 0,
    configuration: { baseURL },
    callbacks: [new TinybirdCallbackHandler(options)],
  });
}

async function drain(chunks: AsyncIterable<unknown>): Promise<void> {
  for await (const _chunk of chunks);
}

function sse(...events: object[]): string {
  return events
    .map((event) => `${'type' in event ? `event: ${event.type}\n` : ''}data: ${JSON.stringify(event)}\n\n`)
    .join('');
}

const created = 1_780_000_000;
const usage = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 };
const responsesUsage = { input_tokens: 9, output_tokens: 2, total_tokens: 11 };

function firstChunk(path: string): object {
  if (path === '/responses')
    return { type: 'response.output_text.delta', item_id: 'm', output_index: 0, delta: 'Well' };
  const delta =
    path === '/completions' ? { text: 'Well' } : { delta: { role: 'assistant', content: 'Well' } };
  const choices = [{ index: 0, finish_reason: null, ...delta }];
  return { id: 'r', object: 'chat.completion.chunk', created, model: 'gpt-4o-mini', choices };
}

/** The Responses API repeats its instructions. */
function lastChunks(path: string, asked: string): object[] {
  if (path === '/responses') return [{ type: 'response.completed', response: whole(path, asked) }];
  const choices = [{ index: 0, finish_reason: 'stop', delta: {} }];
  return [{ id: 'r', object: 'chat.completion.chunk', created, model: 'gpt-4o-mini', choices, usage }];
}

function whole(path: string, asked: string): object {
  switch (path) {
    case '/responses': {
      const content = [{ type: 'output_text', text: 'Well', annotations: [] }];
      const output = [{ type: 'message', id: 'm', role: 'assistant', status: 'completed', content }];
      const status = 'completed';
      const identity = { id: 'r', object: 'response', created_at: created, model: 'gpt-4o-mini' };
      return { ...identity, status, instructions: asked, output, usage: responsesUsage };
    }
    case '/embeddings':
      return {
        object: 'list',
        model: 'e',
        data: [{ object: 'embedding', index: 0, embedding: [1, 2] }],
        usage,
      };
    case '/completions': {
      const choices = [{ index: 0, text: 'Well', finish_reason: 'stop' }];
      return { id: 'r', object: 'text_completion', created, model: 'gpt-3.5-turbo-instruct', choices, usage };
    }
    default: {
      const choices = [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Well' } }];
      return { id: 'r', object: 'chat.completion', created, model: 'gpt-4o-mini', choices, usage };
    }
  }
}
