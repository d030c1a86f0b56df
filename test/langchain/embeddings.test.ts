import { beforeEach, describe, expect, it } from 'vitest';
import {
  type EmbeddingsLike,
  type WrapEmbeddingsOptions,
  wrapEmbeddings,
} from '../../src/langchain/index.js';
import { currentScope } from '../../src/recorder/context.js';
import { Recorded } from '../support/events.js';
import { expectTheSame, Sightings } from '../support/side-by-side.js';
import { withEachGeneration } from './generations.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const wrap = <Embeddings extends EmbeddingsLike>(
  embeddings: Embeddings,
  options: WrapEmbeddingsOptions = {},
): Embeddings => wrapEmbeddings(embeddings, { ...recorded.options, ...options });

/** A program runs with embeddings as they are, and then with the same watched: it must see the same. */
async function asWithTheBare<Embeddings extends EmbeddingsLike>(
  make: () => Embeddings,
  program: (embeddings: Embeddings, side: Sightings) => Promise<unknown>,
): Promise<void> {
  const [bare, watched] = [new Sightings(), new Sightings()];
  await expectTheSame(bare, watched, async (side) => {
    await program(side === bare ? make() : wrap(make()), side);
  });
}

/** Embeddings that do what they are told. */
class Own {
  readonly #secret = 7;
  readonly embedded: unknown[] = [];
  constructor(readonly answer: (document: unknown) => unknown = () => [1, 2]) {}

  embedQuery(document: string): Promise<number[]> {
    this.embedded.push(document);
    return this.answer(document) as Promise<number[]>;
  }

  embedDocuments(documents: string[]): Promise<number[][]> {
    this.embedded.push(documents);
    return this.answer(documents) as Promise<number[][]>;
  }

  other(): number {
    return this.#secret;
  }
}

withEachGeneration(({ langchain }) => {
  const { Embeddings, FakeEmbeddings, SyntheticEmbeddings } = langchain;

  describe('embeddings that are wrapped', () => {
    it('show the methods that they have as properties of their own, as they did', () => {
      class Own extends Embeddings {
        override embedQuery = async () => [1];
        override embedDocuments = async (documents: string[]) => documents.map(() => [1]);
      }
      expect(Object.keys(wrap(new Own({})))).toEqual(Object.keys(new Own({})));
    });

    it('are the same object, with everything that it was', async () => {
      class Child extends SyntheticEmbeddings {
        readonly #own = 'own';
        readonly embedded: string[] = [];

        override async embedQuery(document: string): Promise<number[]> {
          this.embedded.push(`${this.#own} ${document}`);
          return super.embedQuery(document);
        }
      }
      const embeddings = new Child({ vectorSize: 2 });
      const [keys, caller] = [Object.keys(embeddings), embeddings.caller];
      const wrapped = wrap(embeddings);
      expect(wrapped).toBe(embeddings);
      expect(wrapped).toBeInstanceOf(Child);
      expect(wrapped).toBeInstanceOf(Embeddings);
      expect([Object.keys(wrapped), wrapped.caller, wrapped.constructor]).toEqual([keys, caller, Child]);
      expect(JSON.stringify(wrapped)).toBe(JSON.stringify(new Child({ vectorSize: 2 })));
      expect((await wrapped.embedQuery('a row')).length).toBe(2);
      expect(wrapped.embedded).toEqual(['own a row']);
      expect(await recorded.event()).toMatchObject({
        call_type: 'aembedding',
        provider: 'child',
        model: 'Child',
      });
    });

    it.each([
      ['SyntheticEmbeddings', () => new SyntheticEmbeddings({ vectorSize: 4 })],
      ['FakeEmbeddings', () => new FakeEmbeddings()],
    ])('that embed documents one by one, as %s, have one event for all of them', async (_name, make) => {
      await asWithTheBare(make, async (embeddings, side) => {
        side.saw('vectors', await embeddings.embedDocuments(['a row', 'a column', 'a table']));
        side.saw('vector', await embeddings.embedQuery('a row'));
      });
      const [documents, query] = await recorded.events();
      expect(documents?.messages.map(({ content }) => content)).toEqual(['a row', 'a column', 'a table']);
      expect(documents?.response.embeddings).toEqual({ count: 3, dimensions: 4 });
      expect(query?.response.embeddings).toEqual({ count: 1, dimensions: 4 });
      expect((await recorded.events()).length).toBe(2);
    });

    it('have an event of each of their calls at once', async () => {
      const embeddings = wrap(new SyntheticEmbeddings({ vectorSize: 2 }));
      const names = Array.from({ length: 8 }, (_, index) => `n${index}`);
      await Promise.all(
        names.flatMap((name) => [
          embeddings.embedQuery(name),
          embeddings.embedDocuments([`${name} a`, `${name} b`]),
        ]),
      );
      const asked = (await recorded.events()).map(({ messages }) => messages.map(({ content }) => content));
      const expected = names.flatMap((name) => [[name], [`${name} a`, `${name} b`]]);
      expect(asked.sort()).toEqual(expected.sort());
    });

    it('have an event of what other embeddings ask of them', async () => {
      const inner = wrap(new SyntheticEmbeddings({ vectorSize: 2 }));
      const outer = wrap(new Own((documents) => inner.embedDocuments(documents as string[])));
      await outer.embedDocuments(['a', 'b']);
      expect((await recorded.events()).map(({ model }) => model).sort()).toEqual([
        'Own',
        'SyntheticEmbeddings',
      ]);
    });

    it('may be wrapped again, which changes nothing', async () => {
      const embeddings = wrap(new SyntheticEmbeddings());
      const { embedQuery } = embeddings;
      expect(wrap(wrap(embeddings))).toBe(embeddings);
      expect(embeddings.embedQuery).toBe(embedQuery);
      await embeddings.embedQuery('a row');
      await recorded.event();
    });
  });
});

describe('a call of embeddings', () => {
  it('has its private fields, its parameters and its result, and its other methods', async () => {
    await asWithTheBare(
      () => new Own((document) => Promise.resolve([String(document).length])),
      async (embeddings, side) => {
        const { embedQuery } = embeddings;
        side.saw('vector', await embeddings.embedQuery('a row'));
        side.saw('bound', await embedQuery.call(embeddings, 'another row'));
        side.saw('other', embeddings.other());
        side.saw('embedded', embeddings.embedded);
        side.saw('length', Object.keys(embeddings));
      },
    );
    expect((await recorded.events()).map(({ response }) => response.embeddings?.dimensions)).toEqual([1, 1]);
  });

  it('that fails is a failure with the very error', async () => {
    const error = new TypeError('no embeddings today');
    await asWithTheBare(
      () => new Own(() => Promise.reject(error)),
      async (embeddings, side) => {
        side.sawTheVery('error', await embeddings.embedQuery('a').catch((thrown) => thrown));
        side.sawTheVery(
          'error of documents',
          await embeddings.embedDocuments(['a']).catch((thrown) => thrown),
        );
      },
    );
    expect((await recorded.events()).map(({ exception }) => exception)).toEqual(
      Array(2).fill('TypeError: no embeddings today'),
    );
  });

  it('that throws at once does so, and is a failure', async () => {
    const error = new TypeError('no document');
    const make = () =>
      new Own(() => {
        throw error;
      });
    await asWithTheBare(make, async (embeddings, side) => {
      try {
        const pending = embeddings.embedQuery('a');
        side.saw('a promise', pending);
      } catch (thrown) {
        side.sawTheVery('thrown', thrown);
      }
    });
    expect((await recorded.event()).exception).toBe('TypeError: no document');
  });

  it('that nobody awaits and that fails is one rejection that nobody handles', async () => {
    const make = () => new Own(() => Promise.reject(new Error('nobody hears')));
    await asWithTheBare(make, async (embeddings) => {
      void embeddings.embedQuery('a');
    });
    expect((await recorded.event()).standard_logging_object_status).toBe('failure');
  });

  it('that gives no promise gives none', async () => {
    await asWithTheBare(
      () => new Own(() => [1, 2, 3]),
      async (embeddings, side) => side.saw('vector', embeddings.embedQuery('a')),
    );
    expect((await recorded.event()).response.embeddings).toEqual({ count: 1, dimensions: 3 });
  });

  it.each([
    ['a typed array', new Float32Array(5), { count: 1, dimensions: 5 }],
    ['typed arrays', [new Float32Array(5), new Float32Array(5)], { count: 2, dimensions: 5 }],
    ['vectors, one of them empty', [[1, 2], []], { count: 1, dimensions: 2 }],
    ['nothing', undefined, { count: 0 }],
    ['a text', 'AAAA', { count: 0 }],
  ])('that gives %s says how many vectors those are', async (_what, given, counted) => {
    const embeddings = wrap(new Own(() => Promise.resolve(given)));
    expect(await embeddings.embedDocuments(['a'])).toBe(given);
    expect((await recorded.event()).response.embeddings).toEqual(counted);
  });

  it('keeps what was asked as it was, and lets its documents be changed', async () => {
    const documents = ['before'];
    const embeddings = wrap(new Own(() => Promise.resolve([[1]])));
    const pending = embeddings.embedDocuments(documents);
    documents[0] = 'after';
    await pending;
    expect((await recorded.event()).messages).toEqual([{ role: 'user', content: 'before' }]);
  });

  it('has its id in the scope around it, and opens none', async () => {
    const embeddings = wrap(new Own(() => Promise.resolve([currentScope() === undefined ? 0 : 1])));
    expect(await embeddings.embedQuery('a')).toEqual([0]);
  });

  it('is recorded where only one of the two methods is', async () => {
    const half = { embedQuery: async (_document: string) => [1] } as unknown as EmbeddingsLike;
    expect(await wrap(half).embedQuery('a')).toEqual([1]);
    expect(half).not.toHaveProperty('embedDocuments');
    expect(await recorded.event()).toMatchObject({ provider: 'unknown', model: 'unknown' });
  });
});

describe('what cannot be watched', () => {
  it.each<[string, unknown]>([
    ['frozen embeddings', Object.freeze(new Own())],
    ['an object without embeddings', {}],
    ['nothing', undefined],
    ['null', null],
    ['a name', 'openai'],
  ])('is told and given back: %s', async (_what, given) => {
    expect(wrap(given as Own)).toBe(given);
    expect(recorded.problems.map(({ code, message }) => [code, message.slice(0, 42)])).toEqual([
      ['bad_option', 'wrapEmbeddings was given what it cannot wa'],
    ]);
    if (given instanceof Own) expect(await given.embedQuery('a')).toEqual([1, 2]);
    expect(await recorded.events()).toEqual([]);
  });

  it('leaves embeddings that go nowhere as they are', async () => {
    const onError = () => {};
    const embeddings = wrapEmbeddings(new Own(() => Promise.resolve([1])), {
      token: '',
      url: 'nonsense',
      onError,
    });
    expect(await embeddings.embedQuery('a')).toEqual([1]);
  });
});
