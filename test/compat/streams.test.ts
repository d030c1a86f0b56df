import { beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { Recorded, summary } from '../support/events.js';
import {
  answer,
  asked,
  asWithTheBareModel,
  finish,
  part,
  type Side,
  Source,
  text,
  textEnd,
  textStart,
} from '../support/streams.js';
import { EACH_GENERATION, type Model, type Part } from './generations.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

type Read = (side: Side, model: Model) => Promise<void>;

const WAYS: readonly (readonly [string, Read])[] = [
  [
    'part by part',
    async (side, model) => {
      for await (const each of side.generation.ai.streamText({ model, prompt: 'hi' }).fullStream)
        side.saw('part', each);
    },
  ],
  [
    'text by text',
    async (side, model) => {
      for await (const delta of side.generation.ai.streamText({ model, prompt: 'hi' }).textStream)
        side.saw('text', delta);
    },
  ],
  [
    'by consumeStream',
    async (side, model) => {
      const result = side.generation.ai.streamText({ model, prompt: 'hi' });
      await result.consumeStream();
      side.saw('text', await result.text);
    },
  ],
  [
    'through the promises of the result alone',
    async (side, model) => {
      const result = side.generation.ai.streamText({ model, prompt: 'hi' });
      side.saw('text', await result.text);
      side.saw('usage', await result.usage);
      side.saw('reason', await result.finishReason);
      side.saw('response', await result.response);
    },
  ],
  [
    'as the body of a response',
    async (side, model) => {
      const result = side.generation.ai.streamText({ model, prompt: 'hi' });
      side.saw('body', await result.toTextStreamResponse().text());
    },
  ],
  [
    'as messages for a page',
    async (side, model) => {
      const result = side.generation.ai.streamText({ model, prompt: 'hi' });
      for await (const chunk of result.toUIMessageStream()) side.saw('chunk', chunk);
    },
  ],
];

describe.each(EACH_GENERATION)('%s: a stream', (_name, generation) => {
  const { major } = generation;

  const readFromTheModel = async (parts: readonly Part[]) => {
    await asWithTheBareModel(generation, recorded, async (side) => {
      const { stream } = await side.model(() => new Source(parts)).doStream(asked());
      await side.read(stream);
    });
    return recorded.event();
  };

  it.each(WAYS)(
    'that is read %s is one event, and the program sees what it sees without it',
    async (_, read) => {
      const parts = answer(major, ['A row', ' is one call.']);
      await asWithTheBareModel(generation, recorded, (side) =>
        read(
          side,
          side.model(() => new Source(parts)),
        ),
      );
      const event = await recorded.event();
      expect(summary(event)).toBe('success | A row is one call.');
      expect(event).toMatchObject({
        stream: true,
        response: {
          id: 'r1',
          model: 'served',
          choices: [{ finish_reason: 'stop' }],
          usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
        },
      });
      expect(event.standard_logging_object_response_time).toBeLessThanOrEqual(event.duration);
    },
  );

  it('of an object is one event with the text that it is read from', async () => {
    const parts = answer(major, ['{"city":', '"Oslo"}']);
    await asWithTheBareModel(generation, recorded, async (side) => {
      const model = side.model(() => new Source(parts));
      const schema = z.object({ city: z.string() });
      const result = generation.ai.streamObject({ model, schema, prompt: 'Where?' });
      for await (const partial of result.partialObjectStream) side.saw('partial', partial);
      side.saw('object', await result.object);
    });
    expect(summary(await recorded.event())).toBe('success | {"city":"Oslo"}');
  });

  it('passes every part on by identity and in order, also those of kinds that nobody knows', async () => {
    const parts = [...answer(major), part('something-new', { value: 1 }), part('text-delta'), { odd: true }];
    const event = await readFromTheModel(parts as Part[]);
    expect(summary(event)).toBe('success | ab');
  });

  it('keeps the result of the model beside it', async () => {
    const request = { body: 'asked' };
    const response = { headers: { 'x-request-id': '1' } };
    const parts = answer(major);
    const { MockLanguageModel } = generation;
    await asWithTheBareModel(generation, recorded, async (side) => {
      const { stream } = new Source(parts);
      const given = { stream, request, response, extra: 1 };
      const result = await side
        .wrap(new MockLanguageModel({ doStream: async () => given }))
        .doStream(asked());
      side.saw('keys', Object.keys(result));
      side.sawTheVery('request', result.request);
      side.sawTheVery('response', result.response);
      await side.read(result.stream);
    });
  });

  it('whose blocks interleave keeps each of them', async () => {
    const event = await readFromTheModel([
      { type: 'reasoning-start', id: 'r' },
      { type: 'reasoning-delta', id: 'r', delta: 'hm' },
      textStart('1'),
      text('The ', '1'),
      { type: 'tool-input-start', id: 'oslo', toolName: 'weather' },
      { type: 'tool-input-start', id: 'rome', toolName: 'weather' },
      { type: 'tool-input-delta', id: 'oslo', delta: '{"city":' },
      { type: 'reasoning-delta', id: 'r', delta: '!' },
      { type: 'tool-input-delta', id: 'rome', delta: '{"city":"Rome"}' },
      text('answer', '1'),
      { type: 'tool-input-delta', id: 'oslo', delta: '"Oslo"}' },
      { type: 'tool-input-end', id: 'oslo' },
      { type: 'tool-call', toolCallId: 'oslo', toolName: 'weather', input: '{"city":"Oslo"}' },
      { type: 'tool-call', toolCallId: 'rome', toolName: 'weather', input: '{"city":"Rome"}' },
      finish(major, 'tool-calls'),
    ]);
    expect(event.response.choices[0]?.message).toMatchObject({
      content: 'The answer',
      reasoning_content: 'hm!',
      tool_calls: [
        { id: 'oslo', function: { arguments: '{"city":"Oslo"}' } },
        { id: 'rome', function: { arguments: '{"city":"Rome"}' } },
      ],
    });
  });

  it.each<[string, Part[]]>([
    ['a whole tool call', [{ type: 'tool-call', toolCallId: 't', toolName: 'weather', input: '{"a":1}' }]],
    [
      'the pieces of a tool call, and not its whole',
      [
        { type: 'tool-input-start', id: 't', toolName: 'weather' },
        { type: 'tool-input-delta', id: 't', delta: '{"a"' },
        { type: 'tool-input-delta', id: 't', delta: ':1}' },
      ],
    ],
  ])('that holds %s tells it once', async (_what, parts) => {
    const event = await readFromTheModel([...parts, finish(major, 'tool-calls')]);
    expect(event.response.choices[0]?.message.tool_calls).toEqual([
      { id: 't', type: 'function', function: { name: 'weather', arguments: '{"a":1}' } },
    ]);
  });

  it('that is cut off in a tool call tells how far it came', async () => {
    const event = await readFromTheModel([
      { type: 'tool-input-start', id: 't', toolName: 'weather' },
      { type: 'tool-input-delta', id: 't', delta: '{"a"' },
    ]);
    expect(event.standard_logging_object_status).toBe('failure');
    expect(event.response.choices[0]?.message.tool_calls?.[0]?.function.arguments).toBe('{"a"');
  });

  it('takes the last word on who answered, however late it comes', async () => {
    const event = await readFromTheModel([
      text('a'),
      { type: 'response-metadata', id: 'first', modelId: 'early' },
      text('b'),
      { type: 'response-metadata', modelId: 'late' },
      finish(major),
    ]);
    expect(event).toMatchObject({ message_id: 'first', response: { id: 'first', model: 'late' } });
  });

  it('with raw chunks has its text once', async () => {
    const raw: Part = { type: 'raw', rawValue: { choices: [{ delta: { content: 'ab' } }] } };
    const parts = answer(major).flatMap((each) => [raw, each]);
    await asWithTheBareModel(generation, recorded, async (side) => {
      const model = side.model(() => new Source(parts));
      const result = generation.ai.streamText({ model, prompt: 'hi', includeRawChunks: true });
      for await (const each of result.fullStream) side.saw('part', each);
    });
    expect(summary(await recorded.event())).toBe('success | ab');
  });

  it('with hostile parts passes them on and is recorded all the same', async () => {
    const hostile = Object.defineProperty({}, 'type', {
      get() {
        throw new Error('no');
      },
    });
    const parts = [
      textStart(),
      text('a'),
      hostile as Part,
      null as never,
      'text' as never,
      textEnd(),
      finish(major),
    ];
    expect(summary(await readFromTheModel(parts))).toBe('success | a');
  });
});
