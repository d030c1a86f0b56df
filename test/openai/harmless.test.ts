import { AsyncLocalStorage } from 'node:async_hooks';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { LitellmEvent } from '../../schemas/litellm.js';
import { type InstrumentOpenAIOptions, instrumentOpenAI } from '../../src/openai/index.js';
import { withMetadata } from '../../src/recorder/context.js';
import { flush } from '../../src/recorder/flush.js';
import { Recorded, summary } from '../support/events.js';
import { expectTheSame, quiet } from '../support/side-by-side.js';
import { answering, BODY, chat, events, json, refusal, TEXT } from './answers.js';
import { asWithTheBareClient, ClientSide, EACH_CLIENT, EACH_MAJOR } from './clients.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const fault = (): never => {
  throw new Error('of the options');
};
const rejects = (): Promise<never> => Promise.reject(new Error('of the options'));
const endless = (): Promise<never> => new Promise<never>(() => {});
const append = () => {};

const FAULTY: readonly (readonly [what: string, options: InstrumentOpenAIOptions])[] = [
  ['a datasource that throws', { datasource: { append: fault } }],
  ['a datasource that rejects', { datasource: { append: rejects } as never }],
  ['a datasource that never answers', { datasource: { append: endless } as never }],
  ['a flush that throws', { datasource: { append, flush: fault }, waitUntil: () => {} }],
  ['an onError that throws', { datasource: { append: fault }, onError: fault }],
  ['an onError that rejects', { datasource: { append: fault }, onError: rejects as never }],
  ['a redact that throws', { datasource: { append }, redact: fault }],
  ['a redact that rejects', { datasource: { append }, redact: rejects as never }],
  ['a sample that throws', { datasource: { append }, sample: fault }],
  ['a waitUntil that throws', { datasource: { append }, waitUntil: fault }],
  ['a waitUntil that rejects', { datasource: { append }, waitUntil: rejects }],
  ['metadata that throws', { datasource: { append }, metadata: new Proxy({}, { ownKeys: fault }) }],
  ['prices that throw', { datasource: { append }, prices: new Proxy({}, { get: fault }) as never }],
  ['a datasource that is none', { datasource: 7 as never }],
];

describe.each(EACH_MAJOR)('%s', (_name, kind) => {
  it.each(FAULTY)('hears nothing of %s', async (_what, options) => {
    // the last that can be told is told there
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const watched = new ClientSide(kind, { onError: () => {}, ...options });
    await expectTheSame(new ClientSide(kind), watched, async (side) => {
      const provider = await answering(json(chat()), events(), refusal(400, 'odd'), json(chat()));
      const client = side.client(provider.url);
      await side.outcome(
        'answer',
        client.chat.completions
          .create(BODY)
          .withResponse()
          .then(({ data }) => data),
      );
      await side.read(await client.chat.completions.create({ ...BODY, stream: true }));
      await side.outcome('failure', client.chat.completions.create(BODY));
      await side.outcome(
        'raw',
        client.chat.completions
          .create(BODY)
          .asResponse()
          .then((raw) => raw.json()),
      );
      side.saw('sent', provider.sent);
    });
  });

  it('hears nothing of a request whose body throws at every look', async () => {
    const hostile = { ...BODY, messages: [new Proxy({}, { get: fault, ownKeys: fault })] };
    const watched = new ClientSide(kind, recorded.options);
    await expectTheSame(new ClientSide(kind), watched, async (side) => {
      const client = side.client((await answering(json(chat()))).url);
      await side.outcome('answer', client.chat.completions.create(hostile as never));
    });
  });

  it('hears nothing of a body with circles in it', async () => {
    const body: Record<string, unknown> = { ...BODY, own: 1n };
    body.circle = body;
    await asWithTheBareClient(kind, recorded, async (side) => {
      const client = side.client((await answering(json(chat()))).url);
      await side.outcome('answer', client.chat.completions.create(body as never));
    });
    expect((await recorded.event()).standard_logging_object_status).toBe('failure');
  });
});

describe.each(EACH_CLIENT)('the calls of %s', (_name, kind) => {
  it('that are made fifty at once are fifty events, each with its own', async () => {
    const indices = Array.from({ length: 50 }, (_, index) => index);
    const echo: Parameters<typeof answering>[0] = (response, request) => {
      const index = Number(request.headers['x-index']);
      const answer = index % 3 === 0 ? refusal(400, `no_${index}`) : json(chat(`answer ${index}`));
      if (index % 2 === 0) answer(response, request);
      else setImmediate(() => answer(response, request));
    };
    await asWithTheBareClient(kind, recorded, async (side) => {
      const client = side.client((await answering(echo)).url);
      const ask = async (index: number) => {
        const body = { ...BODY, messages: [{ role: 'user' as const, content: `question ${index}` }] };
        const call = client.chat.completions.create(body, { headers: { 'x-index': String(index) } });
        return call.then(
          ({ choices }) => choices[0]?.message.content,
          (thrown: Error) => thrown.message,
        );
      };
      const asked = indices.map((index) => withMetadata({ user: `user ${index}` }, () => ask(index)));
      side.saw('answers', await Promise.all(asked));
    });
    const told = (await recorded.events()).map((event) => [
      event.user,
      event.messages[0]?.content,
      event.response.choices[0]?.message.content ?? event.exception,
    ]);
    const expected = indices.map((index) => [
      `user ${index}`,
      `question ${index}`,
      index % 3 === 0 ? `BadRequestError: 400 no: no_${index}` : `answer ${index}`,
    ]);
    const byUser = (one: readonly unknown[], other: readonly unknown[]) =>
      String(one[0]).localeCompare(String(other[0]));
    expect(told.sort(byUser)).toEqual(expected.sort(byUser));
  });

  it('are told as they were sent: what changes later changes nothing', async () => {
    const { url } = await answering(json(chat()));
    const messages = structuredClone(BODY.messages);
    const body = { ...BODY, messages };
    const call = instrumentOpenAI(kind.make(url), recorded.options).chat.completions.create(body);
    await (call as unknown as { responsePromise: Promise<unknown> }).responsePromise;
    messages.push({ role: 'user', content: 'later' });
    Object.assign(messages[0] as object, { content: 'changed' });
    Object.assign(body, { model: 'another' });
    await call;
    expect(await recorded.event()).toMatchObject({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'What is a row?' }],
    });
  });

  it('have the metadata of the scope in which they were made, wherever they end', async () => {
    const { url } = await answering(json(chat()), events(), refusal(400, 'odd'));
    const client = instrumentOpenAI(kind.make(url), recorded.options);
    const scoped = <Result>(user: string, make: () => Result) =>
      withMetadata({ user, metadata: { chat_id: user } }, make);
    const call = scoped('one', () => client.chat.completions.create(BODY));
    await scoped('other', () => call);
    const stream = await scoped('two', () => client.chat.completions.create({ ...BODY, stream: true }));
    await scoped('other', async () => {
      for await (const _chunk of stream);
    });
    const failing = scoped('three', () => client.chat.completions.create(BODY));
    await scoped('other', () => failing.catch(() => {}));
    const told = (await recorded.events()).map(({ user, proxy_metadata }) => [user, proxy_metadata.chat_id]);
    expect(told).toEqual(['one', 'two', 'three'].map((user) => [user, user]));
  });

  it('leave the scopes of the program as they are', async () => {
    const storage = new AsyncLocalStorage<string>();
    await asWithTheBareClient(kind, recorded, async (side) => {
      const client = side.client((await answering(json(chat()))).url);
      await storage.run('own', async () => {
        const call = client.chat.completions.create(BODY);
        await call.then(() => side.saw('in then', storage.getStore()));
        side.saw('after', storage.getStore());
      });
      side.saw('outside', storage.getStore());
    });
    await recorded.event();
  });

  it('are recorded before their caller goes on, so that a flush there sees them', async () => {
    const own: LitellmEvent[] = [];
    const { url } = await answering(json(chat()), refusal(400, 'odd'), json(chat()), events());
    const client = instrumentOpenAI(kind.make(url), {
      datasource: { append: (event) => void own.push(event) },
    });
    const counts: number[] = [];
    const seen = async (of: PromiseLike<unknown>) => {
      await Promise.resolve(of).catch(() => {});
      await flush();
      counts.push(own.length);
    };
    await seen(client.chat.completions.create(BODY));
    await seen(client.chat.completions.create(BODY));
    await seen(client.chat.completions.create(BODY).withResponse());
    for await (const _chunk of await client.chat.completions.create({ ...BODY, stream: true }));
    await seen(quiet());
    expect(counts).toEqual([1, 2, 3, 4]);
  });

  it('that are awaited late have taken no longer for it', async () => {
    const { url } = await answering(json(chat()));
    const client = instrumentOpenAI(kind.make(url), recorded.options);
    const WAIT_MS = 400;
    const call = client.chat.completions.create(BODY);
    await (call as unknown as { responsePromise: Promise<unknown> }).responsePromise;
    const openedAt = performance.now();
    while (performance.now() - openedAt < WAIT_MS) await new Promise((resolve) => setTimeout(resolve, 20));
    await call;
    const event = await recorded.event();
    expect(summary(event)).toBe(`success | ${TEXT}`);
    expect(event.duration).toBeLessThan(WAIT_MS / 1000);
  });
});
