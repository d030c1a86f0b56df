import { APICallError } from 'ai';
import { beforeEach, describe, expect, it } from 'vitest';
import { Recorded, summary } from '../support/events.js';
import { aCallOf, aModel, aResult, outcomeOf, unhandledDuring, watchedBy } from './answering.js';
import { EACH_GENERATION, type Model } from './generations.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

function refused(statusCode: number, own: object = {}): APICallError {
  const url = 'http://127.0.0.1/v1';
  const responseHeaders = { 'retry-after-ms': '1' };
  return new APICallError({
    message: 'busy',
    url,
    requestBodyValues: {},
    statusCode,
    responseHeaders,
    ...own,
  });
}

/** The rejection of a model that waits until its caller aborts, as `fetch` has it. */
function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal?.aborted) reject(signal.reason);
    signal?.addEventListener('abort', () => reject(signal.reason));
  });
}

describe.each(EACH_GENERATION)('a call of %s that fails', (_name, generation) => {
  const { ai } = generation;
  const rejecting = (thrown: unknown) =>
    new generation.MockLanguageModel({ doGenerate: () => Promise.reject(thrown), modelId: 'asked' });

  it('tells what was thrown, the status and how long it took, and throws the very error', async () => {
    const error = refused(503, { responseBody: 'upstream is down' });
    const model = watchedBy(generation, rejecting(error), recorded.options);
    expect(await outcomeOf(() => ai.generateText({ model, prompt: 'hi', maxRetries: 0 }))).toEqual({
      thrown: error,
    });
    const event = await recorded.event();
    expect(event).toMatchObject({
      standard_logging_object_status: 'failure',
      log_event_type: 'failed_api_call',
      exception: 'AI_APICallError: 503 busy [body: upstream is down]',
      response: { choices: [], usage: {} },
    });
    expect(event.traceback).toContain('refused');
    expect(event.duration).toBeGreaterThan(0);
    expect(event).not.toHaveProperty('cost');
    expect(event.proxy_metadata).not.toHaveProperty('cost_unknown');
  });

  it.each([
    ['a text', 'no more', 'Error: no more'],
    ['an empty text', '', 'Error: an empty string'],
    ['undefined', undefined, 'Error: undefined'],
    ['null', null, 'Error: null'],
    ['a number', 0, 'Error: 0'],
    ['an object', { code: 7 }, 'Error: {"code":7}'],
    ['an object with a message', { message: 'no more', type: 'quota' }, 'Error: quota: no more'],
    ['an object around an error', { error: { message: 'no more' } }, 'Error: no more'],
  ])('with %s says so, and throws the same', async (_what, thrown, exception) => {
    const unhandled = await unhandledDuring(async () => {
      const outcomes = await Promise.all(
        [(model: Model) => model, (model: Model) => watchedBy(generation, model, recorded.options)].map(
          (wrap) => outcomeOf(() => wrap(rejecting(thrown)).doGenerate(aCallOf())),
        ),
      );
      for (const outcome of outcomes) {
        expect(Object.is((outcome as { thrown: unknown }).thrown, thrown)).toBe(true);
      }
    });
    expect(unhandled).toEqual([]);
    expect((await recorded.event()).exception).toBe(exception);
  });

  it('and is tried again is a row an attempt', async () => {
    const model = aModel(generation, refused(429), refused(429), aResult(generation));
    const { text } = await ai.generateText({
      model: watchedBy(generation, model, recorded.options),
      prompt: 'hi',
      maxRetries: 2,
    });
    expect(text).toBe('Hello.');
    const events = await recorded.events();
    expect(events.map(summary)).toEqual(['failure', 'failure', 'success | Hello.']);
    expect(new Set(events.map(({ id }) => id)).size).toBe(3);
    for (const { exception } of events.slice(0, 2)) expect(exception).toMatch(/^AI_APICallError: 429/);
  });

  it('throws what the bare model makes the SDK throw when every attempt fails', async () => {
    const ask = async (wrap: (model: Model) => Model) =>
      outcomeOf(() =>
        ai.generateText({ model: wrap(aModel(generation, refused(429))), prompt: 'hi', maxRetries: 1 }),
      ) as Promise<{ thrown: Error }>;
    const bare = await ask((model) => model);
    const watched = await ask((model) => watchedBy(generation, model, recorded.options));
    expect([watched.thrown.name, watched.thrown.message]).toEqual([bare.thrown.name, bare.thrown.message]);
    expect((await recorded.events()).length).toBe(2);
  });

  it('bounds what it tells: a parser’s error may hold the whole body', async () => {
    const error = Object.assign(new Error(`cannot parse: ${'x'.repeat(500_000)}`), {
      name: 'AI_JSONParseError',
      text: 'y'.repeat(500_000),
    });
    await outcomeOf(() => watchedBy(generation, rejecting(error), recorded.options).doGenerate(aCallOf()));
    const event = await recorded.event();
    expect(event.exception).toMatch(/^AI_JSONParseError: cannot parse: x/);
    expect(JSON.stringify(event).length).toBeLessThan(30_000);
  });

  it('tells nothing of headers, keys and the body of the request', async () => {
    const key = 'sk-proj-0123456789abcdefghijklmnop';
    const error = refused(401, {
      message: `Incorrect API key provided: ${key}. Authorization: Bearer tok_4f9a8b7c6d5e4f3a2b1c`,
      requestBodyValues: { secret: 'in-the-body', tools: [{ args: { api_key: 'in-the-tools' } }] },
      responseHeaders: { 'set-cookie': 'in-the-headers' },
      responseBody: JSON.stringify({ error: { message: `key ${key}` } }),
    });
    const model = watchedBy(generation, rejecting(error), recorded.options);
    const headers = { authorization: `Bearer ${key}`, 'x-api-key': 'in-the-request' };
    const tools = [{ type: 'provider', id: 'a.b', name: 'b', args: { token: 'in-the-args' } }];
    await outcomeOf(() => model.doGenerate({ ...aCallOf(), headers, tools } as never));
    const told = JSON.stringify(await recorded.event());
    for (const secret of [key, 'tok_4f9a8b7c6d5e4f3a2b1c', 'in-the-']) expect(told).not.toContain(secret);
    expect(told).toContain('401');
  });
});

describe.each(EACH_GENERATION)('a call of %s that its caller aborts', (_name, generation) => {
  const { ai } = generation;
  const waiting = () =>
    watchedBy(
      generation,
      new generation.MockLanguageModel({ doGenerate: ({ abortSignal }) => aborted(abortSignal) }),
      recorded.options,
    );

  it.each([
    ['without a reason', undefined],
    ['with a text', 'enough'],
    ['with an error of their own', new Error('enough')],
    ['with null', null],
  ])('%s is no failure, and throws what it does without us', async (_what, reason) => {
    const controller = new AbortController();
    const asked = outcomeOf(() => waiting().doGenerate({ ...aCallOf(), abortSignal: controller.signal }));
    controller.abort(reason);
    const { thrown } = (await asked) as { thrown: unknown };
    expect(thrown).toBe(controller.signal.reason);
    expect(summary(await recorded.event())).toBe('success | aborted');
  });

  it('through the SDK is one row, not one an attempt', async () => {
    const controller = new AbortController();
    const asked = outcomeOf(() =>
      ai.generateText({ model: waiting(), prompt: 'hi', abortSignal: controller.signal }),
    );
    setImmediate(() => controller.abort());
    expect(await asked).toHaveProperty('thrown');
    expect(summary(await recorded.event())).toBe('success | aborted');
  });

  it('before it begins is one row when the model is asked, as an abort', async () => {
    const asked = outcomeOf(() => waiting().doGenerate({ ...aCallOf(), abortSignal: AbortSignal.abort() }));
    expect(await asked).toHaveProperty('thrown');
    expect(summary(await recorded.event())).toBe('success | aborted');
  });

  it('by a timeout is a failure, which is not the caller’s doing', async () => {
    const asked = outcomeOf(() =>
      ai.generateText({ model: waiting(), prompt: 'hi', abortSignal: AbortSignal.timeout(1), maxRetries: 0 }),
    );
    expect(await asked).toHaveProperty('thrown');
    expect((await recorded.event()).exception).toMatch(/^TimeoutError: /);
  });

  it('after it was answered is a success', async () => {
    const controller = new AbortController();
    const model = watchedBy(generation, aModel(generation), recorded.options);
    await model.doGenerate({ ...aCallOf(), abortSignal: controller.signal });
    controller.abort();
    expect(summary(await recorded.event())).toBe('success | Hello.');
  });
});

describe.each(EACH_GENERATION.filter(([, { major }]) => major > 5))(
  'the timeout of %s',
  (_name, generation) => {
    it('is a failure', async () => {
      const model = watchedBy(
        generation,
        new generation.MockLanguageModel({ doGenerate: ({ abortSignal }) => aborted(abortSignal) }),
        recorded.options,
      );
      const asked = outcomeOf(() =>
        generation.ai.generateText({ model, prompt: 'hi', timeout: 1, maxRetries: 0 }),
      );
      expect(await asked).toHaveProperty('thrown');
      expect((await recorded.event()).exception).toMatch(/^TimeoutError: /);
    });
  },
);
