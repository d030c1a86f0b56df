import { beforeEach, describe, expect, it } from 'vitest';
import { instrumentOpenAI } from '../../src/openai/index.js';
import { Recorded, summary } from '../support/events.js';
import { quiet } from '../support/side-by-side.js';
import { answering, BODY, chat, events, json, type Provider, TEXT } from './answers.js';
import { asWithTheBareClient, type ClientSide, EACH_CLIENT } from './clients.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

describe.each(EACH_CLIENT)('the promise of %s', (_name, kind) => {
  const create = (side: ClientSide, { url }: Provider) => side.client(url).chat.completions.create(BODY);
  type Call = ReturnType<typeof create>;

  /** The event of a call, of which a program makes what it will. */
  const eventOf = async (program: (call: Call, side: ClientSide, provider: Provider) => Promise<unknown>) => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const provider = await answering(json(chat()));
      await program(create(side, provider), side, provider);
      side.saw('requests', provider.sent.length);
    });
    const event = await recorded.event();
    expect(summary(event)).toBe(`success | ${TEXT}`);
    expect(event.response.usage).toMatchObject({ total_tokens: 34 });
    return event;
  };

  it('is the one that the client made, with all it can do', async () => {
    await eventOf(async (call, side) => {
      side.saw('class', call.constructor.name);
      side.saw('own keys', [Object.keys(call), Object.prototype.toString.call(call)]);
      side.saw('is an APIPromise', call instanceof kind.openai.APIPromise);
      side.saw('is a Promise', call instanceof Promise);
      const { data, response, request_id } = await call.withResponse();
      side.saw('data', data);
      side.saw('response', [response.status, response.bodyUsed, response.constructor.name]);
      side.saw('request id', [request_id, (data as { _request_id?: string })._request_id]);
      side.saw('the request id as a property', Object.getOwnPropertyDescriptor(data, '_request_id'));
      side.saw('the same again', (await call) === data);
    });
  });

  it.each<[string, (call: Call) => Promise<unknown>]>([
    ['awaited', async (call) => await call],
    ['asked by then', (call) => call.then((data) => data)],
    ['asked by then without handlers', (call) => call.then()],
    ['asked by catch', (call) => call.catch(() => 'no')],
    ['asked by finally', (call) => call.finally(() => 'no')],
    ['parsed', (call) => (call as unknown as { parse(): Promise<unknown> }).parse()],
    ['asked for its response too', async (call) => (await call.withResponse()).data],
    ['resolved with', (call) => Promise.resolve(call)],
    ['returned from an async function', async (call) => call],
    ['raced', (call) => Promise.race([call])],
    ['derived from twice', (call) => call._thenUnwrap((data) => data)._thenUnwrap((data) => data)],
    ['derived from for its response', async (call) => (await call._thenUnwrap((d) => d).withResponse()).data],
  ])('gives its answer when it is %s', async (_what, consume) => {
    await eventOf(async (call, side) => {
      await side.outcome('answer', consume(call));
    });
  });

  it('gives the very same answer to everybody who asks', async () => {
    await eventOf(async (call, side) => {
      const [one, other] = await Promise.all([call, call]);
      side.saw('at once', one === other);
      side.saw('later', [(await call) === one, (await call.then((data) => data)) === one]);
      side.saw('beside the response', (await call.withResponse()).data === one);
      let finals = 0;
      side.saw('finally', (await call.finally(() => finals++)) === one);
      side.saw('finals', finals);
    });
  });

  it('passes on what derives from it, with the request it belongs to', async () => {
    await eventOf(async (call, side) => {
      const derived = call._thenUnwrap((data, props) => {
        const { options, response } = props as {
          options: { path: string; method: string };
          response: Response;
        };
        side.saw('props', [
          Object.keys(props as object).sort(),
          options.method,
          options.path,
          response.status,
        ]);
        return { ...data, derived: true };
      });
      side.saw('class', derived instanceof kind.openai.APIPromise);
      side.saw('derived', await derived);
      side.saw('request id', ((await derived) as { _request_id?: string })._request_id);
    });
  });

  it('passes on the error of what derives from it, which is no failure of the call', async () => {
    await eventOf(async (call, side) => {
      const derived = call._thenUnwrap(() => {
        throw new RangeError('of the program');
      });
      await side.outcome('derived', derived);
    });
  });

  it('does not parse the body before somebody asks', async () => {
    await eventOf(async (call, side, provider) => {
      const { responsePromise } = call as unknown as { responsePromise: Promise<{ response: Response }> };
      const { response } = await responsePromise;
      await quiet();
      side.saw('requests', provider.sent.length);
      side.saw('unread', response.bodyUsed);
      await call;
      side.saw('read', response.bodyUsed);
    });
  });

  it('sends the request before anybody awaits it', async () => {
    await eventOf(async (call, side, provider) => {
      await expect.poll(() => provider.sent.length).toBe(1);
      await side.outcome('answer', call);
    });
  });

  it('has recorded the call when its answer is there', async () => {
    for (const consume of [
      (call: Call) => call,
      (call: Call) => call.withResponse(),
      (call: Call) => call._thenUnwrap((data) => data),
    ]) {
      const { url } = await answering(json(chat()));
      const own = new Recorded();
      const client = kind.make(url);
      await consume(instrumentOpenAI(client, own.options).chat.completions.create(BODY));
      expect(own.soFar.length).toBe(1);
    }
  });

  it('gives a stream as it is', async () => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const { url } = await answering(events());
      const call = side.client(url).chat.completions.create({ ...BODY, stream: true });
      const stream = await call;
      side.saw('class', stream instanceof kind.Stream);
      side.saw('own keys', [Object.keys(stream).sort(), Object.getOwnPropertyNames(stream).sort()]);
      side.saw('the same again', (await call) === stream);
      await side.read(stream);
    });
    expect(summary(await recorded.event())).toBe('success | A row is one call.');
  });

  it('gives a stream beside its response', async () => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const { url } = await answering(events());
      const { data, response, request_id } = await side
        .client(url)
        .chat.completions.create({ ...BODY, stream: true })
        .withResponse();
      side.saw('response', [response.status, response.bodyUsed, request_id]);
      await side.read(data);
    });
    expect(summary(await recorded.event())).toBe('success | A row is one call.');
  });
});
