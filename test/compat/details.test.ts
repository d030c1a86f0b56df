import { beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { tinybirdProviderOptions } from '../../src/ai-sdk/index.js';
import { withMetadata } from '../../src/recorder/context.js';
import { Recorded } from '../support/events.js';
import { aCallOf, aModel, aResult, readAll, someParts, streamOf, watchedBy } from './answering.js';
import { EACH_GENERATION, finishReasonOf } from './generations.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const DETAILS = { user: 'u1', metadata: { chat_id: 'c1', tags: ['a', 'b'] }, name: 'summary', cost: 0.25 };
const ROW = { user: 'u1', cost: 0.25, proxy_metadata: { chat_id: 'c1', tags: ['a', 'b'], name: 'summary' } };

describe.each(EACH_GENERATION)('with %s what a call says of itself', (_name, generation) => {
  const { ai } = generation;

  it.each([
    ['under providerOptions.tinybird', { tinybird: DETAILS }],
    ['through tinybirdProviderOptions()', tinybirdProviderOptions(DETAILS)],
  ])('%s is in its row, and the provider sees nothing of it', async (_how, own) => {
    const mock = aModel(generation);
    const model = watchedBy(generation, mock, recorded.options);
    const others = { openai: { store: false }, acme: { deep: { er: 1 } } };
    await ai.generateText({ model, prompt: 'hi', providerOptions: { ...others, ...own } });
    await ai.generateText({ model, prompt: 'hi', providerOptions: own });
    const { textStream } = ai.streamText({ model, prompt: 'hi', providerOptions: { ...own, ...others } });
    for await (const _delta of textStream);
    expect(mock.doGenerateCalls.map(({ providerOptions }) => providerOptions)).toEqual([others, undefined]);
    expect(mock.doGenerateCalls[1]).not.toHaveProperty('providerOptions');
    expect(mock.doStreamCalls[0]?.providerOptions).toEqual(others);
    const events = await recorded.events();
    expect(events.length).toBe(3);
    for (const event of events) expect(event).toMatchObject(ROW);
    expect(recorded.problems).toEqual([]);
  });

  it('is not in the body of a gateway that posts its whole options', async () => {
    const bodies: string[] = [];
    const gateway = new generation.MockLanguageModel({
      provider: 'gateway',
      modelId: 'openai/gpt-4o',
      doGenerate: async ({ abortSignal: _, ...options }) => {
        bodies.push(JSON.stringify(options));
        return aResult(generation);
      },
    });
    const model = watchedBy(generation, gateway, recorded.options);
    const providerOptions = { ...tinybirdProviderOptions(DETAILS), gateway: { order: ['azure'] } };
    await ai.generateText({ model, prompt: 'hi', providerOptions });
    expect(bodies[0]).toContain('azure');
    for (const told of ['tinybird', 'u1', 'c1', 'summary']) expect(bodies[0]).not.toContain(told);
  });

  it('goes before its scope, which goes before the options', async () => {
    const level = (name: string) => ({ [name]: name, most: name, user: name });
    const options = { ...recorded.options, user: 'option', metadata: level('option') };
    const model = watchedBy(generation, aModel(generation), options);
    await withMetadata({ user: 'outer', metadata: level('outer') }, () =>
      withMetadata({ metadata: level('inner') }, async () => {
        await ai.generateText({ model, prompt: 'hi' });
        const tinybird = { user: 'call', metadata: level('call') };
        await ai.generateText({ model, prompt: 'hi', providerOptions: { tinybird } });
      }),
    );
    const [scoped, called] = await recorded.events();
    expect(scoped).toMatchObject({ user: 'outer', proxy_metadata: { most: 'inner', option: 'option' } });
    expect(called).toMatchObject({
      user: 'call',
      proxy_metadata: { most: 'call', call: 'call', inner: 'inner', outer: 'outer', option: 'option' },
    });
  });

  it.each<[string, unknown, RegExp]>([
    ['a text', 'u1', /a string instead of an object/],
    ['a number', 7, /a number instead of an object/],
    ['a list', ['u1'], /an array instead of an object/],
    ['null', null, /null instead of an object/],
    ['with keys that nothing reads', { userId: 'u1' }, /the key userId, which nothing reads/],
    ['with a user that is an object', { user: { id: 7 } }, /its user is an object instead of a string/],
    ['with metadata that is a text', { metadata: 'c1' }, /metadata holds a string instead of a record/],
    ['with metadata that is a list', { metadata: ['c1'] }, /metadata holds an array instead of a record/],
    ['with a name that is a list', { name: ['n'] }, /its name is an array instead of a string/],
    ['with a cost that is a text', { cost: 'much' }, /cost of a call was given as much/],
    ['with a cost below nothing', { cost: -1 }, /cost of a call was given as -1/],
  ])('when it is %s is told, and breaks no call', async (_what, tinybird, problem) => {
    const mock = aModel(generation);
    const model = watchedBy(generation, mock, { ...recorded.options, user: 'everybody' });
    const ask = () =>
      model
        .doGenerate({ ...aCallOf(), providerOptions: { tinybird, acme: {} } as never })
        .then(({ content }) => content);
    expect(await ask()).toEqual([{ type: 'text', text: 'Hello.' }]);
    expect(mock.doGenerateCalls[0]?.providerOptions).toEqual({ acme: {} });
    expect((await recorded.event()).user).toBe('everybody');
    const told = recorded.problems.filter(({ message }) => problem.test(message));
    expect(told.length).toBe(1);
    expect(told[0]?.message).not.toContain('[object');
  });

  it('and cannot be used is told once, however many calls say it', async () => {
    const model = watchedBy(generation, aModel(generation), { ...recorded.options, prices: () => 0 });
    for (let call = 0; call < 3; call++) {
      await model.doGenerate({ ...aCallOf(), providerOptions: { tinybird: { userId: 'u1' } } });
    }
    expect((await recorded.events()).length).toBe(3);
    expect(recorded.problems.map(({ code }) => code)).toEqual(['bad_option']);
  });

  it('may be undefined: that says nothing, and is taken away all the same', async () => {
    const mock = aModel(generation);
    const model = watchedBy(generation, mock, recorded.options);
    await model.doGenerate({ ...aCallOf(), providerOptions: { tinybird: undefined as never } });
    expect(mock.doGenerateCalls[0]).not.toHaveProperty('providerOptions');
    await recorded.event();
    expect(recorded.problems.map(({ code }) => code)).toEqual(['unknown_price']);
  });
});

describe.each(EACH_GENERATION)('with %s a scope', (_name, generation) => {
  const { ai, major } = generation;
  const scope = (name: string) => ({ user: name, metadata: { chat_id: name } });

  it('reaches every step, what a tool asks, and the end of a stream that is read outside of it', async () => {
    const adviser = watchedBy(generation, aModel(generation), recorded.options);
    const call = { type: 'tool-call', toolCallId: 'c1', toolName: 'ask', input: '{}' };
    const step = aResult(generation, { content: [call], finishReason: finishReasonOf(major, 'tool-calls') });
    const model = watchedBy(generation, aModel(generation, step, aResult(generation)), recorded.options);
    const ask = ai.tool({
      inputSchema: z.object({}),
      execute: async () => (await ai.generateText({ model: adviser, prompt: 'help' })).text,
    });
    const stream = await withMetadata(scope('c1'), async () => {
      await ai.generateText({ model, prompt: 'hi', tools: { ask }, stopWhen: ai.stepCountIs(3) });
      return ai.streamText({ model, prompt: 'hi' }).textStream;
    });
    for await (const _delta of stream);
    const events = await recorded.events();
    expect(events.map(({ messages }) => messages[0]?.content).sort()).toEqual(['help', 'hi', 'hi', 'hi']);
    for (const event of events)
      expect(event).toMatchObject({ user: 'c1', proxy_metadata: { chat_id: 'c1' } });
  });

  it('does not mix with those beside it, however their calls lie in time', async () => {
    const model = new generation.MockLanguageModel({
      doGenerate: async ({ prompt }) => {
        const turns = JSON.stringify(prompt).length % 7;
        for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
        return aResult(generation);
      },
      doStream: async () => ({ stream: streamOf(someParts(generation)) }),
    });
    const watched = watchedBy(generation, model, recorded.options);
    const names = Array.from({ length: 12 }, (_, index) => `${'c'.repeat(index)}${index}`);
    const open = await Promise.all(
      names.map((name) =>
        withMetadata(scope(name), async () => {
          await watched.doGenerate(aCallOf(name));
          return watched.doStream(aCallOf(name));
        }),
      ),
    );
    await withMetadata(scope('somebody else'), () =>
      Promise.all(open.reverse().map(({ stream }) => readAll(stream))),
    );
    const events = await recorded.events();
    expect(events.length).toBe(24);
    for (const { user, messages, proxy_metadata } of events) {
      expect(user).toBe(messages[0]?.content);
      expect(proxy_metadata.chat_id).toBe(user);
    }
  });
});
