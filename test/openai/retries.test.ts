import { beforeEach, describe, expect, it } from 'vitest';
import { Recorded, summary } from '../support/events.js';
import { quiet } from '../support/side-by-side.js';
import {
  answering,
  BODY,
  busy,
  bytes,
  chat,
  events,
  json,
  refusal,
  silence,
  stalled,
  TEXT,
} from './answers.js';
import { asWithTheBareClient, type ClientSide, EACH_CLIENT, EACH_MAJOR } from './clients.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

type Answers = Parameters<typeof answering>;

describe.each(EACH_CLIENT)('a call of %s that is tried again', (_name, kind) => {
  const eventOf = async (options: { maxRetries: number }, requests: number, ...answers: Answers) => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const provider = await answering(...answers);
      const client = side.client(provider.url, options);
      await side.outcome(
        'answer',
        client.chat.completions
          .create(BODY)
          .withResponse()
          .then(({ data }) => data),
      );
      side.saw('sent', provider.sent);
      expect(provider.sent.length).toBe(requests);
    });
    return recorded.event();
  };

  it('until it succeeds is one event with its attempts', async () => {
    const event = await eventOf({ maxRetries: 2 }, 3, busy, busy, json(chat()));
    expect(summary(event)).toBe(`success | ${TEXT}`);
    expect(event.proxy_metadata.attempts).toBe(3);
    expect(event.response.usage).toMatchObject({ total_tokens: 34 });
  });

  it('in vain is one failure with its attempts', async () => {
    const event = await eventOf({ maxRetries: 1 }, 2, busy);
    expect(event.exception).toBe('RateLimitError: 429 no: rate_limit_exceeded');
    expect(event.proxy_metadata.attempts).toBe(2);
  });

  it('and then fails otherwise is a failure of the last kind', async () => {
    const event = await eventOf({ maxRetries: 2 }, 2, busy, refusal(400, 'odd'));
    expect(event.exception).toBe('BadRequestError: 400 no: odd');
    expect(event.proxy_metadata.attempts).toBe(2);
  });

  it('by the word of its options or not at all counts no other attempts', async () => {
    const event = await eventOf({ maxRetries: 2 }, 1, refusal(429, 'quota', { 'x-should-retry': 'false' }));
    expect(event.proxy_metadata).not.toHaveProperty('attempts');
    const { url } = await answering(busy, json(chat()));
    const own = new Recorded();
    await asWithTheBareClient(kind, own, async (side) => {
      const again = side.client(url).chat.completions.create(BODY, { maxRetries: 1 });
      await side.outcome('answer', again);
    });
    await own.event();
  });

  it('as a stream is one event with its attempts', async () => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const provider = await answering(busy, events());
      const client = side.client(provider.url, { maxRetries: 1 });
      await side.read(await client.chat.completions.create({ ...BODY, stream: true }));
      side.saw('sent', provider.sent);
    });
    const event = await recorded.event();
    expect(summary(event)).toBe('success | A row is one call.');
    expect(event.proxy_metadata.attempts).toBe(2);
  });

  it('at once with another call of the same options counts its own attempts', async () => {
    const options = Object.freeze({ maxRetries: 2 });
    await asWithTheBareClient(kind, recorded, async (side) => {
      const [calm, hectic] = [
        await answering(json(chat('calm'))),
        await answering(busy, busy, json(chat('hectic'))),
      ];
      const [one, other] = [side.client(calm.url), side.client(hectic.url)];
      await Promise.all([
        side.outcome('calm', one.chat.completions.create(BODY, options)).then(quiet),
        other.chat.completions.create(BODY, options).then(({ id }) => id),
      ]);
    });
    const attempts = (await recorded.events()).map((event) => [
      summary(event),
      event.proxy_metadata.attempts ?? 1,
    ]);
    expect(Object.fromEntries(attempts)).toEqual({ 'success | calm': 1, 'success | hectic': 3 });
  });
});

describe.each(EACH_MAJOR)('a call of %s that takes too long', (_name, kind) => {
  it('is one failure with its attempts', async () => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const provider = await answering(silence);
      const client = side.client(provider.url, { timeout: 50, maxRetries: 1 });
      await side.outcome('answer', client.chat.completions.create(BODY));
      side.saw('requests', provider.sent.length);
    });
    const event = await recorded.event();
    expect(event.exception).toMatch(/^APIConnectionTimeoutError: /);
    expect(event.proxy_metadata.attempts).toBe(2);
  });

  it('is one failure when its connection is closed again and again', async () => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const provider = await answering((response) => response.destroy());
      const client = side.client(provider.url, { maxRetries: 1 });
      await side.outcome('answer', client.chat.completions.create(BODY));
      side.saw('requests', provider.sent.length);
    });
    const event = await recorded.event();
    expect(event.exception).toMatch(/^APIConnectionError: /);
    expect(event.proxy_metadata.attempts).toBe(2);
  });

  const WAYS: readonly [string, (call: Call) => Promise<unknown>][] = [
    ['awaited', (call) => call.then((data) => data)],
    [
      'asked for its response too',
      (call) => call.withResponse().then(({ data, request_id }) => [data, request_id]),
    ],
    ['derived from', (call) => call._thenUnwrap((data) => ({ ...data })).then((data) => data)],
  ];
  type Call = ReturnType<ReturnType<ClientSide['client']>['chat']['completions']['create']>;

  it.each(WAYS)('in its body ends as it does without us when it is %s', async (_what, consume) => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const provider = await answering(stalled(), json(chat()));
      const controller = new AbortController();
      const client = side.client(provider.url, { timeout: 400, maxRetries: 1 });
      const call = client.chat.completions.create(BODY, { signal: controller.signal });
      const outcome = side.outcome('answer', consume(call));
      // before 7.5 no timeout covers the body: only the caller can end it
      if (kind.major !== 7) {
        await call.asResponse();
        await quiet();
        controller.abort();
      }
      await outcome;
      side.saw('requests', provider.sent.length);
    });
    const event = await recorded.event();
    if (kind.major === 7) {
      expect(summary(event)).toBe(`success | ${TEXT}`);
      expect(event.proxy_metadata.attempts).toBe(2);
      expect(event.response.usage).toMatchObject({ total_tokens: 34 });
    } else {
      expect(summary(event)).toBe('success | aborted');
      expect(event.proxy_metadata).not.toHaveProperty('attempts');
    }
  });
});

describe.each(EACH_CLIENT)('a call of %s whose caller aborts it', (_name, kind) => {
  const eventOf = async (program: (side: ClientSide, controller: AbortController) => Promise<void>) => {
    await asWithTheBareClient(kind, recorded, (side) => program(side, new AbortController()));
    const event = await recorded.event();
    expect(summary(event)).toBe('success | aborted');
    expect(event.exception ?? '').toBe('');
    return event;
  };

  it('before it began is no failure, and nothing is sent', async () => {
    await eventOf(async (side, controller) => {
      controller.abort();
      const provider = await answering(json(chat()));
      const { signal } = controller;
      await side.outcome('answer', side.client(provider.url).chat.completions.create(BODY, { signal }));
      side.saw('requests', provider.sent.length);
      expect(provider.sent).toEqual([]);
    });
  });

  it.each([undefined, new RangeError('mine'), 'mine'])(
    'while it is on its way is no failure (by %s)',
    async (reason) => {
      await eventOf(async (side, controller) => {
        const provider = await answering(silence);
        const { signal } = controller;
        const call = side.client(provider.url, { maxRetries: 2 }).chat.completions.create(BODY, { signal });
        const outcome = side.outcome('answer', call);
        await expect.poll(() => provider.sent.length).toBe(1);
        controller.abort(reason);
        await outcome;
        await expect.poll(() => provider.left).toBe(1);
        side.saw('requests', provider.sent.length);
      });
    },
  );

  it('while its body comes is no failure', async () => {
    await eventOf(async (side, controller) => {
      const provider = await answering(stalled());
      const { signal } = controller;
      const call = side.client(provider.url).chat.completions.create(BODY, { signal });
      const outcome = side.outcome('answer', call);
      await call.asResponse();
      await quiet();
      controller.abort();
      await outcome;
    });
  });

  it('between two attempts is no failure', async () => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const controller = new AbortController();
      const slow = refusal(429, 'rate_limit_exceeded', { 'retry-after-ms': '60' });
      const provider = await answering(
        (response, request) => {
          (slow as (...given: unknown[]) => unknown)(response, request);
          response.on('close', () => controller.abort());
        },
        bytes('', 'text/plain'),
      );
      const { signal } = controller;
      const client = side.client(provider.url, { maxRetries: 1 });
      await side.outcome('answer', client.chat.completions.create(BODY, { signal }));
      side.saw('requests', provider.sent.length);
    });
    expect(summary(await recorded.event())).toBe('success | aborted');
  });
});

const WHOSE_TIMEOUT_COVERS_THE_BODY = EACH_CLIENT.filter(([, { major }]) => major === 7);

describe.each(WHOSE_TIMEOUT_COVERS_THE_BODY)('a call of %s', (_name, kind) => {
  it('whose body takes too long in every attempt is one failure', async () => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const provider = await answering(stalled());
      const client = side.client(provider.url, { timeout: 60, maxRetries: 1 });
      await side.outcome('answer', client.chat.completions.create(BODY));
      side.saw('requests', provider.sent.length);
    });
    const event = await recorded.event();
    expect(event.exception).toMatch(/^APIConnectionTimeoutError: /);
    expect(event.proxy_metadata.attempts).toBe(2);
  });
});
