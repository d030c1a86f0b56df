import { beforeEach, describe, expect, it } from 'vitest';
import { instrumentOpenAI, uninstrumentOpenAI } from '../../src/openai/index.js';
import { Recorded, summary } from '../support/events.js';
import { answering, BODY, chat, json, TEXT } from './answers.js';
import { asWithTheBareClient, type Client, EACH_CLIENT } from './clients.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

type Request = (...parameters: unknown[]) => unknown;

/** Every own property of a client and of its resources, whatever it is. */
function descriptorsOf(client: object): Record<string, unknown> {
  const { chat: talk, responses, embeddings, audio } = client as Client;
  const holders = { client, talk, completions: talk.completions, responses, embeddings, audio };
  return Object.fromEntries(
    Object.entries(holders).map(([name, holder]) => [name, Object.getOwnPropertyDescriptors(holder)]),
  );
}

describe.each(EACH_CLIENT)('%s, instrumented,', (_name, kind) => {
  const make = async () => kind.make((await answering(json(chat()))).url);
  const ask = (client: Client) => client.chat.completions.create(BODY);

  it('is the same object of the same class', async () => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const { url } = await answering(json(chat()));
      const client = side.client(url);
      const { OpenAI, AzureOpenAI } = kind.openai;
      side.saw('classes', [client instanceof OpenAI, client instanceof AzureOpenAI, client.constructor.name]);
      side.sawTheVery('prototype', Object.getPrototypeOf(client));
      side.saw('text', [String(client), Object.prototype.toString.call(client)]);
      side.saw('owner of its resources', Reflect.get(client.chat.completions, '_client') === client);
    });
    const client = await make();
    expect(instrumentOpenAI(client, recorded.options)).toBe(client);
    expect(recorded.problems).toEqual([]);
  });

  it('shows the same keys, and so do its resources', async () => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const client = side.client((await answering(json(chat()))).url);
      side.saw('keys', Object.keys(client));
      side.saw('copied', Object.keys({ ...client }));
      const inherited: string[] = [];
      for (const key in client) inherited.push(key);
      side.saw('keys of a loop', inherited);
      for (const resource of [client.chat, client.chat.completions, client.responses, client.audio.speech])
        side.saw('own names of a resource', [
          Object.getOwnPropertyNames(resource),
          Reflect.ownKeys(resource),
        ]);
    });
    const [bare, watched] = [await make(), instrumentOpenAI(await make(), recorded.options)];
    const ours = Object.getOwnPropertyNames(watched).filter((name) => !Object.hasOwn(bare, name));
    expect(ours).toEqual(['methodRequest', 'request', 'retryRequest', 'withOptions']);
  });

  it('has methods that can be taken off it as ever', async () => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const client = side.client((await answering(json(chat()))).url);
      const { completions } = client.chat;
      side.saw('a resource', (await completions.create(BODY)).id);
      const { create } = completions;
      const own = new Promise((resolve) => resolve(create(BODY)));
      await own.catch((thrown: Error) => side.saw('a method alone', thrown.constructor.name));
      side.saw('a method bound', (await create.bind(completions)(BODY)).id);
    });
    expect((await recorded.events()).map(summary)).toEqual([`success | ${TEXT}`, `success | ${TEXT}`]);
  });

  it('twice is once, also by two copies of this package', async () => {
    const client = await make();
    const first = instrumentOpenAI(client, recorded.options);
    const { request } = first;
    const other = new Recorded();
    expect(instrumentOpenAI(first, other.options)).toBe(client);
    expect(client.request).toBe(request);
    expect(Symbol.for('tinybird-llm.openai.instrumented') in client).toBe(true);
    await ask(client);
    await recorded.event();
    expect(await other.events()).toEqual([]);
  });

  it('is as it was when that is taken away, and can be again', async () => {
    const client = await make();
    const before = descriptorsOf(client);
    expect(uninstrumentOpenAI(instrumentOpenAI(client, recorded.options))).toBe(client);
    expect(descriptorsOf(client)).toEqual(before);
    expect(Reflect.ownKeys(client)).toEqual(Reflect.ownKeys(kind.make('http://127.0.0.1')));
    await ask(client);
    expect(await recorded.events()).toEqual([]);
    await ask(instrumentOpenAI(client, recorded.options));
    expect(summary(await recorded.event())).toBe(`success | ${TEXT}`);
  });

  it('is left alone when there is nothing to take away', async () => {
    const client = await make();
    const before = descriptorsOf(client);
    expect(uninstrumentOpenAI(uninstrumentOpenAI(client))).toBe(client);
    expect(descriptorsOf(client)).toEqual(before);
    for (const odd of [undefined, null, 'client', 1, {}]) {
      expect(uninstrumentOpenAI(odd as never)).toBe(odd);
    }
  });

  it('still records what was under way when that was taken away', async () => {
    const client = instrumentOpenAI(await make(), recorded.options);
    const call = ask(client);
    uninstrumentOpenAI(client);
    await call;
    expect(summary(await recorded.event())).toBe(`success | ${TEXT}`);
  });

  it('keeps a method that somebody had laid over before, and gives it back', async () => {
    for (const enumerable of [true, false]) {
      const client = await make();
      let asked = 0;
      const request: Request = function (this: Client, ...parameters) {
        asked++;
        return (kind.openai.OpenAI.prototype.request as Request).apply(this, parameters);
      };
      const theirs = { value: request, enumerable, configurable: true, writable: !enumerable };
      Object.defineProperty(client, 'request', theirs);
      const keys = Object.keys(client);
      const own = new Recorded();
      await ask(instrumentOpenAI(client, own.options));
      expect(asked).toBe(1);
      expect(summary(await own.event())).toBe(`success | ${TEXT}`);
      expect(Object.keys(client)).toEqual(keys);
      uninstrumentOpenAI(client);
      expect(Object.getOwnPropertyDescriptor(client, 'request')).toEqual(theirs);
    }
  });

  it('keeps a getter that somebody had laid over before, and gives it back', async () => {
    const client = await make();
    const get = () => kind.openai.OpenAI.prototype.request;
    Object.defineProperty(client, 'request', { get, configurable: true });
    const before = Object.getOwnPropertyDescriptor(client, 'request');
    await ask(instrumentOpenAI(client, recorded.options));
    await recorded.event();
    uninstrumentOpenAI(client);
    expect(Object.getOwnPropertyDescriptor(client, 'request')).toEqual(before);
  });

  it('leaves what somebody laid over afterwards, and under it lets everything pass', async () => {
    const client = instrumentOpenAI(await make(), recorded.options);
    let asked = 0;
    for (const method of ['request', 'withOptions'] as const) {
      const ours = client[method] as Request;
      const theirs: Request = function (this: Client, ...parameters) {
        asked++;
        return ours.apply(this, parameters);
      };
      Object.defineProperty(client, method, { value: theirs, configurable: true, writable: true });
    }
    await ask(client);
    expect([asked, (await recorded.events()).length]).toEqual([1, 1]);
    const { request, withOptions } = client;
    uninstrumentOpenAI(client);
    expect([client.request, client.withOptions]).toEqual([request, withOptions]);
    expect((await ask(client)).id).toBe('chatcmpl-1');
    if (!kind.isAzure) await ask(client.withOptions({ maxRetries: 1 }));
    expect([asked, (await recorded.events()).length]).toEqual([kind.isAzure ? 2 : 3, 1]);
  });

  it('whose request cannot be laid over is told, and works as ever', async () => {
    const client = await make();
    const value = kind.openai.OpenAI.prototype.request;
    Object.defineProperty(client, 'request', { value, configurable: false, writable: false });
    const before = descriptorsOf(client);
    expect(instrumentOpenAI(client, recorded.options)).toBe(client);
    expect(descriptorsOf(client)).toEqual(before);
    expect(recorded.problems.length).toBe(1);
    expect((await ask(client)).id).toBe('chatcmpl-1');
  });
});
