import { beforeEach, describe, expect, it } from 'vitest';
import { BackgroundResponses } from '../../src/openai/background.js';
import { NOTHING } from '../../src/recorder/recording.js';
import { Recorded } from '../support/events.js';
import {
  CANCELLED,
  COMPLETED,
  FAILED,
  INCOMPLETE,
  linesWith,
  look,
  ORDER,
  ORDERED,
  order,
  provider,
  QUEUED,
  RUNNING,
  WHOLE,
} from './background-provider.js';
import { EACH_CLIENT } from './clients.js';
import { streaming } from './streaming.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

describe.each(EACH_CLIENT)('%s: a response in the background', (_name, kind) => {
  const linesOf = linesWith(kind, () => recorded);

  it('is an event when it is ORDERED, and one more when it is found completed', async () => {
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
    expect(lines).toEqual([ORDERED, WHOLE]);
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

  it('is the same when its bodies are read without the client', async () => {
    const lines = await linesOf(
      () => provider(QUEUED, RUNNING, COMPLETED),
      async (side, client) => {
        const ordered = await client.responses.create(ORDER).asResponse();
        side.saw('ordered', await ordered.json());
        for (let looks = 0; looks < 3; looks++) {
          const found = await client.responses.retrieve('resp_1').asResponse();
          side.saw('found', await found.text());
        }
      },
    );
    expect(lines).toEqual([ORDERED, WHOLE]);
  });

  it.each([
    ['failed', FAILED, 'failure'],
    ['cancelled', CANCELLED, 'success | aborted'],
    ['incomplete', INCOMPLETE, WHOLE],
  ])('that is found %s has ended so', async (_status, found, line) => {
    const lines = await linesOf(
      () => provider(QUEUED, RUNNING, found),
      async (side, client) => {
        await order(side, client);
        for (let looks = 0; looks < 3; looks++) await look(side, client);
      },
    );
    expect(lines).toEqual([ORDERED, line]);
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
    expect(lines).toEqual([ORDERED, 'success | aborted']);
  });

  it('that two look for at once is completed once', async () => {
    const lines = await linesOf(
      () => provider(QUEUED, COMPLETED),
      async (side, client) => {
        await order(side, client);
        await Promise.all([look(side, client), look(side, client)]);
      },
    );
    expect(lines).toEqual([ORDERED, WHOLE]);
  });

  it('that is completed when it is ordered is one event', async () => {
    const lines = await linesOf(
      () => provider(COMPLETED, COMPLETED),
      async (side, client) => {
        await order(side, client);
        await look(side, client);
      },
    );
    expect(lines).toEqual([WHOLE]);
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
    expect(lines).toEqual([ORDERED, WHOLE]);
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
    expect(lines).toEqual([ORDERED, WHOLE]);
  });
});

it('past a thousand responses that nobody came back for the oldest is forgotten', () => {
  const background = new BackgroundResponses();
  const waiting = { recording: NOTHING, startMs: 0 };
  for (let id = 0; id <= 1000; id++) background.remember(`resp_${id}`, waiting);
  expect(background.idIn('get', '/responses/resp_0')).toBeUndefined();
  expect(background.idIn('get', '/responses/resp_1?stream=true')).toBe('resp_1');
  expect(background.idIn('post', '/responses/resp_1000/cancel')).toBe('resp_1000');
});
