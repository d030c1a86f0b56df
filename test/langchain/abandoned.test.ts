import { getEventListeners } from 'node:events';
import { beforeEach, describe, expect, it } from 'vitest';
import { TinybirdCallbackHandler } from '../../src/langchain/index.js';
import { Recorded, summary } from '../support/events.js';
import { quiet } from '../support/side-by-side.js';
import { withEachGeneration } from './generations.js';
import { asWithoutHandler } from './sides.js';
import { begunOnly, EACH_MODEL, readBegun, WHOLE } from './streaming.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

withEachGeneration(({ langchain }) => {
  describe.each(EACH_MODEL)('a stream of $name of which nothing more comes', (model) => {
    it('is settled as abandoned after a while, and its signal let go', async () => {
      await asWithoutHandler(
        recorded,
        async (side) => {
          const server = await begunOnly(model);
          const { signal } = new AbortController();
          let read = 0;
          for await (const chunk of await model
            .make(langchain, server.url)
            .stream('hi', side.with({ signal }))) {
            side.saw('chunk', chunk);
            if (++read === model.begunChunks) break;
          }
          if (side.isWatched) await expect.poll(() => recorded.soFar.length).toBe(1);
          await quiet();
          side.saw('listeners', getEventListeners(signal, 'abort').length);
        },
        { abandonedAfterMs: 30 },
      );
      expect(summary(await recorded.event())).toMatch(/^success \| abandoned \| w0;/);
    });

    it('has one event though its reader comes back after that', async () => {
      await asWithoutHandler(
        recorded,
        async (side) => {
          const server = await begunOnly(model);
          const asked = model.make(langchain, server.url);
          const iterator = await readBegun(side, model, asked.stream('hi', side.with({})));
          if (side.isWatched) await expect.poll(() => recorded.soFar.length).toBe(1);
          server.answer.end(model.wire.slice(model.begun).join(''));
          for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
            side.saw('chunk', next);
        },
        { abandonedAfterMs: 30 },
      );
      expect(summary(await recorded.event())).toMatch(/^success \| abandoned \| w0;w1;$/);
    });

    it('is not one of which something comes again and again', async () => {
      const abandonedAfterMs = 400;
      const server = await begunOnly({ ...model, begun: 0 });
      const handler = new TinybirdCallbackHandler({ ...recorded.options, abandonedAfterMs });
      const reading = (async () => {
        for await (const _chunk of await model
          .make(langchain, server.url)
          .stream('hi', { callbacks: [handler] }));
      })();
      await expect.poll(() => server.bodies.length).toBe(1);
      for (const each of model.wire) {
        server.answer.write(each);
        await new Promise((resolve) => setTimeout(resolve, abandonedAfterMs / 4));
      }
      server.answer.end();
      await reading;
      expect(summary(await recorded.event())).toBe(`success | ${WHOLE}`);
    });
  });
});

describe('a handler', () => {
  it('settles the oldest run as abandoned when ends stop coming', async () => {
    const handler = new TinybirdCallbackHandler(recorded.options);
    for (let run = 0; run <= 10_000; run++) handler.handleChatModelStart({}, [[]], `run-${run}`);
    const event = await recorded.event();
    expect(event.id).toBe('run-0');
    expect(event.proxy_metadata.outcome).toBe('abandoned');
  });

  it('waits longer for the first token than for another', async () => {
    const handler = new TinybirdCallbackHandler({ ...recorded.options, abandonedAfterMs: 30 });
    handler.handleChatModelStart({}, [[]], 'silent');
    handler.handleChatModelStart({}, [[]], 'begun');
    handler.handleLLMNewToken('a', { prompt: 0, completion: 0 }, 'begun');
    await expect.poll(() => recorded.soFar.map(({ id }) => id)).toEqual(['begun', 'silent']);
    expect((await recorded.events()).map(summary)).toEqual([
      'success | abandoned | a',
      'success | abandoned',
    ]);
  });
});
