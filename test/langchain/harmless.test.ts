import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../../fixtures/provider.js';
import { TinybirdCallbackHandler, type TinybirdCallbackHandlerOptions } from '../../src/langchain/index.js';
import { Recorded } from '../support/events.js';
import { expectTheSame } from '../support/side-by-side.js';
import { withEachGeneration } from './generations.js';
import { chatOpenAI } from './models.js';
import { printedDuring, Side } from './sides.js';

let provider: FakeProvider;
beforeAll(async () => {
  provider = await startFakeProvider();
});
afterAll(() => provider.close());

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const fault = (): never => {
  throw new Error('of the options');
};
const rejects = (): Promise<never> => Promise.reject(new Error('of the options'));
const endless = (): Promise<never> => new Promise<never>(() => {});
const append = () => {};

const FAULTY: readonly (readonly [what: string, options: TinybirdCallbackHandlerOptions])[] = [
  ['a datasource that throws', { datasource: { append: fault } }],
  ['a datasource that rejects', { datasource: { append: rejects } }],
  ['a datasource that never answers', { datasource: { append: endless } }],
  ['an onError that throws', { datasource: { append: fault }, onError: fault }],
  ['a redact that throws', { datasource: { append }, redact: fault }],
  ['a sample that throws', { datasource: { append }, sample: fault }],
  ['a waitUntil that throws', { datasource: { append }, waitUntil: fault }],
  ['a waitUntil that rejects', { datasource: { append }, waitUntil: rejects }],
  ['metadata that throws', { datasource: { append }, metadata: new Proxy({}, { ownKeys: fault }) }],
  ['prices that throw', { datasource: { append }, prices: new Proxy({}, { get: fault }) as never }],
  ['a datasource that is none', { datasource: 7 as never }],
  ['a provider that is none', { datasource: { append }, provider: 7 as never }],
  ['an abandonedAfterMs that is none', { datasource: { append }, abandonedAfterMs: 'soon' as never }],
];

withEachGeneration(({ langchain }) => {
  it.each(FAULTY)('a program hears nothing of %s, and LangChain prints nothing', async (_what, options) => {
    const watched = new Side(new TinybirdCallbackHandler({ onError: () => {}, ...options }));
    await expectTheSame(new Side(), watched, async (side) => {
      const printed = await printedDuring(async () => {
        const before = provider.requests.length;
        const model = chatOpenAI(langchain, provider.defaultBaseUrl);
        await side.outcome('answer', model.invoke('hi', side.with({})));
        await side.read(model.stream('hi', side.with({})));
        const failing = chatOpenAI(langchain, provider.baseUrl('chat-failed'));
        await side.outcome('failure', failing.invoke('hi', side.with({})));
        const broken = chatOpenAI(langchain, provider.baseUrl('chat-error-in-stream'));
        await side.read(broken.stream('hi', side.with({})));
        side.saw(
          'requests',
          provider.requests.slice(before).map(({ body }) => body),
        );
      });
      // the last that can be told is told there, by us
      side.saw(
        'printed',
        printed.filter(([, what]) => !String(what).startsWith('[tinybird')),
      );
    });
  });

  it('of calls that fail and that nobody awaits as many rejections are unhandled as without us', async () => {
    const watched = new Side(new TinybirdCallbackHandler(recorded.options));
    await expectTheSame(new Side(), watched, async (side) => {
      const model = chatOpenAI(langchain, provider.baseUrl('chat-failed'));
      let over = 0;
      const count = () => over++;
      void model.invoke('hi', side.with({})).finally(count);
      void model.stream('hi', side.with({})).finally(count);
      await expect.poll(() => over).toBe(2);
    });
    expect((await recorded.events()).length).toBe(2);
  });

  it('the answer is the very object that other handlers are told of', async () => {
    let told: unknown;
    const neighbour = {
      name: 'neighbour',
      awaitHandlers: true,
      handleLLMEnd: ({ generations }: { generations: { message?: unknown }[][] }) => {
        told = generations[0]?.[0]?.message;
      },
    };
    const callbacks = [new TinybirdCallbackHandler(recorded.options), neighbour];
    const model = chatOpenAI(langchain, provider.defaultBaseUrl);
    expect(await model.invoke('hi', { callbacks: callbacks as never })).toBe(told);
  });
});

describe('the handler', () => {
  it('has the flags of one that waits for nothing, changes nothing and throws nothing', () => {
    const handler = new TinybirdCallbackHandler(recorded.options);
    expect({ ...handler }).toEqual({
      name: 'tinybird-llm',
      awaitHandlers: true,
      raiseError: false,
      ignoreLLM: false,
      ignoreChain: true,
      ignoreAgent: true,
      ignoreRetriever: true,
      ignoreCustomEvent: true,
    });
    for (const hint of ['lc_prefer_streaming', 'lc_prefer_chat_model_stream_events', '_addRunToRunMap'])
      expect(hint in handler).toBe(false);
  });

  it('answers no hook with a promise', () => {
    const handler = new TinybirdCallbackHandler(recorded.options);
    const answers = [
      handler.handleChatModelStart({}, [[]], 'chat'),
      handler.handleLLMStart({}, [''], 'text'),
      handler.handleLLMNewToken('a', {}, 'chat'),
      handler.handleChatModelStreamEvent({}, 'chat'),
      handler.handleLLMEnd({ generations: [[]] }, 'chat'),
      handler.handleLLMError(new Error('x'), 'text'),
    ];
    expect(answers).toEqual(answers.map(() => undefined));
  });

  it('records a run once, however often it begins and ends', async () => {
    const handler = new TinybirdCallbackHandler(recorded.options);
    for (let times = 0; times < 2; times++) {
      handler.handleChatModelStart({}, [[]], 'run');
      handler.handleChatModelStart({}, [[]], 'run');
      handler.handleLLMEnd({ generations: [[]] }, 'run');
      handler.handleLLMError(new Error('late'), 'run');
    }
    expect((await recorded.event()).standard_logging_object_status).toBe('success');
  });

  it('hears of runs that it does not know and is silent', async () => {
    const handler = new TinybirdCallbackHandler(recorded.options);
    handler.handleLLMNewToken('x', {}, 'run');
    handler.handleChatModelStreamEvent({ event: 'message-start' }, 'run');
    handler.handleLLMEnd({}, 'run');
    handler.handleLLMError(new Error('x'), 'run');
    expect(await recorded.events()).toEqual([]);
    expect(recorded.problems).toEqual([]);
  });

  it('never throws into LangChain, which would print it, and loses no call', async () => {
    const handler = new TinybirdCallbackHandler(recorded.options);
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    handler.handleChatModelStart(proxy, undefined as never, 'broken');
    handler.handleChatModelStart({}, [[]], 'run');
    handler.handleLLMNewToken('x', proxy, 'run', undefined, undefined, proxy);
    handler.handleChatModelStreamEvent(proxy, 'run');
    handler.handleLLMEnd(proxy, 'run');
    expect(recorded.problems.map(({ code }) => code)).toContain('internal');
    expect(await recorded.event()).toMatchObject({ id: 'run', response: { choices: [] } });
  });

  it('shows no token when it is logged', () => {
    const handler = new TinybirdCallbackHandler({ token: 'p.hush-hush', url: 'http://127.0.0.1:1' });
    expect(JSON.stringify(handler) + inspect(handler, { depth: 10 })).not.toContain('hush-hush');
    expect(handler.copy()).toBe(handler);
  });
});
