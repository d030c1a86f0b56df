import { beforeEach, describe, expect, it } from 'vitest';
import { Recorded, summary } from '../support/events.js';
import { answering, BODY, chatEvents } from './answers.js';
import { asWithTheBareClient, EACH_MAJOR } from './clients.js';
import { bodyOf, type Read, textOf } from './raw-reads.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

describe.each(EACH_MAJOR)('the response of %s that is taken raw and left', (_name, kind) => {
  const unfinished: Parameters<typeof answering>[0] = (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(chatEvents().slice(0, 2).join(''));
  };

  it.each<[string, Read]>([
    ['cancelled', async (response) => bodyOf(response).cancel('enough')],
    [
      'cancelled by its reader',
      async (response) => {
        const reader = bodyOf(response).getReader();
        await reader.read();
        await reader.cancel('enough');
      },
    ],
    [
      'left within the loop',
      async (response) => {
        for await (const _piece of bodyOf(response) as unknown as AsyncIterable<Uint8Array>) break;
      },
    ],
  ])('is one event, and the provider hears of it, when it is %s', async (_what, leave) => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const provider = await answering(unfinished);
      const call = side.client(provider.url).chat.completions.create({ ...BODY, stream: true });
      const response = await call.asResponse();
      await side.outcome('left', leave(response));
      side.saw('used', response.bodyUsed);
      await expect.poll(() => provider.left).toBe(1);
    });
    expect(summary(await recorded.event())).toMatch(/^success \| left/);
  });

  it('is aborted by its caller is no failure', async () => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const provider = await answering(unfinished);
      const controller = new AbortController();
      const { signal } = controller;
      const call = side.client(provider.url).chat.completions.create({ ...BODY, stream: true }, { signal });
      const reader = bodyOf(await call.asResponse()).getReader();
      side.saw('first', textOf([(await reader.read()).value as Uint8Array]).length);
      const next = side.outcome('next', reader.read());
      controller.abort();
      await next;
    });
    expect(summary(await recorded.event())).toBe('success | aborted | A row ');
  });

  it('breaks is a failure with what had arrived', async () => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      let cut = () => {};
      const provider = await answering((response, request) => {
        unfinished(response, request);
        cut = () => response.destroy();
      });
      const call = side.client(provider.url).chat.completions.create({ ...BODY, stream: true });
      const reader = bodyOf(await call.asResponse()).getReader();
      await reader.read();
      cut();
      await side.outcome('next', reader.read());
    });
    expect(summary(await recorded.event())).toBe('failure | A row ');
  });
});
