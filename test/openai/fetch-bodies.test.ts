import { beforeEach, describe, expect, it } from 'vitest';
import { Recorded, summary } from '../support/events.js';
import { serve } from '../support/servers.js';
import { quiet } from '../support/side-by-side.js';
import { answering, asWithTheBareFetch, COMPLETION } from './fetching.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const POST = { method: 'POST', body: '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}' };
const COMPLETIONS = 'https://api.openai.com/v1/chat/completions';

const chunk = (content: string, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: 'c1', choices: [{ index: 0, delta: { content }, finish_reason: finish }] })}\n\n`;
const STREAM = `${chunk('Hel')}${chunk('lo.', 'stop')}data: [DONE]\n\n`;
const EVENTS = { headers: { 'content-type': 'text/event-stream; charset=utf-8' } };

const asBytes = (text: string) => new TextEncoder().encode(text);
const asText = (bytes: Uint8Array | ArrayBuffer) => new TextDecoder().decode(bytes);

async function readPieces(body: ReadableStream<Uint8Array> | null): Promise<string[]> {
  const pieces: string[] = [];
  for await (const piece of body as unknown as AsyncIterable<Uint8Array>) pieces.push(asText(piece));
  return pieces;
}

const READS: readonly (readonly [string, (response: Response) => unknown])[] = [
  ['as JSON', (response) => response.json()],
  ['as text', (response) => response.text()],
  ['as a buffer', async (response) => asText(await response.arrayBuffer())],
  [
    'as a Blob',
    async (response) => {
      const blob = await response.blob();
      return [blob.type, blob.size, await blob.text()];
    },
  ],
  ['piece by piece', (response) => readPieces(response.body)],
  ['through a response made of its body', (response) => new Response(response.body, response).text()],
  [
    'through a transformation of its body',
    async (response) => readPieces(response.body?.pipeThrough(new TransformStream()) ?? null),
  ],
  [
    'in both branches of its body',
    async (response) => Promise.all((response.body?.tee() ?? []).map(readPieces)),
  ],
  ['beside a clone of it', async (response) => [await response.clone().text(), await response.text()]],
];

const pieced = (...pieces: string[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(asBytes(piece));
      controller.close();
    },
  });

describe('the response of a watched fetch', () => {
  it.each(READS)('that is read %s is as it was, and one event', async (_how, read) => {
    await asWithTheBareFetch(
      recorded,
      async (side) => {
        const response = await side.fetch(COMPLETIONS, POST);
        side.saw('before', [response.bodyUsed, response.body?.locked, Object.keys(response)]);
        side.saw('body', await read(response));
        side.saw('after', [response.bodyUsed, response.body?.locked]);
        await side.outcome('read again', response.text());
      },
      { fetch: answering(() => Response.json(COMPLETION)) },
    );
    const event = await recorded.event();
    expect(summary(event)).toBe('success | Hello.');
    expect(event.response.usage).toMatchObject({ total_tokens: 5 });
  });

  it.each(READS.slice(1))('that streams and is read %s is as it was, and one event', async (_how, read) => {
    await asWithTheBareFetch(
      recorded,
      async (side) => {
        side.saw('body', await read(await side.fetch(COMPLETIONS, POST)));
      },
      { fetch: answering(() => new Response(pieced(STREAM.slice(0, 50), STREAM.slice(50)), EVENTS)) },
    );
    const event = await recorded.event();
    expect(summary(event)).toBe('success | Hello.');
    expect(event.stream).toBe(true);
  });

  it('whose body somebody has begun to read cannot be read otherwise, as ever', async () => {
    await asWithTheBareFetch(
      recorded,
      async (side) => {
        const response = await side.fetch(COMPLETIONS, POST);
        const reader = response.body?.getReader();
        side.saw('state', [response.bodyUsed, response.body?.locked]);
        await side.outcome('as text', response.text());
        side.saw('read', asText((await reader?.read())?.value ?? new Uint8Array()));
        side.saw('the end', await reader?.read());
        await side.outcome('as JSON', response.json());
      },
      { fetch: answering(() => Response.json(COMPLETION)) },
    );
    expect(summary(await recorded.event())).toBe('success | Hello.');
  });

  it('tells its URL, its redirection and its status as ever', async () => {
    const url = await serve((request, response) => {
      request.resume();
      if (request.url === '/v1/chat/completions') response.writeHead(307, { location: '/elsewhere' }).end();
      else response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(COMPLETION));
    });
    await asWithTheBareFetch(recorded, async (side) => {
      const response = await side.fetch(`${url}v1/chat/completions`, POST);
      const { url: seen, redirected, status, statusText, ok, type, headers } = response;
      side.saw('response', [seen, redirected, status, statusText, ok, type, headers.get('content-type')]);
      side.saw('is a Response', response instanceof Response);
      side.saw('kind', Object.prototype.toString.call(response));
      await response.json();
    });
    expect(summary(await recorded.event())).toBe('success | Hello.');
  });

  it('is read no further than its reader reads, and cancelled when they leave', async () => {
    await asWithTheBareFetch(
      recorded,
      async (side) => {
        const response = await side.fetch(COMPLETIONS, POST);
        const reader = response.body?.getReader();
        await quiet();
        side.saw('read of it', asText((await reader?.read())?.value ?? new Uint8Array()));
        await quiet();
        const reason = new Error('enough');
        await reader?.cancel(reason);
        side.saw('treated', treated);
      },
      { fetch: endless },
    );
    expect(summary(await recorded.event())).toBe('success | left | w1');
  });

  it('is not read at all by whoever does not read it', async () => {
    await asWithTheBareFetch(
      recorded,
      async (side) => {
        const response = await side.fetch(COMPLETIONS, POST);
        side.saw('has a body', response.body !== null);
        await quiet();
        side.saw('treated', treated);
      },
      { fetch: endless },
    );
    expect(summary(await recorded.event())).toBe('success | abandoned');
  });

  it('that breaks on the way breaks with the very error', async () => {
    const error = new Error('the line is cut');
    await asWithTheBareFetch(
      recorded,
      async (side) => {
        const response = await side.fetch(COMPLETIONS, POST);
        try {
          for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>)
            side.saw('piece', asText(piece));
        } catch (thrown) {
          side.sawTheVery('thrown', thrown);
        }
      },
      {
        fetch: answering(() => {
          let pulls = 0;
          const body = new ReadableStream<Uint8Array>(
            {
              pull(controller) {
                if (pulls++ === 0) controller.enqueue(asBytes(chunk('half')));
                else controller.error(error);
              },
            },
            { highWaterMark: 0 },
          );
          return new Response(body, EVENTS);
        }),
      },
    );
    const event = await recorded.event();
    expect(summary(event)).toBe('failure | half');
    expect(event.exception).toBe('Error: the line is cut');
  });
});

/** How the newest of these streams was treated. */
let treated = { pulls: 0, cancels: [] as unknown[] };

const endless = answering(() => {
  const treatment = { pulls: 0, cancels: [] as unknown[] };
  treated = treatment;
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => controller.enqueue(asBytes(chunk(`w${++treatment.pulls}`))),
      cancel: (reason) => {
        treatment.cancels.push(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, EVENTS);
});
