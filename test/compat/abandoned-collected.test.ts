import { beforeEach, describe, expect, it } from 'vitest';
import { Recorded, summary } from '../support/events.js';
import { collect, settledWhenCollected } from '../support/garbage.js';
import { answer, asked, Side, Source, watching } from '../support/streams.js';
import { EACH_GENERATION } from './generations.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

describe.each(EACH_GENERATION)('%s: a stream that nobody can read any more', (_name, generation) => {
  const { major, ai } = generation;
  const words = Array.from({ length: 40 }, (_, index) => `w${index};`);
  const abandonedAfterMs = 3_600_000;
  const settled = () => settledWhenCollected(recorded);
  const model = (end: 'none' | undefined, count: number) => {
    const parts = answer(major, words).slice(0, count);
    const watch = watching(generation, recorded, { abandonedAfterMs });
    return new Side(generation, watch).model(() => new Source(parts, end && { end }));
  };

  it('is settled when it is collected, with what had arrived', async () => {
    const readSome = async () => {
      const { stream } = await model(undefined, 99).doStream(asked());
      const reader = stream.getReader();
      for (let read = 0; read < 5; read++) await reader.read();
    };
    await readSome();
    await settled();
    expect(summary(await recorded.event())).toBe('success | abandoned | w0;w1;');
  });

  it('is settled though it was never read', async () => {
    await model(undefined, 99).doStream(asked());
    await settled();
    expect(summary(await recorded.event())).toBe('success | abandoned');
  });

  it('is settled when streamText left it, as ai 7 does with its reader', async () => {
    const readSome = async () => {
      for await (const _delta of ai.streamText({ model: model(undefined, 99), prompt: 'hi' }).textStream)
        break;
    };
    await readSome();
    await settled();
    // before, it reads on by itself
    const ending = major === 7 ? /^success \| abandoned \| w0;/ : /^success \| w0;/;
    expect(summary(await recorded.event())).toMatch(ending);
  });

  it('is not taken for one while its reader holds it', async () => {
    const { stream } = await model(undefined, 99).doStream(asked());
    const reader = stream.getReader();
    await reader.read();
    for (let turns = 0; turns < 20; turns++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(recorded.soFar).toEqual([]);
    while (!(await reader.read()).done);
    expect(summary(await recorded.event())).toBe(`success | ${words.join('')}`);
  });
});
