import { beforeEach, describe, expect, it } from 'vitest';
import { tinybirdMiddleware } from '../../src/ai-sdk/index.js';
import { Recorded, summary } from '../support/events.js';
import { answer, finish, Source, textStart } from '../support/streams.js';
import { EACH_GENERATION, type Model, type Part, type Result } from './generations.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

describe.each(EACH_GENERATION)('%s: a stream', (_name, generation) => {
  const { major, ai, MockLanguageModel } = generation;
  type Middleware = Extract<
    Parameters<typeof ai.wrapLanguageModel>[0]['middleware'],
    readonly unknown[]
  >[number];
  const ours = () => tinybirdMiddleware(recorded.options) as Middleware;

  const readText = async (model: Model) => {
    let read = '';
    for await (const delta of ai.streamText({ model, prompt: 'hi' }).textStream) read += delta;
    return read;
  };

  const whole: Result = {
    content: [{ type: 'text', text: 'ab' }],
    finishReason: (finish(major) as Extract<Part, { type: 'finish' }>).finishReason,
    usage: (finish(major) as Extract<Part, { type: 'finish' }>).usage,
    warnings: [],
  };

  describe('that is simulated', () => {
    const simulated = (middleware: Middleware[]) =>
      ai.wrapLanguageModel({ model: new MockLanguageModel({ doGenerate: async () => whole }), middleware });

    it('outside ours is a call that does not stream', async () => {
      expect(await readText(simulated([ai.simulateStreamingMiddleware() as Middleware, ours()]))).toBe('ab');
      const event = await recorded.event();
      expect(summary(event)).toBe('success | ab');
      expect(event).toMatchObject({ stream: false, response: { usage: { total_tokens: 5 } } });
    });

    it('inside ours is a stream', async () => {
      expect(await readText(simulated([ours(), ai.simulateStreamingMiddleware() as Middleware]))).toBe('ab');
      const event = await recorded.event();
      expect(summary(event)).toBe('success | ab');
      expect(event).toMatchObject({ stream: true, response: { usage: { total_tokens: 5 } } });
    });

    it('on both sides of ours is one event', async () => {
      const model = simulated([ours(), ai.simulateStreamingMiddleware() as Middleware, ours()]);
      expect(await readText(model)).toBe('ab');
      expect(summary(await recorded.event())).toBe('success | ab');
    });
  });

  describe('that is kept in a cache', () => {
    /** Answers from memory what it has answered before. */
    const cache = (): Middleware => {
      let kept: Part[] | undefined;
      return {
        specificationVersion: 'v3',
        wrapStream: async ({ doStream }) => {
          if (kept !== undefined) return { stream: new Source(kept).stream };
          const parts: Part[] = [];
          const { stream, ...rest } = await doStream();
          const keeping = new TransformStream<Part, Part>({
            transform(part, controller) {
              parts.push(part);
              controller.enqueue(part);
            },
            flush() {
              kept = parts;
            },
          });
          return { stream: stream.pipeThrough(keeping), ...rest };
        },
      };
    };
    const cached = (middleware: Middleware[]) =>
      ai.wrapLanguageModel({
        model: new MockLanguageModel({
          doStream: async () => ({ stream: new Source(answer(major)).stream }),
        }),
        middleware,
      });

    it('outside ours is an event when the model is asked, and none when it is not', async () => {
      const model = cached([cache(), ours()]);
      expect([await readText(model), await readText(model)]).toEqual(['ab', 'ab']);
      expect(summary(await recorded.event())).toBe('success | ab');
    });

    it('inside ours is an event each time', async () => {
      const model = cached([ours(), cache()]);
      expect([await readText(model), await readText(model)]).toEqual(['ab', 'ab']);
      expect((await recorded.events()).map(summary)).toEqual(['success | ab', 'success | ab']);
    });
  });

  it('that a middleware asks for twice, since the first broke, is one event where ours is outside', async () => {
    const retrying: Middleware = {
      specificationVersion: 'v3',
      wrapStream: async ({ doStream }) => {
        try {
          return await doStream();
        } catch {
          return doStream();
        }
      },
    };
    const flaky = () => {
      let calls = 0;
      return new MockLanguageModel({
        doStream: async () => {
          if (calls++ === 0) throw new Error('busy');
          return { stream: new Source(answer(major)).stream };
        },
      });
    };
    await readText(ai.wrapLanguageModel({ model: flaky(), middleware: [ours(), retrying] }));
    expect(summary(await recorded.event())).toBe('success | ab');
    recorded = new Recorded();
    await readText(ai.wrapLanguageModel({ model: flaky(), middleware: [retrying, ours()] }));
    expect((await recorded.events()).map(summary)).toEqual(['failure', 'success | ab']);
  });

  it('that the SDK begins again after it broke, as ai 7 can, is an event for each attempt', async () => {
    let attempts = 0;
    const model = new MockLanguageModel({
      doStream: async () => {
        if (attempts++ > 0) return { stream: new Source(answer(major)).stream };
        const error = { message: 'overloaded', type: 'overloaded_error', isRetryable: true, statusCode: 529 };
        const begun: Part[] = [{ type: 'stream-start', warnings: [] }, textStart(), { type: 'error', error }];
        return { stream: new Source(begun).stream };
      },
    });
    const watched = ai.wrapLanguageModel({ model, middleware: ours() });
    const options = { streamRetries: 1, onError: () => {} } as object;
    const result = ai.streamText({ model: watched, prompt: 'hi', ...options });
    await result.consumeStream();
    const events = await recorded.events();
    expect(events.map(summary)).toEqual(major === 7 ? ['failure', 'success | ab'] : ['failure']);
    expect(events[0]?.exception).toContain('overloaded');
  });
});
