import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../../fixtures/provider.js';
import type { LitellmEvent } from '../../schemas/litellm.js';
import { Recorded } from '../support/events.js';
import { EACH_GENERATION, GENERATIONS, type Generation } from './generations.js';
import { apiOf, ask, fixtureNames, modelOf, readFixture, watched, withoutTimes } from './recorded-traffic.js';

const names = (await fixtureNames()).filter((name) => ['anthropic', 'gemini'].includes(apiOf(name)));

let provider: FakeProvider;
beforeAll(async () => {
  // of what an older model cannot do, which is nothing to us
  Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
  provider = await startFakeProvider();
});
afterAll(() => provider.close());

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

/** What became of the one call that a fixture is about. */
async function eventOf(generation: Generation, fixture: string, by = generation) {
  const model = watched(generation, modelOf(by, provider, fixture), recorded.options);
  await ask(generation, fixture, model);
  return withoutTimes(await recorded.event());
}

/** The event that is in the fixture, as far as a generation's own provider package tells what is in it. */
async function expectedOf({ major }: Generation, fixture: string): Promise<LitellmEvent> {
  const expected: LitellmEvent = await readFixture(fixture, 'event.json');
  const { response } = expected;
  if (major === 5 && fixture.startsWith('gemini-streamed')) {
    // no id of a response, and of a stream there is no body beside it that would tell it
    response.id = '…';
    expected.message_id = '…';
  }
  if (major === 5 && fixture.endsWith('-blocked')) {
    // what is not counted is not told, where later packages tell a zero
    delete response.usage.completion_tokens;
    delete response.usage.output_tokens;
  }
  if (major === 7 && fixture === 'gemini-streamed-error') {
    // the event with the error is passed over, and the stream then ends
    expected.exception = 'IncompleteStream: the stream ended without its completion';
    delete expected.traceback;
    delete response.choices[0]?.finish_reason;
  }
  return expected;
}

describe.each(EACH_GENERATION)('%s with the providers of its generation', (_name, generation) => {
  it.each(names)('makes of %s the one event that is expected of it', async (fixture) => {
    const expected = await expectedOf(generation, fixture);
    expect(await eventOf(generation, fixture)).toEqual(expected);
  });

  it.each(['anthropic-plain', 'anthropic-streamed'])(
    'counts the cache of Anthropic once, and by how long it is kept: %s',
    async (fixture) => {
      const { response, cost } = await eventOf(generation, fixture);
      expect(response.usage).toMatchObject({
        prompt_tokens: 9632,
        prompt_tokens_details: { cached_tokens: 8000, cache_creation_tokens: 1626 },
      });
      // USD a million: 3 for input, 0.3 for what is read, 3.75 and 6 for what is written, 15 for output
      const micros = 6 * 3 + 8000 * 0.3 + 1000 * 3.75 + 626 * 6 + Number(response.usage.output_tokens) * 15;
      expect(cost).toBeCloseTo(micros / 1e6, 9);
    },
  );

  it.each(['gemini-plain', 'gemini-streamed'])(
    'counts the thoughts of Gemini as what was answered: %s',
    async (fixture) => {
      const { response, cost } = await eventOf(generation, fixture);
      expect(response.usage).toEqual({
        prompt_tokens: 14,
        input_tokens: 14,
        completion_tokens: 311,
        output_tokens: 311,
        total_tokens: 325,
        completion_tokens_details: { reasoning_tokens: 282 },
      });
      expect(cost).toBeCloseTo((14 * 0.3 + 311 * 2.5) / 1e6, 9);
    },
  );

  it.each([
    ['anthropic-streamed', 'is a thought'],
    ['gemini-streamed', 'is a thought'],
    ['anthropic-streamed-refusal', 'never comes, whatever else does'],
  ])('tells when the first token came: of %s it %s', async (fixture, what) => {
    const paced = await startFakeProvider({ paceMs: 2 });
    try {
      const model = watched(generation, modelOf(generation, paced, fixture), recorded.options);
      await ask(generation, fixture, model);
    } finally {
      await paced.close();
    }
    const { duration, standard_logging_object_response_time: firstToken } = await recorded.event();
    if (what === 'is a thought') expect(firstToken).toBeLessThan(duration);
    else expect(firstToken).toBe(duration);
  });

  it('has an event for every attempt at a call that is retried', async () => {
    const { ai } = generation;
    const model = modelOf(generation, provider, 'gemini-busy', 'gemini-busy', 'gemini-plain');
    const { text } = await ai.generateText({
      model: watched(generation, model, recorded.options),
      prompt: 'What is a row?',
      maxRetries: 2,
    });
    const [first, second, third] = await recorded.events();
    expect(text).toBe(third?.response.choices[0]?.message.content);
    for (const failure of [first, second]) {
      expect(failure).toMatchObject({ standard_logging_object_status: 'failure', response: { usage: {} } });
      expect(failure?.exception).toBe(
        'AI_APICallError: 429 You exceeded your current quota. Please retry in 0.02s. (RESOURCE_EXHAUSTED)',
      );
    }
    expect(third).toMatchObject({
      standard_logging_object_status: 'success',
      response: { usage: { completion_tokens: 311 } },
    });
    expect((await recorded.events()).length).toBe(3);
  });
});

const PAIRS = GENERATIONS.flatMap((wrapping) =>
  GENERATIONS.map((providing) => [providing.name, wrapping.name, providing, wrapping] as const),
);

const PAIRED = [
  'anthropic-plain',
  'anthropic-streamed',
  'anthropic-streamed-tool-call',
  'gemini-plain',
  'gemini-streamed',
];

describe.each(PAIRS)('a model of %s, wrapped by %s', (_providing, _wrapping, providing, wrapping) => {
  /** An older `streamText` leaves a stream at a part it does not know, with which Anthropic's of V4 begin. */
  const isLeft = (fixture: string) =>
    providing.major === 7 && wrapping.major < 7 && fixture.startsWith('anthropic-streamed');

  it.each(PAIRED.filter((fixture) => !isLeft(fixture)))(
    'is counted as one of the same generation is: %s',
    async (fixture) => {
      const expected = await expectedOf(providing, fixture);
      expect(await eventOf(wrapping, fixture, providing)).toEqual(expected);
    },
  );

  it.each(PAIRED.filter(isLeft))(
    'tells that the SDK left its stream, and no failure: %s',
    async (fixture) => {
      const { exception, proxy_metadata } = await eventOf(wrapping, fixture, providing);
      expect([exception, proxy_metadata.outcome]).toEqual([undefined, 'left']);
    },
  );

  it.each(PAIRED.filter(isLeft))(
    'is counted too where its stream is read to the end: %s',
    async (fixture) => {
      const model = watched(wrapping, modelOf(providing, provider, fixture), recorded.options);
      const prompt = [
        { role: 'user' as const, content: [{ type: 'text' as const, text: 'What is a row?' }] },
      ];
      for await (const _part of (await model.doStream({ prompt })).stream);
      const { response, cost } = await expectedOf(providing, fixture);
      expect(withoutTimes(await recorded.event())).toMatchObject({ response, cost });
    },
  );
});
