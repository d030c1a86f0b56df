import { beforeEach, describe, expect, it } from 'vitest';
import { instrumentOpenAI, uninstrumentOpenAI } from '../../src/openai/index.js';
import { Recorded, summary } from '../support/events.js';
import { expectTheSame, Sightings } from '../support/side-by-side.js';
import { answering, BODY, chat, events, json, response, TEXT } from './answers.js';
import { type Client, type ClientKind, EACH_CLIENT } from './clients.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

describe.each(EACH_CLIENT)('a frozen %s', (_name, kind: ClientKind) => {
  it.each(['freeze', 'seal', 'preventExtensions'] as const)('is recorded after %s', async (close) => {
    const { url } = await answering(json(chat()), events(), json(response()));
    const client = (Object[close] as (client: Client) => Client)(kind.make(url));
    const before = Object.getOwnPropertyDescriptors(client);
    expect(instrumentOpenAI(instrumentOpenAI(client, recorded.options), recorded.options)).toBe(client);
    expect(Object.getOwnPropertyDescriptors(client)).toEqual(before);
    const call = client.chat.completions.create(BODY);
    expect(call).toBeInstanceOf(kind.openai.APIPromise);
    expect((await call.withResponse()).response.status).toBe(200);
    const stream = await client.chat.completions.create({ ...BODY, stream: true });
    expect(stream).toBeInstanceOf(kind.Stream);
    for await (const _chunk of stream);
    await client.responses.create({ model: 'gpt-4o-mini', input: 'hi' });
    const lines = (await recorded.events()).map(summary);
    expect(lines).toEqual([`success | ${TEXT}`, 'success | A row is one call.', `success | ${TEXT}`]);
    uninstrumentOpenAI(client);
    expect(Object.getOwnPropertyNames(client.chat.completions)).toEqual(
      Object.getOwnPropertyNames(kind.make(url).chat.completions),
    );
    await client.responses.create({ model: 'gpt-4o-mini', input: 'hi' });
    expect((await recorded.events()).length).toBe(3);
    expect(recorded.problems.filter(({ code }) => code !== 'unknown_price')).toEqual([]);
  });

  it('with frozen resources is told, and works as ever', async () => {
    const client = kind.make((await answering(json(chat()))).url);
    for (const value of Object.values(client)) if (typeof value === 'object') Object.freeze(value);
    for (const name of ['completions'] as const) Object.freeze(client.chat[name]);
    for (const part of Object.values(client.audio)) Object.freeze(part);
    Object.freeze(client);
    expect(instrumentOpenAI(client, recorded.options)).toBe(client);
    expect(recorded.problems.map(({ code }) => code)).toEqual(['bad_option']);
    expect((await client.chat.completions.create(BODY)).id).toBe('chatcmpl-1');
    expect(await recorded.events()).toEqual([]);
  });
});

/** A client that a test writes by itself: it has what is used of one, and no `request`. */
function standIn(create: (...parameters: unknown[]) => unknown): Client {
  const made = { baseURL: 'https://api.openai.com/v1', chat: { completions: { create } } };
  return made as unknown as Client;
}

describe('a stand-in without a request', () => {
  /** Runs it bare and instrumented. */
  const compared = (
    create: (...parameters: unknown[]) => unknown,
    program: (client: Client, side: Sightings) => Promise<unknown>,
  ) => {
    const bare = new Sightings();
    return expectTheSame(bare, new Sightings(), async (side) => {
      const client = standIn(create);
      if (side !== bare) expect(instrumentOpenAI(client, recorded.options)).toBe(client);
      side.saw('keys', [Object.keys(client), Object.keys(client.chat.completions)]);
      await program(client, side);
    });
  };
  const ask = (client: Client, body: object = BODY) => client.chat.completions.create(body as typeof BODY);
  const thrown = (of: unknown) => Promise.resolve(of).catch((reason: unknown) => reason);

  it('that gives promises is recorded, and gives the very answer', async () => {
    const answer = chat();
    const parameters: unknown[] = [];
    await compared(
      async (...given) => {
        parameters.push(given);
        return answer;
      },
      async (client, side) => {
        const options = { timeout: 5 };
        side.sawTheVery('answer', await client.chat.completions.create(BODY, options));
        side.saw('parameters', parameters.at(-1));
        expect((parameters.at(-1) as unknown[])[0]).toBe(BODY);
      },
    );
    expect(summary(await recorded.event())).toBe(`success | ${TEXT}`);
  });

  it('that rejects is a failure, and gives the very error', async () => {
    const error = new RangeError('no');
    await compared(
      () => Promise.reject(error),
      async (client, side) => side.sawTheVery('error', await thrown(ask(client))),
    );
    expect((await recorded.event()).exception).toBe('RangeError: no');
  });

  it('that rejects and is not awaited is as many unhandled rejections', async () => {
    await compared(
      () => Promise.reject(new RangeError('no')),
      async (client) => void ask(client),
    );
    expect((await recorded.event()).exception).toBe('RangeError: no');
  });

  it('that throws at once is a failure, and throws the very error at once', async () => {
    const error = new TypeError('at once');
    await compared(
      () => {
        throw error;
      },
      async (client, side) => {
        try {
          void ask(client);
        } catch (reason) {
          side.sawTheVery('thrown at once', reason);
        }
      },
    );
    expect((await recorded.event()).exception).toBe('TypeError: at once');
  });

  it('that gives an answer at once is recorded, and gives it at once', async () => {
    const answer = chat();
    await compared(
      () => answer,
      async (client, side) => side.sawTheVery('answer', ask(client) as unknown),
    );
    expect(summary(await recorded.event())).toBe(`success | ${TEXT}`);
  });

  const chunks = ['A row ', 'is one call.', ''].map((content, index) => ({
    id: 'chatcmpl-1',
    choices: [{ index: 0, delta: { content }, finish_reason: index === 2 ? 'stop' : null }],
  }));

  it.each<[string, (generate: () => AsyncGenerator<unknown>) => () => unknown]>([
    ['at once', (generate) => () => generate()],
    ['by a promise', (generate) => async () => generate()],
  ])('that gives an async generator %s is recorded as it is read', async (_what, give) => {
    const generate = async function* () {
      yield* chunks;
    };
    await compared(give(generate), async (client, side) => {
      const stream = (await ask(client, { ...BODY, stream: true })) as unknown as AsyncIterable<unknown>;
      for await (const chunk of stream) side.sawTheVery('chunk', chunk);
    });
    expect(summary(await recorded.event())).toBe('success | A row is one call.');
  });

  it('whose generator is left or breaks is recorded so, and hears of it', async () => {
    let cleaned = 0;
    const generate = async function* () {
      try {
        yield chunks[0];
        throw new RangeError('broken');
      } finally {
        cleaned++;
      }
    };
    for (const isLeft of [true, false]) {
      await compared(generate, async (client, side) => {
        const stream = ask(client, { ...BODY, stream: true }) as unknown as AsyncGenerator<unknown>;
        const read = async () => {
          for await (const _chunk of stream) if (isLeft) break;
        };
        side.saw('read', await thrown(read()));
        side.saw('cleaned', cleaned % 2);
        cleaned = 0;
      });
    }
    const [left, broken] = await recorded.events();
    expect(left && summary(left)).toBe('success | left | A row ');
    expect(broken?.exception).toBe('RangeError: broken');
  });

  it('gives back its own methods when that is taken away', async () => {
    const create = async () => chat();
    const client = standIn(create);
    uninstrumentOpenAI(instrumentOpenAI(client, recorded.options));
    expect(client.chat.completions.create).toBe(create);
    expect(Reflect.ownKeys(client)).toEqual(['baseURL', 'chat']);
  });
});

describe('an object that is no client', () => {
  it.each([[{}], [{ chat: null }], [{ chat: { completions: {} } }], [undefined], [null], ['client'], [7]])(
    '%j is told once and comes back',
    (odd) => {
      expect(instrumentOpenAI(odd as never, recorded.options)).toBe(odd);
      expect(recorded.problems.map(({ code }) => code)).toEqual(['bad_option']);
      if (typeof odd === 'object' && odd !== null) expect(Reflect.ownKeys(odd)).toEqual(Object.keys(odd));
    },
  );
});
