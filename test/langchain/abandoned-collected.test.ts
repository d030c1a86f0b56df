import { beforeEach, describe, expect, it } from 'vitest';
import { TinybirdCallbackHandler } from '../../src/langchain/index.js';
import { streaming } from '../openai/streaming.js';
import { Recorded, summary } from '../support/events.js';
import { collect, settledWhenCollected } from '../support/garbage.js';
import { withEachGeneration } from './generations.js';
import { ASKS_AHEAD, BEGUN, begunOnly, EACH_MODEL, goOn, HEARD, HELD, WHOLE } from './streaming.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

/** Whose events come by the garbage collector alone. */
const patient = () => new TinybirdCallbackHandler({ ...recorded.options, abandonedAfterMs: 3_600_000 });

/** Turns enough for whoever waits for a collection to hear of it. */
async function collectOften(): Promise<void> {
  for (let turns = 0; turns < 3; turns++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

withEachGeneration(({ langchain }) => {
  describe.each(EACH_MODEL)('a stream of $name that nobody can read any more', (model) => {
    const settled = async () => {
      await settledWhenCollected(recorded);
      return summary(await recorded.event());
    };

    it('is settled after its reader left the loop', async () => {
      const server = await begunOnly(model);
      const left = async () => {
        let read = 0;
        const stream = await model.make(langchain, server.url).stream('hi', { callbacks: [patient()] });
        for await (const _chunk of stream) {
          if (++read < model.begunChunks) continue;
          goOn(server, model);
          break;
        }
      };
      await left();
      expect(await settled()).toMatch(new RegExp(`^success \\| abandoned \\| (${HELD}|${BEGUN})$`));
    });

    it('is settled after its reader cancelled it', async () => {
      const server = await begunOnly(model);
      const left = async () => {
        const stream = await model.make(langchain, server.url).stream('hi', { callbacks: [patient()] });
        const reader = stream.getReader();
        for (let read = 0; read < model.begunChunks; read++) await reader.read();
        await reader.cancel();
      };
      await left();
      expect(await settled()).toMatch(new RegExp(`^success \\| abandoned \\| (${HELD}|${BEGUN})$`));
    });

    it('is settled though it was never read', async () => {
      const server = await begunOnly(model);
      const openOnly = async () =>
        void (await model.make(langchain, server.url).stream('hi', { callbacks: [patient()] }));
      await openOnly();
      expect(await settled()).toBe('success | abandoned');
    });

    it('has all of its text if its reader left on its last chunk, of which LangChain tells no more', async () => {
      const server = await streaming(model.wire);
      const left = async () => {
        for await (const chunk of await model
          .make(langchain, server.url)
          .stream('hi', { callbacks: [patient()] })) {
          const { response_metadata: told, additional_kwargs: more } = chunk;
          if (told.finish_reason !== undefined || more.stop_reason !== undefined) break;
        }
      };
      await left();
      // where the end has been asked for before, it is no stream that was left
      expect(await settled()).toBe(ASKS_AHEAD ? `success | ${WHOLE}` : `success | abandoned | ${WHOLE}`);
    });

    it('through a chain is settled after its reader left the loop', async () => {
      const server = await begunOnly(model);
      const left = async () => {
        const chain = model.make(langchain, server.url).pipe(new langchain.StringOutputParser());
        for await (const text of await chain.stream('hi', { callbacks: [patient()] })) {
          if (text !== 'w1;') continue;
          goOn(server, model);
          break;
        }
      };
      await left();
      expect(await settled()).toBe(`success | abandoned | ${HEARD}`);
    });

    it('is not taken for one while it is read', async () => {
      const server = await begunOnly(model);
      const stream = await model.make(langchain, server.url).stream('hi', { callbacks: [patient()] });
      const iterator = stream[Symbol.asyncIterator]();
      for (let read = 0; read < model.begunChunks; read++) await iterator.next();
      await collectOften();
      expect(recorded.soFar).toEqual([]);
      const waiting = iterator.next();
      await collectOften();
      expect(recorded.soFar).toEqual([]);
      server.answer.end(model.wire.slice(model.begun).join(''));
      await waiting;
      while ((await iterator.next()).done !== true);
      expect(summary(await recorded.event())).toBe(`success | ${WHOLE}`);
    });

    it('is not taken for one while it is held and not read yet', async () => {
      const server = await begunOnly(model);
      const stream = await model.make(langchain, server.url).stream('hi', { callbacks: [patient()] });
      await collectOften();
      expect(recorded.soFar).toEqual([]);
      server.answer.end(model.wire.slice(model.begun).join(''));
      for await (const _chunk of stream);
      expect(summary(await recorded.event())).toBe(`success | ${WHOLE}`);
    });

    it('is no slow answer that somebody waits for', async () => {
      const server = await begunOnly({ ...model, begun: 0 });
      const answer = model.make(langchain, server.url).invoke('hi', { callbacks: [patient()] });
      await expect.poll(() => server.bodies.length).toBe(1);
      await collectOften();
      expect(recorded.soFar).toEqual([]);
      server.answer.end('{}');
      await answer.catch(() => {});
      expect((await recorded.event()).proxy_metadata.outcome).toBe(undefined);
    });
  });
});
