import { createRequire } from 'node:module';
import { beforeEach, describe, expect, it } from 'vitest';
import { instrumentOpenAI, uninstrumentOpenAI } from '../../src/openai/index.js';
import { Recorded, summary } from '../support/events.js';
import { quiet } from '../support/side-by-side.js';
import { answering, BODY, chat, json, type Provider, TEXT } from './answers.js';
import {
  API_KEY,
  asWithTheBareClient,
  type Client,
  type ClientOptions,
  EACH_CLIENT,
  EACH_MAJOR,
} from './clients.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const raise = (thrown: Error): never => {
  throw thrown;
};
const ask = (client: Client) => client.chat.completions.create(BODY);

describe.each(EACH_CLIENT)('a copy of %s that withOptions makes', (_name, kind) => {
  const copyOf = (client: Client, options: object) =>
    client.withOptions({
      ...(kind.isAzure ? { apiVersion: '2025-02-02' } : {}),
      ...options,
    } as ClientOptions);

  it('has options and a class of its own, and is recorded as its original is', async () => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const provider = await answering(json(chat()));
      const client = side.client('http://127.0.0.1:1/v1', { timeout: 1234 });
      const copy = copyOf(client, { baseURL: provider.url, defaultHeaders: { 'x-own': 'yes' } });
      side.saw('another', copy === client);
      side.saw('class', [copy.constructor.name, copy instanceof kind.openai.OpenAI]);
      side.saw('keys', [Object.keys(copy), copy.timeout, copy.maxRetries, client.baseURL]);
      await side.outcome('answer', ask(copy));
      side.saw('sent', provider.sent);
    });
    expect(await recorded.event()).toMatchObject({ provider: kind.isAzure ? 'azure' : 'openai' });
  });

  it('of a copy is recorded too, each call once', async () => {
    const provider = await answering(json(chat()));
    const client = instrumentOpenAI(kind.make(provider.url), recorded.options);
    const copy = copyOf(copyOf(client, { maxRetries: 1 }), { maxRetries: 2 });
    expect(instrumentOpenAI(copy, recorded.options)).toBe(copy);
    await ask(client);
    await ask(copy);
    expect((await recorded.events()).length).toBe(2);
  });

  it('goes on being recorded when its original is no longer, and can be stopped by itself', async () => {
    const provider = await answering(json(chat()));
    const client = instrumentOpenAI(kind.make(provider.url), recorded.options);
    const copy = copyOf(client, { maxRetries: 1 });
    uninstrumentOpenAI(client);
    await ask(client);
    expect(await recorded.events()).toEqual([]);
    await ask(copy);
    await recorded.event();
    await ask(uninstrumentOpenAI(copy));
    await ask(copyOf(client, { maxRetries: 1 }));
    await recorded.event();
  });

  it('that cannot be made throws the same', async () => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const client = side.client('http://127.0.0.1:1/v1');
      for (const options of [{}, { maxRetries: 1 }, { apiVersion: undefined }, { apiKey: undefined }]) {
        try {
          side.saw('made', client.withOptions(options as never).constructor.name);
        } catch (thrown) {
          side.sawThrown('made', thrown);
        }
      }
    });
    expect(await recorded.events()).toEqual([]);
  });
});

describe.each(EACH_MAJOR)('%s', (_name, kind) => {
  const { OpenAI } = kind.openai;

  it('as a subclass with a request of its own is recorded, each call once', async () => {
    const asked: unknown[] = [];
    class Own extends OpenAI {
      override request(...parameters: Parameters<Client['request']>): never {
        asked.push(this);
        return super.request(...parameters) as never;
      }
    }
    const provider = await answering(json(chat()));
    const client = instrumentOpenAI(
      new Own({ apiKey: API_KEY, baseURL: provider.url, maxRetries: 0 }),
      recorded.options,
    );
    expect(client).toBeInstanceOf(Own);
    const { data, response } = await ask(client).withResponse();
    expect([data.id, response.status]).toEqual(['chatcmpl-1', 200]);
    expect(asked).toEqual([client]);
    await recorded.event();
    const copy = client.withOptions({ maxRetries: 1 });
    expect(copy).toBeInstanceOf(Own);
    await ask(copy);
    expect(asked.at(-1)).toBe(copy);
    expect((await recorded.events()).length).toBe(2);
  });

  it.each<[string, (options: unknown) => unknown, readonly string[]]>([
    [
      'gives a plain promise',
      (options) => Promise.resolve(options).then(() => chat()),
      [`success | ${TEXT}`],
    ],
    [
      'rejects',
      (options) => Promise.resolve(options).then(() => raise(new RangeError('later'))),
      ['failure'],
    ],
    ['answers without a look at its options', async () => chat(), []],
    ['rejects without a look at them', () => Promise.reject(new RangeError('at once')), []],
    ['throws without a look at them', () => raise(new RangeError('before')), []],
  ])('whose own request %s is passed on, and nothing of it stays open', async (_what, request, lines) => {
    const open: Promise<unknown>[] = [];
    await asWithTheBareClient(kind, recorded, async (side) => {
      const client = kind.make('http://127.0.0.1:1/v1');
      Object.defineProperty(client, 'request', { value: request, configurable: true });
      const options = { ...recorded.options, waitUntil: (call: Promise<unknown>) => open.push(call) };
      if (side.isWatched) instrumentOpenAI(client, options);
      try {
        const promise = client.post('/chat/completions', { body: BODY });
        side.saw('class', promise.constructor.name);
        await side.outcome('answer', promise);
      } catch (thrown) {
        side.sawThrown('at once', thrown);
      }
    });
    expect((await recorded.events()).map(summary)).toEqual(lines);
    const settled = Promise.all(open).then(() => 'settled');
    expect(await Promise.race([settled, quiet().then(() => 'open')])).toBe('settled');
  });

  it('from CommonJS, whose classes are others, is recorded', async () => {
    const name = { 5: 'openai5', 6: 'openai', 7: 'openai7' }[kind.major];
    const common = createRequire(import.meta.url)(name) as typeof kind.openai;
    expect(common.OpenAI).not.toBe(OpenAI);
    const provider = await answering(json(chat()));
    const client = new common.OpenAI({ apiKey: API_KEY, baseURL: provider.url, maxRetries: 0 });
    const call = ask(instrumentOpenAI(client, recorded.options));
    expect(call).toBeInstanceOf(common.APIPromise);
    const { data, response } = await call.withResponse();
    expect([data.id, response.status]).toEqual(['chatcmpl-1', 200]);
    expect(summary(await recorded.event())).toBe(`success | ${TEXT}`);
    const broken = instrumentOpenAI(client.withOptions({ baseURL: 'http://127.0.0.1:1' }), recorded.options);
    await expect(ask(broken)).rejects.toBeInstanceOf(common.APIConnectionError);
    expect((await recorded.events()).length).toBe(2);
  });

  it('made by a function of its own, with a key that is asked for, is recorded', async () => {
    await asWithTheBareClient(
      kind,
      recorded,
      async (side) => {
        const provider: Provider = await answering(json(chat()));
        let asked = 0;
        const apiKey = async () => `${API_KEY}-${++asked}`;
        const client = side.client(provider.url, { apiKey: apiKey as never });
        await side.outcome('answer', ask(client));
        side.saw('asked', asked);
        side.saw('sent', provider.sent);
      },
      { capture: { apiKey: true } },
    );
    expect((await recorded.event()).api_key).toBe('sk-t****89-1');
  });
});
