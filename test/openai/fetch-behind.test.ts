import { beforeEach, describe, expect, it } from 'vitest';
import { tinybirdFetch } from '../../src/openai/index.js';
import { Recorded } from '../support/events.js';
import { answering, COMPLETION } from './fetching.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const POST = { method: 'POST', body: '{"model":"gpt-4o-mini","messages":[]}' };
const COMPLETIONS = 'https://api.openai.com/v1/chat/completions';

describe('the fetch behind tinybirdFetch', () => {
  const called: string[] = [];
  const named = (name: string) =>
    answering(() => {
      called.push(name);
      return Response.json(COMPLETION);
    });
  const platform = globalThis.fetch;
  beforeEach(() => {
    called.length = 0;
    return () => {
      globalThis.fetch = platform;
    };
  });
  const ask = async (fetch: typeof globalThis.fetch) => (await fetch(COMPLETIONS, POST)).json();

  it('is the platform’s as it is when a request is made', async () => {
    const watched = tinybirdFetch(recorded.options);
    globalThis.fetch = named('later');
    await ask(watched);
    expect(called).toEqual(['later']);
  });

  it('is the platform’s where ours stands in for it, once or twice', async () => {
    globalThis.fetch = named('platform');
    globalThis.fetch = tinybirdFetch(recorded.options);
    await ask(globalThis.fetch);
    globalThis.fetch = tinybirdFetch(recorded.options);
    await ask(globalThis.fetch);
    await ask(tinybirdFetch(recorded.options));
    expect(called).toEqual(['platform', 'platform', 'platform']);
    expect((await recorded.events()).length).toBe(3);
  });

  it('is never another of ours: one request is one event', async () => {
    await ask(
      tinybirdFetch({
        ...recorded.options,
        fetch: tinybirdFetch({ ...recorded.options, fetch: named('own') }),
      }),
    );
    expect(called).toEqual(['own']);
    await recorded.event();
  });

  it('must be a function: anything else is told, and the platform’s takes its place', async () => {
    globalThis.fetch = named('platform');
    await ask(tinybirdFetch({ ...recorded.options, fetch: 'https://example.com' as never }));
    expect(called).toEqual(['platform']);
    expect(recorded.problems.map(({ code, message }) => [code, message])).toEqual([
      ['bad_option', expect.stringContaining('The option fetch is https://example.com')],
    ]);
  });
});
