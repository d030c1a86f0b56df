import { beforeEach, describe, expect, it } from 'vitest';
import { Recorded, summary } from '../support/events.js';
import { asWithTheBareClient, type Client, type ClientSide, EACH_CLIENT } from './clients.js';
import { begunOnly, CHAT, chatChunk, DONE, MESSAGES, type StreamServer, streaming } from './streaming.js';
import { USAGE, withUsage } from './usage-provider.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const BODY = { model: 'gpt-4o-mini', messages: MESSAGES };
const BUSY = { message: 'Too much to do.', type: 'server_error', code: 'busy', param: null };
const PLACE = '{"city":"Oslo"}';
type Helper = ReturnType<Client['chat']['completions']['stream']>;

/** Everything that the helper tells of, in the order in which it does. */
function listen(side: ClientSide, helper: Helper): void {
  const events = [
    'connect',
    'chunk',
    'content',
    'content.delta',
    'content.done',
    'message',
    'chatCompletion',
    'finalChatCompletion',
    'finalContent',
    'finalMessage',
    'totalUsage',
    'error',
    'abort',
    'end',
  ] as const;
  for (const name of events) helper.on(name, (...given: unknown[]) => side.saw(`on ${name}`, given));
}

describe.each(EACH_CLIENT)('%s: chat.completions.stream()', (_name, kind) => {
  const lineOf = async (
    make: () => Promise<StreamServer>,
    program: (side: ClientSide, client: Client, server: StreamServer) => Promise<void>,
    options = {},
  ) => {
    await asWithTheBareClient(
      kind,
      recorded,
      async (side) => {
        const server = await make();
        await program(side, side.client(server.url), server);
      },
      options,
    );
    const event = await recorded.event();
    expect(event.proxy_metadata).toMatchObject({ helper_method: 'stream' });
    return summary(event);
  };
  const streamed = () => streaming(CHAT.wire);
  const whole = `success | ${CHAT.whole}`;

  it('tells of the same events in the same order, and comes to the same end', async () => {
    const line = await lineOf(streamed, async (side, client) => {
      const helper = client.chat.completions.stream(BODY);
      listen(side, helper);
      await side.outcome('completion', helper.finalChatCompletion());
      await side.outcome('content', helper.finalContent());
      await side.outcome('message', helper.finalMessage());
      await side.outcome('usage', helper.totalUsage());
      await side.outcome('done', helper.done());
      side.saw('state', [helper.ended, helper.errored, helper.aborted]);
    });
    expect(line).toBe(whole);
  });

  it('gives its chunks to for await', async () => {
    const line = await lineOf(streamed, async (side, client) => {
      await side.read(client.chat.completions.stream(BODY));
    });
    expect(line).toBe(whole);
  });

  it('gives its lines through toReadableStream', async () => {
    const line = await lineOf(streamed, async (side, client) => {
      const lines = client.chat.completions.stream(BODY).toReadableStream();
      side.saw('lines', await new Response(lines).text());
    });
    expect(line).toBe(whole);
  });

  it('sends what it sends without us', async () => {
    await lineOf(streamed, async (side, client, server) => {
      const options = { headers: { 'x-of-mine': '1' }, timeout: 5000 };
      await client.chat.completions.stream(BODY, options).done();
      side.saw('bodies', server.bodies);
    });
  });

  it('that is left by its loop ends as without us', async () => {
    const line = await lineOf(
      () => begunOnly(CHAT),
      async (side, client, server) => {
        const helper = client.chat.completions.stream(BODY);
        let read = 0;
        for await (const chunk of helper) {
          side.saw('chunk', chunk);
          if (++read === CHAT.begun) break;
        }
        await expect.poll(() => server.closed, { interval: 2 }).toBe(1);
        await side.outcome('done', helper.done());
        side.saw('state', [helper.ended, helper.errored, helper.aborted]);
      },
    );
    expect(line).toBe(`success | aborted | ${CHAT.partial}`);
  });

  it.each<[string, (helper: Helper, controller: AbortController) => void]>([
    ['its own abort()', (helper) => helper.abort()],
    ['the signal of its caller', (_helper, controller) => controller.abort()],
  ])('that is aborted by %s ends as without us', async (_what, abort) => {
    const line = await lineOf(
      () => begunOnly(CHAT),
      async (side, client, server) => {
        const controller = new AbortController();
        const helper = client.chat.completions.stream(BODY, { signal: controller.signal });
        listen(side, helper);
        helper.on('content', () => abort(helper, controller));
        await side.outcome('completion', helper.finalChatCompletion());
        side.saw('state', [helper.ended, helper.errored, helper.aborted]);
        await expect.poll(() => server.closed, { interval: 2 }).toBe(1);
      },
    );
    expect(line).toBe(`success | aborted | ${CHAT.partial}`);
  });

  it('with an error on the way fails as without us', async () => {
    const wire = [...CHAT.wire.slice(0, CHAT.begun), `data: ${JSON.stringify({ error: BUSY })}\n\n`];
    const line = await lineOf(
      () => streaming(wire),
      async (side, client) => {
        const helper = client.chat.completions.stream(BODY);
        listen(side, helper);
        await side.outcome('completion', helper.finalChatCompletion());
      },
    );
    expect(line).toBe(`failure | ${CHAT.partial}`);
  });

  it('that nobody listens to fails as loudly as without us', async () => {
    const line = await lineOf(
      () => streaming([`data: ${JSON.stringify({ error: BUSY })}\n\n`]),
      async (side, client) => {
        const helper = client.chat.completions.stream(BODY);
        await expect.poll(() => helper.ended, { interval: 2 }).toBe(true);
        side.saw('errored', helper.errored);
      },
    );
    expect(line).toBe('failure');
  });

  it('parses with a schema', async () => {
    const deltas = [PLACE.slice(0, 5), PLACE.slice(5)];
    const wire = [
      ...deltas.map((content) => chatChunk({ role: 'assistant', content })),
      chatChunk({}, 'stop'),
      DONE,
    ];
    const line = await lineOf(
      () => streaming(wire),
      async (side, client) => {
        const schema = kind.z.object({ city: kind.z.string() });
        const response_format = kind.helpers.zodResponseFormat(schema, 'place');
        const helper = client.chat.completions.stream({ ...BODY, response_format });
        listen(side, helper);
        const { choices } = await helper.finalChatCompletion();
        side.saw('parsed', choices[0]?.message.parsed);
        expect(choices[0]?.message.parsed).toEqual({ city: 'Oslo' });
      },
    );
    expect(line).toBe(`success | ${PLACE}`);
    expect((await recorded.event()).proxy_metadata).toMatchObject({
      response_format: { type: 'json_schema', name: 'place' },
    });
  });

  it('has no usage that was asked for by us alone', async () => {
    const line = await lineOf(
      () => withUsage(CHAT),
      async (side, client) => {
        const helper = client.chat.completions.stream(BODY);
        listen(side, helper);
        const completion = await helper.finalChatCompletion();
        side.saw('completion', [completion, Object.keys(completion)]);
        await side.outcome('usage', helper.totalUsage());
      },
      { streamUsage: true },
    );
    expect(line).toBe(whole);
    expect((await recorded.event()).response.usage).toMatchObject(USAGE);
  });

  it('has the usage that its caller asks for', async () => {
    const line = await lineOf(
      () => withUsage(CHAT),
      async (side, client) => {
        const helper = client.chat.completions.stream({ ...BODY, stream_options: { include_usage: true } });
        const { usage } = await helper.finalChatCompletion();
        side.saw('usage', usage);
        expect(usage).toMatchObject(USAGE);
      },
      { streamUsage: true },
    );
    expect(line).toBe(whole);
  });

  it('rebuilt elsewhere from its lines is no call there', async () => {
    const line = await lineOf(streamed, async (side, client) => {
      const lines = client.chat.completions.stream(BODY).toReadableStream();
      const { ChatCompletionStream } = await STREAM_CLASSES[kind.major]();
      side.saw('final', await ChatCompletionStream.fromReadableStream(lines).finalContent());
    });
    expect(line).toBe(whole);
  });
});

const STREAM_CLASSES = {
  5: () => import('openai5/lib/ChatCompletionStream'),
  6: () => import('openai/lib/ChatCompletionStream'),
  7: () => import('openai7/lib/ChatCompletionStream'),
} as const;
