import { randomUUID } from 'node:crypto';
import { Floor } from '../floor.js';
import type { Places, WatchedProgram } from '../program.js';
import { type Middleware, watchedProgram, withMiddleware } from './watch.js';

type Generate = Parameters<NonNullable<Middleware['wrapGenerate']>>[0];
type Stream = Awaited<ReturnType<Generate['doStream']>>['stream'];
type Part = Stream extends ReadableStream<infer Value> ? Value : never;
type Usage = Awaited<ReturnType<Generate['doGenerate']>>['usage'];

/** The least that writes a row of every call: nothing fails, nothing is redacted, nobody leaves a stream. */
export function openFloor(places: Places): WatchedProgram {
  const floor = new Floor(places.sink);
  const middleware: Middleware = {
    specificationVersion: 'v3',
    async wrapGenerate({ doGenerate, params }) {
      const started = Date.now();
      const result = await doGenerate();
      const text = result.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
      floor.append(rowOf(started, params.prompt, text, result.usage, false));
      return result;
    },
    async wrapStream({ doStream, params }) {
      const started = Date.now();
      const { stream, ...rest } = await doStream();
      let text = '';
      const watched = new TransformStream<Part, Part>({
        transform(part, controller) {
          if (part.type === 'text-delta') text += part.delta;
          else if (part.type === 'finish') {
            floor.append(rowOf(started, params.prompt, text, part.usage, true));
          }
          controller.enqueue(part);
        },
      });
      return { ...rest, stream: stream.pipeThrough(watched) };
    },
  };
  return watchedProgram(places, {
    ...withMiddleware(middleware),
    flush: () => floor.flush(),
    problems: floor.problems,
  });
}

/** As many columns as ours, without looking at anything twice. */
function rowOf(started: number, messages: unknown, content: string, usage: Usage, stream: boolean): object {
  const ended = Date.now();
  const id = randomUUID();
  const promptTokens = usage.inputTokens.total ?? 0;
  const completionTokens = usage.outputTokens.total ?? 0;
  return {
    id,
    message_id: id,
    model: 'gpt-4o-mini',
    provider: 'openai',
    call_type: 'acompletion',
    stream,
    messages,
    start_time: new Date(started).toISOString(),
    end_time: new Date(ended).toISOString(),
    duration: (ended - started) / 1000,
    llm_api_duration_ms: ended - started,
    standard_logging_object_response_time: (ended - started) / 1000,
    standard_logging_object_status: 'success',
    log_event_type: 'successful_api_call',
    cache_hit: false,
    api_key: '****',
    cost: (promptTokens * 0.15 + completionTokens * 0.6) / 1_000_000,
    proxy_metadata: {},
    response: {
      id,
      object: 'chat.completion',
      model: 'gpt-4o-mini',
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }],
      usage: {
        prompt_tokens: promptTokens,
        completion_tokens: completionTokens,
        total_tokens: promptTokens + completionTokens,
      },
    },
  };
}
