import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod/v3';
import { type FakeProvider, startFakeProvider } from '../../fixtures/provider.js';
import { Recorded, summary } from '../support/events.js';
import { withEachGeneration } from './generations.js';
import { type ChatOpenAI, chatAnthropic, chatOpenAI, SECRET_HEADER } from './models.js';
import { asWithoutHandler, type Side } from './sides.js';

const TEXT = 'A row is one call, told in columns.';
const RUN_ID = '01234567-89ab-cdef-0123-456789abcdef';

let provider: FakeProvider;
beforeAll(async () => {
  provider = await startFakeProvider();
});
afterAll(() => provider.close());

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

/** What the provider is asked while something runs is the same on both sides. */
async function comparedWithItsRequests(program: (side: Side) => Promise<void>): Promise<void> {
  await asWithoutHandler(recorded, async (side) => {
    const before = provider.requests.length;
    await program(side);
    side.saw(
      'requests',
      provider.requests.slice(before).map(({ path, body }) => ({ path, body })),
    );
  });
}

/** ChatOpenAI counts tokens by itself where it streams on its own, and downloads for it what it counts by. */
function withoutDownloads(): string[] {
  const downloads: string[] = [];
  const { fetch } = globalThis;
  vi.spyOn(globalThis, 'fetch').mockImplementation((input, init) => {
    const url = String(input);
    if (url.startsWith('http://127.0.0.1:')) return fetch(input, init);
    downloads.push(url);
    // of all failures the one that it does not try again, over minutes
    return Promise.reject(new DOMException('no network', 'AbortError'));
  });
  return downloads;
}

withEachGeneration(({ langchain }) => {
  describe.each([
    ['ChatOpenAI', chatOpenAI],
    ['ChatAnthropic', chatAnthropic],
  ] as const)('an answer of %s', (_name, make) => {
    it('is one event, and neither the request nor the result is another', async () => {
      await comparedWithItsRequests(async (side) => {
        const model = make(langchain, provider.defaultBaseUrl);
        await side.outcome('answer', model.invoke('What is a row?', side.with({})));
      });
      expect(provider.requests.at(-1)?.body.stream ?? false).toBe(false);
      const event = await recorded.event();
      expect(summary(event)).toBe(`success | ${TEXT}`);
      expect(event).toMatchObject({
        call_type: 'acompletion',
        stream: false,
        messages: [{ role: 'user', content: 'What is a row?' }],
      });
      expect(JSON.stringify(event)).not.toMatch(SECRET_HEADER);
    });

    it('with a run id of its own has that as its id', async () => {
      await comparedWithItsRequests(async (side) => {
        const model = make(langchain, provider.defaultBaseUrl);
        await side.outcome('answer', model.invoke('hi', side.with({ runId: RUN_ID })));
      });
      expect((await recorded.event()).id).toBe(RUN_ID);
    });

    it('that fails is a failure, and the caller gets the error as ever', async () => {
      const fixture = make === chatOpenAI ? 'chat-failed' : 'anthropic-failed';
      await comparedWithItsRequests(async (side) => {
        const model = make(langchain, provider.baseUrl(fixture));
        await side.outcome('answer', model.invoke('hi', side.with({})));
      });
      const event = await recorded.event();
      expect(event.standard_logging_object_status).toBe('failure');
      expect(event.exception).toMatch(/^AuthenticationError: 401 /);
    });

    it('with bound tools is one event, with their calls', async () => {
      const fixture = make === chatOpenAI ? 'chat-tool-call' : 'anthropic-tool-call';
      const weather = langchain.tool(() => 'rain', {
        name: 'weather',
        description: 'Tells the weather',
        schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      });
      await comparedWithItsRequests(async (side) => {
        const model = make(langchain, provider.baseUrl(fixture)).bindTools([weather]);
        await side.outcome('answer', model.invoke('Oslo and Rome?', side.with({})));
      });
      const [choice] = (await recorded.event()).response.choices;
      expect(choice?.finish_reason).toBe('tool_calls');
      expect(choice?.message.tool_calls?.[0]?.function.name).toBe('weather');
    });

    it('several of which are generated at once are an event each, with its own question', async () => {
      await comparedWithItsRequests(async (side) => {
        const model = make(langchain, provider.defaultBaseUrl);
        const questions = ['a', 'b'].map((text) => [new langchain.HumanMessage(text)]);
        const result = await model.generate(questions, side.with({}));
        side.saw('answers', result.generations);
      });
      await expectQuestions(['a', 'b']);
    });

    it('in a batch are an event each, with its own id', async () => {
      await comparedWithItsRequests(async (side) => {
        const model: ChatOpenAI = make(langchain, provider.defaultBaseUrl) as never;
        await side.outcome('answers', model.batch(['a', 'b', 'c'], side.with({})));
      });
      await expectQuestions(['a', 'b', 'c']);
    });

    it('that is asked to stream on its way is a stream, with the usage that its provider tells', async () => {
      const downloads = withoutDownloads();
      await asWithoutHandler(recorded, async (side) => {
        const model = make(langchain, provider.defaultBaseUrl, { streaming: true });
        await side.outcome('answer', model.invoke('hi', side.with({})));
        side.saw('downloads', downloads.splice(0));
      });
      const event = await recorded.event();
      expect(summary(event)).toBe(`success | ${TEXT}`);
      expect(event.stream).toBe(true);
      expect(event.response.usage.total_tokens).toBe(make === chatOpenAI ? 35 : 9679);
    });
  });

  it('a structured answer that does not fit is a success of the model, and a failure of the caller’s', async () => {
    const schema = z.object({ city: z.string() });
    await comparedWithItsRequests(async (side) => {
      const model = chatOpenAI(langchain, provider.defaultBaseUrl);
      const structured = model.withStructuredOutput(schema, { method: 'jsonMode' });
      await side.outcome('answer', structured.invoke('Where?', side.with({})));
    });
    expect(summary(await recorded.event())).toBe(`success | ${TEXT}`);
    expect((await recorded.event()).proxy_metadata.parent_run_id).toMatch(/^[\da-f-]{36}$/);
  });

  it('a structured answer by a tool is one event', async () => {
    const schema = z.object({ city: z.string() });
    await comparedWithItsRequests(async (side) => {
      const model = chatOpenAI(langchain, provider.baseUrl('chat-tool-call'));
      const structured = model.withStructuredOutput(schema, { name: 'weather', method: 'functionCalling' });
      await side.outcome('answer', structured.invoke('Where?', side.with({})));
    });
    expect((await recorded.event()).response.choices[0]?.finish_reason).toBe('tool_calls');
  });

  it('a model in a chain is one event, below the run of the chain', async () => {
    await comparedWithItsRequests(async (side) => {
      const chain = langchain.ChatPromptTemplate.fromTemplate('What is {thing}?')
        .pipe(chatOpenAI(langchain, provider.defaultBaseUrl))
        .pipe(new langchain.StringOutputParser());
      await side.outcome('answer', chain.invoke({ thing: 'a row' }, side.with({})));
    });
    const event = await recorded.event();
    expect(event.messages).toEqual([{ role: 'user', content: 'What is a row?' }]);
    expect(event.proxy_metadata.parent_run_id).toMatch(/^[\da-f-]{36}$/);
  });

  it('models side by side are an event each', async () => {
    await comparedWithItsRequests(async (side) => {
      const model = chatOpenAI(langchain, provider.defaultBaseUrl);
      const both = langchain.RunnableParallel.from({ one: model, other: model });
      await side.outcome('answers', both.invoke('hi', side.with({})));
    });
    await expectQuestions(['hi', 'hi']);
  });

  it('a model that completes text is an event a prompt', async () => {
    await comparedWithItsRequests(async (side) => {
      const model = new langchain.FakeLLM({ response: 'done' });
      await side.outcome('answer', model.invoke('begin', side.with({})));
    });
    expect(await recorded.event()).toMatchObject({
      call_type: 'atext_completion',
      messages: [{ role: 'user', content: 'begin' }],
      response: { choices: [{ message: { content: 'done' } }] },
    });
  });

  async function expectQuestions(expected: readonly string[]): Promise<void> {
    const events = await recorded.events();
    expect(events.map((event) => event.messages[0]?.content).sort()).toEqual(expected);
    expect(new Set(events.map(({ id }) => id)).size).toBe(expected.length);
    for (const event of events) expect(summary(event)).toBe(`success | ${TEXT}`);
  }
});
