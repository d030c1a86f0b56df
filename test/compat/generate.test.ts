import { beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { Recorded, summary } from '../support/events.js';
import { aCallOf, aModel, aResult, watchedBy } from './answering.js';
import { EACH_GENERATION, finishReasonOf, usageOf } from './generations.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

describe.each(EACH_GENERATION)('generateText of %s', (_name, generation) => {
  const { ai, major } = generation;
  const toolCall = (id: string, toolName: string, input: string) => ({
    type: 'tool-call',
    toolCallId: id,
    toolName,
    input,
  });
  const watched = (...results: unknown[]) =>
    watchedBy(generation, aModel(generation, ...results), recorded.options);

  it('is a row with what was asked, answered and spent, and when', async () => {
    const before = Math.floor(Date.now() / 1000) * 1000;
    await ai.generateText({ model: watched(), system: 'Be brief.', prompt: 'hi' });
    const event = await recorded.event();
    expect(event).toMatchObject({
      model: 'asked',
      provider: 'acme',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'hi' },
      ],
      message_id: 'r1',
      response: { id: 'r1', model: 'served', usage: { prompt_tokens: 3, completion_tokens: 2 } },
      proxy_metadata: { cost_unknown: true },
    });
    expect(Date.parse(`${event.start_time.replace(' ', 'T')}Z`)).toBeGreaterThanOrEqual(before);
    expect(event.end_time >= event.start_time).toBe(true);
    expect(event.duration).toBeGreaterThan(0);
    expect(event).not.toHaveProperty('cost');
  });

  it('that answers with tool calls alone has their arguments as the provider wrote them', async () => {
    const written = '{ "city" : "Os\\u006co",\n"n": 1.0 }';
    await watched(
      aResult(generation, {
        content: [toolCall('c1', 'weather', written), toolCall('c2', 'weather', '')],
        finishReason: finishReasonOf(major, 'tool-calls'),
      }),
    ).doGenerate(aCallOf());
    const { choices } = (await recorded.event()).response;
    expect(choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { content: '' } });
    expect(choices[0]?.message.tool_calls).toEqual([
      { id: 'c1', type: 'function', function: { name: 'weather', arguments: written } },
      { id: 'c2', type: 'function', function: { name: 'weather', arguments: '' } },
    ]);
  });

  it('with tools is a row a step, of which each has what the tools gave before', async () => {
    const weather = ai.tool({
      inputSchema: z.object({ city: z.string() }),
      execute: async ({ city }: { city: string }) => {
        if (city === 'Atlantis') throw new Error('sunk');
        return { city, sky: 'clear' };
      },
    });
    const steps = [
      ['c1', '{"city":"Oslo"}'],
      ['c2', '{"city":"Atlantis"}'],
    ].map(([id = '', input = '']) =>
      aResult(generation, {
        content: [{ type: 'text', text: 'Let me look.' }, toolCall(id, 'weather', input)],
        finishReason: finishReasonOf(major, 'tool-calls'),
      }),
    );
    const { text } = await ai.generateText({
      model: watched(...steps, aResult(generation)),
      prompt: 'Oslo?',
      tools: { weather },
      stopWhen: ai.stepCountIs(5),
    });
    expect(text).toBe('Hello.');
    const events = await recorded.events();
    expect(events.map(summary)).toEqual([
      'success | Let me look.',
      'success | Let me look.',
      'success | Hello.',
    ]);
    expect(events.map(({ messages }) => messages.length)).toEqual([1, 3, 5]);
    expect(events[2]?.messages.slice(2)).toMatchObject([
      { role: 'tool', tool_call_id: 'c1', name: 'weather', content: '{"city":"Oslo","sky":"clear"}' },
      { role: 'assistant', content: 'Let me look.' },
      { role: 'tool', tool_call_id: 'c2', content: expect.stringContaining('sunk') },
    ]);
  });

  it('of an agent is a row a step too', async () => {
    const agents = ai as unknown as Record<string, typeof ai.ToolLoopAgent>;
    const Agent = agents.ToolLoopAgent ?? agents.Experimental_Agent;
    if (Agent === undefined) throw new Error('this generation has no agent');
    const clock = ai.tool({ inputSchema: z.object({}), execute: async () => '12:00' });
    const step = aResult(generation, {
      content: [toolCall('c1', 'clock', '{}')],
      finishReason: finishReasonOf(major, 'tool-calls'),
    });
    const agent = new Agent({
      model: watched(step, aResult(generation)),
      tools: { clock },
      stopWhen: ai.stepCountIs(3),
    });
    await agent.generate({ prompt: 'What time is it?' });
    expect((await recorded.events()).map(({ messages }) => messages.at(-1)?.content)).toEqual([
      'What time is it?',
      '12:00',
    ]);
  });

  it.each([
    ['text', { type: 'text', value: 'clear' }, 'clear'],
    ['json', { type: 'json', value: { sky: 'clear' } }, '{"sky":"clear"}'],
    ['error-text', { type: 'error-text', value: 'sunk' }, 'sunk'],
    ['error-json', { type: 'error-json', value: { code: 7 } }, '{"code":7}'],
    ['execution-denied', { type: 'execution-denied', reason: 'not allowed' }, 'not allowed'],
    [
      'content',
      {
        type: 'content',
        value: [
          { type: 'text', text: 'a map' },
          { type: 'text', text: 'of Oslo' },
        ],
      },
      'a map\nof Oslo',
    ],
  ])('has a tool’s output of type %s as text', async (_type, output, text) => {
    const content = [{ type: 'tool-result', toolCallId: 'c1', toolName: 'weather', output }];
    const prompt = [...aCallOf().prompt, { role: 'tool', content }];
    await watched().doGenerate({ prompt } as never);
    const [, message] = (await recorded.event()).messages;
    expect(message).toMatchObject({ role: 'tool', tool_call_id: 'c1', name: 'weather' });
    expect(message?.content).toContain(text);
  });

  it('that the model refuses has no words and says why', async () => {
    const finishReason = finishReasonOf(major, 'content-filter');
    await watched(aResult(generation, { content: [], finishReason })).doGenerate(aCallOf());
    const event = await recorded.event();
    expect(summary(event)).toBe('success');
    expect(event.response.choices).toEqual([
      { index: 0, finish_reason: 'content_filter', message: { role: 'assistant', content: '' } },
    ]);
  });

  it.each(['usage', 'response', 'content', 'finishReason', 'warnings', 'providerMetadata'])(
    'whose result has no %s is a row all the same',
    async (key) => {
      const { [key as 'usage']: _, ...result } = aResult(generation);
      await watched(result).doGenerate(aCallOf());
      const event = await recorded.event();
      expect(event.standard_logging_object_status).toBe('success');
      expect(event.response.id).toBeTruthy();
      if (key === 'usage') expect(event.response.usage).toEqual({});
    },
  );

  it.each([undefined, null, Number.NaN, -3, Number.POSITIVE_INFINITY, '3', '', {}, [], true, 1e300, 2.5])(
    'whose usage numbers are %j has none of them in its row that is no count',
    async (silly) => {
      const wrong = {
        ...usageOf(5, silly as number, silly as number),
        ...(major === 5 ? {} : usageOf(major, silly as number, silly as number)),
      };
      await watched(aResult(generation, { usage: wrong })).doGenerate(aCallOf());
      const { usage } = (await recorded.event()).response; // `events` holds it against the schema
      for (const count of Object.values(usage)) expect(Number.isSafeInteger(count)).toBe(true);
    },
  );
});

describe.each(EACH_GENERATION)('an object of %s', (_name, generation) => {
  const { ai } = generation;
  const schema = z.object({ sky: z.string() });
  const watched = (text: string) =>
    watchedBy(
      generation,
      aModel(generation, aResult(generation, { content: [{ type: 'text', text }] })),
      recorded.options,
    );

  it.each(['{"sky":"clear"}', '{"sky":7}', 'no JSON at all'])(
    'is the row of its model call: %s',
    async (text) => {
      const isObject = text === '{"sky":"clear"}';
      const asked = ai.generateObject({ model: watched(text), schema, prompt: 'Oslo?', maxRetries: 0 });
      if (isObject) expect((await asked).object).toEqual({ sky: 'clear' });
      else await expect(asked).rejects.toThrow();
      const event = await recorded.event();
      expect(summary(event)).toBe(`success | ${text}`);
      expect(event.response.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 2 });
      expect(event.proxy_metadata.response_format).toEqual({ type: 'json' });
    },
  );

  it('says what its schema is called', async () => {
    const model = watched('{"sky":"clear"}');
    await ai.generateObject({ model, schema, schemaName: 'weather', prompt: 'Oslo?' });
    const { proxy_metadata } = await recorded.event();
    expect(proxy_metadata.response_format).toEqual({ type: 'json', name: 'weather' });
  });

  it('that comes as the output of a text is that too, also when it cannot be read', async () => {
    const output = ai.Output.object({ schema });
    const asked = ai
      .generateText({
        model: watched('{"sky":7}'),
        prompt: 'hi',
        output,
        experimental_output: output,
      } as never)
      .then(({ output: read }) => read);
    await expect(asked).rejects.toThrow();
    expect(summary(await recorded.event())).toBe('success | {"sky":7}');
  });
});
