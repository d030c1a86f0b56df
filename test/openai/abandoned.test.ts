import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { type InstrumentOpenAIOptions, instrumentOpenAI } from '../../src/openai/index.js';
import { flush } from '../../src/recorder/flush.js';
import { Recorded, summary } from '../support/events.js';
import { asWithTheBareClient, EACH_MAJOR } from './clients.js';
import { begunOnly, CHAT, RESPONSES, readSome, type StreamServer, streaming } from './streaming.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

/** The one event that came by itself, within the time that a poll takes. */
const eventByItself = async () => {
  await expect.poll(() => recorded.soFar.length).toBe(1);
  return recorded.event();
};

const LIMIT_MS = 50;
const LONG_MS = 60_000;

describe.each(EACH_MAJOR)('%s: a stream', (_name, kind) => {
  const rest = CHAT.wire.slice(CHAT.begun).join('');

  const open = async (server: StreamServer, abandonedAfterMs: number, signal?: AbortSignal) => {
    const client = instrumentOpenAI(kind.make(server.url), { ...recorded.options, abandonedAfterMs });
    return CHAT.open(client, signal && { signal });
  };
  /** The iterator of a stream of which only the beginning has arrived, and been read. */
  const begun = async (server: StreamServer, abandonedAfterMs: number) => {
    const iterator = (await open(server, abandonedAfterMs))[Symbol.asyncIterator]();
    for (let read = 0; read < CHAT.begun; read++) await iterator.next();
    return iterator;
  };
  const readOn = async (iterator: AsyncIterator<unknown>) => {
    while ((await iterator.next()).done !== true);
  };

  it.each([CHAT, RESPONSES])('of $name that nobody ever reads is one event', async (stream) => {
    await asWithTheBareClient(
      kind,
      recorded,
      async (side) => {
        const server = await streaming(stream.wire);
        await stream.open(side.client(server.url));
        if (side.isWatched) await eventByItself();
      },
      { abandonedAfterMs: LIMIT_MS },
    );
    const event = await recorded.event();
    expect(summary(event)).toBe('success | abandoned');
    expect(event).toMatchObject({ stream: true, response: { choices: [] } });
  });

  it('that its reader left without a word has what had arrived, and ended with it', async () => {
    const server = await begunOnly(CHAT);
    const startedAt = performance.now();
    await begun(server, 100);
    const event = await eventByItself();
    expect(summary(event)).toBe('success | abandoned | w0;');
    // a timer may be early by a millisecond
    expect(event.duration * 1000).toBeLessThan(performance.now() - startedAt - 98);
    expect(event.standard_logging_object_response_time).toBeLessThanOrEqual(event.duration);
  });

  it('whose last chunk had arrived when its reader left is a success', async () => {
    const iterator = (await open(await streaming(CHAT.wire), LIMIT_MS))[Symbol.asyncIterator]();
    for (let read = 0; read < CHAT.wire.length - 1; read++) await iterator.next();
    expect(summary(await eventByItself())).toBe(`success | ${CHAT.whole}`);
  });

  it('of the Responses API that had failed when its reader left is a failure', async () => {
    const failed = {
      type: 'response.failed',
      response: { id: 'r1', error: { code: 'busy', message: 'busy' } },
    };
    const server = await streaming([`data: ${JSON.stringify(failed)}\n\n`]);
    const client = instrumentOpenAI(kind.make(server.url), {
      ...recorded.options,
      abandonedAfterMs: LIMIT_MS,
    });
    await (await RESPONSES.open(client))[Symbol.asyncIterator]().next();
    expect((await eventByItself()).exception).toBe('Error: busy: busy');
  });

  it('whose caller aborted it, and of which nothing more was heard, is aborted', async () => {
    const controller = new AbortController();
    await open(await begunOnly(CHAT), LIMIT_MS, controller.signal);
    controller.abort();
    expect(summary(await eventByItself())).toBe('success | aborted');
  });

  it('whose reader comes back after it was settled is read to its end, and is one event', async () => {
    await asWithTheBareClient(
      kind,
      recorded,
      async (side) => {
        const server = await begunOnly(CHAT);
        const iterator = await readSome(side, await CHAT.open(side.client(server.url)), CHAT.begun);
        if (side.isWatched) await eventByItself();
        server.answer.end(rest);
        await side.read({ [Symbol.asyncIterator]: () => iterator });
      },
      { abandonedAfterMs: LIMIT_MS },
    );
    expect(summary(await recorded.event())).toBe('success | abandoned | w0;');
  });

  it('that is read for the first time after it was settled is read to its end', async () => {
    await asWithTheBareClient(
      kind,
      recorded,
      async (side) => {
        const opened = await CHAT.open(side.client((await streaming(CHAT.wire)).url));
        if (side.isWatched) await eventByItself();
        await side.read(opened);
      },
      { abandonedAfterMs: LIMIT_MS },
    );
    expect(summary(await recorded.event())).toBe('success | abandoned');
  });

  it('whose reader waits longer than that for its provider is not settled', async () => {
    const server = await begunOnly(CHAT);
    const iterator = await begun(server, LIMIT_MS);
    const waiting = iterator.next();
    await sleep(4 * LIMIT_MS);
    expect(recorded.soFar).toEqual([]);
    server.answer.end(rest);
    await waiting;
    await readOn(iterator);
    expect(summary(await recorded.event())).toBe(`success | ${CHAT.whole}`);
  });

  it('is not settled by the time that the provider took to open it', async () => {
    const server = await streaming(async (answer) => {
      await sleep(4 * LIMIT_MS);
      answer.end(CHAT.wire.join(''));
    });
    const opened = await open(server, 3 * LIMIT_MS);
    expect(recorded.soFar).toEqual([]);
    await readOn(opened[Symbol.asyncIterator]());
    expect(summary(await recorded.event())).toBe(`success | ${CHAT.whole}`);
  });

  it('is settled by a flush when nobody reads it, with what had arrived', async () => {
    await begun(await begunOnly(CHAT), LONG_MS);
    expect(recorded.soFar).toEqual([]);
    expect(summary(await recorded.event())).toBe('success | abandoned | w0;');
  });

  it('is not cut by a flush while its reader waits', async () => {
    const server = await begunOnly(CHAT);
    const iterator = await begun(server, LONG_MS);
    const waiting = iterator.next();
    expect(await recorded.events()).toEqual([]);
    server.answer.end(rest);
    await waiting;
    await readOn(iterator);
    expect(summary(await recorded.event())).toBe(`success | ${CHAT.whole}`);
  });

  it('is not cut by a flush while a slow reader is busy with a chunk, as it has been before', async () => {
    const server = await begunOnly(CHAT);
    const iterator = await begun(server, LONG_MS);
    server.answer.end(rest);
    await sleep(400);
    await iterator.next();
    expect(await recorded.events()).toEqual([]); // which flushes, and takes less time than the reader did
    await readOn(iterator);
    expect(summary(await recorded.event())).toBe(`success | ${CHAT.whole}`);
  });

  it('that has not been opened is not cut by a flush', async () => {
    const server = await streaming(() => {});
    const opening = open(server, LONG_MS);
    await expect.poll(() => server.bodies.length).toBe(1);
    await flush();
    expect(recorded.soFar).toEqual([]);
    server.answer.end(CHAT.wire.join(''));
    await readOn((await opening)[Symbol.asyncIterator]());
    expect(summary(await recorded.event())).toBe(`success | ${CHAT.whole}`);
  });

  it('that nobody awaited is still there for who does, after a flush', async () => {
    await asWithTheBareClient(kind, recorded, async (side) => {
      const server = await streaming(CHAT.wire);
      const promise = CHAT.open(side.client(server.url));
      await expect.poll(() => server.bodies.length).toBe(1);
      await flush();
      if (side.isWatched) expect(recorded.soFar).toEqual([]);
      await side.read(await promise);
    });
    expect(summary(await recorded.event())).toBe(`success | ${CHAT.whole}`);
  });
});

describe('abandonedAfterMs', () => {
  const [[, kind]] = EACH_MAJOR as [(typeof EACH_MAJOR)[0]];
  const make = (given: unknown) =>
    instrumentOpenAI(kind.make('http://127.0.0.1:1/'), {
      ...recorded.options,
      abandonedAfterMs: given,
    } as InstrumentOpenAIOptions);

  it.each([-1, 0, Number.NaN, 'x', {}, true])('of %j is told and ignored', (given) => {
    make(given);
    expect(recorded.problems.map(({ code }) => code)).toEqual(['bad_option']);
    expect(recorded.problems[0]?.message).toMatch(/^The option abandonedAfterMs is .*It is ignored\.$/);
  });

  it.each([undefined, null, 1, 0.5, 2 ** 40, Number.POSITIVE_INFINITY])('of %j is taken', (given) => {
    make(given);
    expect(recorded.problems).toEqual([]);
  });
});
