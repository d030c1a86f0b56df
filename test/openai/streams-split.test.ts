import { beforeEach, describe, expect, it } from 'vitest';
import { Recorded, summary } from '../support/events.js';
import { quiet } from '../support/side-by-side.js';
import { asWithTheBareClient, EACH_CLIENT } from './clients.js';
import { begunOnly, CHAT, EACH_STREAM, streaming } from './streaming.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

describe.each(EACH_CLIENT)('%s', (_name, kind) => {
  describe.each(EACH_STREAM)('a stream of %s', (_kind, stream) => {
    const whole = `success | ${stream.whole}`;

    it('split by tee and read on both sides is one event', async () => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const server = await streaming(stream.wire);
        const opened = await stream.open(side.client(server.url));
        const [left, right] = opened.tee();
        side.saw(
          'classes',
          [left, right].map((branch) => branch instanceof kind.Stream),
        );
        side.saw(
          'controllers',
          [left, right].map((branch) => branch.controller === opened.controller),
        );
        const [one, other] = await Promise.all([side.read(left), side.read(right)]);
        side.saw(
          'the very same',
          one.map((chunk, index) => chunk === other[index]),
        );
        await side.read(opened);
      });
      expect(summary(await recorded.event())).toBe(whole);
    });

    it('split by tee and read on one side only is one event', async () => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const server = await streaming(stream.wire);
        const [, right] = (await stream.open(side.client(server.url))).tee();
        await side.read(right);
      });
      expect(summary(await recorded.event())).toBe(whole);
    });

    it('split by tee and left on one side is read to its end on the other', async () => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const server = await streaming(stream.wire);
        const opened = await stream.open(side.client(server.url));
        const [left, right] = opened.tee();
        for await (const chunk of left) {
          side.saw('left', chunk);
          break;
        }
        side.saw('aborted', opened.controller.signal.aborted);
        await side.read(right);
      });
      expect(summary(await recorded.event())).toBe(whole);
    });

    it('split by tee and left on both sides ends when the client aborts it, or by a flush', async () => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const server = await begunOnly(stream);
        const opened = await stream.open(side.client(server.url));
        for (const branch of opened.tee()) {
          let read = 0;
          for await (const chunk of branch) {
            side.saw('chunk', chunk);
            if (++read === stream.begun) break;
          }
        }
        await quiet();
        side.saw('aborted', opened.controller.signal.aborted);
        // A branch had no return() before, and the provider was kept waiting.
        if (kind.major === 7) await expect.poll(() => server.closed, { interval: 2 }).toBe(1);
        else expect(server.closed).toBe(0);
        if (side.isWatched) expect(recorded.soFar.length).toBe(kind.major === 7 ? 1 : 0);
      });
      const outcome = kind.major === 7 ? 'aborted' : 'abandoned';
      expect(summary(await recorded.event())).toBe(`success | ${outcome} | ${stream.partial}`);
    });

    it('split by tee and broken gives both the same error', async () => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const server = await streaming([
          ...stream.wire.slice(0, stream.begun),
          'data: {"error":{"message":"busy"}}\n\n',
        ]);
        const [left, right] = (await stream.open(side.client(server.url))).tee();
        await Promise.all([side.read(left), side.read(right)]);
      });
      expect(summary(await recorded.event())).toBe(`failure | ${stream.partial}`);
    });

    it('gives the same lines through toReadableStream', async () => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const server = await streaming(stream.wire);
        const lines = (await stream.open(side.client(server.url))).toReadableStream();
        side.saw('class', lines instanceof ReadableStream);
        side.saw('text', await new Response(lines).text());
      });
      expect(summary(await recorded.event())).toBe(whole);
    });

    it('read through toReadableStream and cancelled has what had arrived, and the connection is closed', async () => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const server = await begunOnly(stream);
        const opened = await stream.open(side.client(server.url));
        const reader = opened.toReadableStream().getReader();
        for (let read = 0; read < stream.begun; read++) {
          const { value, done } = await reader.read();
          side.saw('line', [new TextDecoder().decode(value), done]);
        }
        await side.outcome('cancel', reader.cancel());
        await expect.poll(() => server.closed, { interval: 2 }).toBe(1);
        side.saw('aborted', opened.controller.signal.aborted);
      });
      // openai 7 aborts it before it leaves
      const outcome = kind.major === 7 ? 'aborted' : 'left';
      expect(summary(await recorded.event())).toBe(`success | ${outcome} | ${stream.partial}`);
    });

    it('cancelled through toReadableStream before it is read ends as it does without us', async () => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const server = await begunOnly(stream);
        const opened = await stream.open(side.client(server.url));
        const cancel = opened.toReadableStream().cancel();
        server.answer.end(stream.wire.slice(stream.begun).join(''));
        await cancel;
        side.saw('aborted', opened.controller.signal.aborted);
      });
      // a ReadableStream has asked for its first line by then
      const line = kind.major === 7 ? /^success \| aborted/ : /^success \| left/;
      expect(summary(await recorded.event())).toMatch(line);
    });

    it('that breaks errs its lines as it does without us', async () => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const server = await streaming([
          ...stream.wire.slice(0, stream.begun),
          'data: {"error":{"message":"busy"}}\n\n',
        ]);
        const reader = (await stream.open(side.client(server.url))).toReadableStream().getReader();
        for (let read = 0; read < stream.begun; read++) side.saw('line', (await reader.read()).done);
        await side.outcome('line', reader.read());
      });
      expect(summary(await recorded.event())).toBe(`failure | ${stream.partial}`);
    });

    it('that is rebuilt elsewhere by fromReadableStream is no call there', async () => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const server = await streaming(stream.wire);
        const lines = (await stream.open(side.client(server.url))).toReadableStream();
        await side.read(kind.Stream.fromReadableStream(lines, new AbortController()));
      });
      expect(summary(await recorded.event())).toBe(whole);
    });
  });

  it('a stream that is split twice is one event', async () => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const server = await streaming(CHAT.wire);
      const [left, right] = (await CHAT.open(side.client(server.url))).tee();
      const all = [left, ...right.tee()];
      await Promise.all(all.map((branch) => side.read(branch)));
    });
    expect(summary(await recorded.event())).toBe(`success | ${CHAT.whole}`);
  });
});
