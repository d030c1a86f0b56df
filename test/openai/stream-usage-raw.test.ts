import { beforeEach, describe, expect, it } from 'vitest';
import { Recorded, summary } from '../support/events.js';
import { asWithTheBareClient, type ClientSide, EACH_CLIENT } from './clients.js';
import { CHAT, COMPLETIONS, DONE, type StreamServer, streaming } from './streaming.js';
import { USAGE, wireWithUsage, withUsage } from './usage-provider.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

type Read = (side: ClientSide, response: Response, server: StreamServer) => Promise<void>;

const hex = (bytes: ArrayBuffer | Uint8Array) => Buffer.from(bytes as Uint8Array).toString('latin1');

async function piecesOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.getReader();
  let text = '';
  for (let next = await reader.read(); !next.done; next = await reader.read()) text += hex(next.value);
  return text;
}

const READS: readonly (readonly [string, Read])[] = [
  ['text()', async (side, response) => side.saw('text', await response.text())],
  ['arrayBuffer()', async (side, response) => side.saw('bytes', hex(await response.arrayBuffer()))],
  [
    'blob()',
    async (side, response) => {
      const blob = await response.blob();
      side.saw('blob', [blob.type, blob.size, await blob.text()]);
    },
  ],
  [
    'a reader of its body',
    async (side, response) => side.saw('bytes', await piecesOf(response.body as never)),
  ],
  [
    'for await of its body',
    async (side, response) => {
      let text = '';
      for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) text += hex(piece);
      side.saw('bytes', text);
    },
  ],
  [
    'tee() of its body',
    async (side, response) => {
      const [left, right] = (response.body as ReadableStream<Uint8Array>).tee();
      side.saw('bytes', await Promise.all([piecesOf(left), piecesOf(right)]));
    },
  ],
  [
    'pipeThrough of its body',
    async (side, response) => {
      const texts = (response.body as ReadableStream<Uint8Array>).pipeThrough(
        new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>,
      );
      let text = '';
      for await (const piece of texts as unknown as AsyncIterable<string>) text += piece;
      side.saw('text', text);
    },
  ],
  [
    'a response made of its body',
    async (side, response) => {
      const passedOn = new Response(response.body, { headers: response.headers });
      side.saw('text', await passedOn.text());
    },
  ],
  [
    'the Stream of the client',
    async (side, response) =>
      void (await side.read(side.kind.Stream.fromSSEResponse(response, new AbortController()))),
  ],
];

/** The client does not take everything for a chunk. */
const BYTES = READS.filter(([how]) => how !== 'the Stream of the client');

describe.each(EACH_CLIENT)('%s', (_name, kind) => {
  describe.each([CHAT, COMPLETIONS])('a stream of $name that is taken raw', (stream) => {
    const rawEventOf = async (provider: () => Promise<StreamServer>, read: Read) => {
      await asWithTheBareClient(
        kind,
        recorded,
        async (side) => {
          const server = await provider();
          const response = await stream.open(side.client(server.url)).asResponse();
          side.saw('response', [response.status, response.headers.get('content-type'), response.bodyUsed]);
          await read(side, response, server);
          side.saw('used', response.bodyUsed);
        },
        { streamUsage: true },
      );
      return recorded.event();
    };

    it.each(READS)('and read by %s has its usage, of which the reader sees nothing', async (_how, read) => {
      const event = await rawEventOf(() => withUsage(stream), read);
      expect(summary(event)).toBe(`success | ${stream.whole}`);
      expect(event.response.usage).toMatchObject(USAGE);
    });

    it.each(BYTES)('and read by %s passes byte by byte, whatever the pieces are', async (_how, read) => {
      // comments, an event that is no JSON, characters of several bytes, lines that end otherwise
      const more = [': hello\n\n', 'event: ping\ndata: {}\n\n', 'data: "æ–‡🎉"\r\n\r\n', 'data: nothing\n\n'];
      const provider = () =>
        streaming(async (answer, body) => {
          const isAsked = body.stream_options !== undefined;
          const wire = [...more, ...(isAsked ? wireWithUsage(stream) : stream.wire), 'data: {"last":1}'];
          const bytes = Buffer.from(wire.join(''));
          for (let start = 0; start < bytes.length; start += 7) {
            answer.write(bytes.subarray(start, start + 7));
            if (start % 70 === 0) await new Promise((resolve) => setImmediate(resolve));
          }
          answer.end();
        });
      const event = await rawEventOf(provider, read);
      expect(event.response.usage).toMatchObject(USAGE);
    });

    it('and left early has what had arrived, and the connection is closed', async () => {
      const wire = stream.wire.slice(0, stream.begun);
      const event = await rawEventOf(
        () => streaming((answer) => void answer.write(wire.join(''))),
        async (side, response, server) => {
          const reader = (response.body as ReadableStream<Uint8Array>).getReader();
          side.saw('piece', hex((await reader.read()).value as Uint8Array));
          await reader.cancel();
          await expect.poll(() => server.closed, { interval: 2 }).toBe(1);
        },
      );
      expect(summary(event)).toBe(`success | left | ${stream.partial}`);
    });

    it('and cut off is a failure with what had arrived', async () => {
      const wire = stream.wire.slice(0, stream.begun);
      const event = await rawEventOf(
        () => streaming(wire),
        async (side, response) => side.saw('text', await response.text()),
      );
      expect(summary(event)).toBe(`failure | ${stream.partial}`);
    });
  });

  it('JSON that comes instead of a stream passes as it is', async () => {
    await asWithTheBareClient(
      kind,
      recorded,
      async (side) => {
        const text = `{"error":{"message":"no"},"usage":null}${DONE}`;
        const server = await streaming([text], 'application/json');
        const response = await CHAT.open(side.client(server.url)).asResponse();
        side.saw('text', await response.text());
      },
      { streamUsage: true },
    );
    expect((await recorded.events()).length).toBe(1);
  });
});
