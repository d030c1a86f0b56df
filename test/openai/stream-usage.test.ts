import { beforeEach, describe, expect, it } from 'vitest';
import { Recorded, summary } from '../support/events.js';
import { asWithTheBareClient, type Client, type ClientSide, EACH_CLIENT } from './clients.js';
import { CHAT, COMPLETIONS, EACH_STREAM, MESSAGES, type StreamKind, type StreamServer } from './streaming.js';
import { asksForUsage, USAGE, withUsage } from './usage-provider.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const HIDING = { streamUsage: true } as const;
const UNKNOWN = {};
const ASKED = { include_usage: true };

describe.each(EACH_CLIENT)('%s', (_name, kind) => {
  describe.each([CHAT, COMPLETIONS])('the usage of a stream of $name', (stream) => {
    /** Runs a program with a provider that gives usage to who asks for it; gives the event. */
    const eventOf = async (program: (side: ClientSide, server: StreamServer) => Promise<void>) => {
      const asked: boolean[] = [];
      await asWithTheBareClient(
        kind,
        recorded,
        async (side) => {
          const server = await withUsage(stream);
          await program(side, server);
          asked.push(...server.bodies.map(asksForUsage));
        },
        HIDING,
      );
      expect(asked).toEqual([false, true]);
      return recorded.event();
    };
    const open = (side: ClientSide, server: StreamServer) => stream.open(side.client(server.url));
    const expectUsage = (event: Awaited<ReturnType<Recorded['event']>>) => {
      expect(summary(event)).toBe(`success | ${stream.whole}`);
      expect(event.response.usage).toMatchObject(USAGE);
    };

    it('is in its event, and not among the chunks of its reader', async () => {
      expectUsage(
        await eventOf(async (side, server) => {
          const chunks = await side.read(await open(side, server));
          side.saw(
            'bytes',
            chunks.map((chunk) => JSON.stringify(chunk)),
          );
          side.saw(
            'with usage',
            chunks.map((chunk) => Object.hasOwn(chunk as object, 'usage')),
          );
        }),
      );
    });

    it('is not among the results of next()', async () => {
      expectUsage(
        await eventOf(async (side, server) => {
          const iterator = (await open(side, server))[Symbol.asyncIterator]();
          for (let read = 0; read < stream.wire.length + 2; read++) side.saw('next', await iterator.next());
        }),
      );
    });

    it('is not among the results of many next() at once', async () => {
      expectUsage(
        await eventOf(async (side, server) => {
          const iterator = (await open(side, server))[Symbol.asyncIterator]();
          const asked = Array.from({ length: stream.wire.length + 3 }, () => iterator.next());
          side.saw('all', await Promise.all(asked));
        }),
      );
    });

    it('is not on either side of a tee', async () => {
      expectUsage(
        await eventOf(async (side, server) => {
          const [left, right] = (await open(side, server)).tee();
          await Promise.all([side.read(left), side.read(right)]);
        }),
      );
    });

    it('is not in the lines of toReadableStream', async () => {
      expectUsage(
        await eventOf(async (side, server) => {
          side.saw('lines', await new Response((await open(side, server)).toReadableStream()).text());
        }),
      );
    });

    it('of a stream that is left early is unknown, and nobody is told of it', async () => {
      const event = await eventOf(async (side, server) => {
        for await (const chunk of await open(side, server)) {
          side.saw('chunk', JSON.stringify(chunk));
          break;
        }
      });
      expect(summary(event)).toMatch(/^success \| left/);
      expect(event.response.usage).toEqual(UNKNOWN);
    });

    it('is asked for on every attempt, and these are counted', async () => {
      await asWithTheBareClient(
        kind,
        recorded,
        async (side) => {
          const server = await withUsage(stream, { busyFor: 2 });
          await side.read(await stream.open(side.client(server.url), { maxRetries: 2 }));
          side.saw('attempts', server.bodies.length);
          expect(server.bodies.map(asksForUsage)).toEqual(server.bodies.map(() => side.isWatched));
        },
        HIDING,
      );
      const event = await recorded.event();
      expectUsage(event);
      expect(event.proxy_metadata.attempts).toBe(3);
    });

    it('that the caller asks for is theirs, chunk by chunk', async () => {
      await asWithTheBareClient(
        kind,
        recorded,
        async (side) => {
          const server = await withUsage(stream);
          const chunks = await side.read(await asking(side.client(server.url), stream, ASKED));
          side.saw(
            'bytes',
            chunks.map((chunk) => JSON.stringify(chunk)),
          );
          side.saw('bodies', server.bodies);
          expect(chunks.at(-1)).toMatchObject({ choices: [], usage: USAGE });
        },
        HIDING,
      );
      expectUsage(await recorded.event());
    });

    it.each([null, {}, { include_usage: false }, { include_obfuscation: false }])(
      'is not asked for when the caller has stream_options of %j',
      async (options) => {
        await asWithTheBareClient(
          kind,
          recorded,
          async (side) => {
            const server = await withUsage(stream);
            await side.read(await asking(side.client(server.url), stream, options));
            side.saw('bodies', server.bodies);
          },
          HIDING,
        );
        expect((await recorded.event()).response.usage).toEqual(UNKNOWN);
      },
    );
  });

  it('the body of the caller stays as it is, also a frozen one', async () => {
    await asWithTheBareClient(
      kind,
      recorded,
      async (side) => {
        const server = await withUsage(CHAT);
        const body = Object.freeze({ model: 'gpt-4o-mini', messages: MESSAGES, stream: true as const });
        const options = Object.freeze({ headers: Object.freeze({ 'x-of-mine': '1' }) });
        await side.read(await side.client(server.url).chat.completions.create(body, options));
        side.saw('body', [Object.keys(body), Object.keys(options)]);
        const [sent] = server.bodies as [Record<string, unknown>];
        const { stream_options: _, ...rest } = sent;
        side.saw('sent', rest);
      },
      HIDING,
    );
    expect((await recorded.event()).response.usage).toMatchObject(USAGE);
  });

  it('is not asked for in a body that writes itself as JSON', async () => {
    await asWithTheBareClient(
      kind,
      recorded,
      async (side) => {
        const server = await withUsage(CHAT);
        await side.read(await side.client(server.url).chat.completions.create(new WrittenBody()));
        side.saw('bodies', server.bodies);
      },
      HIDING,
    );
    expect((await recorded.event()).response.usage).toEqual(UNKNOWN);
  });

  it('is not asked for of a call that is no stream', async () => {
    await asWithTheBareClient(
      kind,
      recorded,
      async (side) => {
        const server = await withUsage(CHAT);
        const client = side.client(server.url);
        const body = { model: 'gpt-4o-mini', messages: MESSAGES };
        await client.chat.completions.create(body);
        await client.chat.completions.create({ ...body, stream: false });
        await client.completions.create({ model: 'babbage', prompt: 'hi' });
        side.saw('bodies', server.bodies);
      },
      HIDING,
    );
    expect((await recorded.events()).length).toBe(3);
  });

  it.each(EACH_STREAM.filter(([, stream]) => stream !== CHAT && stream !== COMPLETIONS))(
    'is not asked for of a stream of %s, which tells it unasked',
    async (_kind, stream) => {
      await asWithTheBareClient(
        kind,
        recorded,
        async (side) => {
          const server = await withUsage(stream);
          await side.read(await stream.open(side.client(server.url)));
          side.saw('bodies', server.bodies);
        },
        HIDING,
      );
      expect((await recorded.event()).response.usage).toMatchObject({ total_tokens: 5 });
    },
  );
});

/** What is sent of it is not what is in it. */
class WrittenBody {
  readonly model = 'gpt-4o-mini';
  readonly messages = MESSAGES;
  readonly stream = true;

  toJSON(): object {
    return { ...this, user: 'u1' };
  }
}

/** The stream with options that the caller has. */
function asking(client: Client, stream: StreamKind, stream_options: object | null) {
  const body = { stream: true, stream_options };
  const created: unknown =
    stream === CHAT
      ? client.chat.completions.create({ model: 'gpt-4o-mini', messages: MESSAGES, ...body } as never)
      : client.completions.create({ model: 'babbage', prompt: 'hi', ...body } as never);
  return created as ReturnType<StreamKind['open']>;
}
