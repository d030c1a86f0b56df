import { observeOpenAI } from '@langfuse/openai';
import { wrapOpenAI as wrapForBraintrust } from 'braintrust';
import { wrapOpenAI as wrapForLangsmith } from 'langsmith/wrappers';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../../fixtures/provider.js';
import { instrumentOpenAI, uninstrumentOpenAI } from '../../src/openai/index.js';
import { Recorded, summary } from '../support/events.js';
import { unhandledDuring } from '../support/side-by-side.js';
import { type Client, type ClientKind, EACH_CLIENT } from './clients.js';

interface Peer {
  readonly name: string;
  wrap(client: Client): Client;
}

const LANGSMITH: Peer = {
  name: 'langsmith',
  wrap: (client) => wrapForLangsmith(client) as unknown as Client,
};
const BRAINTRUST: Peer = { name: 'braintrust', wrap: (client) => wrapForBraintrust(client) };
const LANGFUSE: Peer = {
  name: 'langfuse',
  wrap: (client) => observeOpenAI(client as never) as unknown as Client,
};
const PEERS = [LANGSMITH, BRAINTRUST, LANGFUSE].map((peer) => [peer.name, peer] as const);

let provider: FakeProvider;
beforeAll(async () => {
  provider = await startFakeProvider();
});
afterAll(() => provider.close());

let recorded: Recorded;
let asked: string[];
beforeEach(() => {
  recorded = new Recorded();
  // none of them has anywhere to send to
  for (const name of [
    'LANGSMITH_TRACING',
    'LANGSMITH_TRACING_V2',
    'LANGCHAIN_TRACING_V2',
    'LANGFUSE_TRACING_ENABLED',
  ])
    vi.stubEnv(name, 'false');
  for (const name of ['LANGSMITH_API_KEY', 'LANGCHAIN_API_KEY', 'BRAINTRUST_API_KEY', 'LANGFUSE_SECRET_KEY'])
    vi.stubEnv(name, '');
  asked = [];
  const { fetch } = globalThis;
  vi.spyOn(globalThis, 'fetch').mockImplementation((input, init) => {
    asked.push(String(input));
    return fetch(input, init);
  });
});

const BODY = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'What is a row?' }] };
const TEXT = 'A row is one call, told in columns.';

interface Use {
  readonly what: string;
  readonly fixture: string;
  /** Gives what the program saw of it. */
  run(client: Client): Promise<unknown>;
  /** Who breaks it without any help. */
  isBrokenBy?(peer: Peer, kind: ClientKind): boolean;
}

const USES: readonly Use[] = [
  {
    what: 'a call',
    fixture: 'chat-plain',
    run: (client) => client.chat.completions.create(BODY),
  },
  {
    what: 'a response',
    fixture: 'responses-plain',
    run: (client) => client.responses.create({ model: 'gpt-4o-mini', input: 'What is a row?' }),
  },
  {
    what: 'a stream',
    fixture: 'chat-streamed',
    async run(client) {
      const chunks = [];
      for await (const chunk of await client.chat.completions.create({ ...BODY, stream: true }))
        chunks.push(chunk.choices[0]?.delta.content);
      return chunks;
    },
  },
  {
    what: 'parse',
    fixture: 'chat-plain',
    run: (client) => client.chat.completions.parse(BODY),
  },
  {
    what: 'the stream helper',
    fixture: 'chat-streamed',
    run: (client) => client.chat.completions.stream(BODY).finalContent(),
    isBrokenBy: (peer) => peer === LANGFUSE,
  },
  {
    what: 'the response beside the data',
    fixture: 'chat-plain',
    async run(client) {
      const { data, response, request_id } = await client.chat.completions.create(BODY).withResponse();
      return [data, response.status, request_id];
    },
    isBrokenBy: (peer, { major }) => peer === LANGFUSE || (peer === LANGSMITH && major < 7),
  },
];

/** What comes of it: a value or what is thrown, and how many rejections nobody handles. */
async function outcome(run: () => Promise<unknown>): Promise<unknown> {
  let came: unknown;
  const unhandled = await unhandledDuring(async () => {
    try {
      came = JSON.parse(JSON.stringify(await run()));
    } catch (thrown) {
      came = `thrown: ${(thrown as Error).message}`;
    }
  });
  return { came, unhandled: unhandled.length };
}

const ORDERS: readonly (readonly [
  order: string,
  (bare: Client, peer: Peer, recorded: Recorded) => Client,
])[] = [
  ['instrumented after', (bare, peer, { options }) => instrumentOpenAI(peer.wrap(bare), options)],
  ['instrumented before', (bare, peer, { options }) => peer.wrap(instrumentOpenAI(bare, options))],
];

describe.each(EACH_CLIENT)('%s', (_name, kind) => {
  describe.each(PEERS)('wrapped by %s', (_peer, peer) => {
    describe.each(ORDERS)('and %s that', (_order, both) => {
      it.each(USES.map((use) => [use.what, use] as const))('has one event for %s', async (_what, use) => {
        const baseURL = provider.baseUrl(use.fixture);
        const bare = await outcome(() => use.run(kind.make(baseURL)));
        const alone = await outcome(() => use.run(peer.wrap(kind.make(baseURL))));
        const isBroken = use.isBrokenBy?.(peer, kind) === true;
        expect(JSON.stringify(alone).includes('thrown: ')).toBe(isBroken);

        const seen = await outcome(() => use.run(both(kind.make(baseURL), peer, recorded)));
        // what it breaks by itself may go on being broken, or work
        if (isBroken) expect([bare, alone]).toContainEqual(seen);
        else expect([alone, seen]).toEqual([bare, bare]);
        const lines = (await recorded.events()).map(summary);
        if (!isBroken) expect(lines).toEqual([`success | ${TEXT}`]);
        else expect(lines.length).toBeLessThanOrEqual(1);
        expect(recorded.problems).toEqual([]);
        expect(asked.filter((url) => !url.startsWith(new URL(baseURL).origin))).toEqual([]);
      });
    });

    it('is freed of the instrumentation through the wrapper', async () => {
      const baseURL = provider.baseUrl('chat-plain');
      const bare = kind.make(baseURL);
      const keys = Object.getOwnPropertyNames(bare);
      const wrapped = peer.wrap(instrumentOpenAI(bare, recorded.options));
      expect(uninstrumentOpenAI(wrapped)).toBe(wrapped);
      await wrapped.chat.completions.create(BODY);
      expect(await recorded.events()).toEqual([]);
      expect(Object.getOwnPropertyNames(bare)).toEqual(keys);
    });

    it('is instrumented once, whether through the wrapper or not', async () => {
      const bare = kind.make(provider.baseUrl('chat-plain'));
      const wrapped = instrumentOpenAI(peer.wrap(instrumentOpenAI(bare, recorded.options)), recorded.options);
      await wrapped.chat.completions.create(BODY);
      expect(summary(await recorded.event())).toBe(`success | ${TEXT}`);
    });
  });

  it('is watched once by two copies of this package', async () => {
    vi.resetModules();
    const other = await import('../../src/openai/index.js');
    expect(other.instrumentOpenAI).not.toBe(instrumentOpenAI);
    const client = kind.make(provider.baseUrl('chat-plain'), {
      fetch: other.tinybirdFetch(recorded.options),
    });
    other.instrumentOpenAI(instrumentOpenAI(client, recorded.options), recorded.options);
    await client.chat.completions.create(BODY);
    expect(summary(await recorded.event())).toBe(`success | ${TEXT}`);
    other.uninstrumentOpenAI(client);
    expect(Object.getOwnPropertyNames(client)).not.toContain('request');
  });
});
