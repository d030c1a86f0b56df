import { beforeEach, describe, expect, it } from 'vitest';
import { instrumentOpenAI } from '../../src/openai/index.js';
import { Recorded, summary } from '../support/events.js';
import { collect, settledWhenCollected } from '../support/garbage.js';
import { runNode } from '../support/program.js';
import { EACH_MAJOR } from './clients.js';
import { begunOnly, CHAT, RESPONSES, type StreamServer, streaming } from './streaming.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

describe.each(EACH_MAJOR)('%s', (_name, kind) => {
  describe.each([CHAT, RESPONSES])('a stream of $name that nobody can read any more', (stream) => {
    const open = (server: StreamServer) =>
      stream.open(
        instrumentOpenAI(kind.make(server.url), { ...recorded.options, abandonedAfterMs: 3_600_000 }),
      );
    const settled = async () => {
      await settledWhenCollected(recorded);
      return summary(await recorded.event());
    };

    it('is settled when it is collected, with what had arrived', async () => {
      const server = await begunOnly(stream);
      const readSome = async () => {
        const iterator = (await open(server))[Symbol.asyncIterator]();
        for (let read = 0; read < stream.begun; read++) await iterator.next();
      };
      await readSome();
      expect(await settled()).toBe(`success | abandoned | ${stream.partial}`);
    });

    it('is settled though it was never read', async () => {
      const server = await begunOnly(stream);
      const openOnly = async () => void (await open(server));
      await openOnly();
      expect(await settled()).toBe('success | abandoned');
    });

    it('is settled though nobody awaited its promise', async () => {
      const server = await begunOnly(stream);
      const askOnly = () => void open(server);
      askOnly();
      expect(await settled()).toBe('success | abandoned');
    });

    it('is settled though it was split and one side of it is read no further', async () => {
      const server = await begunOnly(stream);
      const readSome = async () => {
        const [left] = (await open(server)).tee();
        const iterator = left[Symbol.asyncIterator]();
        for (let read = 0; read < stream.begun; read++) await iterator.next();
      };
      await readSome();
      expect(await settled()).toBe(`success | abandoned | ${stream.partial}`);
    });

    it('is not taken for one while its iterator is held, though the stream is not', async () => {
      const server = await begunOnly(stream);
      const begun = async () => {
        const iterator = (await open(server))[Symbol.asyncIterator]();
        for (let read = 0; read < stream.begun; read++) await iterator.next();
        return iterator;
      };
      const iterator = await begun();
      await collectOften();
      expect(recorded.soFar).toEqual([]);
      server.answer.end(stream.wire.slice(stream.begun).join(''));
      while ((await iterator.next()).done !== true);
      expect(summary(await recorded.event())).toBe(`success | ${stream.whole}`);
    });

    it('is not taken for one while it is held and not read yet', async () => {
      const server = await streaming(stream.wire);
      const opened = await open(server);
      await collectOften();
      expect(recorded.soFar).toEqual([]);
      for await (const _chunk of opened);
      expect(summary(await recorded.event())).toBe(`success | ${stream.whole}`);
    });

    it('is not taken for one while its promise is held', async () => {
      const server = await streaming(stream.wire);
      const promise = open(server);
      await collectOften();
      expect(recorded.soFar).toEqual([]);
      for await (const _chunk of await promise);
      expect(summary(await recorded.event())).toBe(`success | ${stream.whole}`);
    });
  });
});

/** Turns enough for whoever waits for a collection to hear of it. */
async function collectOften(): Promise<void> {
  for (let turns = 0; turns < 5; turns++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/**
 * A program that opens 20 streams of each kind and lets go of them, never read or in the middle; it prints how many
 * were collected, and then how many events there were.
 */
function program(major: number, watched: boolean): string {
  const streams = [CHAT, RESPONSES].map(({ wire, begun }) => [wire.slice(0, begun).join(''), begun]);
  return `
    import { createServer } from 'node:http';
    import { once } from 'node:events';
    import OpenAI from 'openai${major === 6 ? '' : major}';
    import { instrumentOpenAI } from './dist/src/openai/index.js';
    const [[chat, chunks], [responses, events]] = ${JSON.stringify(streams)};
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(request.url.endsWith('/responses') ? responses : chat);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const bare = new OpenAI({ apiKey: 'k', baseURL: 'http://127.0.0.1:' + server.address().port, maxRetries: 0 });
    let rows = 0;
    const options = { datasource: { append: () => rows++ }, onError() {}, abandonedAfterMs: 3_600_000 };
    const client = ${watched ? 'instrumentOpenAI(bare, options)' : 'bare'};
    const refs = [];
    async function open(promise, count) {
      const stream = await promise;
      refs.push(new WeakRef(stream));
      if (count === 0) return;
      const iterator = stream[Symbol.asyncIterator]();
      for (let read = 0; read < count; read++) await iterator.next();
    }
    for (let opened = 0; opened < 20; opened++) {
      for (const isRead of [0, 1]) {
        await open(client.chat.completions.create({ model: 'm', messages: [], stream: true }), isRead * chunks);
        await open(client.responses.create({ model: 'm', input: 'hi', stream: true }), isRead * events);
      }
    }
    let collected = 0;
    for (let turn = 0; turn < 200 && (collected < refs.length || (${watched} && rows < refs.length)); turn++) {
      // in a turn of its own: what is looked at through a WeakRef lives for the rest of its turn
      await new Promise((resolve) => setTimeout(resolve, 10));
      gc();
      await new Promise((resolve) => setTimeout(resolve, 0));
      collected = refs.filter((ref) => ref.deref() === undefined).length;
    }
    console.log(collected + ' of ' + refs.length);
    console.error(rows);
    process.exit();`;
}

it.each(EACH_MAJOR)(
  '%s: of streams that nobody holds all are collected, as with the bare client',
  async (_name, kind) => {
    const run = (watched: boolean) =>
      runNode(['--expose-gc', '--input-type=module', '--eval', program(kind.major, watched)]);
    const [bare, watched] = await Promise.all([run(false), run(true)]);
    expect(bare).toEqual({ code: 0, stdout: '80 of 80\n', stderr: '0\n' });
    expect(watched).toEqual({ code: 0, stdout: '80 of 80\n', stderr: '80\n' });
  },
);
