import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Recorded, summary } from '../support/events.js';
import { quiet } from '../support/side-by-side.js';
import { asWithTheBareClient, type ClientSide, EACH_MAJOR } from './clients.js';
import { CHAT, chatChunk, DONE, EACH_STREAM, streaming, writeAll } from './streaming.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

/** A provider behind a `fetch` that gives one event when it is asked for one, and counts. */
class CountingProvider {
  pulls = 0;
  cancels = 0;
  readonly #wire: readonly string[];

  constructor(wire: readonly string[]) {
    this.#wire = wire;
  }

  client(side: ClientSide) {
    // before its first form, the client tries out what its fetch makes of one
    const fetch = async (url: unknown) => (String(url) === 'data:,' ? new Response() : this.#response());
    return side.client('http://127.0.0.1:1/', { fetch });
  }

  #response(): Response {
    const body = new ReadableStream(
      {
        pull: (controller) => {
          const next = this.#wire[this.pulls++];
          if (next === undefined) controller.close();
          else controller.enqueue(new TextEncoder().encode(next));
        },
        cancel: () => {
          this.cancels++;
        },
      },
      { highWaterMark: 0 },
    );
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  }
}

describe.each(EACH_MAJOR)('%s', (_name, kind) => {
  describe.each(EACH_STREAM)('a stream of %s', (_kind, stream) => {
    it('is read no further than without us, at every moment', async () => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const provider = new CountingProvider(stream.wire);
        const opened = await stream.open(provider.client(side));
        await quiet();
        side.saw('pulls before it is read', provider.pulls);
        for await (const chunk of opened) {
          side.saw('chunk', chunk);
          await quiet();
          side.saw('pulls', provider.pulls);
        }
        side.saw('pulls at its end', [provider.pulls, provider.cancels]);
      });
      expect(summary(await recorded.event())).toBe(`success | ${stream.whole}`);
    });

    it('that its reader leaves is let go in the same moment as without us', async () => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const provider = new CountingProvider(stream.wire);
        for await (const chunk of await stream.open(provider.client(side))) {
          side.saw('chunk', chunk);
          break;
        }
        side.saw('pulls and cancels', [provider.pulls, provider.cancels]);
      });
      expect((await recorded.events()).length).toBe(1);
    });

    it('that nobody reads is not read', async () => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const provider = new CountingProvider(stream.wire);
        await stream.open(provider.client(side));
        await quiet();
        side.saw('pulls', provider.pulls);
      });
      expect(summary(await recorded.event())).toBe('success | abandoned');
    });

    it('split by tee is read as far as its faster reader asks', async () => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const provider = new CountingProvider(stream.wire);
        const [left, right] = (await stream.open(provider.client(side))).tee();
        const fast = left[Symbol.asyncIterator]();
        await fast.next();
        await quiet();
        side.saw('pulls', provider.pulls);
        await right[Symbol.asyncIterator]().next();
        await quiet();
        side.saw('pulls', provider.pulls);
        await side.read({ [Symbol.asyncIterator]: () => fast });
        side.saw('pulls', provider.pulls);
      });
      expect(summary(await recorded.event())).toBe(`success | ${stream.whole}`);
    });
  });

  it('a reader of 5 of 20,000 chunks leaves its provider blocked', async () => {
    const count = 20_000;
    const content = 'x'.repeat(500);
    await asWithTheBareClient(kind, recorded, async (side) => {
      let written = 0;
      const server = await streaming((answer) =>
        writeAll(
          answer,
          (function* () {
            for (; written < count; written++) yield chatChunk({ content });
            yield DONE;
          })(),
        ),
      );
      let read = 0;
      for await (const _chunk of await CHAT.open(side.client(server.url))) {
        if (++read < 5) continue;
        // until it comes no further
        for (let before = -1; before !== written; await quiet()) before = written;
        side.saw('all is written', written === count);
        expect(written).toBeLessThan(count);
        break;
      }
      await expect.poll(() => server.closed, { interval: 2 }).toBe(1);
    });
    expect(summary(await recorded.event())).toBe(`success | left | ${content.repeat(5)}`);
  });

  it('nothing is written as JSON and no text is joined before the last chunk is handed over', async () => {
    const stringify = vi.spyOn(JSON, 'stringify');
    const join = vi.spyOn(Array.prototype, 'join');
    const many = Array.from({ length: 2000 }, () => chatChunk({ content: 'x' }));
    const wire = [...many, chatChunk({}, 'stop'), DONE].join('');
    join.mockClear();
    const joined = () => join.mock.contexts.filter((texts) => Array.isArray(texts) && texts.length > 1000);
    await asWithTheBareClient(kind, recorded, async (side) => {
      const provider = new CountingProvider([wire]);
      const opened = await CHAT.open(provider.client(side));
      const before = stringify.mock.calls.length;
      let read = 0;
      for await (const _chunk of opened) {
        if (read++ % 100 !== 0) continue;
        side.saw('written as JSON', stringify.mock.calls.length - before);
        expect(joined()).toEqual([]);
      }
      side.saw('chunks', read);
    });
    expect(summary(await recorded.event())).toBe(`success | ${'x'.repeat(2000)}`);
  });
});
