/** Providers on loopback that answer as a test tells them, and what they were sent. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { serve } from '../support/servers.js';

export const TEXT = 'A row is one call, told in columns.';
export const BODY = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user' as const, content: 'What is a row?' }],
};

type Answer = (response: ServerResponse, request: IncomingMessage) => unknown;

/** What a provider was sent, without what differs from one run to the next. */
interface Sent {
  readonly line: string;
  /** Names and values, in the order in which they came. */
  readonly fields: readonly string[];
  readonly text: string;
}

export interface Provider {
  readonly url: string;
  readonly sent: readonly Sent[];
  /** The connections whose client left before its answer was complete. */
  readonly left: number;
}

/** A provider that gives its first request the first of these answers, and so on; the last again and again. */
export async function answering(...answers: readonly [Answer, ...Answer[]]): Promise<Provider> {
  const sent: Sent[] = [];
  let left = 0;
  const url = await serve(async (request, response) => {
    response.on('error', () => {});
    response.on('close', () => {
      if (!response.writableFinished) left++;
    });
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('error', () => {});
    await once(request, 'end');
    sent.push(seen(request, Buffer.concat(pieces)));
    await (answers[sent.length - 1] ?? answers.at(-1))?.(response, request);
  });
  return {
    url: `${url}v1`,
    sent,
    get left() {
      return left;
    },
  };
}

/** `latin1` keeps every byte of a file; a boundary is another each time. */
function seen(request: IncomingMessage, body: Buffer): Sent {
  const boundary = /boundary=(\S+)/.exec(request.headers['content-type'] ?? '')?.[1] ?? 'no boundary';
  const fields: string[] = [];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const [name = '', value = ''] = request.rawHeaders.slice(index, index + 2);
    if (name.toLowerCase() !== 'host') fields.push(`${name}: ${value.replaceAll(boundary, '…')}`);
  }
  const text = body.toString('latin1').replaceAll(boundary, '…');
  return { line: `${request.method} ${request.url}`, fields, text };
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Answer {
  return bytes(JSON.stringify(body), 'application/json', status, headers);
}

export function bytes(
  body: string | Uint8Array,
  type: string,
  status = 200,
  headers: Record<string, string> = {},
): Answer {
  return (response) => {
    response.writeHead(status, { 'content-type': type, 'x-request-id': 'req_1', ...headers });
    response.end(body);
  };
}

/** A completion of a chat, with what it took. */
export function chat(content: string = TEXT, finish = 'stop'): Record<string, unknown> {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1780000000,
    model: 'gpt-4o-mini-2024-07-18',
    choices: [{ index: 0, message: { role: 'assistant', content, refusal: null }, finish_reason: finish }],
    usage: { prompt_tokens: 25, completion_tokens: 9, total_tokens: 34 },
  };
}

/** A response of the Responses API. */
export function response(text: string = TEXT): Record<string, unknown> {
  const content = [{ type: 'output_text', text, annotations: [] }];
  return {
    id: 'resp_1',
    object: 'response',
    created_at: 1780000000,
    status: 'completed',
    model: 'gpt-4o-mini-2024-07-18',
    output: [{ id: 'msg_1', type: 'message', role: 'assistant', status: 'completed', content }],
    usage: { input_tokens: 25, output_tokens: 9, total_tokens: 34 },
  };
}

/** The events of a streamed completion, by its words, with what it took. */
export function chatEvents(words: readonly string[] = ['A row ', 'is one call.']): readonly string[] {
  const chunk = (delta: object | undefined, finish: string | null, usage?: object) => ({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1780000000,
    model: 'gpt-4o-mini-2024-07-18',
    choices: delta === undefined ? [] : [{ index: 0, delta, finish_reason: finish }],
    ...(usage === undefined ? {} : { usage }),
  });
  const chunks = [
    chunk({ role: 'assistant', content: '' }, null),
    ...words.map((content) => chunk({ content }, null)),
    chunk({}, 'stop'),
    chunk(undefined, null, { prompt_tokens: 25, completion_tokens: 9, total_tokens: 34 }),
  ];
  return [...chunks.map((each) => `data: ${JSON.stringify(each)}\n\n`), 'data: [DONE]\n\n'];
}

/** A stream of events that comes at once. */
export function events(of: readonly string[] = chatEvents()): Answer {
  return bytes(of.join(''), 'text/event-stream');
}

/** Headers and the beginning of a body, and then nothing more. */
export function stalled(beginning = '{"id":', type = 'application/json'): Answer {
  return (answer) => {
    answer.writeHead(200, { 'content-type': type, 'x-request-id': 'req_stalled' });
    answer.write(beginning);
  };
}

/** Nothing at all. */
export const silence: Answer = () => {};

/** An error as OpenAI tells it. */
export function refusal(status: number, code: string, headers: Record<string, string> = {}): Answer {
  const error = { message: `no: ${code}`, type: 'invalid_request_error', param: 'model', code };
  return json({ error }, status, headers);
}

/** So busy that it is to be asked again at once. */
export const busy = refusal(429, 'rate_limit_exceeded', { 'retry-after-ms': '1' });
