import * as openai6 from 'openai';
import * as openai5 from 'openai5';
import * as openai7 from 'openai7';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  instrumentOpenAI,
  tinybirdFetch,
  tinybirdRequestOptions,
  uninstrumentOpenAI,
} from '../../src/openai/index.js';

/**
 * What this file is about is decided by the compiler, under `exactOptionalPropertyTypes`; that it runs too shows that
 * the types do not lie.
 */
const options = { datasource: [] };
const given = { apiKey: 'none', baseURL: 'https://example.com/v1' };
const azure = { ...given, apiVersion: '2025-01-01' };

const client5 = instrumentOpenAI(new openai5.OpenAI(given), options);
const client6 = instrumentOpenAI(new openai6.OpenAI(given), options);
const client7 = instrumentOpenAI(new openai7.OpenAI(given), options);
const azure5 = instrumentOpenAI(new openai5.AzureOpenAI(azure), options);
const azure6 = instrumentOpenAI(new openai6.AzureOpenAI(azure), options);
const azure7 = instrumentOpenAI(new openai7.AzureOpenAI(azure), options);

const body = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: 'hi' }] };

describe('instrumentOpenAI', () => {
  it('gives the exact type that it is given', () => {
    expectTypeOf(client5).toEqualTypeOf<openai5.OpenAI>();
    expectTypeOf(client6).toEqualTypeOf<openai6.OpenAI>();
    expectTypeOf(client7).toEqualTypeOf<openai7.OpenAI>();
    expectTypeOf(azure5).toEqualTypeOf<openai5.AzureOpenAI>();
    expectTypeOf(azure6).toEqualTypeOf<openai6.AzureOpenAI>();
    expectTypeOf(azure7).toEqualTypeOf<openai7.AzureOpenAI>();
    expect(azure7).toBeInstanceOf(openai7.AzureOpenAI);
  });

  it('keeps that of a subclass, and of what is undone', () => {
    class Own extends openai6.OpenAI {
      readonly own = 7;
    }
    const own = instrumentOpenAI(new Own(given), options);
    expectTypeOf(own.own).toEqualTypeOf<number>();
    expectTypeOf(uninstrumentOpenAI(own)).toEqualTypeOf<Own>();
    expectTypeOf(uninstrumentOpenAI(client7)).toEqualTypeOf<openai7.OpenAI>();
  });

  it('keeps what its methods give', () => {
    // Never run: whether it compiles is the question.
    const _calls = [
      async () => {
        const { data, response } = await client5.chat.completions.create(body).withResponse();
        expectTypeOf(data).toExtend<openai5.OpenAI.ChatCompletion>();
        expectTypeOf(response).toEqualTypeOf<Response>();
      },
      async () => {
        for await (const chunk of await client6.chat.completions.create({ ...body, stream: true }))
          expectTypeOf(chunk).toEqualTypeOf<openai6.OpenAI.ChatCompletionChunk>();
      },
      async () => {
        const final = await client7.chat.completions.stream(body).finalChatCompletion();
        expectTypeOf(final.choices[0]?.message.content).toEqualTypeOf<string | null | undefined>();
      },
    ];
  });

  it('takes no object that is no client', () => {
    const quiet = { ...options, onError: () => {} };
    // @ts-expect-error an empty object is no client
    instrumentOpenAI({}, quiet);
    // @ts-expect-error a class is no client
    instrumentOpenAI(openai6.OpenAI, quiet);
    // @ts-expect-error the resources are no client
    instrumentOpenAI(client6.chat, quiet);
    // @ts-expect-error there is no such option
    instrumentOpenAI(client6, { ...quiet, capure: { messages: false } });
  });
});

describe('tinybirdRequestOptions', () => {
  it('is taken as the options of every request, alone and beside others', () => {
    const own = tinybirdRequestOptions({ user: 'u1', metadata: { chat_id: 'c1' }, name: 'n', cost: 0.1 });
    const others = { ...own, timeout: 5000, maxRetries: 1 };
    const before = { timeout: 5000, maxRetries: 1, headers: { 'x-own': 'y' }, ...own };
    expect(others.tinybird).toEqual({ user: 'u1', metadata: { chat_id: 'c1' }, name: 'n', cost: 0.1 });
    // Never run: whether it compiles is the question.
    const _calls = [
      () => client5.chat.completions.create(body, own),
      () => client6.chat.completions.create(body, own),
      () => client7.chat.completions.create(body, own),
      () => client5.chat.completions.create(body, others),
      () => client6.chat.completions.create(body, others),
      () => client7.chat.completions.create(body, others),
      () => client5.chat.completions.create(body, before),
      () => client6.chat.completions.create(body, before),
      () => client7.chat.completions.create(body, before),
      () => client5.responses.stream({ model: 'm', input: 'i' }, own),
      () => client6.responses.stream({ model: 'm', input: 'i' }, own),
      () => client7.responses.stream({ model: 'm', input: 'i' }, own),
      () => client5.chat.completions.runTools({ ...body, tools: [] }, own),
      () => client6.chat.completions.runTools({ ...body, tools: [] }, own),
      () => client7.chat.completions.runTools({ ...body, tools: [] }, own),
      () => azure5.embeddings.create({ model: 'm', input: 'i' }, own),
      () => azure6.embeddings.create({ model: 'm', input: 'i' }, own),
      () => azure7.embeddings.create({ model: 'm', input: 'i' }, own),
      () => client5.post('/chat/completions', { body, ...own }),
      () => client6.post('/chat/completions', { body, ...own }),
      () => client7.post('/chat/completions', { body, ...own }),
      // in place, among the options of the request
      () => client5.chat.completions.create(body, { ...tinybirdRequestOptions({ user: 'u1' }), timeout: 1 }),
      () => client6.chat.completions.create(body, { ...tinybirdRequestOptions({ user: 'u1' }), timeout: 1 }),
      () => client7.chat.completions.create(body, { ...tinybirdRequestOptions({ user: 'u1' }), timeout: 1 }),
      () =>
        client7.chat.completions.create(body, { ...tinybirdRequestOptions({ user: 'u1' }), maxRetries: 1 }),
    ];
  });

  it('fits the type of the options that each major exports', () => {
    const own = tinybirdRequestOptions({ user: 'u1' });
    expectTypeOf(own).toExtend<NonNullable<Parameters<typeof client5.models.list>[0]>>();
    expectTypeOf(own).toExtend<NonNullable<Parameters<typeof client6.models.list>[0]>>();
    expectTypeOf(own).toExtend<NonNullable<Parameters<typeof client7.models.list>[0]>>();
  });

  it('takes keys of which nothing is known, and no others than it has', () => {
    const user: string | undefined = undefined;
    expect(tinybirdRequestOptions({ user, metadata: undefined })).toEqual({ tinybird: {} });
    // @ts-expect-error there is no such key
    expect(tinybirdRequestOptions({ userId: 'u1' })).toEqual({ tinybird: { userId: 'u1' } });
  });
});

describe('tinybirdFetch', () => {
  const fetch = tinybirdFetch(options);

  it('is a fetch for the clients of every major, and for whatever else takes one', () => {
    expect(new openai5.OpenAI({ ...given, fetch })).toBeInstanceOf(openai5.OpenAI);
    expect(new openai6.OpenAI({ ...given, fetch })).toBeInstanceOf(openai6.OpenAI);
    expect(new openai7.OpenAI({ ...given, fetch })).toBeInstanceOf(openai7.OpenAI);
    expect(new openai5.AzureOpenAI({ ...azure, fetch })).toBeInstanceOf(openai5.AzureOpenAI);
    expect(new openai6.AzureOpenAI({ ...azure, fetch })).toBeInstanceOf(openai6.AzureOpenAI);
    expect(new openai7.AzureOpenAI({ ...azure, fetch })).toBeInstanceOf(openai7.AzureOpenAI);
    expectTypeOf(fetch).toEqualTypeOf<typeof globalThis.fetch>();
  });

  it('takes a fetch, and no option that only a client has', () => {
    tinybirdFetch({ ...options, fetch: globalThis.fetch, endpoints: { '/rerank': 'arerank' } });
    // @ts-expect-error a stream's usage is asked for by a client
    tinybirdFetch({ ...options, streamUsage: true });
  });
});
