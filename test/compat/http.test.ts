import { once } from 'node:events';
import { get, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../../fixtures/provider.js';
import { Recorded, summary } from '../support/events.js';
import { serve } from '../support/servers.js';
import { asWithTheBareModel, quiet, type Side } from '../support/streams.js';
import { EACH_GENERATION } from './generations.js';

let provider: FakeProvider;
beforeAll(async () => {
  provider = await startFakeProvider();
});
afterAll(() => provider.close());

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const FULL = 'A row is one call, told in columns.';
const COUNT = 80;
const words = Array.from({ length: COUNT }, (_, index) => `w${index};`);

function sse(delta: object, finish: string | null = null): string {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  const chunk = {
    id: 'c1',
    object: 'chat.completion.chunk',
    created: 1780000000,
    model: 'gpt-4o-mini',
    choices,
  };
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

describe.each(EACH_GENERATION)('%s over HTTP', (_name, generation) => {
  const { major, ai, createOpenAI } = generation;
  const openai = (baseURL: string) => createOpenAI({ apiKey: 'sk-test', baseURL });

  /** A provider that streams as it is told to; gives its base URL. */
  const streaming = (write: (response: ServerResponse) => unknown) =>
    serve((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return write(response);
    });
  const writeWords = async (response: ServerResponse) => {
    for (const word of words) {
      response.write(sse({ content: word }));
      await quiet();
    }
    response.end(`${sse({}, 'stop')}data: [DONE]\n\n`);
  };

  /** The event of a stream that is read to its end, and the parts that are errors. */
  const eventOf = async (model: (side: Side) => ReturnType<Side['wrap']>) => {
    await asWithTheBareModel(generation, recorded, async (side) => {
      const result = ai.streamText({
        model: model(side),
        prompt: 'hi',
        maxRetries: 0,
        onError: ({ error }) => side.wasTold('onError', error),
      });
      try {
        for await (const each of result.fullStream) side.saw('part', each);
      } catch (thrown) {
        side.saw('thrown', thrown);
      }
      const text = Promise.resolve(result.text).catch((thrown: unknown) => thrown);
      side.saw('text', await Promise.race([text, quiet().then(() => 'still open')]));
    });
    return recorded.event();
  };

  it.each([
    ['chat-streamed', `success | ${FULL}`],
    ['chat-error-in-stream', 'failure | A row is one'],
    ['chat-failed', 'failure'],
  ])('the stream of %s is "%s"', async (fixture, line) => {
    const event = await eventOf((side) => side.wrap(openai(provider.baseUrl(fixture)).chat('gpt-4o-mini')));
    expect(summary(event)).toBe(line);
  });

  it('a stream that is cut off is a failure with what had arrived', async () => {
    const event = await eventOf((side) =>
      side.wrap(openai(provider.baseUrl('chat-cut-off')).chat('gpt-4o-mini')),
    );
    expect(summary(event)).toMatch(/^failure \| A/);
    expect(event.exception).toMatch(/^IncompleteStream: /);
  });

  it('a stream of the Responses API is one event', async () => {
    const event = await eventOf((side) =>
      side.wrap(openai(provider.baseUrl('responses-streamed')).responses('gpt-4o-mini')),
    );
    expect(summary(event)).toMatch(/^success \| /);
  });

  it('a stream that fails in the Responses API is a failure', async () => {
    const event = await eventOf((side) =>
      side.wrap(openai(provider.baseUrl('responses-failed-in-stream')).responses('gpt-4o-mini')),
    );
    expect(event.standard_logging_object_status).toBe('failure');
    expect(event.exception).not.toBe('');
  });

  it.each<[string, (response: ServerResponse) => unknown]>([
    ['whose connection breaks', (response) => response.socket?.resetAndDestroy()],
    ['whose connection ends', (response) => response.socket?.destroy()],
    ['with a chunk that is no JSON', (response) => response.end('data: {"choices": [\n\ndata: [DONE]\n\n')],
  ])('a stream %s is a failure with what had arrived', async (_what, end) => {
    const url = await streaming(async (response) => {
      response.write(sse({ role: 'assistant', content: 'half' }));
      // Until the client has it: a reset takes along what is still on its way.
      await sleep(50);
      end(response);
    });
    const event = await eventOf((side) => side.wrap(openai(url).chat('gpt-4o-mini')));
    expect(summary(event)).toBe('failure | half');
    expect(event.exception).not.toBe('');
  });

  it('a stream that its caller aborts is no failure, and the provider hears of it', async () => {
    const closed: Promise<unknown>[] = [];
    const url = await streaming((response) => {
      closed.push(once(response, 'close'));
      response.write(sse({ role: 'assistant', content: 'half' }));
    });
    await asWithTheBareModel(generation, recorded, async (side) => {
      const controller = new AbortController();
      const result = ai.streamText({
        model: side.wrap(openai(url).chat('gpt-4o-mini')),
        prompt: 'hi',
        abortSignal: controller.signal,
        onError: ({ error }) => side.wasTold('onError', error),
      });
      try {
        for await (const delta of result.textStream) {
          side.saw('text', delta);
          controller.abort();
        }
      } catch (thrown) {
        side.saw('thrown', thrown);
      }
      await closed.at(-1);
    });
    expect(closed.length).toBe(2);
    expect(summary(await recorded.event())).toBe('success | aborted | half');
  });

  it('a stream piped to a client that is gone, of which no signal tells, is one event', async () => {
    const url = await streaming(writeWords);
    await asWithTheBareModel(
      generation,
      recorded,
      async (side) => {
        const model = side.wrap(openai(url).chat('gpt-4o-mini'));
        const closed: Promise<unknown>[] = [];
        const app = await serve((_request, response) => {
          closed.push(once(response, 'close'));
          ai.streamText({
            model,
            prompt: 'hi',
            onError: ({ error }) => side.wasTold('onError', error),
          }).pipeTextStreamToResponse(response);
        });
        const request = get(app);
        request.on('error', () => {});
        const [answer] = await once(request, 'response');
        const [first] = await once(answer, 'data');
        side.saw('first', String(first).slice(0, 3));
        answer.on('error', () => {});
        request.destroy();
        await Promise.all(closed);
      },
      { abandonedAfterMs: 200 },
    );
    await expect.poll(() => recorded.soFar.length).toBe(1);
    const line = summary(await recorded.event());
    // Before ai 7 the SDK reads on by itself; in ai 7 nobody says that the reader is gone.
    if (major === 7) expect(line).toMatch(/^success(?: \| abandoned)? \| w0;/);
    else expect(line).toBe(`success | ${words.join('')}`);
  });

  it('a stream whose response is cancelled by its client is one event', async () => {
    const url = await streaming(writeWords);
    await asWithTheBareModel(
      generation,
      recorded,
      async (side) => {
        const model = side.wrap(openai(url).chat('gpt-4o-mini'));
        const response = ai.streamText({ model, prompt: 'hi' }).toTextStreamResponse();
        const reader = (response.body as ReadableStream<Uint8Array>).getReader();
        side.saw('first', new TextDecoder().decode((await reader.read()).value).slice(0, 3));
        await reader.cancel();
      },
      { abandonedAfterMs: 200 },
    );
    await expect.poll(() => recorded.soFar.length).toBe(1);
    const line = summary(await recorded.event());
    if (major === 7) expect(line).toMatch(/^success \| abandoned \| w0;/);
    else expect(line).toBe(`success | ${words.join('')}`);
  });
});
