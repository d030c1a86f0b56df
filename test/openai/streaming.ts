import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import type { APIPromise, OpenAI } from 'openai';
import type { Stream } from 'openai/streaming';
import { serve } from '../support/servers.js';
import type { Client, ClientSide } from './clients.js';

export type RequestOptions = NonNullable<Parameters<OpenAI['models']['list']>[0]>;

/** One kind of stream: how a program asks for it, and how a provider writes it. */
export interface StreamKind {
  readonly name: string;
  /** The events of a whole one, as they go over the wire. */
  readonly wire: readonly string[];
  /** How many of them there are up to the first output. */
  readonly begun: number;
  /** What an event of ours says of the whole, and of one that got no further than `begun`. */
  readonly whole: string;
  readonly partial: string;
  open(client: Client, options?: RequestOptions): APIPromise<Stream<unknown>>;
}

export const DONE = 'data: [DONE]\n\n';
const WORDS = ['w0;', 'w1;', 'w2;'];
const TEXT = WORDS.join('');
export const MESSAGES = [{ role: 'user' as const, content: 'hi' }];

/** An event on the wire; those that have a name there say their type. */
export function event(data: object): string {
  const named = 'type' in data ? `event: ${String(data.type)}\n` : '';
  return `${named}data: ${JSON.stringify(data)}\n\n`;
}

export function chatChunk(delta: object, finish: string | null = null, more: object = {}): string {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
  return event({ ...CHAT_IDENTITY, choices, ...more });
}

const CHAT_IDENTITY = {
  id: 'c1',
  object: 'chat.completion.chunk',
  created: 1780000000,
  model: 'gpt-4o-mini',
};

function textChunk(text: string, finish: string | null = null, more: object = {}): string {
  const choices = [{ index: 0, text, logprobs: null, finish_reason: finish }];
  return event({
    id: 't1',
    object: 'text_completion',
    created: 1780000000,
    model: 'babbage',
    choices,
    ...more,
  });
}

/** A response as it stands in the events of its stream, and as it is retrieved. */
export function response(status: string, more: object = {}): Record<string, unknown> {
  return {
    id: 'resp_1',
    object: 'response',
    created_at: 1780000000,
    model: 'gpt-4o-mini',
    status,
    error: null,
    incomplete_details: null,
    output: [],
    usage: null,
    ...more,
  };
}

export const MESSAGE = {
  id: 'msg_1',
  type: 'message',
  status: 'completed',
  role: 'assistant',
  content: [{ type: 'output_text', annotations: [], logprobs: [], text: TEXT }],
};
export const RESPONSE_USAGE = {
  input_tokens: 3,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 2,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 5,
};

/** The events of a streamed response up to its terminal one. */
const RESPONSE_BEGUN: readonly object[] = [
  { type: 'response.created', response: response('in_progress') },
  {
    type: 'response.output_item.added',
    output_index: 0,
    item: { ...MESSAGE, status: 'in_progress', content: [] },
  },
  {
    type: 'response.content_part.added',
    item_id: 'msg_1',
    output_index: 0,
    content_index: 0,
    part: { type: 'output_text', annotations: [], logprobs: [], text: '' },
  },
  ...WORDS.map((delta) => ({
    type: 'response.output_text.delta',
    item_id: 'msg_1',
    output_index: 0,
    content_index: 0,
    delta,
    logprobs: [],
  })),
];

/** A stream of the Responses API that ends with this event. */
export function responseEvents(...end: readonly object[]): string[] {
  return [...RESPONSE_BEGUN, ...end].map((data, index) => event({ ...data, sequence_number: index }));
}

const completed = response('completed', { output: [MESSAGE], usage: RESPONSE_USAGE });
const picture = Buffer.from('a picture').toString('base64');
const painted = { created_at: 1780000000, output_format: 'png', size: '1024x1024', b64_json: picture };

export const CHAT: StreamKind = {
  name: 'chat completions',
  wire: [
    chatChunk({ role: 'assistant', content: '' }),
    ...WORDS.map((content) => chatChunk({ content })),
    chatChunk({}, 'stop'),
    DONE,
  ],
  begun: 2,
  whole: TEXT,
  partial: 'w0;',
  open: (client, options) =>
    client.chat.completions.create({ model: 'gpt-4o-mini', messages: MESSAGES, stream: true }, options),
};
export const RESPONSES: StreamKind = {
  name: 'responses',
  wire: responseEvents({ type: 'response.completed', response: completed }),
  begun: 4,
  whole: TEXT,
  partial: 'w0;',
  open: (client, options) =>
    client.responses.create({ model: 'gpt-4o-mini', input: 'hi', stream: true }, options),
};
export const COMPLETIONS: StreamKind = {
  name: 'legacy completions',
  wire: [...WORDS.map((text) => textChunk(text)), textChunk('', 'stop'), DONE],
  begun: 1,
  whole: TEXT,
  partial: 'w0;',
  open: (client, options) =>
    client.completions.create({ model: 'babbage', prompt: 'hi', stream: true }, options),
};
const IMAGES: StreamKind = {
  name: 'images',
  wire: [
    event({ type: 'image_generation.partial_image', partial_image_index: 0, ...painted }),
    event({ type: 'image_generation.completed', usage: RESPONSE_USAGE, ...painted }),
  ],
  begun: 1,
  whole: '[image/png, 9 bytes]',
  partial: '[image/png, 9 bytes]',
  open: (client, options) =>
    client.images.generate({ model: 'gpt-image-1', prompt: 'a row', stream: true }, options),
};
const TRANSCRIPTIONS: StreamKind = {
  name: 'transcriptions',
  wire: [
    ...WORDS.map((delta) => event({ type: 'transcript.text.delta', delta })),
    event({ type: 'transcript.text.done', text: TEXT, usage: { type: 'tokens', ...RESPONSE_USAGE } }),
    DONE,
  ],
  begun: 1,
  whole: TEXT,
  partial: 'w0;',
  open: (client, options) =>
    client.audio.transcriptions.create(
      { model: 'gpt-4o-transcribe', file: new File(['sound'], 'a.wav'), stream: true },
      options,
    ),
};

/** For `describe.each`. */
export const EACH_STREAM = [CHAT, RESPONSES, COMPLETIONS, IMAGES, TRANSCRIPTIONS].map(
  (stream) => [stream.name, stream] as const,
);

/** A provider on loopback of one of the two runs, and what it noticed. */
export interface StreamServer {
  readonly url: string;
  /** Bodies of the requests that are JSON, of others undefined. */
  readonly bodies: unknown[];
  /** Answers whose connection the client closed before they were complete. */
  readonly closed: number;
  /** The answer under way. */
  readonly answer: ServerResponse;
}

type Write = (answer: ServerResponse, body: Record<string, unknown>, request: IncomingMessage) => unknown;

/** A provider that answers with a stream: these events, or what is written by hand. */
export async function streaming(
  write: readonly string[] | Write,
  type = 'text/event-stream',
): Promise<StreamServer> {
  const bodies: unknown[] = [];
  let closed = 0;
  let current: ServerResponse | undefined;
  const url = await serve(async (request, answer) => {
    current = answer;
    answer.on('close', () => {
      if (!answer.writableFinished) closed++;
    });
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = parsed(Buffer.concat(chunks).toString());
    bodies.push(body);
    answer.setHeader('content-type', type);
    answer.setHeader('x-request-id', 'req_1');
    if (typeof write === 'function') await write(answer, body ?? {}, request);
    else await writeAll(answer, write);
  });
  return {
    url,
    bodies,
    get closed() {
      return closed;
    },
    get answer() {
      if (current === undefined) throw new Error('nobody has asked yet');
      return current;
    },
  };
}

/** A provider whose stream goes no further than its first output, until a test writes more of it. */
export function begunOnly({ wire, begun }: StreamKind): Promise<StreamServer> {
  return streaming((answer) => void answer.write(wire.slice(0, begun).join('')));
}

/** Each event in a turn of its own, as fast as the reader takes them. */
export async function writeAll(answer: ServerResponse, events: Iterable<string>): Promise<void> {
  for (const each of events) {
    if (answer.destroyed) return;
    if (!answer.write(each)) await Promise.race([once(answer, 'drain'), once(answer, 'close')]);
    await turn();
  }
  answer.end();
}

/** Reads this many chunks by hand; the iterator is where it stands then. */
export async function readSome(
  side: ClientSide,
  stream: AsyncIterable<unknown>,
  count: number,
): Promise<AsyncIterator<unknown>> {
  const iterator = stream[Symbol.asyncIterator]();
  for (let read = 0; read < count; read++) side.saw('chunk', await iterator.next());
  return iterator;
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
