/**
 * A stand-in for OpenAI's chat completions, in a process of its own: it answers at once, plainly or as a stream, with
 * the number that it finds in the prompt.
 *
 *     node --import tsx bench/provider.ts 7198
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from './listen.js';
import { answerChunksTo, answerTo } from './texts.js';

const MODEL = 'gpt-4o-mini-2024-07-18';
const CREATED = 1_780_000_000;
const USAGE = { prompt_tokens: 520, completion_tokens: 260, total_tokens: 780 };

let answered = 0;

listen(
  createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(request, Buffer.concat(chunks).toString('utf8'), response));
  }),
);

function answer(request: IncomingMessage, body: string, response: ServerResponse): void {
  answered += 1;
  const id = `chatcmpl-${String(answered).padStart(8, '0')}`;
  if (request.url !== '/v1/chat/completions') {
    response.writeHead(404, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message: `no such path: ${request.url}` } }));
  } else if (body.includes('"stream":true')) answerStream(id, body, response);
  else answerPlainly(id, body, response);
}

function answerPlainly(id: string, body: string, response: ServerResponse): void {
  const message = { role: 'assistant', content: answerTo(body), refusal: null };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: 'stop' }];
  const completion = { object: 'chat.completion', created: CREATED, model: MODEL, choices, usage: USAGE };
  response.writeHead(200, { 'content-type': 'application/json', 'x-request-id': `req_${id}` });
  response.end(JSON.stringify({ id, ...completion, service_tier: 'default' }));
}

/** Chunk by chunk, without a pause between them. */
function answerStream(id: string, body: string, response: ServerResponse): void {
  const said = `"id":"${id}","object":"chat.completion.chunk","created":${CREATED},"model":"${MODEL}"`;
  const write = (rest: string) => response.write(`data: {${said},${rest}}\n\n`);
  const choice = (delta: string, reason: string) =>
    write(`"choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${reason}}]`);
  response.writeHead(200, { 'content-type': 'text/event-stream', 'x-request-id': `req_${id}` });
  choice('{"role":"assistant","content":""}', 'null');
  for (const chunk of answerChunksTo(body)) choice(`{"content":${JSON.stringify(chunk)}}`, 'null');
  choice('{}', '"stop"');
  write(`"choices":[],"usage":${JSON.stringify(USAGE)}`);
  response.end('data: [DONE]\n\n');
}
