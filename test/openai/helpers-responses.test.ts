import { beforeEach, describe, expect, it } from 'vitest';
import { Recorded, summary } from '../support/events.js';
import { asWithTheBareClient, type Client, type ClientSide, EACH_CLIENT } from './clients.js';
import {
  begunOnly,
  event,
  MESSAGE,
  RESPONSE_USAGE,
  RESPONSES,
  response,
  responseEvents,
  type StreamServer,
  streaming,
} from './streaming.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const BODY = { model: 'gpt-4o-mini', input: 'hi' };
const PLACE = '{"city":"Oslo"}';
type Helper = ReturnType<Client['responses']['stream']>;

/** Everything that the helper tells of, in the order in which it does. */
function listen(side: ClientSide, helper: Helper): void {
  const events = ['connect', 'event', 'response.output_text.delta', 'error', 'abort', 'end'] as const;
  for (const name of events) helper.on(name, (...given: unknown[]) => side.saw(`on ${name}`, given));
}

describe.each(EACH_CLIENT)('%s: responses.stream()', (_name, kind) => {
  const linesOf = async (
    make: () => Promise<StreamServer>,
    program: (side: ClientSide, client: Client, server: StreamServer) => Promise<void>,
  ) => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const server = await make();
      await program(side, side.client(server.url), server);
    });
    return (await recorded.events()).map(summary);
  };
  const streamed = () => streaming(RESPONSES.wire);
  const whole = `success | ${RESPONSES.whole}`;

  it('tells of the same events in the same order, and comes to the same end', async () => {
    const lines = await linesOf(streamed, async (side, client) => {
      const helper = client.responses.stream(BODY);
      listen(side, helper);
      await side.outcome('response', helper.finalResponse());
      await side.outcome('done', helper.done());
      side.saw('state', [helper.ended, helper.errored, helper.aborted]);
    });
    expect(lines).toEqual([whole]);
    expect((await recorded.event()).proxy_metadata).toMatchObject({ helper_method: 'stream' });
  });

  it('gives its events to for await', async () => {
    const lines = await linesOf(streamed, async (side, client) => {
      await side.read(client.responses.stream(BODY));
    });
    expect(lines).toEqual([whole]);
  });

  it('sends what it sends without us', async () => {
    await linesOf(streamed, async (side, client, server) => {
      await client.responses.stream(BODY, { headers: { 'x-of-mine': '1' }, timeout: 5000 }).done();
      side.saw('bodies', server.bodies);
    });
  });

  it('that is left by its loop ends as without us', async () => {
    const lines = await linesOf(
      () => begunOnly(RESPONSES),
      async (side, client, server) => {
        const helper = client.responses.stream(BODY);
        let read = 0;
        for await (const each of helper) {
          side.saw('event', each);
          if (++read === RESPONSES.begun) break;
        }
        await expect.poll(() => server.closed, { interval: 2 }).toBe(1);
        await side.outcome('done', helper.done());
      },
    );
    expect(lines).toEqual([`success | aborted | ${RESPONSES.partial}`]);
  });

  it.each<[string, (helper: Helper, controller: AbortController) => void]>([
    ['its own abort()', (helper) => helper.abort()],
    ['the signal of its caller', (_helper, controller) => controller.abort()],
  ])('that is aborted by %s ends as without us', async (_what, abort) => {
    const lines = await linesOf(
      () => begunOnly(RESPONSES),
      async (side, client, server) => {
        const controller = new AbortController();
        const helper = client.responses.stream(BODY, { signal: controller.signal });
        listen(side, helper);
        helper.on('response.output_text.delta', () => abort(helper, controller));
        await side.outcome('response', helper.finalResponse());
        side.saw('state', [helper.ended, helper.errored, helper.aborted]);
        await expect.poll(() => server.closed, { interval: 2 }).toBe(1);
      },
    );
    expect(lines).toEqual([`success | aborted | ${RESPONSES.partial}`]);
  });

  it('with an error on the way fails as without us', async () => {
    const wire = [
      ...RESPONSES.wire.slice(0, RESPONSES.begun),
      event({ error: { message: 'Too much to do.' } }),
    ];
    const lines = await linesOf(
      () => streaming(wire),
      async (side, client) => {
        const helper = client.responses.stream(BODY);
        listen(side, helper);
        await side.outcome('response', helper.finalResponse());
      },
    );
    expect(lines).toEqual([`failure | ${RESPONSES.partial}`]);
  });

  it.each([
    ['failed', response('failed', { error: { code: 'server_error', message: 'no' } }), /^failure/],
    [
      'incomplete',
      response('incomplete', {
        output: [MESSAGE],
        usage: RESPONSE_USAGE,
        incomplete_details: { reason: 'max_output_tokens' },
      }),
      /^success \| w0;w1;w2;$/,
    ],
  ])('that comes to be %s is that', async (status, ended, line) => {
    const lines = await linesOf(
      () => streaming(responseEvents({ type: `response.${status}`, response: ended })),
      async (side, client) => {
        const helper = client.responses.stream(BODY);
        listen(side, helper);
        await side.outcome('response', helper.finalResponse());
      },
    );
    expect(lines).toEqual([expect.stringMatching(line)]);
  });

  it('parses with a schema', async () => {
    const message = { ...MESSAGE, content: [{ ...MESSAGE.content[0], text: PLACE }] };
    const events = [
      { type: 'response.created', response: response('in_progress') },
      { type: 'response.output_item.added', output_index: 0, item: { ...message, content: [] } },
      { type: 'response.output_item.done', output_index: 0, item: message },
      {
        type: 'response.completed',
        response: response('completed', { output: [message], usage: RESPONSE_USAGE }),
      },
    ];
    const lines = await linesOf(
      () => streaming(events.map((data, index) => event({ ...data, sequence_number: index }))),
      async (side, client) => {
        const format = kind.helpers.zodTextFormat(kind.z.object({ city: kind.z.string() }), 'place');
        const final = await client.responses.stream({ ...BODY, text: { format } }).finalResponse();
        side.saw('response', final);
        expect(final.output_parsed).toEqual({ city: 'Oslo' });
      },
    );
    expect(lines).toEqual([`success | ${PLACE}`]);
    expect((await recorded.event()).proxy_metadata).toMatchObject({
      response_format: { type: 'json_schema', name: 'place' },
    });
  });

  it('of a response that is there already is no call', async () => {
    const lines = await linesOf(streamed, async (side, client) => {
      const helper = client.responses.stream({ response_id: 'resp_1', starting_after: 2 });
      listen(side, helper);
      await side.outcome('response', helper.finalResponse());
    });
    expect(lines).toEqual([]);
  });

  it('of a response that was ordered in the background completes it', async () => {
    let requests = 0;
    const make = () =>
      streaming((answer) => {
        if (requests++ % 2 === 1) return answer.end(RESPONSES.wire.join(''));
        answer.setHeader('content-type', 'application/json');
        return answer.end(JSON.stringify(response('queued', { background: true })));
      });
    const lines = await linesOf(make, async (side, client) => {
      side.saw('ordered', await client.responses.create({ ...BODY, background: true }));
      await side.outcome('response', client.responses.stream({ response_id: 'resp_1' }).finalResponse());
    });
    expect(lines).toEqual(['success | queued', whole]);
  });
});
