import { beforeEach, describe, expect, it } from 'vitest';
import { Recorded, summary } from '../support/events.js';
import { serveBytes } from '../support/servers.js';
import { asWithTheBareClient, type ClientSide, EACH_CLIENT } from './clients.js';
import {
  begunOnly,
  CHAT,
  DONE,
  EACH_STREAM,
  event,
  readSome,
  type StreamServer,
  streaming,
} from './streaming.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const CUT_OFF = 'IncompleteStream: the stream ended without its completion';
const BUSY = { message: 'Too much to do.', type: 'server_error', code: 'busy', param: null };

describe.each(EACH_CLIENT)('%s', (_name, kind) => {
  describe.each(EACH_STREAM)('a stream of %s', (_kind, stream) => {
    const begun = stream.wire.slice(0, stream.begun);

    /** The event of a stream that is read to its end. */
    const eventOf = async (wire: readonly string[], type?: string) => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const server = await streaming(wire, type);
        await side.read(await stream.open(side.client(server.url)));
      });
      return recorded.event();
    };

    it('with an error on the way fails with what had arrived', async () => {
      const failed = await eventOf([...begun, event({ error: BUSY }), ...stream.wire.slice(stream.begun)]);
      expect(summary(failed)).toBe(`failure | ${stream.partial}`);
      expect(failed.exception).toContain('Too much to do.');
    });

    it('with an error event is a failure, whether the client throws it or not', async () => {
      const failed = await eventOf([...begun, event({ ...BUSY, type: 'error' })]);
      expect(summary(failed)).toBe(`failure | ${stream.partial}`);
      expect(failed.exception).toContain('Too much to do.');
    });

    it('with an error instead of a stream is a failure without anything', async () => {
      expect(summary(await eventOf([event({ error: BUSY })]))).toBe('failure');
    });

    it('with something that is no JSON fails with what had arrived', async () => {
      const failed = await eventOf([...begun, 'data: {"id": \n\n', ...stream.wire.slice(stream.begun)]);
      expect(summary(failed)).toBe(`failure | ${stream.partial}`);
      expect(failed.exception).toMatch(/^SyntaxError: /);
    });

    it('that ends in the middle is a failure with what had arrived', async () => {
      const failed = await eventOf(begun);
      expect(summary(failed)).toBe(`failure | ${stream.partial}`);
      expect(failed.exception).toBe(CUT_OFF);
    });

    it('that says that it is done in the middle is a failure with what had arrived', async () => {
      const failed = await eventOf([...begun, DONE]);
      expect(summary(failed)).toBe(`failure | ${stream.partial}`);
      expect(failed.exception).toBe(CUT_OFF);
    });

    it('whose last event has no empty line after it is what the client makes of it', async () => {
      const wire = stream.wire.filter((piece) => piece !== DONE);
      const last = wire.pop()?.trimEnd() ?? '';
      // before openai 7 it is lost
      const status = kind.major === 7 ? 'success' : 'failure';
      expect(summary(await eventOf([...wire, last]))).toBe(`${status} | ${stream.whole}`);
    });

    it('that does not say that it is done is whole', async () => {
      const ended = await eventOf(stream.wire.filter((piece) => piece !== DONE));
      expect(summary(ended)).toBe(`success | ${stream.whole}`);
    });

    it('without a single event is a failure', async () => {
      const failed = await eventOf([]);
      expect(summary(failed)).toBe('failure');
      expect(failed.exception).toBe(CUT_OFF);
    });

    it('for which JSON comes instead is a failure', async () => {
      const failed = await eventOf([JSON.stringify({ id: 'c1', choices: [] })], 'application/json');
      expect(summary(failed)).toBe('failure');
    });

    it.each<[string, (server: StreamServer) => unknown]>([
      ['is reset', ({ answer }) => answer.socket?.resetAndDestroy()],
      ['ends', ({ answer }) => answer.socket?.destroy()],
    ])('whose connection %s fails with what had arrived, as it does without us', async (_what, end) => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const server = await begunOnly(stream);
        const iterator = await readSome(side, await stream.open(side.client(server.url)), stream.begun);
        end(server);
        await side.outcome('next', iterator.next());
        await side.outcome('next after it', iterator.next());
      });
      expect(summary(await recorded.event())).toBe(`failure | ${stream.partial}`);
    });

    it('that is refused is one failure, and nothing to iterate', async () => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const server = await streaming((answer) => {
          answer.writeHead(400, { 'content-type': 'application/json' });
          answer.end(JSON.stringify({ error: { ...BUSY, type: 'invalid_request_error' } }));
        });
        await side.outcome('stream', stream.open(side.client(server.url)));
        side.saw('requests', server.bodies.length);
      });
      const failed = await recorded.event();
      expect(summary(failed)).toBe('failure');
      expect(failed).toMatchObject({ stream: true, response: { choices: [] } });
      expect(failed.exception).toContain('Too much to do.');
    });

    it('that is refused twice is one event with its attempts', async () => {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const server = await streaming(async (answer) => {
          const isBusy = server.bodies.length <= 2;
          answer.writeHead(isBusy ? 429 : 200, { 'retry-after-ms': '1' });
          answer.end(isBusy ? '{}' : stream.wire.join(''));
        });
        await side.read(await stream.open(side.client(server.url), { maxRetries: 2 }));
        side.saw('bodies', server.bodies);
      });
      const ended = await recorded.event();
      expect(summary(ended)).toBe(`success | ${stream.whole}`);
      expect(ended.proxy_metadata.attempts).toBe(3);
    });
  });

  it('a stream without a body fails as it does without us', async () => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const fetch = async () => new Response(null, { headers: { 'content-type': 'text/event-stream' } });
      await side.read(await CHAT.open(side.client('http://127.0.0.1:1/', { fetch })));
    });
    expect(summary(await recorded.event())).toBe('failure');
  });

  it('a provider that hangs up before it answers is a failure', async () => {
    const fails = async (side: ClientSide) => {
      const url = await serveBytes((socket) => socket.destroy());
      await side.outcome('stream', CHAT.open(side.client(url)));
    };
    await asWithTheBareClient(kind, recorded, fails);
    expect(summary(await recorded.event())).toBe('failure');
  });
});
