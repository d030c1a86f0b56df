import { createAgent } from 'langchain';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { type CallDetails, TinybirdCallbackHandler, wrapEmbeddings } from '../../src/langchain/index.js';
import * as langchain03 from './core-0.3/parts.js';
import * as langchain1 from './core-1/parts.js';

/**
 * What this file is about is decided by the compiler, under `exactOptionalPropertyTypes`, with Node's resolution of
 * modules and with a bundler's (`tsconfig.bundler.json`); that it runs too shows that the types do not lie.
 */
const options = { datasource: [] };
const handler = new TinybirdCallbackHandler(options);
const callbacks = [handler];
const given = { model: 'gpt-4o-mini', apiKey: 'none' };

type Invoked03 = Parameters<langchain03.ChatOpenAI['invoke']>[1];
type Invoked1 = Parameters<langchain1.ChatOpenAI['invoke']>[1];

describe('the handler', () => {
  it('is taken by the models of each generation, when they are made', () => {
    const text = { ...given, model: 'gpt-3.5-turbo-instruct' };
    expect(new langchain03.ChatOpenAI({ ...given, callbacks }).callbacks).toEqual(callbacks);
    expect(new langchain1.ChatOpenAI({ ...given, callbacks }).callbacks).toEqual(callbacks);
    expect(new langchain03.OpenAI({ ...text, callbacks }).callbacks).toEqual(callbacks);
    expect(new langchain1.OpenAI({ ...text, callbacks }).callbacks).toEqual(callbacks);
    expect(new langchain03.ChatAnthropic({ ...given, callbacks }).callbacks).toEqual(callbacks);
    expect(new langchain1.ChatAnthropic({ ...given, callbacks }).callbacks).toEqual(callbacks);
    expect(new langchain03.ChatGoogleGenerativeAI({ ...given, callbacks }).callbacks).toEqual(callbacks);
    expect(new langchain1.ChatGoogleGenerativeAI({ ...given, callbacks }).callbacks).toEqual(callbacks);
  });

  it('is taken by every call of each generation, alone and beside another handler', () => {
    const others = { callbacks: [handler, { handleLLMEnd() {} }], metadata: { user: 'u1' } };
    expectTypeOf({ callbacks }).toExtend<NonNullable<Invoked03>>();
    expectTypeOf({ callbacks }).toExtend<NonNullable<Invoked1>>();
    expectTypeOf(others).toExtend<NonNullable<Invoked03>>();
    expectTypeOf(others).toExtend<NonNullable<Invoked1>>();
    expect(others.callbacks).toContain(handler);
    // what this can tell
    const wrong = { callbacks: [{ ...handler, handleLLMEnd: 7 }] };
    expectTypeOf(wrong).not.toExtend<NonNullable<Invoked03>>();
    expectTypeOf(wrong).not.toExtend<NonNullable<Invoked1>>();
  });

  it('is taken by models, chains, graphs and agents in place', () => {
    const model03 = new langchain03.ChatOpenAI(given);
    const model1 = new langchain1.ChatOpenAI(given);
    const chain03 = model03.pipe(new langchain03.StringOutputParser());
    const chain1 = model1.pipe(new langchain1.StringOutputParser());
    const graph03 = new langchain03.StateGraph(langchain03.MessagesAnnotation)
      .addNode('ask', async () => ({}))
      .addEdge('__start__', 'ask')
      .compile();
    const graph1 = new langchain1.StateGraph(langchain1.MessagesAnnotation)
      .addNode('ask', async () => ({}))
      .addEdge('__start__', 'ask')
      .compile();
    const input = { messages: [] };
    // Never run: whether it compiles is the question.
    const _calls = [
      () => model03.invoke('hi', { callbacks: [handler] }),
      () => model1.invoke('hi', { callbacks: [handler] }),
      () => model03.stream('hi', { callbacks: [handler], metadata: { user: 'u1' } }),
      () => model1.stream('hi', { callbacks: [handler], metadata: { user: 'u1' } }),
      () => model03.batch(['hi'], { callbacks: [handler] }),
      () => model1.batch(['hi'], { callbacks: [handler] }),
      () => model03.withConfig({ callbacks: [handler] }),
      () => model1.withConfig({ callbacks: [handler] }),
      () => model03.streamEvents('hi', { version: 'v2', callbacks: [handler] }),
      () => model1.streamEvents('hi', { version: 'v2', callbacks: [handler] }),
      () => chain03.invoke('hi', { callbacks: [handler] }),
      () => chain1.invoke('hi', { callbacks: [handler] }),
      () => chain03.withConfig({ callbacks: [handler] }),
      () => chain1.withConfig({ callbacks: [handler] }),
      () => graph03.invoke(input, { callbacks: [handler] }),
      () => graph1.invoke(input, { callbacks: [handler] }),
      () => graph03.stream(input, { callbacks: [handler], streamMode: 'messages' }),
      () => graph1.stream(input, { callbacks: [handler], streamMode: 'messages' }),
      () => langchain03.createReactAgent({ llm: model03, tools: [] }).invoke(input, { callbacks: [handler] }),
      () => langchain1.createReactAgent({ llm: model1, tools: [] }).invoke(input, { callbacks: [handler] }),
      () => createAgent({ model: model1, tools: [] }).invoke(input, { callbacks: [handler] }),
    ];
  });

  it('is taken by the managers of callbacks of each generation', () => {
    const manager03 = langchain03.CallbackManager.fromHandlers(handler);
    const manager1 = langchain1.CallbackManager.fromHandlers(handler);
    expect([manager03.handlers.length, manager1.handlers.length]).toEqual([1, 1]);
    // Never run: whether it compiles is the question.
    const _calls = [
      () => langchain03.CallbackManager.configure([handler]),
      () => langchain1.CallbackManager.configure([handler]),
      () => langchain03.CallbackManager.configure(undefined, [handler]),
      () => langchain1.CallbackManager.configure(undefined, [handler]),
    ];
  });

  it('takes options of which nothing is known, and no others than it has', () => {
    const user: string | undefined = undefined;
    expect(new TinybirdCallbackHandler({ ...options, user, provider: undefined })).toBeInstanceOf(
      TinybirdCallbackHandler,
    );
    const _calls = [
      // @ts-expect-error there is no such option
      () => new TinybirdCallbackHandler({ ...options, capure: { messages: false } }),
      // @ts-expect-error there is no such key
      (): CallDetails => ({ userId: 'u1' }),
    ];
  });
});

describe('wrapEmbeddings', () => {
  it('keeps the type of the embeddings of each generation', () => {
    const openai03 = wrapEmbeddings(new langchain03.OpenAIEmbeddings(given), options);
    const openai1 = wrapEmbeddings(new langchain1.OpenAIEmbeddings(given), options);
    expectTypeOf(openai03).toEqualTypeOf<langchain03.OpenAIEmbeddings>();
    expectTypeOf(openai1).toEqualTypeOf<langchain1.OpenAIEmbeddings>();
    const fake03 = wrapEmbeddings(new langchain03.SyntheticEmbeddings(), options);
    const fake1 = wrapEmbeddings(new langchain1.SyntheticEmbeddings(), options);
    expectTypeOf(fake03).toEqualTypeOf<langchain03.SyntheticEmbeddings>();
    expectTypeOf(fake1).toEqualTypeOf<langchain1.SyntheticEmbeddings>();
    expectTypeOf(openai03).toExtend<ConstructorParameters<typeof langchain03.VectorStore>[0]>();
    expectTypeOf(openai1).toExtend<ConstructorParameters<typeof langchain1.VectorStore>[0]>();
    expect(openai1).toBeInstanceOf(langchain1.OpenAIEmbeddings);
  });

  it('takes embeddings of other vectors than numbers, and nothing that is none', () => {
    class Bits extends langchain1.Embeddings<Uint8Array> {
      override embedQuery = async (_document: string) => new Uint8Array(1);
      override embedDocuments = async (documents: string[]) => documents.map(() => new Uint8Array(1));
    }
    const quiet = { ...options, onError: () => {} };
    expectTypeOf(wrapEmbeddings(new Bits({}), quiet)).toEqualTypeOf<Bits>();
    // @ts-expect-error an empty object is none
    expect(wrapEmbeddings({}, quiet)).toEqual({});
    // @ts-expect-error a model is none
    wrapEmbeddings(new langchain1.ChatOpenAI(given), quiet);
  });
});
