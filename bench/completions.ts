import { answerChunksTo, answerTo } from './texts.js';

const MODEL = 'gpt-4o-mini-2024-07-18';
const CREATED = 1_780_000_000;
const USAGE = { prompt_tokens: 520, completion_tokens: 260, total_tokens: 780 };

/** What OpenAI's chat completions would answer: plainly, or as the events of a stream. */
export interface Completion {
  readonly headers: Record<string, string>;
  readonly body: readonly string[];
}

let answered = 0;

/** The answer to a request's body, with the number that its prompt has. */
export function complete(request: string): Completion {
  answered += 1;
  const id = `chatcmpl-${String(answered).padStart(8, '0')}`;
  const streamed = request.includes('"stream":true');
  return {
    headers: {
      'content-type': streamed ? 'text/event-stream' : 'application/json',
      'x-request-id': `req_${id}`,
    },
    body: streamed ? [...eventsOf(id, answerChunksTo(request))] : [plainAnswer(id, answerTo(request))],
  };
}

/** The provider within the program's own process, for an SDK's option `fetch`. */
export async function fetchCompletion(_url: unknown, init?: { body?: unknown }): Promise<Response> {
  const { headers, body } = complete(String(init?.body));
  return new Response(body.join(''), { headers });
}

export function plainAnswer(id: string, content: string): string {
  const message = { role: 'assistant', content, refusal: null };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: 'stop' }];
  const completion = { object: 'chat.completion', created: CREATED, model: MODEL, choices, usage: USAGE };
  return JSON.stringify({ id, ...completion, service_tier: 'default' });
}

/** A stream of these chunks of text, with its usage at the end. */
export function* eventsOf(id: string, chunks: Iterable<string>): Generator<string> {
  const said = `"id":"${id}","object":"chat.completion.chunk","created":${CREATED},"model":"${MODEL}"`;
  const event = (rest: string) => `data: {${said},${rest}}\n\n`;
  const choice = (delta: string, reason: string) =>
    event(`"choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${reason}}]`);
  yield choice('{"role":"assistant","content":""}', 'null');
  for (const chunk of chunks) yield choice(`{"content":${JSON.stringify(chunk)}}`, 'null');
  yield choice('{}', '"stop"');
  yield event(`"choices":[],"usage":${JSON.stringify(USAGE)}`);
  yield 'data: [DONE]\n\n';
}
