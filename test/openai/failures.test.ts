import { beforeEach, describe, expect, it } from 'vitest';
import { Recorded, summary } from '../support/events.js';
import { serveBytes, serveUntrusted } from '../support/servers.js';
import { answering, BODY, bytes, chat, json, refusal } from './answers.js';
import { asWithTheBareClient, type ClientSide, EACH_CLIENT } from './clients.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

type Call = ReturnType<ReturnType<ClientSide['client']>['chat']['completions']['create']>;

describe.each(EACH_CLIENT)('a failed call of %s', (_name, kind) => {
  /** The event of a call that fails, and is asked for in every way. */
  const eventOf = async (url: (side: ClientSide) => Promise<string>, stream = false) => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const call = side.client(await url(side)).chat.completions.create({ ...BODY, stream }) as Call;
      const error = await call.then(
        () => 'no error',
        (thrown: unknown) => thrown,
      );
      side.sawThrown('error', error);
      const { headers, error: told, requestID, cause } = error as Record<string, unknown>;
      side.saw('of the response', [headers === undefined, told, requestID]);
      side.saw('its cause', (cause as object | undefined)?.constructor.name);
      side.saw('class', [error instanceof kind.openai.APIError, Object.keys(error as object).sort()]);
      const again: Promise<unknown>[] = [
        call,
        call.finally(() => {}),
        call._thenUnwrap((data) => data),
        call.withResponse(),
      ];
      const same = again.map((each) =>
        each.then(
          () => 'no error',
          (thrown: unknown) => thrown === error,
        ),
      );
      side.saw('the very same again', await Promise.all(same));
    });
    const event = await recorded.event();
    expect(event.standard_logging_object_status).toBe('failure');
    expect(event.response).toMatchObject({ choices: [], usage: {} });
    return event;
  };

  it.each([
    [400, 'BadRequestError', false],
    [400, 'BadRequestError', true],
    [401, 'AuthenticationError', false],
    [403, 'PermissionDeniedError', false],
    [404, 'NotFoundError', false],
    [409, 'ConflictError', false],
    [422, 'UnprocessableEntityError', false],
    [429, 'RateLimitError', true],
    [500, 'InternalServerError', false],
  ])('with status %i is one failure with its %s (a stream: %s)', async (status, name, stream) => {
    const event = await eventOf(async () => (await answering(refusal(status, 'odd'))).url, stream);
    expect(event.exception).toBe(`${name}: ${status} no: odd`);
    expect(event.stream).toBe(stream);
  });

  it('whose answer is no JSON is one failure', async () => {
    const page = bytes('<html>bad gateway</html>', 'text/html', 502);
    const event = await eventOf(async () => (await answering(page)).url);
    expect(event.exception).toMatch(/^InternalServerError: 502 /);
  });

  it('with half a JSON is one failure, of its parsing', async () => {
    const half = bytes('{"half', 'application/json');
    const event = await eventOf(async () => (await answering(half)).url);
    expect(event.exception).toMatch(/^SyntaxError: /);
  });

  it.each<[string, () => Promise<string>]>([
    ['is refused', async () => 'http://127.0.0.1:1/v1'],
    ['is closed at once', async () => `${await serveBytes((socket) => void socket.destroy())}v1`],
    ['speaks no HTTP', async () => `${await serveBytes('what?\r\n\r\n')}v1`],
    ['is not trusted', async () => `${await serveUntrusted(() => {})}v1`],
  ])('whose connection %s is one failure', async (_what, url) => {
    expect((await eventOf(url)).exception).toMatch(/^APIConnectionError: /);
  });

  it('whose connection breaks within its body is one failure', async () => {
    const event = await eventOf(() =>
      serveBytes(
        'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"id":',
      ).then((url) => `${url}v1`),
    );
    expect(event.exception).toMatch(/^TypeError: terminated/);
  });

  it('shows no key', async () => {
    const error = {
      message: 'Incorrect API key provided: sk-live-0123456789abcdef0123.',
      code: 'invalid_api_key',
    };
    const event = await eventOf(async () => (await answering(json({ error }, 401))).url);
    expect(event.exception).toMatch(/^AuthenticationError: 401 Incorrect API key provided: sk-/);
    expect(JSON.stringify(event)).not.toContain('0123456789abcdef');
  });

  it('with an answer of another shape is none', async () => {
    for (const body of [{}, [], null, 'text', { choices: null, usage: 'odd' }, { choices: [null, {}] }]) {
      await asWithTheBareClient(kind, recorded, async (side) => {
        const { url } = await answering(json(body));
        await side.outcome('answer', side.client(url).chat.completions.create(BODY));
      });
    }
    const lines = (await recorded.events()).map(({ standard_logging_object_status: status }) => status);
    expect(lines).toEqual(Array(6).fill('success'));
  });

  it('without a body is what it is without us', async () => {
    const empty: Parameters<typeof answering>[0][] = [
      bytes('', 'application/json', 200, { 'content-length': '0' }),
      (response) => response.writeHead(204).end(),
      bytes('', 'text/plain'),
    ];
    for (const answer of empty) {
      await asWithTheBareClient(kind, recorded, async (side) => {
        await side.outcome(
          'answer',
          side.client((await answering(answer)).url).chat.completions.create(BODY),
        );
      });
    }
    // openai 5 parses a JSON of no length
    const first = kind.major === 5 ? 'failure' : 'success';
    expect((await recorded.events()).map(summary)).toEqual([first, 'success', 'success']);
  });
});

describe.each(EACH_CLIENT)('what %s throws at once', (_name, kind) => {
  const tools = [{ type: 'function' as const, function: { name: 'f', parameters: {} } }];

  it.each<[string, (client: ReturnType<ClientSide['client']>) => unknown]>([
    [
      'a chat parsed with tools that are not strict',
      (client) => client.chat.completions.parse({ ...BODY, tools }),
    ],
    [
      'a chat streamed by the helper with such',
      (client) =>
        client.chat.completions
          .stream({ ...BODY, tools })
          .done()
          .catch(() => {}),
    ],
    ['nothing to ask', (client) => client.chat.completions.create(undefined as never)],
    ['a path without its id', (client) => client.responses.retrieve('')],
  ])('for %s is thrown as ever, and nothing of it stays open', async (_what, ask) => {
    const open: Promise<unknown>[] = [];
    await asWithTheBareClient(
      kind,
      recorded,
      async (side) => {
        const provider = await answering(json(chat()));
        try {
          const given = ask(side.client(provider.url));
          side.saw('given');
          await side.outcome('outcome', given as PromiseLike<unknown>);
        } catch (thrown) {
          side.sawThrown('at once', thrown);
        }
        side.saw('sent', provider.sent);
      },
      { waitUntil: (call: Promise<unknown>) => void open.push(call) },
    );
    expect((await recorded.events()).length).toBe(open.length);
  });

  it('for tools that are not strict leaves no event', async () => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const provider = await answering(json(chat()));
      expect(() => side.client(provider.url).chat.completions.parse({ ...BODY, tools })).toThrow(/strict/);
      expect(provider.sent).toEqual([]);
    });
    expect(await recorded.events()).toEqual([]);
  });
});
