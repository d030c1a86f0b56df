import { beforeEach, describe, expect, it } from 'vitest';
import { Recorded, summary } from '../support/events.js';
import { quiet } from '../support/side-by-side.js';
import { answering, BODY, bytes, chat, chatEvents, events, json, TEXT } from './answers.js';
import { asWithTheBareClient, type ClientSide, EACH_CLIENT, EACH_MAJOR } from './clients.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

type Call = ReturnType<ReturnType<ClientSide['client']>['chat']['completions']['create']>;
type Read = (response: Response) => Promise<unknown>;

const textOf = (pieces: readonly Uint8Array[]) => Buffer.concat(pieces).toString();
const bodyOf = ({ body }: Response): ReadableStream<Uint8Array> => {
  if (body === null) throw new Error('no body');
  return body as ReadableStream<Uint8Array>;
};
const readAll = async (stream: ReadableStream<Uint8Array>) => {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream as unknown as AsyncIterable<Uint8Array>) pieces.push(piece);
  return textOf(pieces);
};

/** Every way to read a whole body, which gives its text. */
const READS: readonly (readonly [what: string, read: Read])[] = [
  ['text', (response) => response.text()],
  ['arrayBuffer', async (response) => textOf([new Uint8Array(await response.arrayBuffer())])],
  [
    'bytes',
    // Node 22
    async (response) => {
      const { bytes: read } = response as { bytes?: () => Promise<Uint8Array> };
      return textOf([read ? await read.call(response) : new Uint8Array(await response.arrayBuffer())]);
    },
  ],
  ['blob', async (response) => [(await response.clone().blob()).type, await (await response.blob()).text()]],
  [
    'the reader of its body',
    async (response) => {
      const reader = bodyOf(response).getReader();
      const pieces: Uint8Array[] = [];
      for (let next = await reader.read(); !next.done; next = await reader.read()) pieces.push(next.value);
      return [textOf(pieces), await reader.closed];
    },
  ],
  ['the loop over its body', (response) => readAll(bodyOf(response))],
  ['tee', async (response) => Promise.all(bodyOf(response).tee().map(readAll))],
  [
    'one branch of tee',
    async (response) => {
      const [one, other] = bodyOf(response).tee();
      const text = await readAll(one);
      await other.cancel();
      return text;
    },
  ],
  [
    'pipeTo',
    async (response) => {
      const pieces: Uint8Array[] = [];
      await bodyOf(response).pipeTo(new WritableStream({ write: (piece) => void pieces.push(piece) }));
      return textOf(pieces);
    },
  ],
  [
    'pipeThrough',
    async (response) => {
      let text = '';
      const decoded = bodyOf(response).pipeThrough(new TextDecoderStream() as never) as unknown;
      for await (const piece of decoded as AsyncIterable<string>) text += piece;
      return text;
    },
  ],
  ['clone', async (response) => Promise.all([response.clone().text(), response.text()])],
  ['its clone alone', (response) => response.clone().text()],
  [
    'a clone after it looked at the body',
    async (response) => [response.body !== null, await response.clone().text()],
  ],
  [
    'a clone of its clone beside it',
    async (response) => {
      const clone = response.clone();
      return [await clone.clone().text(), await response.text(), await clone.json().catch(() => 'no JSON')];
    },
  ],
  [
    'its clone, which another clone is cancelled beside',
    async (response) => {
      void response.clone().body?.cancel(); // settles when the others have
      return response.clone().text();
    },
  ],
  [
    'another response with its body',
    async (response) => {
      const other = new Response(response.body, response);
      return [other.status, other.headers.get('x-request-id'), await other.text()];
    },
  ],
  [
    'another response with its body and fields',
    async ({ body, status, headers }) => new Response(body, { status, headers }).text(),
  ],
];

describe.each(EACH_CLIENT)('the response of %s that is taken raw', (_name, kind) => {
  const whole = json(chat(), 200, { 'x-own': 'yes' });
  const eventOf = async (
    program: (call: Call, side: ClientSide) => Promise<unknown>,
    answer = whole,
    stream = false,
    options = {},
  ) => {
    await asWithTheBareClient(
      kind,
      recorded,
      async (side) => {
        const { url } = await answering(answer);
        const call = side.client(url).chat.completions.create({ ...BODY, stream }) as Call;
        await program(call, side);
      },
      options,
    );
    return recorded.event();
  };

  it('is the response as it is, unread', async () => {
    const event = await eventOf(async (call, side) => {
      const response = await call.asResponse();
      side.saw('class', [response instanceof Response, response.constructor.name, String(response)]);
      side.saw('keys', [Object.keys(response), JSON.stringify(response)]);
      side.saw('what it is', [
        response.status,
        response.ok,
        response.statusText,
        response.type,
        response.redirected,
      ]);
      side.saw('its fields', [response.headers.get('x-own'), response.headers.get('x-request-id')]);
      side.saw('unread', [response.bodyUsed, response.body?.locked]);
      const { body } = response;
      side.saw('still unread', [response.bodyUsed, response.body === body]);
      side.saw('the very same', (await call.asResponse()) === response);
      side.saw('json', await response.json());
      side.saw('read', response.bodyUsed);
      await side.outcome('twice', response.text());
    });
    expect(summary(event)).toBe(`success | ${TEXT}`);
    expect(event.response.usage).toMatchObject({ prompt_tokens: 25, completion_tokens: 9, total_tokens: 34 });
  });

  it.each(READS)('is one event with its answer when it is read by %s', async (_what, read) => {
    const event = await eventOf(async (call, side) => {
      const response = await call.asResponse();
      await side.outcome('text', read(response));
      side.saw('used', response.bodyUsed);
    });
    expect(summary(event)).toBe(`success | ${TEXT}`);
    expect(event.response.usage).toMatchObject({ total_tokens: 34 });
    expect(event.stream).toBe(false);
  });

  it.each(READS)('is one event with its answer when it is a stream and read by %s', async (_what, read) => {
    const event = await eventOf(
      async (call, side) => {
        const response = await call.asResponse();
        await side.outcome('text', read(response));
        side.saw('used', response.bodyUsed);
      },
      events(),
      true,
    );
    expect(summary(event)).toBe('success | A row is one call.');
    expect(event.response.usage).toMatchObject({ total_tokens: 34 });
    expect(event.stream).toBe(true);
  });

  it.each<[string, (response: Response) => unknown]>([
    ['text', (response) => response.text()],
    ['json', (response) => response.json()],
    ['clone', (response) => response.clone()],
    ['another reader', (response) => bodyOf(response).getReader()],
    ['cancel', (response) => bodyOf(response).cancel()],
    ['another response', (response) => new Response(response.body)],
  ])('refuses %s to others while somebody has a reader of it, as ever', async (_what, read) => {
    const event = await eventOf(async (call, side) => {
      const response = await call.asResponse();
      const reader = bodyOf(response).getReader();
      const refused = async () => read(response);
      const told = await refused().then(
        () => 'not refused',
        (thrown: unknown) => (thrown as Error).constructor.name,
      );
      side.saw('refused', told);
      side.saw('states', [response.bodyUsed, response.body?.locked]);
      reader.releaseLock();
      side.saw('afterwards', [response.bodyUsed, response.body?.locked]);
      side.saw('text', await response.text());
    });
    expect(summary(event)).toBe(`success | ${TEXT}`);
  });

  it.each(READS)('has no usage that nobody asked for when it is read by %s', async (_what, read) => {
    const asked: boolean[] = [];
    await asWithTheBareClient(
      kind,
      recorded,
      async (side) => {
        const provider = await answering((response, request) => {
          asked.push(provider.sent.at(-1)?.text.includes('include_usage') === true);
          const all = chatEvents();
          events(asked.at(-1) ? all : all.filter((event) => !event.includes('total_tokens')))(
            response,
            request,
          );
        });
        const call = side.client(provider.url).chat.completions.create({ ...BODY, stream: true });
        await side.outcome('text', read(await call.asResponse()));
      },
      { streamUsage: true },
    );
    expect(asked).toEqual([false, true]);
    const event = await recorded.event();
    expect(summary(event)).toBe('success | A row is one call.');
    expect(event.response.usage).toMatchObject({ total_tokens: 34 });
  });

  it('is asked for before its headers are there, or after', async () => {
    const event = await eventOf(async (call, side) => {
      const early = call.asResponse();
      const { responsePromise } = call as unknown as { responsePromise: Promise<unknown> };
      await responsePromise;
      await quiet();
      side.saw('the very same', (await early) === (await call.asResponse()));
      side.saw('json', await (await early).json());
    });
    expect(summary(event)).toBe(`success | ${TEXT}`);
  });

  it.each<[string, (call: Call, side: ClientSide) => Promise<unknown>]>([
    ['first', async (call) => [(await call.asResponse()).bodyUsed, await call]],
    ['later', async (call) => [await call, (await call.asResponse()).bodyUsed]],
    ['at once', async (call) => (await Promise.all([call.asResponse(), call]))[1]],
    [
      'and its answer with it',
      async (call) => [(await call.asResponse()).status, (await call.withResponse()).data],
    ],
    ['and the body was read', async (call) => [await (await call.asResponse()).text(), await call]],
    [
      'and derived from',
      async (call) => [(await call._thenUnwrap((d) => d).asResponse()).status, await call],
    ],
  ])('and its answer beside it is one event when it is asked for %s', async (_what, consume) => {
    const event = await eventOf(async (call, side) => {
      await side.outcome('answer', consume(call, side));
    });
    expect(summary(event)).toBe(`success | ${TEXT}`);
    expect(event.response.usage).toMatchObject({ total_tokens: 34 });
  });

  it('and the stream beside it is one event', async () => {
    const event = await eventOf(
      async (call, side) => {
        side.saw('unread', (await call.asResponse()).bodyUsed);
        await side.read((await call) as never);
      },
      events(),
      true,
    );
    expect(summary(event)).toBe('success | A row is one call.');
    expect(event.response.usage).toMatchObject({ total_tokens: 34 });
  });

  it('with another kind of body gives it as it is', async () => {
    const event = await eventOf(
      async (call, side) => side.outcome('json', (await call.asResponse()).json()),
      bytes('no JSON', 'text/plain'),
    );
    expect(event.exception).toMatch(/^SyntaxError: /);
  });

  it('and is never read is one event when it is flushed', async () => {
    const event = await eventOf(async (call, side) => side.saw('status', (await call.asResponse()).status));
    expect(summary(event)).toBe('success | abandoned');
    expect(event.response.usage).toEqual({});
  });
});

describe.each(EACH_MAJOR)('the response of %s that is taken raw and left', (_name, kind) => {
  const unfinished: Parameters<typeof answering>[0] = (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(chatEvents().slice(0, 2).join(''));
  };

  it.each<[string, Read]>([
    ['cancelled', async (response) => bodyOf(response).cancel('enough')],
    [
      'cancelled by its reader',
      async (response) => {
        const reader = bodyOf(response).getReader();
        await reader.read();
        await reader.cancel('enough');
      },
    ],
    [
      'left within the loop',
      async (response) => {
        for await (const _piece of bodyOf(response) as unknown as AsyncIterable<Uint8Array>) break;
      },
    ],
  ])('is one event, and the provider hears of it, when it is %s', async (_what, leave) => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const provider = await answering(unfinished);
      const call = side.client(provider.url).chat.completions.create({ ...BODY, stream: true });
      const response = await call.asResponse();
      await side.outcome('left', leave(response));
      side.saw('used', response.bodyUsed);
      await expect.poll(() => provider.left).toBe(1);
    });
    expect(summary(await recorded.event())).toMatch(/^success \| left/);
  });

  it('is aborted by its caller is no failure', async () => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const provider = await answering(unfinished);
      const controller = new AbortController();
      const { signal } = controller;
      const call = side.client(provider.url).chat.completions.create({ ...BODY, stream: true }, { signal });
      const reader = bodyOf(await call.asResponse()).getReader();
      side.saw('first', textOf([(await reader.read()).value as Uint8Array]).length);
      const next = side.outcome('next', reader.read());
      controller.abort();
      await next;
    });
    expect(summary(await recorded.event())).toBe('success | aborted | A row ');
  });

  it('breaks is a failure with what had arrived', async () => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      let cut = () => {};
      const provider = await answering((response, request) => {
        unfinished(response, request);
        cut = () => response.destroy();
      });
      const call = side.client(provider.url).chat.completions.create({ ...BODY, stream: true });
      const reader = bodyOf(await call.asResponse()).getReader();
      await reader.read();
      cut();
      await side.outcome('next', reader.read());
    });
    expect(summary(await recorded.event())).toBe('failure | A row ');
  });
});
