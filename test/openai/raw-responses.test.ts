import { beforeEach, describe, expect, it } from 'vitest';
import { Recorded, summary } from '../support/events.js';
import { quiet } from '../support/side-by-side.js';
import { answering, BODY, bytes, chat, chatEvents, events, json, TEXT } from './answers.js';
import { asWithTheBareClient, type ClientSide, EACH_CLIENT } from './clients.js';
import { bodyOf, READS } from './raw-reads.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

type Call = ReturnType<ReturnType<ClientSide['client']>['chat']['completions']['create']>;

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
