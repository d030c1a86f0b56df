import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Recorded, summary } from '../support/events.js';
import {
  answer,
  asked,
  asWithTheBareModel,
  quiet,
  Side,
  Source,
  text,
  watching,
} from '../support/streams.js';
import { EACH_GENERATION } from './generations.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const MANY = 40;
const words = Array.from({ length: MANY }, (_, index) => `w${index} `);

describe.each(EACH_GENERATION)('%s: a stream', (_name, generation) => {
  const { major, ai } = generation;
  const parts = answer(major, words);

  it.each([0, 1, 5])(
    'with a high-water mark of %i is read no further than without us, at every moment',
    async (highWaterMark) => {
      await asWithTheBareModel(generation, recorded, async (side) => {
        const source = new Source(parts, { highWaterMark });
        const { stream } = await side.model(() => source).doStream(asked());
        await quiet();
        side.saw('pulls before it is read', source.pulls);
        const reader = stream.getReader();
        for (const _part of parts) {
          side.sawTheVery('part', (await reader.read()).value);
          await quiet();
          side.saw('pulls', source.pulls);
        }
        side.saw('done', await reader.read());
      });
      expect(summary(await recorded.event())).toBe(`success | ${words.join('')}`);
    },
  );

  it('is opened without a part being read', async () => {
    const source = new Source(parts);
    await new Side(generation, watching(generation, recorded)).model(() => source).doStream(asked());
    await quiet();
    expect(source.pulls).toBe(0);
  });

  it.each(['textStream', 'fullStream'] as const)(
    'of a slow reader of %s is read no further than without us, at every moment',
    async (key) => {
      await asWithTheBareModel(generation, recorded, async (side) => {
        const source = new Source(parts, { paced: true });
        const result = ai.streamText({ model: side.model(() => source), prompt: 'hi' });
        await quiet();
        side.saw('pulls before it is read', source.pulls);
        for await (const each of result[key]) {
          side.saw('read', each);
          for (let turns = 0; turns < 3; turns++) await quiet();
          side.saw('pulls', source.pulls);
        }
      });
      expect(summary(await recorded.event())).toBe(`success | ${words.join('')}`);
    },
  );

  it('that nobody reads is asked for no more than without us', async () => {
    await asWithTheBareModel(generation, recorded, async (side) => {
      const source = new Source(parts, { paced: true });
      ai.streamText({ model: side.model(() => source), prompt: 'hi' });
      for (let turns = 0; turns < 5; turns++) await quiet();
      side.saw('pulls', source.pulls);
    });
    expect((await recorded.events()).length).toBe(1);
  });

  it('read by several waiting reads gives each the part that it is due', async () => {
    await asWithTheBareModel(generation, recorded, async (side) => {
      const source = new Source([], { end: 'none' });
      const { stream } = await side.model(() => source).doStream(asked());
      const reader = stream.getReader();
      const waiting = [reader.read(), reader.read(), reader.read()];
      await quiet();
      for (const each of parts.slice(0, 2)) source.push(each);
      source.close();
      for (const read of await Promise.all(waiting)) side.sawTheVery('part', read.value);
    });
    expect((await recorded.events()).length).toBe(1);
  });

  it('of many parts is joined once, at its end', async () => {
    const many = 10_000;
    const join = vi.spyOn(Array.prototype, 'join');
    const side = new Side(generation, watching(generation, recorded));
    const pieces = [...Array(many).keys()].map(() => text('x'));
    const joins: number[] = [];
    const { stream } = await side.model(() => new Source([...pieces, ...parts])).doStream(asked());
    let read = 0;
    for await (const each of stream) {
      if (each !== (pieces[read] ?? parts[read - many])) throw new Error(`part ${read} is another`);
      if (++read % 1000 === 0) joins.push(join.mock.contexts.filter((texts) => isText(texts)).length);
    }
    expect(new Set(joins)).toEqual(new Set([0]));
    expect(await textOfTheEvent(recorded)).toBe('x'.repeat(many) + words.join(''));
    expect(join.mock.contexts.filter((texts) => isText(texts)).length).toBe(1);
  });
});

/** What a spied join was called on: the pieces of the text of this test. */
function isText(texts: unknown): boolean {
  return Array.isArray(texts) && texts.length > 1000 && texts[0] === 'x';
}

async function textOfTheEvent(recorded: Recorded): Promise<string | null | undefined> {
  return (await recorded.event()).response.choices[0]?.message.content;
}
