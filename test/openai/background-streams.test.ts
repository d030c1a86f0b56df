import { beforeEach, describe, expect, it } from 'vitest';
import { Recorded } from '../support/events.js';
import {
  COMPLETED,
  DONE_EVENT,
  FAILED,
  leave,
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
import { RESPONSES, responseEvents } from './streaming.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

describe.each(EACH_CLIENT)('%s: a response in the background and its stream', (_name, kind) => {
  const linesOf = linesWith(kind, () => recorded);

  it('that is streamed to its end is one event', async () => {
    const lines = await linesOf(
      () => provider(RESPONSES.wire, COMPLETED),
      async (side, client) => {
        await side.read(await client.responses.create({ ...ORDER, stream: true }));
        await look(side, client);
      },
    );
    expect(lines).toEqual([WHOLE]);
  });

  it('whose stream is left has what had arrived, and one more event when it is found completed', async () => {
    const lines = await linesOf(
      () => provider(RESPONSES.wire, RUNNING, COMPLETED),
      async (side, client) => {
        await leave(side, await client.responses.create({ ...ORDER, stream: true }));
        for (let looks = 0; looks < 3; looks++) await look(side, client);
      },
    );
    expect(lines).toEqual([`success | left | ${RESPONSES.partial}`, WHOLE]);
  });

  it('whose stream breaks off is a failure, and one more event when it is found completed', async () => {
    const lines = await linesOf(
      () => provider(RESPONSES.wire.slice(0, RESPONSES.begun), COMPLETED),
      async (side, client) => {
        await side.read(await client.responses.create({ ...ORDER, stream: true }));
        await look(side, client);
      },
    );
    expect(lines).toEqual([`failure | ${RESPONSES.partial}`, WHOLE]);
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
    expect(lines).toEqual([`success | left | ${RESPONSES.partial}`, WHOLE]);
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
    expect(lines).toEqual([`success | left | ${RESPONSES.partial}`, WHOLE]);
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
    expect(lines).toEqual([ORDERED, WHOLE]);
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
    expect(lines).toEqual([ORDERED, `failure | ${RESPONSES.whole}`]);
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
});
