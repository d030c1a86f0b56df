import { beforeEach, describe, expect, it } from 'vitest';
import { type TinybirdMiddlewareOptions, tinybirdMiddleware } from '../../src/ai-sdk/index.js';
import { withMetadata } from '../../src/recorder/context.js';
import { Recorded } from '../support/events.js';
import { aCallOf, aModel, aResult, outcomeOf, readAll, unhandledDuring, watchedBy } from './answering.js';
import { EACH_GENERATION, type Generation, type Model } from './generations.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const fails = () => {
  throw new Error('a fault of the user’s own');
};
const rejects = () => Promise.reject(new Error('a fault of the user’s own'));

/** Values that throw, never end or cannot be written when somebody looks at them. */
const HOSTILE: readonly [name: string, make: () => unknown][] = [
  ['a BigInt', () => 10n],
  ['a Symbol', () => Symbol('s')],
  ['a function', () => fails],
  [
    'a cycle',
    () => {
      const cycle: Record<string, unknown> = {};
      cycle.self = cycle;
      return cycle;
    },
  ],
  ['a getter that throws', () => Object.defineProperty({}, 'type', { enumerable: true, get: fails })],
  ['an element that throws', () => [Object.defineProperty({}, 'text', { enumerable: true, get: fails })]],
  ['a toJSON that throws', () => ({ toJSON: fails })],
  ['a Proxy that throws', () => new Proxy({}, { get: fails, ownKeys: fails, has: fails })],
  ['a revoked Proxy', revoked],
  ['a revoked Proxy in a list', () => [revoked()]],
  ['an object without a prototype', () => Object.create(null)],
  ['null', () => null],
  ['a number', () => Number.NaN],
  ['a text', () => '\ud800'],
];

/** Options with faults in every function that the user gives, and in what they hold. */
const FAULTY: readonly [name: string, options: TinybirdMiddlewareOptions][] = [
  ['a sink that throws', { datasource: { append: fails, flush: fails } }],
  ['a sink that rejects', { datasource: { append: rejects, flush: rejects } }],
  ['prices that throw', { prices: fails }],
  ['prices that are a promise', { prices: rejects as never }],
  ['a redact that throws', { redact: fails }],
  ['a redact that is a promise', { redact: rejects as never }],
  ['a redact that gives what it should not', { redact: (() => 10n) as never }],
  ['a sample that throws', { sample: fails }],
  ['a sample that is a promise', { sample: rejects as never }],
  ['a waitUntil that throws', { waitUntil: fails }],
  ['a waitUntil that rejects', { waitUntil: rejects }],
  ['an onError that throws', { onError: fails, prices: fails }],
  ['an onError that rejects', { onError: rejects, prices: fails }],
  ...HOSTILE.map(([name, make]): [string, TinybirdMiddlewareOptions] => [
    `metadata that is ${name}`,
    { metadata: make() as never },
  ]),
  ...HOSTILE.map(([name, make]): [string, TinybirdMiddlewareOptions] => [
    `metadata that holds ${name}`,
    { metadata: { it: make() }, user: make() as never },
  ]),
];

describe.each(EACH_GENERATION)(
  'with %s nothing that is wrong with us changes a call',
  (_name, generation) => {
    it.each(FAULTY)('not %s', async (_what, faulty) => {
      const unhandled = await unhandledDuring(async () => {
        const result = aResult(generation);
        const options = { ...recorded.options, ...faulty };
        const model = watchedBy(generation, aModel(generation, result), options);
        expect(await model.doGenerate(aCallOf())).toBe(result);
        const { stream } = await model.doStream(aCallOf());
        expect((await readAll(stream)).length).toBe(7);
        const error = new Error('boom');
        const failing = watchedBy(generation, aModel(generation, error), options);
        expect(await outcomeOf(() => failing.doGenerate(aCallOf()))).toEqual({ thrown: error });
      });
      expect(unhandled).toEqual([]);
    });
  },
);

describe('metadata that cannot be used', () => {
  it.each(HOSTILE)('costs no row when it is %s', async (_what, make) => {
    const generation = EACH_GENERATION[1]?.[1] as Generation;
    const model = watchedBy(generation, aModel(generation), {
      ...recorded.options,
      metadata: make() as never,
    });
    await model.doGenerate(aCallOf());
    expect((await recorded.event()).response.choices[0]?.message.content).toBe('Hello.');
  });

  it.each(HOSTILE)('of a scope never reaches the program when it is %s', async (_what, make) => {
    const generation = EACH_GENERATION[1]?.[1] as Generation;
    const model = watchedBy(generation, aModel(generation), recorded.options);
    await withMetadata({ metadata: make() as never }, () => model.doGenerate(aCallOf()));
    expect((await recorded.event()).response.choices[0]?.message.content).toBe('Hello.');
  });
});

/** Where in a result, and in what was asked, something hostile may stand. */
const PLACES: readonly [name: string, make: (value: unknown) => { result?: object; params?: object }][] = [
  ['in content', (value) => ({ result: { content: [value, { type: 'text', text: 'Hello.' }] } })],
  ['as content', (value) => ({ result: { content: value } })],
  ['in a text part', (value) => ({ result: { content: [{ type: 'text', text: value }] } })],
  [
    'in a tool call',
    (value) => ({
      result: { content: [{ type: 'tool-call', toolCallId: value, toolName: value, input: value }] },
    }),
  ],
  ['as a file', (value) => ({ result: { content: [{ type: 'file', mediaType: value, data: value }] } })],
  ['as usage', (value) => ({ result: { usage: value } })],
  ['in usage', (value) => ({ result: { usage: { inputTokens: value, outputTokens: { total: value } } } })],
  ['as finishReason', (value) => ({ result: { finishReason: value } })],
  ['as response', (value) => ({ result: { response: value } })],
  ['in response', (value) => ({ result: { response: { id: value, modelId: value, timestamp: value } } })],
  ['as providerMetadata', (value) => ({ result: { providerMetadata: value } })],
  [
    'in providerMetadata',
    (value) => ({ result: { providerMetadata: { gateway: value, anthropic: value } } }),
  ],
  ['as prompt', (value) => ({ params: { prompt: value } })],
  ['in the prompt', (value) => ({ params: { prompt: [value, { role: 'user', content: [value] }] } })],
  ['as content of the prompt', (value) => ({ params: { prompt: [{ role: value, content: value }] } })],
  ['as providerOptions', (value) => ({ params: { providerOptions: value } })],
  ['as providerOptions.tinybird', (value) => ({ params: { providerOptions: { tinybird: value } } })],
  [
    'in providerOptions.tinybird',
    (value) => ({
      params: { providerOptions: { tinybird: { user: value, metadata: value, name: value, cost: value } } },
    }),
  ],
  ['as abortSignal', (value) => ({ params: { abortSignal: value } })],
  ['as headers', (value) => ({ params: { headers: value } })],
];

describe.each(EACH_GENERATION)('with %s a hostile value', (_name, generation) => {
  it.each(PLACES)('%s leaves the caller what the bare model gives', async (_place, place) => {
    for (const [name, make] of HOSTILE) {
      const { result: own, params } = place(make());
      const result = aResult(generation, own);
      const ask = async (wrap: (model: Model) => Model) => {
        const model = aModel(generation, result);
        const outcome = await outcomeOf(() => wrap(model).doGenerate({ ...aCallOf(), ...params }));
        return { outcome, asked: model.doGenerateCalls.length };
      };
      const unhandled = await unhandledDuring(async () => {
        const bare = await ask((model) => model);
        const watched = await ask((model) => watchedBy(generation, model, recorded.options));
        expect(bare.outcome, name).toHaveProperty('value');
        expect((watched.outcome as { value: unknown }).value === result, name).toBe(true);
        expect(watched.asked, name).toBe(bare.asked);
      });
      expect(unhandled, name).toEqual([]);
    }
    const rows = await recorded.events();
    expect(rows.length, 'rows').toBe(HOSTILE.length);
  });

  it('that is thrown comes back as it is', async () => {
    for (const [name, make] of HOSTILE) {
      const thrown = make();
      const throwing = () => Promise.reject(thrown);
      const model = new generation.MockLanguageModel({ doGenerate: throwing, doStream: throwing });
      const watched = watchedBy(generation, model, recorded.options);
      const unhandled = await unhandledDuring(async () => {
        for (const method of ['doGenerate', 'doStream'] as const) {
          const outcome = await outcomeOf(() => watched[method](aCallOf()));
          expect(Object.is((outcome as { thrown: unknown }).thrown, thrown), name).toBe(true);
        }
      });
      expect(unhandled, name).toEqual([]);
    }
    const rows = await recorded.events();
    expect(rows.length).toBe(2 * HOSTILE.length);
    for (const { exception } of rows) expect(exception).toMatch(/^\w+: ./);
  });

  it('that a model says its name with harms nothing', async () => {
    for (const [name, make] of HOSTILE) {
      const model = aModel(generation);
      Object.defineProperty(model, 'provider', { get: name === 'a function' ? fails : make });
      Object.defineProperty(model, 'modelId', { get: make });
      const middleware = tinybirdMiddleware(recorded.options);
      const result = aResult(generation);
      const doGenerate = async () => result;
      const given = await middleware.wrapGenerate({ doGenerate, params: aCallOf(), model });
      expect(given, name).toBe(result);
    }
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
