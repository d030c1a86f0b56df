import { beforeEach, describe, expect, it } from 'vitest';
import { Recorded, summary } from '../support/events.js';
import {
  answer,
  asked,
  asWithTheBareModel,
  finish,
  noUsage,
  quiet,
  type Side,
  Source,
  type SourceOptions,
  text,
  textEnd,
  textStart,
} from '../support/streams.js';
import { EACH_GENERATION, type Part, type Result } from './generations.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

describe.each(EACH_GENERATION)('%s: a stream', (_name, generation) => {
  const { major } = generation;
  const begun: readonly Part[] = [textStart(), text('half')];

  /** Reads it as streamText gives it, and asks for every promise of the result. */
  const readAll = async (side: Side, parts: readonly Part[], options?: SourceOptions) => {
    const given = parts
      .map((each) => (each.type === 'error' ? each.error : undefined))
      .concat(typeof options?.end === 'object' ? [options.end.error] : []);
    const result = generation.ai.streamText({
      model: side.model(() => new Source(parts, options)),
      prompt: 'hi',
      maxRetries: 0,
      onError: ({ error }) => side.wasTold('onError', error),
      onFinish: ({ finishReason }) => side.wasTold('onFinish', finishReason),
    });
    try {
      for await (const each of result.fullStream) {
        side.saw('part', each);
        if (each.type === 'error') side.saw('the error as it is', given.includes(each.error));
      }
    } catch (thrown) {
      side.saw('thrown', thrown);
      side.saw('the error as it is', given.includes(thrown));
    }
    for (const key of ['text', 'usage', 'finishReason'] as const) {
      const settled = Promise.resolve<unknown>(result[key]).catch((thrown: unknown) => thrown);
      // In ai 5 they stay open for ever when the stream throws.
      side.saw(key, await Promise.race([settled, quiet().then(() => 'still open')]));
    }
  };

  /** The event of these parts, read through streamText and, in an event of its own, from the model itself. */
  const eventOf = async (parts: readonly Part[], options?: SourceOptions) => {
    await asWithTheBareModel(generation, recorded, (side) => readAll(side, parts, options));
    await asWithTheBareModel(generation, recorded, async (side) => {
      const { stream } = await side.model(() => new Source(parts, options)).doStream(asked());
      await side.read(stream);
    });
    const [event, same] = await recorded.events();
    expect((await recorded.events()).length).toBe(2);
    expect(same && summary(same)).toBe(event && summary(event));
    expect(same?.exception).toBe(event?.exception);
    if (event === undefined) throw new Error('no event');
    return event;
  };

  it.each<[string, unknown, string]>([
    ['an Error', new TypeError('busy'), 'TypeError: busy'],
    ['a text', 'busy', 'Error: busy'],
    ['an object with a message', { message: 'busy' }, 'Error: busy'],
    ['an object with an error in it', { error: { message: 'busy' } }, 'Error: busy'],
    [
      'the event of a provider',
      { type: 'error', error: { type: 'overloaded_error', message: 'busy' } },
      'Error: overloaded_error: busy',
    ],
  ])('with an error part that is %s is a failure with what had arrived', async (_what, error, exception) => {
    const event = await eventOf([...begun, { type: 'error', error }]);
    expect(summary(event)).toBe('failure | half');
    expect(event.exception).toBe(exception);
  });

  it('that goes on to its finish after an error part is one failure, with what it took', async () => {
    const event = await eventOf([...begun, { type: 'error', error: 'busy' }, finish(major, 'error')]);
    expect(event.exception).toBe('Error: busy');
    expect(event.response.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 2 });
  });

  it('that goes on to a finish without any numbers after an error part is one failure', async () => {
    const event = await eventOf([
      ...begun,
      { type: 'error', error: 'busy' },
      finish(major, 'error', noUsage(major)),
    ]);
    expect(summary(event)).toBe('failure | half');
    expect(event.exception).toBe('Error: busy');
  });

  it('that finishes with an error and never says which is a failure', async () => {
    const event = await eventOf([...begun, textEnd(), finish(major, 'error')]);
    expect(event.exception).toBe('Error: the provider ended the stream with an error');
  });

  it.each<[string, unknown]>([
    ['an Error', new Error('reset')],
    ['a text', 'reset'],
    ['nothing', undefined],
  ])(
    'that throws %s is a failure with what had arrived, and its reader gets the very same',
    async (_what, error) => {
      const event = await eventOf(begun, { end: { error } });
      expect(summary(event)).toBe('failure | half');
      expect(event.exception).not.toBe('');
    },
  );

  it('that throws when all had arrived is a failure with all of it', async () => {
    const event = await eventOf(answer(major), { end: { error: new Error('reset') } });
    expect(summary(event)).toBe('failure | ab');
    expect(event.response.usage).toMatchObject({ total_tokens: 5 });
  });

  it('that ends without its finish is a failure', async () => {
    expect((await eventOf(begun)).exception).toBe(
      'IncompleteStream: the stream ended without its completion',
    );
  });

  it('that ends without a single part is a failure', async () => {
    expect((await eventOf([])).exception).toBe('IncompleteStream: the stream ended without its completion');
  });

  it('whose provider only noticed that it was cut off is a failure', async () => {
    const cut = {
      5: 'unknown',
      6: { unified: 'other', raw: undefined },
      7: { unified: 'interrupted', raw: undefined },
    };
    const finishReason = cut[major] as Result['finishReason'];
    const event = await eventOf([...begun, { type: 'finish', finishReason, usage: noUsage(major) }]);
    expect(summary(event)).toBe('failure | half');
    expect(event.exception).toBe('IncompleteStream: the stream ended without its completion');
  });

  it('that is refused is a failure, and the caller gets the very error', async () => {
    const error = new Error('no such model');
    const refuse = () => Promise.reject(error);
    await asWithTheBareModel(generation, recorded, async (side) => {
      const model = side.model(refuse);
      side.sawTheVery(
        'thrown',
        await Promise.resolve(model.doStream(asked())).catch((thrown: unknown) => thrown),
      );
    });
    expect(await recorded.event()).toMatchObject({ exception: 'Error: no such model', stream: true });
  });

  it('that is refused fails streamText as it does without us', async () => {
    const error = new Error('no such model');
    await asWithTheBareModel(generation, recorded, async (side) => {
      const result = generation.ai.streamText({
        model: side.model(() => Promise.reject(error)),
        prompt: 'hi',
        maxRetries: 0,
        onError: (told) => side.sawTheVery('onError', told.error),
      });
      for await (const each of result.fullStream) side.saw('part', each);
      side.saw('text', await Promise.resolve(result.text).catch((thrown: unknown) => thrown));
    });
    expect(summary(await recorded.event())).toBe('failure');
  });
});
