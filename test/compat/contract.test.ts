import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tinybirdMiddleware } from '../../src/ai-sdk/index.js';
import { Recorded, summary } from '../support/events.js';
import { aCallOf, aModel, aResult, EACH_PAIR, readAll, someParts, streamOf, watchedBy } from './answering.js';
import { EACH_GENERATION } from './generations.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

/** What every row of these calls says, whoever wraps whatever. */
const ROW = {
  model: 'asked',
  provider: 'acme',
  call_type: 'acompletion',
  messages: [{ role: 'user', content: 'hi' }],
  standard_logging_object_status: 'success',
  message_id: 'r1',
  response: {
    id: 'r1',
    model: 'served',
    created: Date.parse('2026-11-24T09:00:00Z') / 1000,
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hello.' } }],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5, input_tokens: 3, output_tokens: 2 },
  },
};

describe.each(EACH_PAIR)('%s under the wrapper of %s', (_spec, _wrapper, spec, wrapper) => {
  const quiet = globalThis as { AI_SDK_LOG_WARNINGS?: boolean };
  beforeEach(() => {
    quiet.AI_SDK_LOG_WARNINGS = false; // ai 7 says of older models that they are
  });

  it('gives the same row for an answer', async () => {
    await watchedBy(wrapper, aModel(spec), recorded.options).doGenerate(aCallOf());
    expect(await recorded.event()).toMatchObject({ ...ROW, stream: false });
  });

  it('gives the same row for a stream', async () => {
    const { stream } = await watchedBy(wrapper, aModel(spec), recorded.options).doStream(aCallOf());
    await readAll(stream);
    expect(await recorded.event()).toMatchObject({ ...ROW, stream: true });
  });

  it('gives the same row for a failure, and the very error', async () => {
    const error = new Error('boom');
    const model = watchedBy(wrapper, aModel(spec, error), recorded.options);
    await expect(model.doGenerate(aCallOf())).rejects.toBe(error);
    expect(await recorded.event()).toMatchObject({
      model: 'asked',
      provider: 'acme',
      exception: 'Error: boom',
    });
  });

  it('gives the caller what a wrapper without a middleware of ours gives', async () => {
    const bare = wrapper.ai.wrapLanguageModel({ model: aModel(spec), middleware: {} as never });
    const watched = watchedBy(wrapper, aModel(spec), recorded.options);
    expect(await watched.doGenerate(aCallOf())).toEqual(await bare.doGenerate(aCallOf()));
    const parts = async (model: typeof bare) => readAll((await model.doStream(aCallOf())).stream);
    expect(await parts(watched)).toEqual(await parts(bare));
  });
});

describe.each(EACH_GENERATION)('with %s', (_name, generation) => {
  it('the result of a call is the very object of the model, with keys that nobody knows', async () => {
    const result = aResult(generation, { extra: Symbol('kept') });
    expect(
      await watchedBy(generation, aModel(generation, result), recorded.options).doGenerate(aCallOf()),
    ).toBe(result);
  });

  it('the result of a stream keeps every other key, and the stream every part by identity', async () => {
    const parts = someParts(generation);
    const others = { request: { body: {} }, response: { headers: {} }, extra: Symbol('kept') };
    const model = new generation.MockLanguageModel({
      doStream: async () => ({ stream: streamOf(parts), ...others }),
    });
    const { stream, ...rest } = await watchedBy(generation, model, recorded.options).doStream(aCallOf());
    expect(rest).toEqual(others);
    expect(rest.response).toBe(others.response);
    const read = await readAll(stream);
    for (const [index, part] of parts.entries()) expect(read[index]).toBe(part);
  });

  it('the provider is asked with the very params, and every object in them', async () => {
    const model = aModel(generation);
    const params = { ...aCallOf(), providerOptions: { acme: { a: 1 } }, headers: { x: 'y' }, temperature: 0 };
    await watchedBy(generation, model, recorded.options).doGenerate(params);
    expect(model.doGenerateCalls[0]).toBe(params);
  });

  it.each([
    ['never answers', () => new Promise(() => {})],
    ['takes its time', () => new Promise((resolve) => setTimeout(resolve, 5_000).unref())],
  ])('a sink that %s holds nothing up', async (_what, append) => {
    const datasource = { append, flush: append as () => Promise<unknown> };
    const sink = { datasource, waitUntil: () => {}, onError: () => {} };
    const model = watchedBy(generation, aModel(generation), sink);
    const order: string[] = [];
    const slow = new Promise<void>((resolve) => setImmediate(resolve)).then(() => order.push('a later turn'));
    const answered = model.doGenerate(aCallOf()).then(() => order.push('answered'));
    await Promise.all([slow, answered]);
    expect(order).toEqual(['answered', 'a later turn']);
    const { stream } = await model.doStream(aCallOf());
    expect((await readAll(stream)).length).toBe(someParts(generation).length);
  });

  it('calls at the same time through one model do not mix', async () => {
    const model = new generation.MockLanguageModel({
      doGenerate: async ({ prompt, providerOptions }) => {
        const [{ content }] = prompt as unknown as [{ content: [{ text: string }] }];
        expect(providerOptions).toBeUndefined();
        // The first asked is the last answered.
        for (let turn = Number(content[0].text); turn < 20; turn++) await Promise.resolve();
        return aResult(generation, { content: [{ type: 'text', text: `re: ${content[0].text}` }] });
      },
    });
    const watched = watchedBy(generation, model, recorded.options);
    const numbers = Array.from({ length: 20 }, (_, index) => String(index));
    await Promise.all(
      numbers.map((number) =>
        watched.doGenerate({ ...aCallOf(number), providerOptions: { tinybird: { user: `u${number}` } } }),
      ),
    );
    const told = (await recorded.events()).map(
      (event) => `${event.user} ${event.messages[0]?.content} ${event.response.choices[0]?.message.content}`,
    );
    expect(told.sort()).toEqual(numbers.map((number) => `u${number} ${number} re: ${number}`).sort());
  });
});

describe('transformParams', () => {
  const model = { provider: 'acme.chat', modelId: 'asked' };
  const transformed = (params: unknown) =>
    tinybirdMiddleware(recorded.options).transformParams({ type: 'generate', params, model });

  it.each([
    ['no providerOptions', {}],
    ['providerOptions without our key', { providerOptions: { openai: {} } }],
    ['empty providerOptions', { providerOptions: {} }],
    ['providerOptions that are null', { providerOptions: null }],
    ['providerOptions that are a text', { providerOptions: 'tinybird' }],
  ])('gives the same object when there are %s', async (_what, own) => {
    const params = Object.freeze({ ...aCallOf(), ...own });
    expect(await transformed(params)).toBe(params);
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a text', 'params'],
    [
      'an object that throws when it is read',
      Object.defineProperty({}, 'providerOptions', {
        get() {
          throw new Error('no');
        },
      }),
    ],
  ])('gives %s back as it is', async (_what, params) => {
    expect(await transformed(params)).toBe(params);
  });

  it('changes nothing in what it was given', async () => {
    const own = { tinybird: Object.freeze({ user: 'u1' }), acme: Object.freeze({}) };
    const params = Object.freeze({ ...aCallOf(), providerOptions: Object.freeze(own) });
    expect(await transformed(params)).toEqual({ ...params, providerOptions: { acme: {} } });
  });
});

describe.each(EACH_GENERATION)('a provider of %s', (_name, { ai, ...generation }) => {
  const defaults = globalThis as { AI_SDK_DEFAULT_PROVIDER?: unknown };
  afterEach(() => {
    delete defaults.AI_SDK_DEFAULT_PROVIDER;
  });
  const provider = () => {
    const languageModels = { asked: aModel({ ai, ...generation }) };
    return ai.customProvider({ languageModels });
  };
  const languageModelMiddleware = () => tinybirdMiddleware(recorded.options);

  it('that is wrapped has its language models watched', async () => {
    const wrapped = ai.wrapProvider({
      provider: provider(),
      languageModelMiddleware: languageModelMiddleware(),
    });
    const { text } = await ai.generateText({ model: wrapped.languageModel('asked'), prompt: 'hi' });
    expect(text).toBe('Hello.');
    expect(await recorded.event()).toMatchObject(ROW);
  });

  it('in a registry with the middleware has its language models watched', async () => {
    const registry = ai.createProviderRegistry(
      { acme: provider() },
      { languageModelMiddleware: languageModelMiddleware() },
    );
    await ai.generateText({ model: registry.languageModel('acme:asked'), prompt: 'hi' });
    expect(await recorded.event()).toMatchObject(ROW);
  });

  it('that is the default is watched where a model is named by a string', async () => {
    defaults.AI_SDK_DEFAULT_PROVIDER = ai.wrapProvider({
      provider: provider(),
      languageModelMiddleware: languageModelMiddleware(),
    });
    await ai.generateText({ model: 'asked', prompt: 'hi' });
    const { textStream } = ai.streamText({ model: 'asked', prompt: 'hi' });
    for await (const _delta of textStream);
    const events = await recorded.events();
    expect(events.map(summary)).toEqual(['success | Hello.', 'success | Hello.']);
    expect(events.map(({ stream }) => stream)).toEqual([false, true]);
  });
});
