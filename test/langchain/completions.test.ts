import { describe, expect, it } from 'vitest';
import { drain } from '../compat/recorded-traffic.js';
import { answering, events, json } from '../openai/answers.js';
import { withEachGeneration } from './generations.js';
import { modelFor, useTraffic } from './traffic.js';

const traffic = useTraffic();

withEachGeneration(({ langchain }) => {
  const { AIMessage, FakeListChatModel, FakeLLM, FakeStreamingChatModel, FakeStreamingLLM, OpenAI } =
    langchain;
  const callbacks = () => [traffic.handler()];
  const completing = async (answer: Parameters<typeof answering>[0], options: object = {}) => {
    const { url } = await answering(answer);
    return new OpenAI({
      model: 'gpt-3.5-turbo-instruct',
      apiKey: 'k',
      maxRetries: 0,
      configuration: { baseURL: url },
      callbacks: callbacks(),
      ...options,
    });
  };

  describe('a model of text', () => {
    it('is a text completion of its prompt', async () => {
      await modelFor({ langchain }, traffic.provider, 'completion-plain', { callbacks: callbacks() }).invoke(
        'begin',
      );
      expect(await traffic.recorded.event()).toMatchObject({
        call_type: 'atext_completion',
        provider: 'openai',
        model: 'gpt-3.5-turbo-instruct',
        stream: false,
        messages: [{ role: 'user', content: 'begin' }],
        response: {
          choices: [{ finish_reason: 'length', message: { content: ' one call.' } }],
          usage: { prompt_tokens: 3, completion_tokens: 3, total_tokens: 6 },
        },
      });
    });

    it('that is asked twice at once tells what both took with the first', async () => {
      const choices = ['one', 'two'].map((text, index) => ({
        text,
        index,
        finish_reason: 'stop',
        logprobs: null,
      }));
      const usage = { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 };
      const body = { id: 'cmpl-1', object: 'text_completion', created: 1, model: 'gpt-3.5-turbo-instruct' };
      const model = await completing(json({ ...body, choices, usage }));
      await model.generate(['a', 'b']);
      const [first, second] = await traffic.recorded.events();
      expect(first).toMatchObject({
        messages: [{ content: 'a' }],
        response: { choices: [{ message: { content: 'one' } }], usage },
      });
      expect(second?.messages).toMatchObject([{ content: 'b' }]);
      expect(second?.response.choices).toMatchObject([{ message: { content: 'two' } }]);
      expect([second?.response.usage, second?.cost]).toEqual([{}, undefined]);
      expect(second?.proxy_metadata.cost_unknown).toBe(true);
    });

    it('that streams is a stream, of which nobody tells what it took', async () => {
      const chunk = (text: string, finish_reason: string | null) =>
        `data: ${JSON.stringify({ id: 'cmpl-1', choices: [{ text, index: 0, finish_reason }] })}\n\n`;
      const streamed = events([
        chunk('one', null),
        chunk(' call.', null),
        chunk('', 'stop'),
        'data: [DONE]\n\n',
      ]);
      await drain((await completing(streamed)).stream('begin'));
      const event = await traffic.recorded.event();
      expect(event).toMatchObject({
        call_type: 'atext_completion',
        stream: true,
        response: { choices: [{ finish_reason: 'stop', message: { content: 'one call.' } }] },
      });
      expect(event.response.usage).toEqual({});
    });

    it('whose stream ends without a reason is complete: not all of them have one', async () => {
      await drain(
        new FakeStreamingLLM({ responses: ['done'], callbacks: callbacks() } as never).stream('begin'),
      );
      expect(await traffic.recorded.event()).toMatchObject({
        stream: true,
        standard_logging_object_status: 'success',
        response: { choices: [{ message: { content: 'done' } }], usage: {} },
      });
    });

    it('that names nothing but its class is recorded all the same', async () => {
      await new FakeLLM({ response: 'done', callbacks: callbacks() }).invoke('begin');
      expect(await traffic.recorded.event()).toMatchObject({
        call_type: 'atext_completion',
        provider: 'fakellm',
        model: 'FakeLLM',
        messages: [{ role: 'user', content: 'begin' }],
        response: { choices: [{ message: { content: 'done' } }], usage: {} },
      });
    });

    it('that fails is a failure', async () => {
      const model = new FakeLLM({ thrownErrorString: 'no', callbacks: callbacks() });
      await expect(model.invoke('begin')).rejects.toThrow('no');
      expect((await traffic.recorded.event()).exception).toBe('Error: no');
    });
  });

  describe('a chat model without a provider', () => {
    it('has its class for a model', async () => {
      await new FakeListChatModel({ responses: ['done'], callbacks: callbacks() }).invoke('hi');
      expect(await traffic.recorded.event()).toMatchObject({
        call_type: 'acompletion',
        provider: 'fakelistchatmodel',
        model: 'FakeListChatModel',
        stream: false,
        response: { choices: [{ message: { content: 'done' } }], usage: {} },
      });
    });

    it('whose stream ends without a reason is complete', async () => {
      await drain(new FakeListChatModel({ responses: ['done'], callbacks: callbacks() }).stream('hi'));
      const responses = [new AIMessage('done too')];
      await drain(new FakeStreamingChatModel({ responses, callbacks: callbacks() } as never).stream('hi'));
      const all = await traffic.recorded.events();
      expect(all.map(({ response }) => response.choices[0]?.message.content)).toEqual(['done', 'done too']);
      for (const event of all)
        expect(event).toMatchObject({ stream: true, standard_logging_object_status: 'success' });
    });
  });
});
