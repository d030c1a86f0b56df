import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../../fixtures/provider.js';
import type { LitellmEvent } from '../../schemas/litellm.js';
import type { CallDetails } from '../../src/langchain/index.js';
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

withEachGeneration(({ langchain }) => {
  const chat = (fixture?: string) => chatOf(langchain, provider, fixture === undefined ? {} : { fixture });

  describe('what a run says under our own key', () => {
    it('is in the row of every call below it, and the provider sees nothing of it', async () => {
      const tinybird: CallDetails = {
        user: 'u1',
        metadata: { chat_id: 'c1', list: ['a', 'b'] },
        name: 'define',
        cost: 0.25,
      };
      const callbacks = [handlerOf(recorded)];
      const chain = langchain.RunnableParallel.from({ a: chat() as never, b: chat() as never });
      const before = provider.requests.length;
      await chain.invoke('hi', { callbacks, metadata: { tinybird } });
      for (const { proxy_metadata, ...event } of await recorded.events()) {
        const { parent_run_id: _, ...own } = proxy_metadata;
        expect([event.user, event.cost]).toEqual(['u1', 0.25]);
        expect(own).toEqual({ chat_id: 'c1', list: ['a', 'b'], name: 'define' });
      }
      const sent = JSON.stringify(provider.requests.slice(before));
      for (const told of ['tinybird', 'u1', 'define', '0.25']) expect(sent).not.toContain(told);
    });

    it('goes before the run’s other metadata, its scope and the handler’s options', async () => {
      const level = (name: string) => ({ [name]: name, most: name, chat_id: name });
      const callbacks = [handlerOf(recorded, { user: 'option', metadata: level('option') })];
      const tinybird: CallDetails = { user: 'call', metadata: level('call') };
      const metadata = { ...level('run'), user: 'run', thread_id: 't1', tinybird };
      await withMetadata({ user: 'scope', metadata: level('scope') }, () =>
        chat().invoke('hi', { callbacks, metadata }),
      );
      expect(await recorded.event()).toMatchObject({
        user: 'call',
        proxy_metadata: { option: 'option', scope: 'scope', run: 'run', ...level('call'), thread_id: 't1' },
      });
    });

    it('says what a call cost before any price', async () => {
      const callbacks = [handlerOf(recorded, { prices: { 'gpt-4o-mini': { input: 1, output: 1 } } })];
      await chat().invoke('a', { callbacks, metadata: { tinybird: { cost: 0.5 } } });
      await chat().invoke('b', { callbacks, metadata: { tinybird: { cost: 0 } } });
      await chat().invoke('c', { callbacks });
      expect((await recorded.events()).map(({ cost }) => cost)).toEqual([0.5, 0, 0.000034]);
    });

    it.each<[string, unknown, RegExp]>([
      ['a text', 'u1', /a string instead of an object/],
      ['a list', ['u1'], /an array instead of an object/],
      ['null', null, /null instead of an object/],
      ['with keys that nothing reads', { userId: 'u1' }, /the key userId, which nothing reads/],
      ['with a user that is an object', { user: { id: 7 } }, /its user is an object instead of a string/],
      ['with metadata that is a text', { metadata: 'c1' }, /metadata holds a string instead of a record/],
      ['with metadata that is a list', { metadata: ['c1'] }, /metadata holds an array instead of a record/],
      ['with a name that is a list', { name: ['n'] }, /its name is an array instead of a string/],
      ['with a cost that is a text', { cost: 'much' }, /cost of a call was given as much/],
    ])('when it is %s is told once, and breaks no call', async (_what, tinybird, problem) => {
      const callbacks = [handlerOf(recorded, { user: 'everybody' })];
      for (let call = 0; call < 3; call++) {
        const answer = await chat().invoke('hi', { callbacks, metadata: { project: 'bot', tinybird } });
        expect(answer.content).toBe(ANSWER);
      }
      for (const event of await recorded.events())
        expect(event).toMatchObject({
          user: 'everybody',
          model: 'gpt-4o-mini',
          proxy_metadata: { project: 'bot' },
        });
      expect(recorded.problems.filter(({ message }) => problem.test(message)).length).toBe(1);
      expect(recorded.problems.length).toBe(1);
    });
  });

  describe('the handler’s options', () => {
    it('keep the words of questions and answers in the process', async () => {
      const capture = { messages: false, response: false };
      const callbacks = [handlerOf(recorded, { capture })];
      await chat().invoke('my question', { callbacks });
      await expect(chat('chat-failed').invoke('my question', { callbacks })).rejects.toThrow('401');
      const [answered, failed] = await recorded.events();
      expect(answered).toMatchObject({ messages: [], response: { usage: { total_tokens: 34 } } });
      expect(failed).toMatchObject({
        messages: [],
        exception: expect.stringMatching(/^AuthenticationError/),
      });
      expect(JSON.stringify([answered, failed])).not.toMatch(/my question|A row|Incorrect API key/);
    });

    it('have the last word on an event, and drop calls', async () => {
      const redact = (event: LitellmEvent) =>
        event.proxy_metadata.drop === true
          ? null
          : { ...event, messages: [{ role: 'user', content: 'redacted' }] };
      const callbacks = [handlerOf(recorded, { redact })];
      await chat().invoke('a', { callbacks, metadata: { drop: true } });
      await chat().invoke('b', { callbacks });
      expect((await recorded.event()).messages).toEqual([{ role: 'user', content: 'redacted' }]);
    });

    it('record a share of the calls, and failures always', async () => {
      const callbacks = [handlerOf(recorded, { sample: 0 })];
      await chat().invoke('a', { callbacks });
      await expect(chat('chat-failed').invoke('b', { callbacks })).rejects.toThrow('401');
      expect((await recorded.event()).standard_logging_object_status).toBe('failure');
    });

    it('record the calls that a function chooses by their metadata', async () => {
      const callbacks = [handlerOf(recorded, { sample: ({ metadata }) => metadata.project === 'bot' })];
      await chat().invoke('a', { callbacks, metadata: { project: 'other' } });
      await chat().invoke('b', { callbacks, metadata: { project: 'bot' } });
      expect((await recorded.event()).messages).toEqual([{ role: 'user', content: 'b' }]);
    });

    it('have prices of their own, for a deployment of Azure’s too', async () => {
      const prices = {
        'gpt-4o-mini': { input: 1, output: 10 },
        'my-deployment': { input: 10, output: 100 },
      };
      const azure = new langchain.AzureChatOpenAI({
        azureOpenAIApiKey: 'none',
        azureOpenAIApiVersion: '2025-01-01',
        azureOpenAIApiDeploymentName: 'my-deployment',
        azureOpenAIBasePath: `${provider.defaultAzureEndpoint}/openai/deployments`,
        maxRetries: 0,
      });
      const callbacks = [handlerOf(recorded, { prices })];
      await chat().invoke('a', { callbacks });
      await azure.invoke('b', { callbacks });
      const [plain, deployed] = await recorded.events();
      // 25 tokens in, 9 out
      expect(plain?.cost).toBeCloseTo(0.000115, 12);
      expect(deployed?.cost).toBeCloseTo(0.00115, 12);
      expect(deployed).toMatchObject({
        model: 'my-deployment',
        provider: 'azure',
        response: { model: 'gpt-4o-mini-2024-07-18' },
        proxy_metadata: { deployment: 'my-deployment' },
      });
    });

    it('name the provider where nobody can see it', async () => {
      await chat().invoke('a', { callbacks: [handlerOf(recorded, { provider: 'acme' })] });
      expect((await recorded.event()).provider).toBe('acme');
    });

    it('hold every event against its schema when they are told to', async () => {
      const redact = (event: LitellmEvent) => ({ ...event, duration: -1 });
      const append = (_event: LitellmEvent) => {};
      const callbacks = [handlerOf(recorded, { validate: true, redact, datasource: { append } })];
      await chat().invoke('a', { callbacks });
      await expect.poll(() => recorded.problems.map(({ code }) => code)).toEqual(['invalid_event']);
    });
  });
});
