import { beforeEach, describe, expect, it } from 'vitest';
import { tinybirdFetch } from '../../src/openai/index.js';
import { withMetadata } from '../../src/recorder/context.js';
import { Recorded, summary } from '../support/events.js';
import { unhandledDuring } from '../support/side-by-side.js';
import { answering, asWithTheBareFetch, COMPLETION, startEcho } from './fetching.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const BODY = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] };
const JSON_HEADERS = { 'content-type': 'application/json', authorization: 'Bearer sk-test-0123456789' };
const POST = { method: 'POST', headers: JSON_HEADERS, body: JSON.stringify(BODY) };
const COMPLETIONS = 'https://api.openai.com/v1/chat/completions';

describe('a request through tinybirdFetch', () => {
  const form = () => {
    const data = new FormData();
    data.set('model', 'whisper-1');
    data.set('file', new File(['RIFF'], 'row.wav', { type: 'audio/wav' }));
    return data;
  };
  const ways: [string, (url: string) => Parameters<typeof fetch>, { model: string; content?: string }][] = [
    ['to a text', (url) => [`${url}/chat/completions`, POST], { model: 'gpt-4o-mini', content: 'hi' }],
    [
      'to a URL',
      (url) => [new URL(`${url}/chat/completions`), POST],
      { model: 'gpt-4o-mini', content: 'hi' },
    ],
    [
      'with a small-letter method, a query and a fragment',
      (url) => [`${url}/chat/completions?a=/b#c`, { ...POST, method: 'post' }],
      { model: 'gpt-4o-mini', content: 'hi' },
    ],
    ['as a Request', (url) => [new Request(`${url}/chat/completions`, POST)], { model: COMPLETION.model }],
    [
      'as a Request with another body',
      (url) => [new Request(`${url}/chat/completions`, POST), { body: POST.body }],
      { model: 'gpt-4o-mini', content: 'hi' },
    ],
    [
      'with a form',
      (url) => [`${url}/audio/transcriptions`, { method: 'POST', body: form() }],
      { model: 'whisper-1', content: 'row.wav [audio/wav, 4 bytes]' },
    ],
    [
      'with bytes',
      (url) => [`${url}/chat/completions`, { ...POST, body: new TextEncoder().encode(POST.body) }],
      { model: COMPLETION.model },
    ],
    [
      'with a stream',
      (url) => [
        `${url}/chat/completions`,
        { ...POST, body: new Blob([POST.body]).stream(), duplex: 'half' } as RequestInit,
      ],
      { model: COMPLETION.model },
    ],
    [
      'with a body that is no JSON',
      (url) => [`${url}/chat/completions`, { ...POST, body: '{"half' }],
      { model: COMPLETION.model },
    ],
    ['without a body', (url) => [`${url}/chat/completions`, { method: 'POST' }], { model: COMPLETION.model }],
    [
      'with headers in a list',
      (url) => [`${url}/chat/completions`, { ...POST, headers: Object.entries(JSON_HEADERS) }],
      { model: 'gpt-4o-mini', content: 'hi' },
    ],
    [
      'with headers that can be read once',
      (url) => [
        `${url}/chat/completions`,
        { ...POST, headers: Object.entries(JSON_HEADERS).values() as never },
      ],
      { model: 'gpt-4o-mini', content: 'hi' },
    ],
  ];

  it.each(ways)('%s is as it was, and recorded as far as it can be read', async (_way, make, row) => {
    const { url, seen } = await startEcho();
    await asWithTheBareFetch(
      recorded,
      async (side) => {
        const parameters = make(url);
        const response = await side.fetch(...parameters);
        side.saw('response', [response.constructor, response.url, response.status, response.bodyUsed]);
        side.saw('body', await response.json());
        side.saw('what the server saw', seen.pop());
      },
      { capture: { apiKey: true } },
    );
    const event = await recorded.event();
    expect(event.model).toBe(row.model);
    expect(event.messages[0]?.content).toBe(row.content);
    expect(event.standard_logging_object_status).toBe('success');
    expect(event.response.model).toBe(COMPLETION.model);
  });

  it.each<[string, Parameters<typeof fetch>]>([
    ['to another path', ['https://api.openai.com/v1/files', POST]],
    ['that gets something', [COMPLETIONS]],
    ['that deletes something', [`${COMPLETIONS}/c1`, { method: 'DELETE' }]],
    ['to another host', [new URL('https://example.com/'), { method: 'POST', body: 'x' }]],
    ['as a Request', [new Request('https://example.com/', { method: 'POST' })]],
    ['with nothing at all', [undefined as never]],
  ])('that is no LLM call, %s, gets the very promise of the fetch behind it', async (_what, parameters) => {
    const promise = Promise.resolve(new Response('untouched'));
    const given: unknown[][] = [];
    const inner = (...all: unknown[]) => {
      given.push(all);
      return promise;
    };
    const watched = tinybirdFetch({ ...recorded.options, fetch: inner as typeof fetch });
    expect(watched(...parameters)).toBe(promise);
    expect(given).toEqual([parameters]);
    expect(given[0]?.[0]).toBe(parameters[0]);
    expect(Object.getOwnPropertyNames(await promise)).toEqual([]);
    expect(await recorded.events()).toEqual([]);
  });

  it('gets the parameters as they are, and the very response', async () => {
    const given: unknown[][] = [];
    const response = Response.json(COMPLETION);
    const inner = answering((...all) => {
      given.push(all);
      return response;
    });
    const init = Object.freeze({ ...POST, headers: Object.freeze({ ...JSON_HEADERS }) });
    const watched = tinybirdFetch({ ...recorded.options, fetch: inner });
    expect(await watched(COMPLETIONS, init)).toBe(response);
    expect(given).toEqual([[COMPLETIONS, init]]);
    expect(given[0]?.[1]).toBe(init);
    expect(Object.keys(response)).toEqual([]);
  });

  it('whose fetch throws at once throws at once, the same', async () => {
    const error = new TypeError('not like that');
    await asWithTheBareFetch(
      recorded,
      async (side) => {
        try {
          void side.fetch(COMPLETIONS, POST);
        } catch (thrown) {
          side.sawTheVery('thrown', thrown);
        }
      },
      {
        fetch: () => {
          throw error;
        },
      },
    );
    expect((await recorded.event()).exception).toBe('TypeError: not like that');
  });

  it.each([
    ['an error', new TypeError('fetch failed')],
    ['a text', 'no'],
    ['nothing', undefined],
  ])('that is rejected with %s is rejected with that very thing', async (_what, reason) => {
    await asWithTheBareFetch(
      recorded,
      async (side) => {
        await side.fetch(COMPLETIONS, POST).then(undefined, (thrown: unknown) => {
          side.sawTheVery('thrown', thrown);
        });
      },
      { fetch: () => Promise.reject(reason) },
    );
    expect((await recorded.event()).standard_logging_object_status).toBe('failure');
  });

  it('whose rejection nobody handles is one rejection that nobody handles', async () => {
    const error = new TypeError('fetch failed');
    const watched = tinybirdFetch({ ...recorded.options, fetch: () => Promise.reject(error) });
    const unhandled = await unhandledDuring(async () => {
      void watched(COMPLETIONS, POST);
    });
    expect(unhandled).toEqual([error]);
    expect((await recorded.event()).exception).toBe('TypeError: fetch failed');
  });

  it('that fails by itself for what it was given fails the same, asked for its key or not', async () => {
    await asWithTheBareFetch(
      recorded,
      async (side) => {
        const headers = { 'no good': 'x', authorization: 'Bearer sk-test-0123456789' };
        await side.outcome('wrong headers', side.fetch(COMPLETIONS, { ...POST, headers }));
      },
      { capture: { apiKey: true } },
    );
    expect(await recorded.event()).toMatchObject({
      api_key: 'sk-t****6789',
      standard_logging_object_status: 'failure',
    });
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['an object without anything to read', { status: 204, ok: true }],
    ['an object with a body of its own', { status: 200, ok: true, body: 'mine', headers: new Map() }],
    ['a frozen response', Object.freeze(Response.json({}))],
  ])('that a stand-in answers with %s gets that', async (_what, answer) => {
    const watched = tinybirdFetch({ ...recorded.options, fetch: answering(() => answer) });
    const before = { ...(answer as object) };
    const seen: unknown = await watched(COMPLETIONS, POST);
    expect(seen).toBe(answer);
    expect({ ...(seen as object) }).toEqual(before);
  });

  it('that a stand-in answers at once is answered at once', async () => {
    const answer = { status: 200, ok: true, json: async () => COMPLETION };
    const watched = tinybirdFetch({ ...recorded.options, fetch: (() => answer) as never });
    expect(watched(COMPLETIONS, POST)).toBe(answer);
    expect(await answer.json()).toBe(COMPLETION);
    expect(summary(await recorded.event())).toBe('success | Hello.');
  });

  it('has the user and metadata of its scope', async () => {
    const fetch = answering(() => Response.json(COMPLETION));
    const watched = tinybirdFetch({
      ...recorded.options,
      fetch,
      user: 'nobody',
      metadata: { project: 'bot' },
    });
    await withMetadata({ user: 'u1', metadata: { chat_id: 'c1' } }, async () =>
      (await watched(COMPLETIONS, POST)).json(),
    );
    expect(await recorded.event()).toMatchObject({
      user: 'u1',
      proxy_metadata: { project: 'bot', chat_id: 'c1' },
    });
  });
});
