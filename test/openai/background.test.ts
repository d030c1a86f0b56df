import { beforeEach, describe, expect, it } from 'vitest';
import { Recorded, summary } from '../support/events.js';
import { asWithTheBareClient, type Client, type ClientSide, EACH_CLIENT } from './clients.js';
import {
  MESSAGE,
  RESPONSE_USAGE,
  RESPONSES,
  response,
  responseEvents,
  type StreamServer,
  streaming,
  writeAll,
} from './streaming.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const ORDER = { model: 'gpt-4o-mini', input: 'hi', background: true } as const;
const COMPLETED = response('completed', {
  output: [MESSAGE],
  usage: RESPONSE_USAGE,
  completed_at: 1780000042,
});
const FAILED = response('failed', { error: { code: 'server_error', message: 'Too much to do.' } });
const CANCELLED = response('cancelled');
const INCOMPLETE = response('incomplete', {
  output: [MESSAGE],
  usage: RESPONSE_USAGE,
  incomplete_details: { reason: 'max_output_tokens' },
});
const DONE_EVENT = { type: 'response.completed', response: COMPLETED };

/**
 * A provider of one response: it is ordered, and whoever looks for it finds it as the next of these; the last stays.
 * What is an array of events is streamed.
 */
function provider(ordered: object, ...found: readonly object[]): Promise<StreamServer> {
  const left = [...found];
  return streaming((answer, _body, { method, url = '' }) => {
    const isOrder = method === 'POST' && !url.includes('/resp_1/cancel');
    const next = isOrder ? ordered : left.length > 1 ? left.shift() : left[0];
    if (Array.isArray(next)) return writeAll(answer, next as string[]);
    answer.setHeader('content-type', 'application/json');
    return answer.end(JSON.stringify(next));
  });
}

describe.each(EACH_CLIENT)('%s: a response in the background', (_name, kind) => {
  /** The lines of the events that a program with such a provider came to. */
  const linesOf = async (
    make: () => Promise<StreamServer>,
    program: (side: ClientSide, client: Client) => Promise<void>,
  ) => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      await program(side, side.client((await make()).url));
    });
    return (await recorded.events()).map(summary);
  };
  const order = async (side: ClientSide, client: Client) =>
    side.saw('ordered', await client.responses.create(ORDER));
  const look = async (side: ClientSide, client: Client) =>
    side.saw('found', await client.responses.retrieve('resp_1'));
  const leave = async (side: ClientSide, stream: AsyncIterable<unknown>) => {
    let read = 0;
    for await (const event of stream) {
      side.saw('event', event);
      if (++read === RESPONSES.begun) break;
    }
  };
  const QUEUED = response('queued', { background: true });
  const RUNNING = response('in_progress', { background: true });
  const ordered = 'success | queued';
  const whole = `success | ${RESPONSES.whole}`;

  it('is an event when it is ordered, and one more when it is found completed', async () => {
    const lines = await linesOf(
      () => provider(QUEUED, QUEUED, RUNNING, COMPLETED),
      async (side, client) => {
        await order(side, client);
        expect(recorded.soFar.length).toBe(side.isWatched ? 1 : 0);
        for (let looks = 0; looks < 2; looks++) await look(side, client);
        expect(recorded.soFar.length).toBe(side.isWatched ? 1 : 0);
        for (let looks = 0; looks < 3; looks++) await look(side, client);
      },
    );
    expect(lines).toEqual([ordered, whole]);
    const [first, second] = await recorded.events();
    expect(first?.response).toMatchObject({
      id: 'resp_1',
      choices: [{ finish_reason: 'queued' }],
      usage: {},
    });
    expect(second?.response).toMatchObject({ id: 'resp_1', usage: { total_tokens: 5 } });
    expect(second?.id).not.toBe(first?.id);
    expect(second).toMatchObject({ call_type: first?.call_type, messages: first?.messages });
    // the provider says when it was created and when it was completed
    expect(second?.duration).toBe(42);
  });

  it.each([
    ['failed', FAILED, 'failure'],
    ['cancelled', CANCELLED, 'success | aborted'],
    ['incomplete', INCOMPLETE, whole],
  ])('that is found %s has ended so', async (_status, found, line) => {
    const lines = await linesOf(
      () => provider(QUEUED, RUNNING, found),
      async (side, client) => {
        await order(side, client);
        for (let looks = 0; looks < 3; looks++) await look(side, client);
      },
    );
    expect(lines).toEqual([ordered, line]);
  });

  it('that its caller cancels is aborted', async () => {
    const lines = await linesOf(
      () => provider(QUEUED, CANCELLED),
      async (side, client) => {
        await order(side, client);
        side.saw('cancelled', await client.responses.cancel('resp_1'));
        await look(side, client);
      },
    );
    expect(lines).toEqual([ordered, 'success | aborted']);
  });

  it('that two look for at once is completed once', async () => {
    const lines = await linesOf(
      () => provider(QUEUED, COMPLETED),
      async (side, client) => {
        await order(side, client);
        await Promise.all([look(side, client), look(side, client)]);
      },
    );
    expect(lines).toEqual([ordered, whole]);
  });

  it('that is completed when it is ordered is one event', async () => {
    const lines = await linesOf(
      () => provider(COMPLETED, COMPLETED),
      async (side, client) => {
        await order(side, client);
        await look(side, client);
      },
    );
    expect(lines).toEqual([whole]);
  });

  it('that somebody else ordered is no event', async () => {
    const lines = await linesOf(
      () => provider(QUEUED, COMPLETED),
      async (side, client) => {
        await look(side, client);
        side.saw('cancelled', await client.responses.cancel('resp_1'));
        await side.read(await client.responses.retrieve('resp_1', { stream: true }));
      },
    );
    expect(lines).toEqual([]);
  });

  it('that cannot be found fails as without us, and is waited for', async () => {
    let looks = 0;
    const make = () =>
      streaming((answer, _body, { method }) => {
        const isMissing = method === 'GET' && looks++ % 2 === 0;
        answer.writeHead(isMissing ? 404 : 200, { 'content-type': 'application/json' });
        answer.end(
          JSON.stringify(isMissing ? { error: { message: 'no' } } : method === 'GET' ? COMPLETED : QUEUED),
        );
      });
    const lines = await linesOf(make, async (side, client) => {
      await order(side, client);
      await side.outcome('not found', client.responses.retrieve('resp_1'));
      await look(side, client);
    });
    expect(lines).toEqual([ordered, whole]);
  });

  it('that is streamed to its end is one event', async () => {
    const lines = await linesOf(
      () => provider(RESPONSES.wire, COMPLETED),
      async (side, client) => {
        await side.read(await client.responses.create({ ...ORDER, stream: true }));
        await look(side, client);
      },
    );
    expect(lines).toEqual([whole]);
  });

  it('whose stream is left has what had arrived, and one more event when it is found completed', async () => {
    const lines = await linesOf(
      () => provider(RESPONSES.wire, RUNNING, COMPLETED),
      async (side, client) => {
        await leave(side, await client.responses.create({ ...ORDER, stream: true }));
        for (let looks = 0; looks < 3; looks++) await look(side, client);
      },
    );
    expect(lines).toEqual([`success | left | ${RESPONSES.partial}`, whole]);
  });

  it('whose stream breaks off is a failure, and one more event when it is found completed', async () => {
    const lines = await linesOf(
      () => provider(RESPONSES.wire.slice(0, RESPONSES.begun), COMPLETED),
      async (side, client) => {
        await side.read(await client.responses.create({ ...ORDER, stream: true }));
        await look(side, client);
      },
    );
    expect(lines).toEqual([`failure | ${RESPONSES.partial}`, whole]);
  });

  it('that is taken up again as a stream is completed by it', async () => {
    const lines = await linesOf(
      () => provider(RESPONSES.wire, responseEvents(DONE_EVENT)),
      async (side, client) => {
        await leave(side, await client.responses.create({ ...ORDER, stream: true }));
        await side.read(await client.responses.retrieve('resp_1', { stream: true }));
        await side.read(await client.responses.retrieve('resp_1', { stream: true, starting_after: 2 }));
      },
    );
    expect(lines).toEqual([`success | left | ${RESPONSES.partial}`, whole]);
  });

  it('that is taken up from where it was left is completed by what its end says', async () => {
    const rest = responseEvents(DONE_EVENT).slice(RESPONSES.begun);
    const lines = await linesOf(
      () => provider(RESPONSES.wire, rest),
      async (side, client) => {
        await leave(side, await client.responses.create({ ...ORDER, stream: true }));
        await side.read(await client.responses.retrieve('resp_1', { stream: true, starting_after: 3 }));
      },
    );
    expect(lines).toEqual([`success | left | ${RESPONSES.partial}`, whole]);
  });

  it('that is taken up as a stream and left again is still waited for', async () => {
    const lines = await linesOf(
      () => provider(QUEUED, RESPONSES.wire, RESPONSES.wire.slice(0, RESPONSES.begun), COMPLETED),
      async (side, client) => {
        await order(side, client);
        await leave(side, await client.responses.retrieve('resp_1', { stream: true }));
        await side.read(await client.responses.retrieve('resp_1', { stream: true }));
        await look(side, client);
      },
    );
    expect(lines).toEqual([ordered, whole]);
  });

  it('that is taken up as a stream and fails there is a failure', async () => {
    const failed = responseEvents({ type: 'response.failed', response: FAILED });
    const lines = await linesOf(
      () => provider(QUEUED, failed),
      async (side, client) => {
        await order(side, client);
        await side.read(await client.responses.retrieve('resp_1', { stream: true }));
      },
    );
    expect(lines).toEqual([ordered, `failure | ${RESPONSES.whole}`]);
  });

  it('is not waited for when it is in the foreground', async () => {
    const lines = await linesOf(
      () => provider(RESPONSES.wire, COMPLETED),
      async (side, client) => {
        await leave(side, await RESPONSES.open(client));
        await look(side, client);
      },
    );
    expect(lines).toEqual([`success | left | ${RESPONSES.partial}`]);
  });

  it('that is ordered of a client is found by its copies', async () => {
    const lines = await linesOf(
      () => provider(QUEUED, COMPLETED),
      async (side, client) => {
        await order(side, client);
        const copy = kind.isAzure ? client : client.withOptions({ timeout: 5000 });
        await look(side, copy);
      },
    );
    expect(lines).toEqual([ordered, whole]);
  });
});
