import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TinybirdCallbackHandler } from '../../src/langchain/index.js';
import { Recorded, summary } from '../support/events.js';
import { quiet } from '../support/side-by-side.js';
import { withEachGeneration } from './generations.js';
import { asWithoutHandler } from './sides.js';
import { begunOnly, EACH_MODEL, goOn, readBegun } from './streaming.js';

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
            if (++read < model.begunChunks) continue;
            goOn(server, model);
            break;
          }
          if (side.isWatched) await expect.poll(() => recorded.soFar.length).toBe(1);
          await quiet();
          side.saw('listeners', getEventListeners(signal, 'abort').length);
        },
        { abandonedAfterMs: 500 },
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
        { abandonedAfterMs: 500 },
      );
      expect(summary(await recorded.event())).toMatch(/^success \| abandoned \| w0;w1;$/);
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

  describe('with a clock of its own', () => {
    const idle = (ms: number) => vi.advanceTimersByTime(ms);
    const settled = () => recorded.soFar.map(({ id }) => id);
    let handler: TinybirdCallbackHandler;
    const hear = (run: string) => handler.handleLLMNewToken('a', { prompt: 0, completion: 0 }, run);

    beforeEach(async () => {
      // the first event of all waits for the price catalogue
      const another = new TinybirdCallbackHandler(recorded.options);
      another.handleChatModelStart({}, [[]], 'first');
      another.handleLLMEnd({ generations: [[]] }, 'first');
      await recorded.event();
      handler = new TinybirdCallbackHandler({ ...recorded.options, abandonedAfterMs: 1000 });
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    it('waits longer for the first token than for another', () => {
      handler.handleChatModelStart({}, [[]], 'silent');
      handler.handleChatModelStart({}, [[]], 'begun');
      hear('begun');
      idle(999);
      expect(settled()).toEqual(['first']);
      idle(1);
      expect(settled()).toEqual(['first', 'begun']);
      idle(4999);
      expect(settled()).toEqual(['first', 'begun']);
      idle(1);
      expect(settled()).toEqual(['first', 'begun', 'silent']);
    });

    it('waits for a run of which something comes again and again', () => {
      handler.handleChatModelStart({}, [[]], 'slow');
      for (let token = 0; token < 10; token++) {
        idle(900);
        hear('slow');
      }
      expect(settled()).toEqual(['first']);
      idle(1000);
      expect(settled()).toEqual(['first', 'slow']);
    });
  });
});
