import { describe, expect, it } from 'vitest';
import { drain } from '../compat/recorded-traffic.js';
import { answering, chat, events, json } from '../openai/answers.js';
import { withEachGeneration } from './generations.js';
import { type ModelOptions, modelFor, useTraffic } from './traffic.js';

const traffic = useTraffic();

/** A chunk of a streamed chat. */
const chunk = (delta: object, finish: string | null = null, usage?: object) =>
  `data: ${JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1780000000,
    model: 'gpt-4o-mini-2024-07-18',
    choices: [{ index: 0, delta, finish_reason: finish }],
    ...(usage === undefined ? {} : { usage }),
  })}\n\n`;
const begun = chunk({ role: 'assistant', content: 'A row.' });
const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18, cost: 0.001 };
const counted = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };

withEachGeneration(({ langchain, major }) => {
  const { ChatOpenAI } = langchain;
  const modelOf = (fixture: string, options: ModelOptions = {}) =>
    modelFor({ langchain }, traffic.provider, fixture, { callbacks: [traffic.handler()], ...options });
  /** A model whose every answer is this. */
  const answeredBy = async (answer: Parameters<typeof answering>[0], options: object = {}) => {
    const { url } = await answering(answer);
    return new ChatOpenAI({
      model: 'gpt-4o-mini',
      apiKey: 'k',
      maxRetries: 0,
      configuration: { baseURL: url },
      callbacks: [traffic.handler()],
      ...options,
    });
  };
  const event = () => traffic.recorded.event();

  describe('what a call took', () => {
    it('is known with its details, of an answer and of a stream', async () => {
      const { usage: _, ...body } = chat();
      const details = {
        prompt_tokens: 1200,
        completion_tokens: 300,
        total_tokens: 1500,
        prompt_tokens_details: { cached_tokens: 1024, audio_tokens: 5 },
        completion_tokens_details: { reasoning_tokens: 256, audio_tokens: 6 },
      };
      await (await answeredBy(json({ ...body, usage: details }))).invoke('hi');
      const last = `data: ${JSON.stringify({ ...body, object: 'chat.completion.chunk', choices: [], usage: details })}\n\n`;
      await drain(
        (await answeredBy(events([begun, chunk({}, 'stop'), last, 'data: [DONE]\n\n']))).stream('hi'),
      );
      const [invoked, streamed] = await traffic.recorded.events();
      expect(invoked?.response.usage).toMatchObject(details);
      expect(streamed?.response.usage).toMatchObject(details);
      expect(streamed?.cost).toBe(invoked?.cost);
    });

    it('is not made up where nobody told it', async () => {
      const { usage: _, ...body } = chat();
      const untold = events([begun, chunk({}, 'stop'), 'data: [DONE]\n\n']);
      await (await answeredBy(json(body))).invoke('hi');
      await drain((await answeredBy(untold, { streamUsage: false })).stream('hi'));
      await drain((await answeredBy(untold)).stream('hi'));
      // of which LangChain estimates what it took
      await (await answeredBy(untold, { streaming: true })).invoke('hi');
      const all = await traffic.recorded.events();
      expect(all.length).toBe(4);
      for (const { response, cost, proxy_metadata } of all) {
        expect(response.usage).toEqual({});
        expect(cost).toBeUndefined();
        expect(proxy_metadata.cost_unknown).toBe(true);
      }
    });

    it('is not asked for by us: a stream without it stays one', async () => {
      await drain(modelOf('chat-cut-off', { streamUsage: false }).stream('hi'));
      expect(traffic.provider.requests.at(-1)?.body.stream_options).toBeUndefined();
      await event();
    });

    it('is what the provider says of a model that streams by itself, not the estimate', async () => {
      await modelOf('chat-streamed', { streaming: true }).invoke('hi');
      expect(await event()).toMatchObject({
        stream: true,
        response: { usage: { prompt_tokens: 25, completion_tokens: 10, total_tokens: 35 } },
      });
    });

    it.each([
      ['its reason', [chunk({}, 'stop'), chunk({}, 'stop', usage)]],
      ['its reason and what it took', [chunk({}, 'stop', usage), chunk({}, 'stop', usage)]],
      ['its reason, before the last time with what it took', [chunk({}, 'stop', usage), chunk({}, 'stop')]],
    ])('is counted once where the provider says %s twice', async (_what, last) => {
      await drain((await answeredBy(events([begun, ...last, 'data: [DONE]\n\n']))).stream('hi'));
      expect(await event()).toMatchObject({
        cost: 0.001,
        response: {
          model: 'gpt-4o-mini-2024-07-18',
          choices: [{ finish_reason: 'stop' }],
          usage: counted,
        },
      });
    });

    it('is what had been told when a stream breaks', async () => {
      const sofar = { prompt_tokens: 11, completion_tokens: 3, total_tokens: 14 };
      const broken = events([
        chunk({ role: 'assistant', content: 'A row' }, null, {
          ...sofar,
          completion_tokens: 1,
          total_tokens: 12,
        }),
        chunk({ content: ' is' }, null, sofar),
        `data: ${JSON.stringify({ error: { message: 'overloaded', type: 'server_error' } })}\n\n`,
      ]);
      await drain((await answeredBy(broken)).stream('hi'));
      expect(await event()).toMatchObject({
        standard_logging_object_status: 'failure',
        response: { usage: sofar, choices: [{ message: { content: 'A row is' } }] },
      });
    });

    it('is counted once for several choices', async () => {
      const { choices, ...body } = chat();
      const two = { ...body, choices: [0, 1].map((index) => ({ ...(choices as object[])[0], index })) };
      await (await answeredBy(json(two), { n: 2 })).invoke('hi');
      const { response } = await event();
      expect(response.choices.map(({ index }) => index)).toEqual([0, 1]);
      expect(response.usage).toMatchObject({ prompt_tokens: 25, completion_tokens: 9, total_tokens: 34 });
    });

    it('of several streamed choices is counted once, and each has its own words', async () => {
      for (const options of [{ n: 2 }, { n: 2, streaming: true }]) {
        const model = modelOf('wire-choices-interleaved', options);
        await ('streaming' in options ? model.invoke('hi') : drain(model.stream('hi')));
      }
      for (const { response } of await traffic.recorded.events()) {
        expect(response.usage.total_tokens).toBe(136);
        expect(response.choices.map(({ message }) => message.content)).toEqual(['', 'Let me look.']);
        expect(response.choices.map(({ message }) => message.tool_calls?.map(({ id }) => id))).toEqual([
          ['call_oslo0', 'call_rome0'],
          ['call_oslo1', 'call_rome1'],
        ]);
      }
    });

    it('is priced in the tier that served it, or else was asked for', async () => {
      await modelOf('vendor-flex-tier', { model: 'gpt-5-mini', service_tier: 'flex' }).invoke('hi');
      await modelOf('vendor-flex-tier', { model: 'gpt-5-mini', service_tier: 'auto' }).invoke('hi');
      const [flex, auto] = await traffic.recorded.events();
      expect(flex).toMatchObject({ cost: 0.000225, response: { service_tier: 'flex' } });
      expect(auto?.cost).toBe(0.00045);
      expect(auto?.response.service_tier).toBeUndefined();
    });

    it('of a failure is nothing, whatever tier was asked for', async () => {
      await drain(modelOf('chat-failed', { service_tier: 'flex' }).invoke('hi'));
      const { response, cost } = await event();
      expect([response.usage, response.service_tier, cost]).toEqual([{}, undefined, undefined]);
    });

    it('costs what the provider says it does', async () => {
      const paid = json({ ...chat(), usage: { ...counted, cost: 0.25 } });
      await (await answeredBy(paid)).invoke('hi');
      // LangChain 0.3 keeps it to itself
      expect((await event()).cost).toBe(major === 0 ? 0.00000585 : 0.25);
    });
  });
});
