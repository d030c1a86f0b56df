import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { Recorded, summary } from '../support/events.js';
import { answer, asked, asWithTheBareModel, quiet, type Side, Source, text } from '../support/streams.js';
import { EACH_GENERATION, type Model, type Part } from './generations.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

describe.each(EACH_GENERATION)('%s: a stream', (_name, generation) => {
  const { major, ai } = generation;
  const parts = answer(major);
  /** stream-start, response-metadata, text-start and the first text. */
  const begun = parts.slice(0, 4);

  /** Reads the text of a stream; `during` happens after each. */
  const readText = async (side: Side, model: Model, options: object, during: () => unknown = () => {}) => {
    const result = ai.streamText({
      model,
      prompt: 'hi',
      maxRetries: 0,
      onError: ({ error }) => side.wasTold('onError', error),
      onAbort: () => side.wasTold('onAbort'),
      ...options,
    });
    try {
      for await (const delta of result.textStream) {
        side.saw('text', delta);
        await during();
      }
    } catch (thrown) {
      side.saw('thrown', thrown);
    }
    await quiet();
  };

  it.each<[string, unknown]>([
    ['without a reason', undefined],
    ['with a text as reason', 'stop it'],
    ['with an error of the program as reason', new Error('stop it')],
  ])('whose caller aborts it %s is no failure, and has what had arrived', async (_what, reason) => {
    await asWithTheBareModel(generation, recorded, async (side) => {
      const controller = new AbortController();
      const model = side.model(({ abortSignal }) => new Source(begun, { end: 'none', signal: abortSignal }));
      await readText(side, model, { abortSignal: controller.signal }, () => controller.abort(reason));
    });
    expect(summary(await recorded.event())).toBe('success | aborted | a');
  });

  it('whose caller aborts it, which the provider does not heed, is one event', async () => {
    await asWithTheBareModel(generation, recorded, async (side) => {
      const controller = new AbortController();
      // Node 20's TransformStream stumbles over a part that comes in the very turn of an abort, whoever gives it.
      const source = new Source(parts, { paced: true });
      await readText(
        side,
        side.model(() => source),
        { abortSignal: controller.signal },
        () => controller.abort(),
      );
      side.saw('cancels', source.cancels);
      side.saw('pulls', source.pulls);
    });
    // Before ai 7 the SDK reads on behind the caller's back, and so hears all of it.
    expect(summary(await recorded.event())).toBe(major === 7 ? 'success | aborted | a' : 'success | ab');
  });

  it('whose caller aborts it while the provider is silent, and does not heed it, is one event', async () => {
    await asWithTheBareModel(generation, recorded, async (side) => {
      const controller = new AbortController();
      const source = new Source(begun, { end: 'none' });
      const reading = readText(
        side,
        side.model(() => source),
        { abortSignal: controller.signal },
      );
      await quiet();
      controller.abort();
      await quiet();
      side.saw('cancels', source.cancels);
      if (source.cancels.length === 0) {
        source.push(text('b'));
        source.close();
      }
      await reading;
    });
    // Only ai 7 leaves the stream at once.
    expect(summary(await recorded.event())).toBe(`success | aborted | ${major === 7 ? 'a' : 'ab'}`);
  });

  it('that is aborted before it starts is one event', async () => {
    await asWithTheBareModel(generation, recorded, async (side) => {
      const model = side.model(({ abortSignal }) => new Source(parts, { signal: abortSignal }));
      await readText(side, model, { abortSignal: AbortSignal.abort() });
    });
    expect(summary(await recorded.event())).toBe('success | aborted');
  });

  it('that is aborted while the provider has not answered is one event', async () => {
    await asWithTheBareModel(generation, recorded, async (side) => {
      const controller = new AbortController();
      const model = side.model(
        ({ abortSignal }) =>
          new Promise<Source>((_, reject) =>
            abortSignal?.addEventListener('abort', () => reject(abortSignal.reason)),
          ),
      );
      const reading = readText(side, model, { abortSignal: controller.signal });
      await quiet();
      controller.abort();
      await reading;
    });
    expect(summary(await recorded.event())).toBe('success | aborted');
  });

  const timeouts: [string, () => object][] = [
    ['of a signal', () => ({ abortSignal: AbortSignal.timeout(30) })],
    ['of the SDK', () => ({ timeout: 30 })],
    ['of the SDK between two parts', () => ({ timeout: { chunkMs: 30 } })],
  ];
  // The setting is new in ai 6.
  it.each(timeouts.slice(0, major === 5 ? 1 : 3))(
    'that runs into the timeout %s is a failure',
    async (_what, options) => {
      await asWithTheBareModel(generation, recorded, async (side) => {
        const model = side.model(
          ({ abortSignal }) => new Source(begun, { end: 'none', signal: abortSignal }),
        );
        await readText(side, model, options());
      });
      const event = await recorded.event();
      expect(summary(event)).toBe('failure | a');
      expect(event.exception).toMatch(/^TimeoutError: /);
    },
  );

  it('whose provider tells of the abort in an error part is no failure', async () => {
    const error = new DOMException('This operation was aborted', 'AbortError');
    const failing: Part = { type: 'error', error };
    await asWithTheBareModel(generation, recorded, async (side) => {
      const controller = new AbortController();
      const source = new Source([...begun, failing]);
      const { stream } = await side
        .model(() => source)
        .doStream({ ...asked(), abortSignal: controller.signal });
      const reader = stream.getReader();
      for (const _part of begun) side.sawTheVery('part', (await reader.read()).value);
      controller.abort();
      reader.releaseLock();
      await side.read(stream);
    });
    expect(summary(await recorded.event())).toBe('success | aborted | a');
  });

  it('that failed before its caller aborted it is a failure', async () => {
    const failing: Part = { type: 'error', error: 'busy' };
    await asWithTheBareModel(generation, recorded, async (side) => {
      const controller = new AbortController();
      const source = new Source([...begun, failing], { end: 'none' });
      const { stream } = await side
        .model(() => source)
        .doStream({ ...asked(), abortSignal: controller.signal });
      const reader = stream.getReader();
      for (let read = 0; read <= begun.length; read++) side.sawTheVery('part', (await reader.read()).value);
      controller.abort();
      await reader.cancel();
    });
    expect(summary(await recorded.event())).toBe('failure | a');
  });

  it('that its reader cancels is no failure, and the provider hears the same reason', async () => {
    const reason = { of: 'the reader' };
    await asWithTheBareModel(generation, recorded, async (side) => {
      const source = new Source(parts);
      const { stream } = await side.model(() => source).doStream(asked());
      const reader = stream.getReader();
      for (const _part of begun) await reader.read();
      await reader.cancel(reason);
      side.saw('count', source.cancels.length);
      side.sawTheVery('reason', source.cancels[0]);
      side.saw('after it', await reader.read());
    });
    expect(summary(await recorded.event())).toBe('success | left | a');
  });

  it('that its reader cancels while a part is on its way is one event', async () => {
    await asWithTheBareModel(generation, recorded, async (side) => {
      const source = new Source(begun, { end: 'none' });
      const { stream } = await side.model(() => source).doStream(asked());
      const reader = stream.getReader();
      for (const _part of begun) await reader.read();
      const waiting = reader.read();
      await quiet();
      await reader.cancel('enough');
      side.saw('waiting', await waiting);
      side.saw('cancels', source.cancels);
      await sleep(1);
    });
    expect(summary(await recorded.event())).toBe('success | left | a');
  });

  it('that its reader cancels when all had arrived is a success', async () => {
    await asWithTheBareModel(generation, recorded, async (side) => {
      const source = new Source(parts, { end: 'none' });
      const { stream } = await side.model(() => source).doStream(asked());
      const reader = stream.getReader();
      for (const _part of parts) await reader.read();
      await reader.cancel();
    });
    expect(summary(await recorded.event())).toBe('success | ab');
  });

  it('whose provider cannot be cancelled tells its reader so', async () => {
    const error = new Error('no way back');
    await asWithTheBareModel(generation, recorded, async (side) => {
      const stream = new ReadableStream({
        cancel() {
          throw error;
        },
      });
      const model = side.model(() => ({ stream }) as Source);
      const result = await model.doStream(asked());
      side.sawTheVery('thrown', await result.stream.cancel().catch((thrown: unknown) => thrown));
    });
    expect(summary(await recorded.event())).toBe('success | left');
  });
});
