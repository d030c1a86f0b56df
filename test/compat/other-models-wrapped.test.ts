import { beforeEach, describe, expect, it } from 'vitest';
import { tinybirdMiddleware, tinybirdProviderOptions, wrapModel } from '../../src/ai-sdk/index.js';
import { Recorded, summary } from '../support/events.js';
import { aCallOf, aModel, aResult, outcomeOf, watchedBy } from './answering.js';
import { EACH_GENERATION, type Generation } from './generations.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

/** What an MP3 and a WAV begin with; what follows is of no matter. */
const MP3 = Buffer.concat([Buffer.from('ID3'), Buffer.alloc(497)]);
const WAV = Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVE'), Buffer.alloc(488)]);

/** The models that no generation has mocks of in common, each as its specification has it. */
const VERSIONS = { 5: 'v2', 6: 'v3', 7: 'v4' } as const;
const named = ({ major }: Generation, own: object) => ({
  specificationVersion: VERSIONS[major],
  provider: 'acme.more',
  modelId: 'asked',
  ...own,
});

/** A kind of model: its method, what that gives, the SDK's call, and the row of it. */
interface Kind {
  readonly name: string;
  readonly method: 'doGenerate' | 'doRerank';
  readonly own?: object;
  readonly result: object;
  readonly ask: (ai: Functions, model: object, options: object) => Promise<unknown>;
  readonly row: object;
  readonly from: 5 | 6;
}

type Functions = Record<string, (given: object) => Promise<unknown>>;
const RESPONSE = {
  timestamp: new Date('2026-11-24T09:00:00Z'),
  modelId: 'served',
  headers: { 'x-key': 'in-the-headers' },
};

const KINDS: readonly Kind[] = [
  {
    name: 'reranking',
    method: 'doRerank',
    result: {
      ranking: [
        { index: 1, relevanceScore: 0.9 },
        { index: 0, relevanceScore: 0.2 },
      ],
    },
    ask: ({ rerank }, model, options) =>
      call(rerank)({ model, query: 'rain', documents: ['a dry text', 'a wet text'], topN: 2, ...options }),
    row: {
      call_type: 'arerank',
      messages: [{ role: 'user', content: 'rain' }],
      response: {
        choices: [
          {
            message: {
              content: '[{"index":1,"relevance_score":0.9},{"index":0,"relevance_score":0.2}]',
            },
          },
        ],
      },
    },
    from: 6,
  },
  {
    name: 'speech',
    method: 'doGenerate',
    result: { audio: new Uint8Array(MP3) },
    ask: ({ experimental_generateSpeech }, model, options) =>
      call(experimental_generateSpeech)({ model, text: 'Good morning.', ...options }),
    row: {
      call_type: 'aspeech',
      messages: [{ role: 'user', content: 'Good morning.' }],
      response: { choices: [{ message: { content: '[audio/mpeg, 500 bytes]' } }] },
    },
    from: 5,
  },
  {
    name: 'transcription',
    method: 'doGenerate',
    result: { text: 'Good morning.', segments: [], language: 'en', durationInSeconds: 2 },
    ask: ({ experimental_transcribe }, model, options) =>
      call(experimental_transcribe)({ model, audio: new Uint8Array(WAV), ...options }),
    row: {
      call_type: 'atranscription',
      messages: [{ role: 'user', content: '[audio/wav, 500 bytes]' }],
      response: { choices: [{ message: { content: 'Good morning.' } }], usage: { seconds: 2 } },
    },
    from: 5,
  },
  {
    name: 'video',
    method: 'doGenerate',
    own: { maxVideosPerCall: 1 },
    result: { videos: [{ type: 'base64', data: MP3.toString('base64'), mediaType: 'video/mp4' }] },
    ask: ({ experimental_generateVideo }, model, options) =>
      call(experimental_generateVideo)({ model, prompt: 'a fjord', ...options }),
    row: {
      call_type: 'acreate_video',
      messages: [{ role: 'user', content: 'a fjord' }],
      response: { choices: [{ message: { content: '[video/mp4, 500 bytes]' } }] },
    },
    from: 6,
  },
];

function call(method: Functions[string] | undefined): Functions[string] {
  if (method === undefined) throw new Error('this generation has no such function');
  return method;
}

const EACH_KIND = EACH_GENERATION.flatMap(([name, generation]) =>
  KINDS.filter(({ from }) => generation.major >= from).map(
    (kind) => [kind.name, name, kind, generation] as const,
  ),
);

describe.each(EACH_KIND)('a %s model of %s', (_kind, _name, kind, generation) => {
  const functions = generation.ai as unknown as Functions;
  const asked: { providerOptions?: unknown }[] = [];
  const model = (...results: unknown[]) => {
    asked.length = 0;
    const answer = async (params: object) => {
      asked.push(params);
      const result = results.length > 1 ? results.shift() : results[0];
      if (result instanceof Error) throw result;
      return result ?? { warnings: [], response: RESPONSE, ...kind.result };
    };
    return named(generation, { ...kind.own, [kind.method]: answer });
  };

  it('is a row that says what it gave, and holds none of its bytes', async () => {
    await kind.ask(functions, wrapModel(model(), recorded.options), {});
    const event = await recorded.event();
    expect(event).toMatchObject({ provider: 'acme', model: 'asked', stream: false, ...kind.row });
    expect(event.response).toMatchObject({ model: 'served' });
    const told = JSON.stringify(event);
    for (const hidden of [
      'in-the-headers',
      WAV.toString('base64').slice(0, 16),
      MP3.toString('base64').slice(0, 16),
    ])
      expect(told).not.toContain(hidden);
  });

  it('gives what it gives without us', async () => {
    const result = { warnings: [], response: RESPONSE, ...kind.result };
    const ask = (wrapped: object) => kind.ask(functions, wrapped, {}).then((given) => JSON.stringify(given));
    expect(await ask(wrapModel(model(result), recorded.options))).toBe(await ask(model(result)));
  });

  it('is told what its call says of itself, which the provider does not see', async () => {
    const providerOptions = {
      ...tinybirdProviderOptions({ user: 'u1', name: 'n', cost: 0.5 }),
      acme: { a: 1 },
    };
    await kind.ask(functions, wrapModel(model(), recorded.options), { providerOptions });
    expect(asked[0]?.providerOptions).toEqual({ acme: { a: 1 } });
    expect(await recorded.event()).toMatchObject({ user: 'u1', cost: 0.5, proxy_metadata: { name: 'n' } });
  });

  it('that fails throws the very error, and is a failure', async () => {
    const error = new Error('no');
    const outcome = await outcomeOf(() =>
      kind.ask(functions, wrapModel(model(error), recorded.options), { maxRetries: 0 }),
    );
    expect(outcome).toEqual({ thrown: error });
    expect((await recorded.event()).exception).toBe('Error: no');
  });

  it('that is wrapped twice is one row', async () => {
    await kind.ask(functions, wrapModel(wrapModel(model(), recorded.options), recorded.options), {});
    expect((await recorded.event()).call_type).toMatch(/^a/);
  });
});

describe.each(EACH_GENERATION)('a language model of %s in wrapModel', (_name, generation) => {
  const { ai } = generation;

  it('is one row inside of a middleware of ours, and outside of one', async () => {
    const inner = ai.wrapLanguageModel({
      model: wrapModel(aModel(generation), recorded.options),
      middleware: tinybirdMiddleware(recorded.options),
    });
    await ai.generateText({ model: inner, prompt: 'hi' });
    const outer = wrapModel(watchedBy(generation, aModel(generation), recorded.options), recorded.options);
    await ai.generateText({ model: outer, prompt: 'hi' });
    const { textStream } = ai.streamText({ model: outer, prompt: 'hi' });
    for await (const _delta of textStream);
    expect((await recorded.events()).map(summary)).toEqual(Array(3).fill('success | Hello.'));
  });

  it('gives its very result', async () => {
    const result = aResult(generation);
    expect(await wrapModel(aModel(generation, result), recorded.options).doGenerate(aCallOf())).toBe(result);
  });
});

describe('wrapModel', () => {
  class Base {
    readonly specificationVersion = 'v3';
    readonly maxVideosPerCall = undefined;
    #secret = 'private';
    #calls = 0;
    get provider(): string {
      return this.#secret === 'private' ? 'acme.speech' : '';
    }
    get modelId(): string {
      return `voice-${this.#calls}`;
    }
    async doGenerate({ text }: { text: string }): Promise<{ audio: string; self: unknown }> {
      this.#calls++;
      return { audio: text, self: this };
    }
  }
  class Model extends Base {
    voice = 'calm';
  }

  it('keeps a class with private fields and getters of its prototype at work', async () => {
    const model = new Model();
    const wrapped = wrapModel(model, recorded.options);
    expect([wrapped.provider, wrapped.modelId]).toEqual(['acme.speech', 'voice-0']);
    expect((await wrapped.doGenerate({ text: 'hi' })).self).toBe(model);
    expect(wrapped.modelId).toBe('voice-1');
    expect(await recorded.event()).toMatchObject({
      model: 'voice-0',
      call_type: 'aspeech',
      provider: 'acme',
    });
  });

  it('is an instance of the same class, with the same keys', () => {
    const model = new Model();
    const wrapped = wrapModel(model, recorded.options);
    expect(wrapped).toBeInstanceOf(Model);
    expect(wrapped).toBeInstanceOf(Base);
    expect(wrapped.constructor).toBe(Model);
    expect(Object.keys(wrapped)).toEqual(Object.keys(model));
    expect('doGenerate' in wrapped && 'provider' in wrapped && !('nothing' in wrapped)).toBe(true);
    expect({ ...wrapped }).toEqual({ ...model });
    expect(wrapped.doGenerate).toBe(wrapped.doGenerate);
  });

  it('sets, defines and deletes properties of the model itself', () => {
    const model = new Model();
    const wrapped = wrapModel(model, recorded.options) as Model & { more?: number };
    wrapped.voice = 'loud';
    wrapped.more = 1;
    expect(model).toMatchObject({ voice: 'loud', more: 1 });
    Object.defineProperty(wrapped, 'more', { value: 2, configurable: true });
    expect([wrapped.more, (model as { more?: number }).more]).toEqual([2, 2]);
    delete wrapped.more;
    expect('more' in model).toBe(false);
  });

  it('watches a method that takes the place of another', async () => {
    const wrapped = wrapModel(new Model(), recorded.options);
    wrapped.doGenerate = async () => ({ audio: 'new', self: undefined });
    expect((await wrapped.doGenerate({ text: 'hi' })).audio).toBe('new');
    expect((await recorded.event()).messages[0]?.content).toBe('hi');
  });

  it('takes a frozen model', async () => {
    const wrapped = wrapModel(
      Object.freeze({ ...new Model(), doGenerate: async () => ({ audio: '' }) }),
      recorded.options,
    );
    expect(() => Object.assign(wrapped, { voice: 'loud' })).toThrow(TypeError);
    await (wrapped.doGenerate as (params: object) => Promise<unknown>)({ text: 'hi' });
    expect((await recorded.event()).call_type).toBe('aspeech');
  });

  it.each([
    ['an id', 'openai/gpt-4o'],
    ['undefined', undefined],
    ['null', null],
    ['a provider', () => ({})],
    ['an object without a method', {}],
  ])('gives %s back as it is, and tells of it', (_what, given) => {
    expect(wrapModel(given as never, recorded.options)).toBe(given);
    expect(recorded.problems.map(({ code }) => code)).toEqual(['bad_option']);
    expect(recorded.problems[0]?.message).toMatch(/wrapModel/);
  });
});
