import { getEventListeners, setMaxListeners } from 'node:events';
import { beforeEach, describe, expect, it } from 'vitest';
import { type StreamServer, streaming } from '../openai/streaming.js';
import { Recorded, summary } from '../support/events.js';
import { quiet } from '../support/side-by-side.js';
import { withEachGeneration } from './generations.js';
import { asWithoutHandler, type Side } from './sides.js';
import { BEGUN, begunOnly, EACH_MODEL, HEARD, OPENAI, readBegun, WHOLE } from './streaming.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

type Program = (side: Side, server: StreamServer, controller: AbortController) => Promise<void>;

withEachGeneration(({ langchain }) => {
  describe.each(EACH_MODEL)('a stream of $name', (model) => {
    /** Runs a program with a provider that says two words and no more; gives the line of the one event. */
    const lineOf = async (program: Program) => {
      await asWithoutHandler(recorded, async (side) => {
        const controller = new AbortController();
        await program(side, await begunOnly(model), controller);
        if (side.isWatched) await expect.poll(() => recorded.soFar.length).toBe(1);
        await quiet();
        side.saw('listeners', getEventListeners(controller.signal, 'abort').length);
      });
      return summary(await recorded.event());
    };
    const open = (side: Side, server: StreamServer, config: { signal?: AbortSignal; timeout?: number }) =>
      model.make(langchain, server.url).stream('hi', side.with(config));

    it('that is aborted while its reader holds a chunk is told by its signal alone', async () => {
      const line = await lineOf(async (side, server, controller) => {
        let read = 0;
        try {
          for await (const chunk of await open(side, server, { signal: controller.signal })) {
            side.saw('chunk', chunk);
            if (++read === model.begunChunks) controller.abort();
          }
          side.saw('the end');
        } catch (thrown) {
          side.sawThrown('loop', thrown);
        }
      });
      expect(line).toBe(`success | aborted | ${HEARD}`);
    });

    it.each([
      ['no reason', undefined],
      ['a reason of their own', new TypeError('enough')],
      ['a text', 'enough'],
    ])('that is aborted with %s while its reader waits is one event', async (_what, reason) => {
      const line = await lineOf(async (side, server, controller) => {
        const iterator = await readBegun(side, model, open(side, server, { signal: controller.signal }));
        const waiting = side.outcome('next', iterator.next());
        await quiet();
        controller.abort(reason);
        await waiting;
      });
      expect(line).toBe(`success | aborted | ${BEGUN}`);
    });

    it('that is aborted between two chunks, its reader away, is one event', async () => {
      const line = await lineOf(async (side, server, controller) => {
        const iterator = await readBegun(side, model, open(side, server, { signal: controller.signal }));
        await quiet();
        controller.abort();
        if (side.isWatched) await expect.poll(() => recorded.soFar.length).toBe(1);
        await side.outcome('next', iterator.next());
      });
      expect(line).toBe(`success | aborted | ${BEGUN}`);
    });

    it('that is aborted before anything of it is read is one event', async () => {
      const line = await lineOf(async (side, server, controller) => {
        const stream = await open(side, server, { signal: controller.signal });
        controller.abort();
        await side.read(stream);
      });
      expect(line).toMatch(/^success \| aborted/);
    });

    it('whose caller had aborted before is one event, and as many requests as without us', async () => {
      const line = await lineOf(async (side, server, controller) => {
        controller.abort();
        await side.outcome('stream', open(side, server, { signal: controller.signal }));
        side.saw('requests', server.bodies.length);
      });
      expect(line).toBe('success | aborted');
    });

    it('whose time is up is a failure', async () => {
      const line = await lineOf(async (side, server) => {
        await side.read(open(side, server, { timeout: 1500 }));
      });
      expect(line).toMatch(/^failure \| w0;/);
      expect((await recorded.event()).exception).toMatch(/^TimeoutError: /);
    });

    it('whose signal is aborted after its end stays a success', async () => {
      await asWithoutHandler(recorded, async (side) => {
        const controller = new AbortController();
        const server = await begunOnly({ ...model, begun: model.wire.length });
        const reading = side.read(open(side, server, { signal: controller.signal }));
        await expect.poll(() => server.bodies.length).toBe(1);
        server.answer.end();
        await reading;
        controller.abort();
        await new Promise((resolve) => setTimeout(resolve, 100)); // twice as long as a signal is given
      });
      expect(summary(await recorded.event())).toBe(`success | ${WHOLE}`);
    });
  });

  describe.each(EACH_MODEL)('an answer of $name', (model) => {
    const lineOf = async (config: { timeout?: number }, then: (controller: AbortController) => unknown) => {
      await asWithoutHandler(recorded, async (side) => {
        const controller = new AbortController();
        const server = await begunOnly({ ...model, begun: 0 });
        const given = config.timeout === undefined ? { signal: controller.signal } : config;
        const waiting = side.outcome(
          'answer',
          model.make(langchain, server.url).invoke('hi', side.with(given)),
        );
        await expect.poll(() => server.bodies.length).toBe(1);
        await then(controller);
        await waiting;
        await quiet();
        side.saw('listeners', getEventListeners(controller.signal, 'abort').length);
      });
      return summary(await recorded.event());
    };

    it('that is aborted while it is waited for is one event', async () => {
      expect(await lineOf({}, (controller) => controller.abort())).toBe('success | aborted');
    });

    it('whose time is up is a failure', async () => {
      expect(await lineOf({ timeout: 1500 }, () => {})).toBe('failure');
      expect((await recorded.event()).exception).toMatch(/^TimeoutError: /);
    });

    it('whose caller had aborted before is one event', async () => {
      await asWithoutHandler(recorded, async (side) => {
        const server = await begunOnly({ ...model, begun: 0 });
        const config = side.with({ signal: AbortSignal.abort() });
        await side.outcome('answer', model.make(langchain, server.url).invoke('hi', config));
      });
      expect(summary(await recorded.event())).toBe('success | aborted');
    });
  });

  it('fifty streams on one signal add one listener, which goes with the last of them', async () => {
    let bare = 0;
    await asWithoutHandler(recorded, async (side) => {
      let goOn = () => {};
      const allOpen = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      const server = await streaming(async (answer) => {
        answer.write(OPENAI.wire.slice(0, OPENAI.begun).join(''));
        await allOpen;
        answer.end(OPENAI.wire.slice(OPENAI.begun).join(''));
      });
      const { signal } = new AbortController();
      setMaxListeners(0, signal);
      const model = OPENAI.make(langchain, server.url);
      const streams = await Promise.all(
        Array.from({ length: 50 }, () => model.stream('hi', side.with({ signal }))),
      );
      const listeners = getEventListeners(signal, 'abort').length;
      if (side.isWatched) expect(listeners).toBe(bare + 1);
      else bare = listeners;
      goOn();
      await Promise.all(streams.map((stream) => side.read(stream)));
      await quiet();
      side.saw('listeners', getEventListeners(signal, 'abort').length);
    });
    expect((await recorded.events()).map(summary)).toEqual(Array(50).fill(`success | ${WHOLE}`));
  });
});
