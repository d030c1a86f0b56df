import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { tinybirdMiddleware } from '../../src/ai-sdk/index.js';
import { Recorded, summary } from '../support/events.js';
import { answer, asked, asWithTheBareModel, quiet, Side, Source, watching } from '../support/streams.js';
import { EACH_GENERATION } from './generations.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

/** The one event that came by itself, within the time that a poll takes. */
const eventByItself = async () => {
  await expect.poll(() => recorded.soFar.length).toBe(1);
  return recorded.event();
};

const words = Array.from({ length: 40 }, (_, index) => `w${index};`);
/** stream-start, response-metadata, text-start and the first text. */
const BEGUN = 4;

describe.each(EACH_GENERATION)('%s: a stream', (_name, generation) => {
  const { major, ai } = generation;
  const parts = answer(major, words);
  const LIMIT_MS = 50;

  const watched = (abandonedAfterMs: number) =>
    new Side(generation, watching(generation, recorded, { abandonedAfterMs }));

  /** The reader of a stream of the model itself, which has read these many parts of it. */
  const readSome = async (source: Source, count: number, abandonedAfterMs = LIMIT_MS) => {
    const { stream } = await watched(abandonedAfterMs)
      .model(() => source)
      .doStream(asked());
    const reader = stream.getReader();
    for (let read = 0; read < count; read++) await reader.read();
    return reader;
  };

  it.each<[string, (text: AsyncIterable<string>) => Promise<unknown>]>([
    [
      'that its reader leaves early',
      async (text) => {
        for await (const _delta of text) break;
      },
    ],
    ['that nobody ever reads', async () => {}],
  ])('%s is one event, and the provider is asked for what it is without us', async (_what, read) => {
    await asWithTheBareModel(
      generation,
      recorded,
      async (side) => {
        const source = new Source(parts, { paced: true });
        const result = ai.streamText({ model: side.model(() => source), prompt: 'hi' });
        await read(result.textStream);
        for (let turns = 0; turns < 5; turns++) await quiet();
        side.saw('pulls', source.pulls);
        side.saw('cancels', source.cancels);
      },
      { abandonedAfterMs: LIMIT_MS },
    );
    const line = summary(await eventByItself());
    // Before ai 7 the SDK reads on by itself, and so hears all of it.
    if (major === 7) expect(line).toMatch(/^success \| abandoned \| w0;/);
    else expect(line).toBe(`success | ${words.join('')}`);
  });

  it('that its reader left has what had arrived, and ended with it', async () => {
    const limit = 400;
    await readSome(new Source(parts), BEGUN, limit);
    const event = await eventByItself();
    expect(summary(event)).toBe('success | abandoned | w0;');
    expect(event.stream).toBe(true);
    expect(event.duration).toBeLessThan(limit / 1000);
    expect(event.standard_logging_object_response_time).toBeLessThanOrEqual(event.duration);
  });

  it('whose finish had arrived when its reader left is a success', async () => {
    const limit = 400;
    await readSome(new Source(parts, { end: 'none' }), parts.length, limit);
    const event = await eventByItself();
    expect(summary(event)).toBe(`success | ${words.join('')}`);
    expect(event.response.usage).toMatchObject({ total_tokens: 5 });
    expect(event.duration).toBeLessThan(limit / 1000);
  });

  it('that had failed when its reader left is a failure', async () => {
    const failing = [...parts.slice(0, BEGUN), { type: 'error', error: 'busy' } as const];
    await readSome(new Source(failing, { end: 'none' }), failing.length);
    expect((await eventByItself()).exception).toBe('Error: busy');
  });

  it('whose caller aborted it, and of which nothing more was heard, is aborted', async () => {
    const controller = new AbortController();
    const { stream } = await watched(LIMIT_MS)
      .model(() => new Source(parts))
      .doStream({ ...asked(), abortSignal: controller.signal });
    await stream.getReader().read();
    controller.abort();
    expect(summary(await eventByItself())).toBe('success | aborted');
  });

  it('whose reader comes back after it was settled is read to its end, and is one event', async () => {
    await asWithTheBareModel(
      generation,
      recorded,
      async (side) => {
        const { stream } = await side.model(() => new Source(parts)).doStream(asked());
        const reader = stream.getReader();
        for (let read = 0; read < BEGUN; read++) side.sawTheVery('part', (await reader.read()).value);
        if (side.isWatched) await expect.poll(() => recorded.soFar.length).toBe(1);
        reader.releaseLock();
        await side.read(stream);
      },
      { abandonedAfterMs: LIMIT_MS },
    );
    expect(summary(await recorded.event())).toBe('success | abandoned | w0;');
  });

  it('whose reader waits longer than that for its provider is not settled', async () => {
    const source = new Source(parts.slice(0, BEGUN), { end: 'none' });
    const reader = await readSome(source, BEGUN);
    const waiting = reader.read();
    await sleep(4 * LIMIT_MS);
    expect(recorded.soFar).toEqual([]);
    source.push(parts.at(-1) as never);
    await waiting;
    source.close();
    await reader.read();
    expect(summary(await recorded.event())).toBe('success | w0;');
  });

  it('whose reader is slow, but quicker than that, is not settled', async () => {
    const reader = await readSome(new Source(answer(major, ['a'])), 0, 1500);
    while (!(await reader.read()).done) await sleep(300);
    expect(summary(await recorded.event())).toBe('success | a');
  });

  it('is not settled by the time that the provider took to open it', async () => {
    const source = new Source(answer(major));
    const model = watched(500).model(async () => {
      await sleep(700);
      return source;
    });
    const { stream } = await model.doStream(asked());
    expect(recorded.soFar).toEqual([]);
    for await (const _part of stream);
    expect(summary(await recorded.event())).toBe('success | ab');
  });

  it('is settled by a flush when nobody reads it, with what had arrived', async () => {
    await readSome(new Source(parts), BEGUN, 60_000);
    expect(summary(await recorded.event())).toBe('success | abandoned | w0;');
  });

  it('is not cut by a flush while somebody reads it', async () => {
    const source = new Source(parts.slice(0, BEGUN), { end: 'none' });
    const reader = await readSome(source, BEGUN, 60_000);
    const waiting = reader.read();
    expect(await recorded.events()).toEqual([]);
    for (const each of parts.slice(BEGUN)) source.push(each);
    await waiting;
    const flushing = recorded.events();
    for (let read = BEGUN + 1; read < parts.length; read++) {
      await sleep(1);
      await reader.read();
    }
    source.close();
    await reader.read();
    await flushing;
    expect(summary(await recorded.event())).toBe(`success | ${words.join('')}`);
  });

  it('is not cut by a flush while a slow reader is busy with a part, as it has been before', async () => {
    const reader = await readSome(new Source(parts), BEGUN, 60_000);
    await sleep(400);
    await reader.read();
    expect(await recorded.events()).toEqual([]); // which flushes, and takes less time than the reader did
    for (let next = await reader.read(); !next.done; next = await reader.read());
    expect(summary(await recorded.event())).toBe(`success | ${words.join('')}`);
  });

  it('that has not been opened is not cut by a flush', async () => {
    let open = (_source: Source) => {};
    const opened = new Promise<Source>((resolve) => {
      open = resolve;
    });
    const waiting = watched(LIMIT_MS)
      .model(() => opened)
      .doStream(asked());
    expect(await recorded.events()).toEqual([]);
    open(new Source(answer(major)));
    for await (const _part of (await waiting).stream);
    expect(summary(await recorded.event())).toBe('success | ab');
  });
});

describe('abandonedAfterMs', () => {
  it.each([-1, 0, Number.NaN, 'x', {}, true])('of %j is told and ignored', (abandonedAfterMs) => {
    tinybirdMiddleware({ ...recorded.options, abandonedAfterMs: abandonedAfterMs as number });
    expect(recorded.problems.map(({ code }) => code)).toEqual(['bad_option']);
    expect(recorded.problems[0]?.message).toMatch(/^The option abandonedAfterMs is .*It is ignored\.$/);
  });

  it.each([undefined, null, 1, 0.5, 2 ** 40, Number.POSITIVE_INFINITY])('of %j is taken', async (given) => {
    const [, [, generation]] = EACH_GENERATION as never as [never, [string, (typeof EACH_GENERATION)[0][1]]];
    const watch = watching(generation, recorded, { abandonedAfterMs: given as number });
    const side = new Side(generation, watch);
    const { stream } = await side.model(() => new Source(answer(generation.major))).doStream(asked());
    for await (const _part of stream);
    expect(summary(await recorded.event())).toBe('success | ab');
    expect(recorded.problems.filter(({ code }) => code === 'bad_option')).toEqual([]);
  });
});
