import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../../fixtures/provider.js';
import type { LitellmEvent } from '../../schemas/litellm.js';
import { withMetadata } from '../../src/recorder/context.js';
import { Recorded } from '../support/events.js';
import { ANSWER, chatOf, handlerOf } from './asking.js';
import { withEachGeneration } from './generations.js';

let provider: FakeProvider;
beforeAll(async () => {
  provider = await startFakeProvider();
});
afterAll(() => provider.close());

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

const RUN_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The metadata of a row but for the run above it, of which there is one. */
function underneath({ proxy_metadata: { parent_run_id, ...own } }: LitellmEvent): object {
  expect(parent_run_id).toMatch(RUN_ID);
  return own;
}

withEachGeneration(({ langchain, major }) => {
  const chat = (fixture?: string) => chatOf(langchain, provider, fixture === undefined ? {} : { fixture });
  const chain = () =>
    langchain.ChatPromptTemplate.fromTemplate('What is {thing}?')
      .pipe(chat())
      .pipe(new langchain.StringOutputParser());

  describe('the row of a model', () => {
    it('has what its chain was told, and nothing of what LangChain adds', async () => {
      const metadata = {
        user: 'u1',
        organization: 'acme',
        environment: 'test',
        project: 'bot',
        chat_id: 'c1',
        own: { deep: [1] },
      };
      const config = { callbacks: [handlerOf(recorded)], metadata, tags: ['mine'], runName: 'outer' };
      expect(await chain().invoke({ thing: 'a row' }, config)).toBe(ANSWER);
      const event = await recorded.event();
      expect(event.user).toBe('u1');
      const { user: _, ...kept } = metadata;
      expect(underneath(event)).toEqual({ ...kept, tags: ['mine'] });
      expect(event.messages).toEqual([{ role: 'user', content: 'What is a row?' }]);
    });

    it('has no metadata where nobody gave any', async () => {
      await chat().invoke('hi', { callbacks: [handlerOf(recorded)] });
      const event = await recorded.event();
      expect(event.proxy_metadata).toEqual({});
      expect(event).not.toHaveProperty('user');
    });

    it('has its own name and run id, and that of the run above it', async () => {
      const [runId, above] = ['01234567-89ab-cdef-0123-456789abcdef', '01234567-89ab-cdef-0123-000000000000'];
      const outer = langchain.RunnableLambda.from((question: string, config) =>
        chat().invoke(question, { ...config, runName: 'ask', runId }),
      );
      await outer.invoke('hi', { callbacks: [handlerOf(recorded)], runName: 'outer', runId: above });
      expect(await recorded.event()).toMatchObject({
        id: runId,
        proxy_metadata: { run_name: 'ask', parent_run_id: above },
      });
    });

    it('has the tags that somebody chose, and of LangChain’s own the attempt alone', async () => {
      const { RunnableParallel, StringOutputParser } = langchain;
      const failing = chat('chat-failed').withRetry({ stopAfterAttempt: 2 });
      const both = RunnableParallel.from({ a: failing.pipe(new StringOutputParser()) as never });
      const config = { callbacks: [handlerOf(recorded)], tags: ['mine'] };
      await expect(both.invoke('hi', config)).rejects.toThrow('401');
      expect((await recorded.events()).map(({ proxy_metadata }) => proxy_metadata.tags)).toEqual([
        ['mine'],
        ['retry:attempt:2', 'mine'],
      ]);
    });

    it.each([
      ['user', 'u1'],
      ['user_id', 'u1'],
      ['userId', 'u1'],
      ['user_id', 7],
    ])('has as its user the %s of the run', async (key, user) => {
      await chat().invoke('hi', { callbacks: [handlerOf(recorded)], metadata: { [key]: user } });
      const event = await recorded.event();
      expect([event.user, event.proxy_metadata]).toEqual([String(user), {}]);
    });

    it('has as its user whom the model itself names, where nobody else says more', async () => {
      const named = chatOf(langchain, provider, { user: 'model' });
      await named.invoke('a', { callbacks: [handlerOf(recorded)] });
      await named.invoke('b', { callbacks: [handlerOf(recorded)], metadata: { user: 'run' } });
      expect((await recorded.events()).map(({ user }) => user)).toEqual(['model', 'run']);
    });

    it.each([
      ['chat_id', { chat_id: 'c1', thread_id: 't1' }, 'c1'],
      ['chatId', { chatId: 'c1', session_id: 's1' }, 'c1'],
      ['thread_id', { thread_id: 't1', session_id: 's1' }, 't1'],
      ['session_id', { session_id: 's1', conversation_id: 'v1' }, 's1'],
      ['sessionId', { sessionId: 's1' }, 's1'],
      ['conversation_id', { conversation_id: 'v1' }, 'v1'],
    ])('has as its chat_id the %s of the run', async (_key, metadata, chatId) => {
      await chat().invoke('hi', { callbacks: [handlerOf(recorded)], metadata });
      const { chatId: _, ...kept } = metadata as Record<string, string>;
      expect((await recorded.event()).proxy_metadata).toEqual({ ...kept, chat_id: chatId });
    });

    it('has what its run says before its scope, and its scope before the handler’s options', async () => {
      const level = (name: string) => ({ [name]: name, most: name, chat_id: name });
      const callbacks = [handlerOf(recorded, { user: 'option', metadata: level('option') })];
      await chat().invoke('a', { callbacks, metadata: { thread_id: 't1' } });
      await withMetadata({ user: 'scope', metadata: level('scope') }, async () => {
        await chain().invoke({ thing: 'b' }, { callbacks, metadata: { thread_id: 't1' } });
        await chain().invoke({ thing: 'c' }, { callbacks, metadata: { ...level('run'), user: 'run' } });
      });
      const [plain, scoped, told] = await recorded.events();
      expect(plain).toMatchObject({
        user: 'option',
        proxy_metadata: { ...level('option'), thread_id: 't1' },
      });
      expect(scoped?.user).toBe('scope');
      expect(underneath(scoped as LitellmEvent)).toEqual({
        option: 'option',
        ...level('scope'),
        thread_id: 't1',
      });
      expect(told?.user).toBe('run');
      expect(underneath(told as LitellmEvent)).toEqual({ option: 'option', scope: 'scope', ...level('run') });
    });

    it('has the metadata of its own run, however many run at once', async () => {
      const callbacks = [handlerOf(recorded)];
      const names = Array.from({ length: 12 }, (_, index) => `n${index}`);
      await Promise.all(
        names.map((name) => chain().invoke({ thing: name }, { callbacks, metadata: { user: name, name } })),
      );
      const events = await recorded.events();
      expect(events.map(({ user }) => user).sort()).toEqual([...names].sort());
      for (const { user, messages, proxy_metadata } of events)
        expect([messages[0]?.content, proxy_metadata.name]).toEqual([`What is ${user}?`, user]);
    });

    it('has odd metadata as text, and of what has none nothing; each is told once', async () => {
      const circle: Record<string, unknown> = { a: 1 };
      circle.self = circle;
      const metadata = {
        circle,
        deep: { list: [1, { a: 'b' }] },
        big: 10n,
        day: new Date(0),
        call: () => 'x',
        none: undefined,
        nothing: null,
        user: { id: 7 },
        project: 7,
      };
      const callbacks = [handlerOf(recorded, { user: 'everybody' })];
      for (let call = 0; call < 2; call++) await chat().invoke('hi', { callbacks, metadata });
      const [event] = await recorded.events();
      expect(event).not.toHaveProperty('user');
      expect(event?.proxy_metadata).toEqual({
        circle: { a: 1, self: '[Circular]' },
        deep: { list: [1, { a: 'b' }] },
        big: '10',
        day: '1970-01-01T00:00:00.000Z',
        project: '7',
      });
      expect(recorded.problems.map(({ message }) => message.split(':')[0]).sort()).toEqual([
        'The user is of type object',
        'metadata.big holds a BigInt',
        'metadata.call holds a function',
        'metadata.circle.self holds a cycle',
      ]);
    });

    it('has what is configurable where LangChain makes metadata of it: in 0.3, not in 1', async () => {
      const configurable = { session_id: 's1', user_id: 'u1' };
      await chain().invoke({ thing: 'a row' }, { callbacks: [handlerOf(recorded)], configurable });
      const event = await recorded.event();
      expect(event.user).toBe(major === 0 ? 'u1' : undefined);
      expect(underneath(event)).toEqual(major === 0 ? { session_id: 's1', chat_id: 's1' } : {});
    });

    it('has the session of a history of messages, where LangChain tells it', async () => {
      const { ChatPromptTemplate, InMemoryChatMessageHistory, RunnableWithMessageHistory } = langchain;
      const history = new InMemoryChatMessageHistory();
      await history.addUserMessage('before');
      const prompt = ChatPromptTemplate.fromMessages([
        ['placeholder', '{history}'],
        ['human', '{input}'],
      ]);
      const remembering = new RunnableWithMessageHistory({
        runnable: prompt.pipe(chat()),
        getMessageHistory: () => history,
        inputMessagesKey: 'input',
        historyMessagesKey: 'history',
      });
      const callbacks = [handlerOf(recorded)];
      const ask = (config: object) => remembering.invoke({ input: 'hi' }, { callbacks, ...config });
      await ask({ configurable: { sessionId: 's1' } });
      await ask({ configurable: { sessionId: 's1' }, metadata: { session_id: 's1' } });
      const [first, second] = await recorded.events();
      expect(first?.messages.map(({ content }) => content)).toEqual(['before', 'hi']);
      expect(first?.proxy_metadata.chat_id).toBe(major === 0 ? 's1' : undefined);
      expect(second?.proxy_metadata.chat_id).toBe('s1');
    });
  });
});
