import { beforeEach, describe, expect, it } from 'vitest';
import { tinybirdMiddleware } from '../../src/ai-sdk/index.js';
import { Recorded, summary } from '../support/events.js';
import { aCallOf, aModel, aResult, EACH_PAIR, readAll, someParts, streamOf, watchedBy } from './answering.js';
import { EACH_GENERATION, type Generation, type Result } from './generations.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

type Middleware = Parameters<Generation['ai']['wrapLanguageModel']>[0]['middleware'];
type Single = Exclude<Middleware, readonly unknown[]>;

const ours = (): Single => tinybirdMiddleware(recorded.options);
const aTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Middlewares of others that may stand between two of ours. */
const BETWEEN: readonly [name: string, make: (generation: Generation) => Single][] = [
  ['default settings', ({ ai }) => ai.defaultSettingsMiddleware({ settings: { temperature: 0 } })],
  ['the extraction of reasoning', ({ ai }) => ai.extractReasoningMiddleware({ tagName: 'think' })],
  [
    'one that awaits before it asks',
    () => ({
      specificationVersion: 'v3',
      wrapGenerate: async ({ doGenerate }) => {
        await aTurn();
        return doGenerate();
      },
      wrapStream: async ({ doStream }) => {
        await aTurn();
        return doStream();
      },
    }),
  ],
  [
    'one that awaits in transformParams',
    () => ({
      specificationVersion: 'v3',
      transformParams: async ({ params }) => {
        await aTurn();
        return { ...params, temperature: 0 };
      },
    }),
  ],
  [
    'one that asks once more when it fails',
    () => ({
      specificationVersion: 'v3',
      wrapGenerate: async ({ doGenerate }) => {
        try {
          return await doGenerate();
        } catch {
          return doGenerate();
        }
      },
    }),
  ],
  ['nothing', () => ({ specificationVersion: 'v3' })],
];

describe.each(EACH_PAIR)('%s under the wrapper of %s, watched twice', (_spec, _wrapper, spec, { ai }) => {
  it('gives one row a call and one a stream', async () => {
    Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
    const middleware = ours();
    const model = ai.wrapLanguageModel({ model: aModel(spec), middleware: [middleware, middleware] });
    await model.doGenerate(aCallOf());
    await readAll((await model.doStream(aCallOf())).stream);
    expect((await recorded.events()).map(summary)).toEqual(['success | Hello.', 'success | Hello.']);
  });
});

describe.each(EACH_GENERATION)('a model of %s that is watched twice gives one row', (_name, generation) => {
  const { ai } = generation;

  it.each(BETWEEN)('with %s between the two', async (_what, between) => {
    const middleware = [ours(), between(generation), ours()];
    const model = ai.wrapLanguageModel({ model: aModel(generation), middleware });
    await ai.generateText({ model, prompt: 'hi' });
    const { textStream } = ai.streamText({ model, prompt: 'hi' });
    for await (const _delta of textStream);
    expect((await recorded.events()).map(summary)).toEqual(['success | Hello.', 'success | Hello.']);
  });

  it('with a simulated stream between the two, which tells it as a stream', async () => {
    const middleware = [ours(), ai.simulateStreamingMiddleware(), ours()];
    const model = ai.wrapLanguageModel({ model: aModel(generation), middleware });
    const { textStream } = ai.streamText({ model, prompt: 'hi' });
    for await (const _delta of textStream);
    const event = await recorded.event();
    expect(summary(event)).toBe('success | Hello.');
    expect(event.stream).toBe(true);
  });

  it('by its registry, its provider and itself', async () => {
    const own = watchedBy(generation, aModel(generation), recorded.options);
    const provider = ai.wrapProvider({
      provider: ai.customProvider({ languageModels: { asked: own } }),
      languageModelMiddleware: ours(),
    });
    const registry = ai.createProviderRegistry({ acme: provider }, { languageModelMiddleware: ours() });
    await ai.generateText({ model: registry.languageModel('acme:asked'), prompt: 'hi' });
    expect(summary(await recorded.event())).toBe('success | Hello.');
  });

  it('also when it fails', async () => {
    const error = new Error('boom');
    const middleware = [ours(), ours()];
    const model = ai.wrapLanguageModel({ model: aModel(generation, error), middleware });
    await expect(model.doGenerate(aCallOf())).rejects.toBe(error);
    expect((await recorded.event()).exception).toBe('Error: boom');
  });

  it('and that is the outer one’s: its metadata, and what the call said of itself', async () => {
    const inner = tinybirdMiddleware({ ...recorded.options, metadata: { from: 'inner' } });
    const outer = tinybirdMiddleware({ ...recorded.options, metadata: { from: 'outer' } });
    const model = ai.wrapLanguageModel({ model: aModel(generation), middleware: [outer, inner] });
    await ai.generateText({ model, prompt: 'hi', providerOptions: { tinybird: { user: 'u1' } } });
    expect(await recorded.event()).toMatchObject({ user: 'u1', proxy_metadata: { from: 'outer' } });
  });

  it('of the inner one when the outer has nowhere to write, and what the call said of itself reaches it', async () => {
    const outer = tinybirdMiddleware({ datasource: 'litellm', url: 'no url', onError: () => {} });
    const model = ai.wrapLanguageModel({ model: aModel(generation), middleware: [outer, ours()] });
    await ai.generateText({ model, prompt: 'hi', providerOptions: { tinybird: { user: 'u1' } } });
    expect((await recorded.event()).user).toBe('u1');
  });

  it('when what serves it goes by another name by then', async () => {
    const fallback = new generation.MockLanguageModel({
      doGenerate: async () => {
        Object.assign(fallback, { provider: 'second.chat', modelId: 'served' });
        return aResult(generation);
      },
    });
    Object.assign(fallback, { provider: 'first.chat', modelId: 'asked' });
    const model = ai.wrapLanguageModel({ model: fallback, middleware: [ours(), ours()] });
    await model.doGenerate(aCallOf());
    await model.doGenerate(aCallOf());
    expect((await recorded.events()).length).toBe(2);
  });
});

describe.each(EACH_GENERATION)('with %s every call is told', (_name, generation) => {
  const { ai } = generation;

  it.each([
    ['once', () => [ours()]],
    ['twice', () => [ours(), ours()]],
    [
      'twice, with another middleware between,',
      () => [ours(), BETWEEN[2]?.[1](generation) as Single, ours()],
    ],
  ])(
    'of a model watched %s, for the very same params at the same time and again',
    async (_what, middleware) => {
      const model = ai.wrapLanguageModel({ model: aModel(generation), middleware: middleware() });
      const params = aCallOf();
      await Promise.all([model.doGenerate(params), model.doGenerate(params), model.doGenerate(params)]);
      await model.doGenerate(params);
      await readAll((await model.doStream(params)).stream);
      expect((await recorded.events()).length).toBe(5);
    },
  );

  it('of another watched model that a middleware asks, before or after it awaits', async () => {
    const guard = watchedBy(
      generation,
      new generation.MockLanguageModel({ provider: 'guard', modelId: 'g', doGenerate: aResult(generation) }),
      recorded.options,
    );
    const asking: Single = {
      specificationVersion: 'v3',
      transformParams: async ({ params }) => {
        await guard.doGenerate(aCallOf('may I?'));
        await guard.doGenerate(params); // the very same prompt
        return params;
      },
      wrapGenerate: async ({ doGenerate }) => {
        await guard.doGenerate(aCallOf('and now?'));
        return doGenerate();
      },
    };
    const model = ai.wrapLanguageModel({ model: aModel(generation), middleware: [ours(), asking] });
    await ai.generateText({ model, prompt: 'hi' });
    const told = (await recorded.events()).map(({ model: name, messages }) => [name, messages[0]?.content]);
    expect(told).toEqual([
      ['g', 'may I?'],
      ['g', 'hi'],
      ['g', 'and now?'],
      ['asked', 'hi'],
    ]);
  });

  it('of a watched model that another one asks for something else', async () => {
    const guard = watchedBy(generation, aModel(generation), recorded.options);
    const router = new generation.MockLanguageModel({
      provider: 'router',
      modelId: 'r',
      doGenerate: (params) =>
        guard.doGenerate(aCallOf('which one?')).then(() => aResult(generation, { params })),
    });
    await watchedBy(generation, router, recorded.options).doGenerate(aCallOf());
    expect((await recorded.events()).map(({ model }) => model)).toEqual(['asked', 'r']);
  });

  it('of legs that are tried one after another, when nothing around them is watched', async () => {
    const leg = (modelId: string, ...results: unknown[]) => {
      const model = aModel(generation, ...results);
      return watchedBy(generation, Object.assign(model, { modelId }), recorded.options);
    };
    const legs = [leg('first', new Error('down')), leg('second')];
    const ask = async (params: ReturnType<typeof aCallOf>): Promise<Result> => {
      for (const model of legs) {
        try {
          return await model.doGenerate(params);
        } catch {}
      }
      throw new Error('all down');
    };
    const model = new generation.MockLanguageModel({ doGenerate: ask });
    expect((await ai.generateText({ model, prompt: 'hi' })).text).toBe('Hello.');
    expect((await recorded.events()).map((event) => `${event.model}: ${summary(event)}`)).toEqual([
      'first: failure',
      'second: success | Hello.',
    ]);
  });

  it('of a model that is asked once more by a middleware outside', async () => {
    const retrying = BETWEEN[4]?.[1](generation) as Single;
    const model = aModel(generation, new Error('busy'), aResult(generation));
    const watched = ai.wrapLanguageModel({ model, middleware: [retrying, ours()] });
    await ai.generateText({ model: watched, prompt: 'hi' });
    expect((await recorded.events()).map(summary)).toEqual(['failure', 'success | Hello.']);
  });

  it('of a stream that begins while another with the same prompt is open', async () => {
    const model = new generation.MockLanguageModel({
      doStream: async () => ({ stream: streamOf(someParts(generation)) }),
    });
    const watched = watchedBy(generation, model, recorded.options);
    const params = aCallOf();
    const [one, other] = [await watched.doStream(params), await watched.doStream(params)];
    await Promise.all([readAll(one.stream), readAll(other.stream)]);
    expect((await recorded.events()).length).toBe(2);
  });
});
