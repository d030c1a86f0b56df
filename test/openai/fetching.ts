import type { IncomingMessage } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import { expect } from 'vitest';
import { type TinybirdFetchOptions, tinybirdFetch } from '../../src/openai/index.js';
import type { Recorded } from '../support/events.js';
import { serve } from '../support/servers.js';
import { expectTheSame, Sightings } from '../support/side-by-side.js';

type Fetch = typeof globalThis.fetch;

/** One of the two runs of a program: with a fetch as it is, or with that fetch watched. */
export class FetchSide extends Sightings {
  readonly fetch: Fetch;
  readonly isWatched: boolean;

  constructor(fetch: Fetch, isWatched: boolean) {
    super();
    this.fetch = fetch;
    this.isWatched = isWatched;
  }

  /** What a promise comes to; of what it is rejected with, the very thing. */
  async outcome(what: string, promise: PromiseLike<unknown>): Promise<void> {
    try {
      this.saw(what, await promise);
    } catch (thrown) {
      this.saw(`${what}, thrown`, thrown);
    }
  }
}

/**
 * Runs a program with a fetch, by default the platform's, and then with the same watched: it must see the same. What
 * was recorded of the second is in `recorded`.
 */
export async function asWithTheBareFetch(
  recorded: Recorded,
  program: (side: FetchSide) => Promise<void>,
  { fetch, ...options }: TinybirdFetchOptions = {},
): Promise<void> {
  const bare: Fetch = fetch ?? ((...parameters) => globalThis.fetch(...parameters));
  const watched = tinybirdFetch({ ...recorded.options, ...options, fetch });
  await expectTheSame(new FetchSide(bare, false), new FetchSide(watched, true), program);
  expect(recorded.problems.filter(({ code }) => code !== 'unknown_price')).toEqual([]);
}

/** A fetch that answers with that. */
export function answering(answer: (...parameters: Parameters<Fetch>) => unknown): Fetch {
  return (async (...parameters) => answer(...parameters)) as Fetch;
}

export const COMPLETION = {
  id: 'c1',
  object: 'chat.completion',
  model: 'gpt-4o-mini-2024-07-18',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hello.' } }],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
};

/** A server that says what it saw, and answers every request with a completion or with what it is told to. */
export async function startEcho(
  answer: (path: string, body: string) => unknown = () => COMPLETION,
): Promise<{ url: string; seen: Sight[] }> {
  const seen: Sight[] = [];
  const url = await serve(async (request, response) => {
    const sight = await sightOf(request);
    seen.push(sight);
    const body = answer(sight.url, sight.body);
    const type = typeof body === 'string' ? 'text/event-stream' : 'application/json';
    response.writeHead(200, { 'content-type': type });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  return { url: `${url}v1`, seen };
}

interface Sight {
  readonly method: string | undefined;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** With the boundary of a form, which is another every time, by a name. */
async function sightOf(request: IncomingMessage): Promise<Sight> {
  const { method, url = '', rawHeaders } = request;
  const boundary = /boundary=(\S+)/.exec(request.headers['content-type'] ?? '')?.[1];
  const named = (text: string) => (boundary === undefined ? text : text.replaceAll(boundary, 'boundary'));
  return { method, url, rawHeaders: rawHeaders.map(named), body: named(await textOf(request)) };
}
