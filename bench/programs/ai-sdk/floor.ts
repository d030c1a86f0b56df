import { Floor, rowOf, type Tokens } from '../floor.js';
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
      floor.append(
        rowOf({
          started,
          messages: params.prompt,
          content: text,
          usage: tokensOf(result.usage),
          stream: false,
        }),
      );
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
            floor.append(
              rowOf({
                started,
                messages: params.prompt,
                content: text,
                usage: tokensOf(part.usage),
                stream: true,
              }),
            );
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

function tokensOf({ inputTokens, outputTokens }: Usage): Tokens {
  return { prompt_tokens: inputTokens.total ?? 0, completion_tokens: outputTokens.total ?? 0 };
}
