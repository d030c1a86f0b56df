import { beforeEach, describe, expect, it } from 'vitest';
import { streaming } from '../openai/streaming.js';
import { Recorded, summary } from '../support/events.js';
import { withEachGeneration } from './generations.js';
import type { ChatOpenAI } from './models.js';
import { asWithoutHandler } from './sides.js';
import { EACH_MODEL, WHOLE } from './streaming.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

withEachGeneration(({ langchain, major }) => {
  describe.each(EACH_MODEL)('a stream of $name', (model) => {
    const expectOne = async () => {
      const event = await recorded.event();
      expect(summary(event)).toBe(`success | ${WHOLE}`);
      expect(event.stream).toBe(true);
      expect(event.standard_logging_object_response_time).toBeLessThan(event.duration);
    };

    it('is one event with the time to the first token, and its chunks are the same', async () => {
      await asWithoutHandler(recorded, async (side) => {
        const server = await streaming(model.wire);
        await side.read(model.make(langchain, server.url).stream('hi', side.with({})));
        side.saw('sent', server.bodies);
      });
      await expectOne();
    });

    it.each(['v1', 'v2'] as const)('of events %s is one event', async (version) => {
      await asWithoutHandler(recorded, async (side) => {
        const server = await streaming(model.wire);
        const runId = '01234567-89ab-cdef-0123-456789abcdef';
        const config = side.with({ version, runId });
        await side.read((model.make(langchain, server.url) as ChatOpenAI).streamEvents('hi', config));
        side.saw('sent', server.bodies);
      });
      await expectOne();
    });

    it('of the log of a chain is one event', async () => {
      await asWithoutHandler(recorded, async (side) => {
        const server = await streaming(model.wire);
        const chain = model.make(langchain, server.url).pipe(new langchain.StringOutputParser());
        let read = 0;
        for await (const _patch of chain.streamLog('hi', side.with({}))) read++;
        side.saw('patches', read);
      });
      await expectOne();
    });

    it('through a parser is one event', async () => {
      await asWithoutHandler(recorded, async (side) => {
        const server = await streaming(model.wire);
        const chain = model.make(langchain, server.url).pipe(new langchain.StringOutputParser());
        await side.read(chain.stream('hi', side.with({})));
      });
      await expectOne();
    });

    // core from 1.1.43 asks no callbacks there, so no handler can hear of it; when it does, this fails
    it.each(['streamEvents', 'streamV2'])(
      'by %s without a version asks the provider from core 1 on, and is no event',
      async (method) => {
        let requests = 0;
        await asWithoutHandler(recorded, async (side) => {
          const server = await streaming(model.wire);
          const asked: object = model.make(langchain, server.url);
          const stream: unknown = Reflect.get(asked, method);
          try {
            const call = (stream as (input: string, config: object) => AsyncIterable<{ event: string }>).bind(
              asked,
            );
            for await (const { event } of call('hi', side.with({}))) side.saw(event);
          } catch (thrown) {
            side.sawThrown(method, thrown);
          }
          requests = server.bodies.length;
          side.saw('requests', requests);
        });
        expect(requests).toBe(major);
        expect(await recorded.events()).toEqual([]);
      },
    );
  });

  it('a model that completes text streams one event', async () => {
    await asWithoutHandler(recorded, async (side) => {
      const model = new langchain.FakeStreamingLLM({ responses: ['done'] });
      await side.read(model.stream('begin', side.with({})));
    });
    expect(await recorded.event()).toMatchObject({
      call_type: 'atext_completion',
      stream: true,
      response: { choices: [{ message: { content: 'done' } }] },
    });
  });
});
