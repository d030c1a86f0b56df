import { beforeEach, describe, expect, it } from 'vitest';
import { Recorded, summary } from '../support/events.js';
import { quiet } from '../support/side-by-side.js';
import { asWithTheBareClient, type ClientSide, EACH_CLIENT } from './clients.js';
import { begunOnly, CHAT, EACH_STREAM, readSome, type StreamServer } from './streaming.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

/** The provider has heard that nobody reads any more. */
async function closed(side: ClientSide, server: StreamServer): Promise<void> {
  await expect.poll(() => server.closed, { interval: 2 }).toBe(1);
  side.saw('the provider heard of it');
}

describe.each(EACH_CLIENT)('%s', (_name, kind) => {
  describe.each(EACH_STREAM)('a stream of %s', (_kind, stream) => {
    /** Runs a program with a stream that goes no further than its first output; gives the event's line. */
    const lineOf = async (
      program: (side: ClientSide, server: StreamServer, controller: AbortController) => Promise<void>,
    ) => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        await program(side, await begunOnly(stream), new AbortController());
      });
      return summary(await recorded.event());
    };
    const open = (side: ClientSide, server: StreamServer, signal?: AbortSignal) =>
      stream.open(side.client(server.url), signal && { signal });

    it('that its reader leaves has what had arrived, and the connection is closed', async () => {
      const line = await lineOf(async (side, server) => {
        let read = 0;
        const opened = await open(side, server);
        for await (const chunk of opened) {
          side.saw('chunk', chunk);
          if (++read === stream.begun) break;
        }
        side.saw('aborted', opened.controller.signal.aborted);
        if (side.isWatched) expect(recorded.soFar.length).toBe(1);
        await closed(side, server);
        await side.read(opened);
      });
      expect(line).toBe(`success | left | ${stream.partial}`);
    });

    it('whose reader throws passes on the very error, and the connection is closed', async () => {
      const mine = new TypeError('of the program');
      const line = await lineOf(async (side, server) => {
        let read = 0;
        try {
          for await (const _chunk of await open(side, server)) if (++read === stream.begun) throw mine;
        } catch (thrown) {
          side.sawTheVery('thrown', thrown);
        }
        await closed(side, server);
      });
      expect(line).toBe(`success | left | ${stream.partial}`);
    });

    it.each(['return', 'throw'] as const)('that is left by %s() of its iterator is left', async (method) => {
      const line = await lineOf(async (side, server) => {
        const iterator = await readSome(side, await open(side, server), stream.begun);
        await side.outcome(method, iterator[method]?.(new TypeError('mine')) as Promise<unknown>);
        await side.outcome('next', iterator.next());
        await closed(side, server);
      });
      expect(line).toBe(`success | left | ${stream.partial}`);
    });

    it('that is left by return() before anything of it is read is left as far as its iterator hears', async () => {
      const line = await lineOf(async (side, server) => {
        const opened = await open(side, server);
        const iterator = opened[Symbol.asyncIterator]();
        await side.outcome('return', iterator.return?.('value') as Promise<unknown>);
        await side.outcome('next', iterator.next());
        side.saw('aborted', opened.controller.signal.aborted);
        await quiet();
        side.saw('heard', server.closed);
      });
      // openai 7 reads chat completions through a generator of its own, which never asked for an iterator
      const isUnasked = kind.major === 7 && stream === CHAT;
      expect(line).toBe(`success | ${isUnasked ? 'abandoned' : 'left'}`);
    });

    it('that its controller aborts between two chunks ends as without us', async () => {
      const line = await lineOf(async (side, server) => {
        const opened = await open(side, server);
        const iterator = await readSome(side, opened, stream.begun);
        opened.controller.abort();
        await side.outcome('next', iterator.next());
        await closed(side, server);
      });
      expect(line).toBe(`success | aborted | ${stream.partial}`);
    });

    it('that its controller aborts while its reader waits ends as without us', async () => {
      const line = await lineOf(async (side, server) => {
        const opened = await open(side, server);
        const iterator = await readSome(side, opened, stream.begun);
        const waiting = side.outcome('next', iterator.next());
        await quiet();
        opened.controller.abort();
        await waiting;
        await closed(side, server);
      });
      expect(line).toBe(`success | aborted | ${stream.partial}`);
    });

    it('whose caller aborts with a reason of their own between two chunks ends as without us', async () => {
      const line = await lineOf(async (side, server, controller) => {
        const iterator = await readSome(side, await open(side, server, controller.signal), stream.begun);
        controller.abort(new TypeError('enough'));
        await side.outcome('next', iterator.next());
        await closed(side, server);
      });
      expect(line).toBe(`success | aborted | ${stream.partial}`);
    });

    it('whose caller aborts while its reader waits ends as without us', async () => {
      const line = await lineOf(async (side, server, controller) => {
        const iterator = await readSome(side, await open(side, server, controller.signal), stream.begun);
        const waiting = side.outcome('next', iterator.next());
        await quiet();
        controller.abort();
        await waiting;
        await closed(side, server);
      });
      expect(line).toBe(`success | aborted | ${stream.partial}`);
    });

    it('whose caller aborts in the body of their loop ends as without us', async () => {
      const line = await lineOf(async (side, server, controller) => {
        let read = 0;
        try {
          for await (const chunk of await open(side, server, controller.signal)) {
            side.saw('chunk', chunk);
            if (++read === stream.begun) controller.abort();
          }
          side.saw('the end');
        } catch (thrown) {
          side.sawThrown('loop', thrown);
        }
        await closed(side, server);
      });
      expect(line).toBe(`success | aborted | ${stream.partial}`);
    });

    it('whose caller had aborted before is never asked for', async () => {
      const line = await lineOf(async (side, server, controller) => {
        controller.abort();
        await side.outcome('stream', open(side, server, controller.signal));
        side.saw('requests', server.bodies.length);
      });
      expect(line).toBe('success | aborted');
    });

    it('whose caller aborts before anything is read ends as without us', async () => {
      const line = await lineOf(async (side, server, controller) => {
        const opened = await open(side, server, controller.signal);
        controller.abort();
        await side.read(opened);
        await closed(side, server);
      });
      expect(line).toBe('success | aborted');
    });

    it('whose time is up while its reader waits is a failure', async () => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const server = await begunOnly(stream);
        const controller = new AbortController();
        const iterator = await readSome(side, await open(side, server, controller.signal), stream.begun);
        const waiting = side.outcome('next', iterator.next());
        await quiet();
        // what AbortSignal.timeout aborts with
        controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
        await waiting;
        await closed(side, server);
      });
      const event = await recorded.event();
      expect(summary(event)).toBe(`failure | ${stream.partial}`);
      expect(event.exception).toMatch(/timeout/i);
    });
  });
});
