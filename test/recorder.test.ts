import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type LitellmEvent, litellmEventSchema } from '../schemas/litellm.js';
import type { TinybirdError } from '../src/api/errors.js';
import { forgetTold } from '../src/api/tell.js';
import type { Answer, Ending } from '../src/call/call.js';
import { Datasource } from '../src/datasource/datasource.js';
import { lineContext, withMetadata } from '../src/recorder/context.js';
import { flush } from '../src/recorder/flush.js';
import type { TinybirdOptions } from '../src/recorder/options.js';
import { type BegunCall, Recorder } from '../src/recorder/recorder.js';
import type { Recording } from '../src/recorder/recording.js';
import { forgetTinybirdEnvironment } from './support/environment.js';
import { type FakeTinybird, startFakeTinybird } from './support/tinybird.js';

const ANSWER: Answer = {
  id: 'chatcmpl-1',
  model: 'gpt-4o-mini-2024-07-18',
  choices: [{ index: 0, text: 'hello', finishReason: 'stop' }],
  usage: { promptTokens: 10_000, completionTokens: 1000, totalTokens: 11_000 },
};

let events: LitellmEvent[];
let problems: TinybirdError[];

beforeEach(() => {
  events = [];
  problems = [];
  forgetTold();
});

function recorder(options: TinybirdOptions = {}): Recorder {
  return new Recorder({
    datasource: { append: (event) => events.push(event) },
    onError: (problem) => problems.push(problem),
    ...options,
  });
}

function begin(options: TinybirdOptions = {}, begun: Partial<BegunCall> = {}): Recording {
  return recorder(options).start(() => ({
    type: 'acompletion',
    provider: 'openai',
    model: 'gpt-4o-mini',
    stream: false,
    input: 'hi',
    ...begun,
  }));
}

/** One call from beginning to end; gives its event. */
async function record(
  options: TinybirdOptions = {},
  begun: Partial<BegunCall> = {},
  ending: Ending = { kind: 'finished' },
  answer: Answer = ANSWER,
): Promise<LitellmEvent | undefined> {
  begin(options, begun).end(ending, () => answer);
  await flush();
  for (const event of events) expect(litellmEventSchema.parse(event)).toEqual(event);
  return events.at(-1);
}

describe('a recording', () => {
  it('becomes one event, however often it is ended', async () => {
    const recording = begin();
    recording.end({ kind: 'finished' }, () => ANSWER);
    recording.end({ kind: 'failed', error: new Error('late') }, () => ANSWER);
    recording.end({ kind: 'left' }, () => ANSWER);
    await flush();
    expect(events.length).toBe(1);
    expect(events[0]?.standard_logging_object_status).toBe('success');
  });

  it('has the moments of its call in order', async () => {
    const recording = begin({}, { stream: true });
    const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
    await pause();
    recording.opened();
    await pause();
    recording.token();
    await pause();
    recording.token();
    recording.opened();
    recording.end({ kind: 'finished' }, () => ANSWER);
    await flush();
    const [event] = events;
    const opened = (event?.llm_api_duration_ms ?? 0) / 1000;
    const firstToken = event?.standard_logging_object_response_time ?? 0;
    expect(opened).toBeGreaterThan(0.004);
    expect(firstToken).toBeGreaterThan(opened);
    expect(event?.duration).toBeGreaterThan(firstToken);
  });

  it('began when it was started, however long its prompt takes to read', () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const began = Date.now();
    const calls: number[] = [];
    const sample = ({ startedAt, durationMs }: { startedAt: number; durationMs: number }) => {
      calls.push(startedAt - began, durationMs);
      return true;
    };
    const input = [
      {
        role: 'user',
        get content() {
          vi.advanceTimersByTime(50);
          return 'long';
        },
      },
    ];
    begin({ sample }, { input }).end({ kind: 'finished' }, () => ANSWER);
    expect(calls).toEqual([0, expect.toSatisfy((ms) => ms >= 50)]);
  });

  it('has an id of its own, and writes it into its scope for log lines', async () => {
    await withMetadata({}, async () => {
      await record();
      const first = lineContext()?.callId;
      expect(first).toBe(events[0]?.id);
      await record();
      expect(lineContext()?.callId).toBe(events[1]?.id);
      expect(events[1]?.id).not.toBe(first);
    });
  });

  it('is a snapshot of what was asked when it began', async () => {
    const input = [{ role: 'user', content: 'before' }];
    const recording = begin({}, { input });
    input.push({ role: 'user', content: 'after' });
    recording.end({ kind: 'finished' }, () => ANSWER);
    await flush();
    expect(events[0]?.messages).toEqual([{ role: 'user', content: 'before' }]);
  });

  it('whose answer cannot be read is an event without it, and told', async () => {
    begin().end({ kind: 'finished' }, () => {
      throw new Error('hostile');
    });
    await flush();
    expect(events[0]?.response.choices).toEqual([]);
    expect(problems.map((problem) => problem.code)).toEqual(['internal']);
  });
});

describe('user and metadata', () => {
  it('of the call win over those of its scope, and those over the options', async () => {
    const options = {
      user: 'option',
      metadata: { project: 'option', environment: 'option', organization: 'option' },
    };
    const scope = { user: 'scope', metadata: { project: 'scope', environment: 'scope' } };
    const call = { user: 'call', metadata: { project: 'call' } };
    await record(options);
    await withMetadata(scope, () => record(options));
    await withMetadata(scope, () => record(options, call));
    expect(
      events.map((event) => [event.user, event.proxy_metadata.project, event.proxy_metadata.environment]),
    ).toEqual([
      ['option', 'option', 'option'],
      ['scope', 'scope', 'scope'],
      ['call', 'call', 'scope'],
    ]);
    expect(events[2]?.proxy_metadata.organization).toBe('option');
  });

  it('of nested scopes add up, the inner ones winning', async () => {
    await withMetadata({ user: 'u1', metadata: { chat_id: 'c1', project: 'outer' } }, () =>
      withMetadata({ metadata: { project: 'inner' } }, () => record()),
    );
    expect(events[0]).toMatchObject({ user: 'u1', proxy_metadata: { chat_id: 'c1', project: 'inner' } });
  });

  it('of a scope that is given nothing are none, and the program runs', () => {
    expect(withMetadata(undefined as never, () => 7)).toBe(7);
  });

  it('of two scopes at once do not mix', async () => {
    const run = (chat_id: string, ms: number) =>
      withMetadata({ metadata: { chat_id } }, async () => {
        await new Promise((resolve) => setTimeout(resolve, ms));
        await record();
      });
    await Promise.all([run('a', 10), run('b', 5)]);
    expect(events.map((event) => event.proxy_metadata.chat_id).sort()).toEqual(['a', 'b']);
  });

  it('that framework guessed give way to any other', async () => {
    await record({}, { defaults: { chat_id: 'guess' } });
    await record({ metadata: { chat_id: 'option' } }, { defaults: { chat_id: 'guess' } });
    expect(events.map((event) => event.proxy_metadata.chat_id)).toEqual(['guess', 'option']);
  });

  it('that cannot be written as JSON cost no event, and are told once a key, with the fix', async () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    const metadata = {
      big: 10n,
      cycle,
      f: () => {},
      fine: 1,
      date: new Date(0),
      error: new Error('x'),
      none: null,
    };
    const own = recorder({ metadata });
    for (let i = 0; i < 2; i++) {
      own
        .start(() => ({ type: 'acompletion', provider: 'openai', model: 'm', stream: false, input: 'hi' }))
        .end({ kind: 'finished' }, () => ANSWER);
    }
    await flush();
    expect(events.length).toBe(2);
    expect(events[0]?.proxy_metadata).toEqual({
      big: '10',
      cycle: { self: '[Circular]' },
      fine: 1,
      date: '1970-01-01T00:00:00.000Z',
      error: 'Error: x',
    });
    expect(problems.map((problem) => problem.message.split(':')[0])).toEqual([
      'metadata.big holds a BigInt',
      'metadata.cycle.self holds a cycle',
      'metadata.f holds a function',
    ]);
  });

  it('under a key that the package writes itself are left out and told', async () => {
    await record({ metadata: { outcome: 'won', attempts: 9, mine: 1 } });
    expect(events[0]?.proxy_metadata).toEqual({ mine: 1 });
    expect(problems.length).toBe(2);
  });

  it.each([
    ['an array as metadata', { metadata: ['a'] as never }],
    ['text as metadata', { metadata: 'a' as never }],
    ['an object as user', { user: {} as never }],
  ])('that are %s cost no event and are told', async (_what, options) => {
    await record(options);
    expect(events[0]?.proxy_metadata).toEqual({});
    expect(problems.length).toBe(1);
  });
});

describe('capture', () => {
  const canary = { role: 'user', content: 'canary' };
  const answer: Answer = { ...ANSWER, choices: [{ index: 0, text: 'canary', finishReason: 'stop' }] };

  it('messages: false lets no byte of the prompt out', async () => {
    const event = await record({ capture: { messages: false } }, { input: [canary] });
    expect(event?.messages).toEqual([]);
    expect(JSON.stringify(event)).not.toContain('canary');
  });

  it('response: false lets no byte of the answer out, and keeps the numbers', async () => {
    const event = await record({ capture: { response: false } }, {}, { kind: 'finished' }, answer);
    expect(JSON.stringify(event)).not.toContain('canary');
    expect(event?.response.usage.total_tokens).toBe(11_000);
  });

  it('apiKey: true shows the ends of the key, and nothing of it otherwise', async () => {
    expect((await record({}, { apiKey: () => 'sk-1234567890' }))?.api_key).toBe('****');
    expect((await record({ capture: { apiKey: true } }, { apiKey: () => 'sk-1234567890' }))?.api_key).toBe(
      'sk-1****7890',
    );
  });
});

describe('redact', () => {
  it('has the last word on an event', async () => {
    const redact = (event: LitellmEvent) => ({ ...event, messages: [{ role: 'user', content: '[gone]' }] });
    expect((await record({ redact }))?.messages).toEqual([{ role: 'user', content: '[gone]' }]);
  });

  it('drops the call with null', async () => {
    await record({ redact: () => null });
    expect(events).toEqual([]);
    expect(problems).toEqual([]);
  });

  it('that throws drops the event, since it may hold what nobody should see, and is told', async () => {
    await record({
      redact: () => {
        throw new Error('bad pattern');
      },
    });
    expect(events).toEqual([]);
    expect(problems[0]).toMatchObject({ code: 'user_function' });
    expect(problems[0]?.message).toContain('redact threw (Error: bad pattern)');
  });
});

describe('sample', () => {
  it('keeps failures whatever its share', async () => {
    await record({ sample: 0 });
    await record({ sample: 0 }, {}, { kind: 'failed', error: new Error('x') });
    expect(events.map((event) => event.standard_logging_object_status)).toEqual(['failure']);
  });

  it('keeps its share of the others', async () => {
    const random = vi.spyOn(Math, 'random');
    random.mockReturnValueOnce(0.29);
    await record({ sample: 0.3 });
    random.mockReturnValueOnce(0.3);
    await record({ sample: 0.3 });
    expect(events.length).toBe(1);
  });

  it('as a function decides for every call, failures too', async () => {
    const seen: string[] = [];
    const sample = (call: { model: string }) => {
      seen.push(call.model);
      return false;
    };
    await record({ sample }, {}, { kind: 'failed', error: new Error('x') });
    expect(seen).toEqual(['gpt-4o-mini']);
    expect(events).toEqual([]);
  });

  it('that throws keeps the call and is told', async () => {
    await record({
      sample: () => {
        throw new Error('x');
      },
    });
    expect(events.length).toBe(1);
    expect(problems[0]?.code).toBe('user_function');
  });
});

describe('cost', () => {
  it('comes from the catalogue', async () => {
    expect((await record())?.cost).toBeCloseTo(0.0021, 9);
  });

  it('comes from your prices first', async () => {
    expect((await record({ prices: { 'gpt-4o-mini': { input: 1, output: 1 } } }))?.cost).toBeCloseTo(
      0.011,
      9,
    );
  });

  it('of a prices function that throws comes from the catalogue, and it is told', async () => {
    const prices = () => {
      throw new Error('x');
    };
    expect((await record({ prices }))?.cost).toBeCloseTo(0.0021, 9);
    expect(problems[0]?.code).toBe('user_function');
  });

  it('that nobody knows costs no event', async () => {
    const event = await record({}, { model: 'gpt-9' }, { kind: 'finished' }, { ...ANSWER, model: 'gpt-9' });
    expect(event).not.toHaveProperty('cost');
    expect(event?.proxy_metadata.cost_unknown).toBe(true);
  });

  it('that nobody knows is told once a model, with the fix', async () => {
    const own = recorder();
    for (const model of ['gpt-9', 'gpt-9', 'gpt-10', 'gpt-9']) {
      own
        .start(() => ({ type: 'acompletion', provider: 'openai', model, stream: false, input: 'hi' }))
        .end({ kind: 'finished' }, () => ({ ...ANSWER, model }));
    }
    await flush();
    expect(events.length).toBe(4);
    expect(problems.map(({ code, message }) => [code, message])).toEqual([
      ['unknown_price', expect.stringMatching(/^No price is known for openai\/gpt-9: .*option prices/)],
      ['unknown_price', expect.stringMatching(/^No price is known for openai\/gpt-10: .*option prices/)],
    ]);
  });

  it('that nobody knows is one warning a model where nobody listens', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    for (const model of ['gpt-9', 'gpt-10', 'gpt-9']) {
      recorder({ onError: undefined })
        .start(() => ({ type: 'acompletion', provider: 'openai', model, stream: false, input: 'hi' }))
        .end({ kind: 'finished' }, () => ({ ...ANSWER, model }));
    }
    await flush();
    expect(warn.mock.calls.length).toBe(2);
  });

  it('of a call that told no usage is unknown, and nobody’s fault', async () => {
    const event = await record({}, {}, { kind: 'finished' }, { choices: [] });
    expect(event?.proxy_metadata.cost_unknown).toBe(true);
    expect(problems).toEqual([]);
  });

  it('given for the call comes before all others', async () => {
    const prices = () => 7;
    expect((await record({ prices }, { cost: 0.5 }))?.cost).toBe(0.5);
    expect((await record({ prices }, { cost: 0 }))?.cost).toBe(0);
    expect(problems).toEqual([]);
  });

  it.each([Number.NaN, -1, '0.5', 1e12])('given as %s is told and left out', async (cost) => {
    expect((await record({}, { cost: cost as number }))?.cost).toBeCloseTo(0.0021, 9);
    expect(problems.map(({ code }) => code)).toEqual(['bad_option']);
  });

  it('given as what cannot be shown is told and costs no event', async () => {
    const event = await record({}, { cost: Object.create(null) as number });
    expect(event?.cost).toBeCloseTo(0.0021, 9);
    expect(problems.map(({ code }) => code)).toEqual(['bad_option']);
  });

  it('that the provider reports comes before the catalogue', async () => {
    const event = await record({}, {}, { kind: 'finished' }, { ...ANSWER, reportedCost: 0.25 });
    expect(event?.cost).toBe(0.25);
  });

  it('is that of the tier which served the call', async () => {
    const answer = { ...ANSWER, model: 'gpt-5-mini', serviceTier: 'flex' };
    const standard = await record(
      {},
      { model: 'gpt-5-mini' },
      { kind: 'finished' },
      { ...ANSWER, model: 'gpt-5-mini' },
    );
    const event = await record({}, { model: 'gpt-5-mini' }, { kind: 'finished' }, answer);
    expect(event?.cost).toBeCloseTo((standard?.cost ?? 0) / 2, 12);
    expect(event?.response.service_tier).toBe('flex');
  });

  it('asks a prices function once a call, also when the catalogue is yet to be loaded', async () => {
    const prices = vi.fn(() => undefined);
    await record({ prices });
    expect(prices).toHaveBeenCalledTimes(1);
  });

  it('is left out, and that told once, where the catalogue cannot be loaded', async () => {
    vi.resetModules();
    vi.doMock('@pydantic/genai-prices', () => {
      throw new Error('not installed');
    });
    try {
      const fresh = await import('../src/recorder/recorder.js');
      const own = new fresh.Recorder({ datasource: events, onError: (problem) => problems.push(problem) });
      for (let i = 0; i < 3; i++) {
        own
          .start(() => ({
            type: 'acompletion',
            provider: 'openai',
            model: 'gpt-4o',
            stream: false,
            input: 'hi',
          }))
          .end({ kind: 'finished' }, () => ANSWER);
      }
      await (await import('../src/recorder/flush.js')).flush();
    } finally {
      vi.doUnmock('@pydantic/genai-prices');
      vi.resetModules();
    }
    expect(events.map(({ proxy_metadata }) => proxy_metadata.cost_unknown)).toEqual([true, true, true]);
    expect(problems.map(({ code }) => code)).toEqual(['internal']);
  });

  it('of a cache hit is nothing', async () => {
    begin().end({ kind: 'finished' }, () => ANSWER, { cacheHit: true });
    await flush();
    expect(events[0]).toMatchObject({ cost: 0, cache_hit: true });
  });
});

describe('a function that gives no answer', () => {
  const rejected = () => Promise.reject(new Error('late'));

  it.each([
    ['nothing, since it forgot to return', () => undefined, 'redact returned undefined: its call is dropped'],
    ['a promise', rejected, 'redact returned a promise: its call is dropped'],
  ])('but as redact %s sends nothing, and it is told', async (_what, redact, message) => {
    await record({ redact: redact as never });
    expect(events).toEqual([]);
    expect(problems.map((problem) => [problem.code, problem.message])).toEqual([
      ['user_function', expect.stringContaining(message)],
    ]);
  });

  it.each([
    ['nothing', () => undefined, 'sample returned undefined: its call is recorded'],
    ['a promise', rejected, 'sample returned a promise: its call is recorded'],
  ])('but as sample %s keeps the call, and it is told', async (_what, sample, message) => {
    await record({ sample: sample as never });
    expect(events.length).toBe(1);
    expect(problems[0]?.message).toContain(message);
  });

  it.each([
    ['a promise', rejected, 'prices returned a promise'],
    ['no number', () => Number.NaN, 'prices returned NaN'],
    ['text', () => '0.5', 'prices returned 0.5'],
  ])('but as prices %s is passed over, and it is told', async (_what, prices, message) => {
    expect((await record({ prices: prices as never }))?.cost).toBeCloseTo(0.0021, 9);
    expect(problems[0]?.message).toContain(message);
  });
});

describe('an option that cannot be worked with', () => {
  it.each<[keyof TinybirdOptions, unknown, RegExp]>([
    [
      'sample',
      5,
      /^The option sample is 5: give a share from 0 to 1, or a function of the call\. It is ignored\.$/,
    ],
    ['sample', Number.NaN, /sample is NaN/],
    ['sample', '0.5', /sample is 0\.5/],
    ['prices', { 'gpt-4o': { input: '3' } }, /prices is {"gpt-4o":{"input":"3"}}: .* USD per million tokens/],
    ['prices', 3, /prices is 3/],
    ['maxEventBytes', 10, /maxEventBytes is 10: give a number of bytes, 10000 at least/],
    ['maxMessageBytes', 'much', /maxMessageBytes is much/],
    ['validate', 'yes', /validate is yes: give true or false/],
    ['waitUntil', {}, /waitUntil is {}: give a function of a promise/],
  ])('is told and ignored: %s %s', async (name, value, message) => {
    const event = await record({ [name]: value });
    expect(event?.cost).toBeCloseTo(0.0021, 9);
    expect(problems.map(({ code }) => code)).toEqual(['bad_option']);
    expect(problems[0]?.message).toMatch(message);
  });

  it.each<[keyof TinybirdOptions, unknown]>([
    ['capture', false],
    ['capture', { messages: 'no' }],
    ['capture', ['messages']],
    ['redact', 'password'],
  ])('is told and lets no content out where it was to keep content in: %s %s', async (name, value) => {
    const event = await record({ [name]: value });
    expect(event?.messages).toEqual([]);
    expect(event?.response.choices[0]?.message).toEqual({ role: 'assistant' });
    expect(problems[0]?.message).toMatch(/Until then no content is sent\.$/);
  });

  it('is not one that is left out', async () => {
    const nothing = {
      capture: undefined,
      redact: null,
      sample: null,
      prices: undefined,
      validate: undefined,
    };
    await record(nothing as unknown as TinybirdOptions);
    expect(events.length).toBe(1);
    expect(problems).toEqual([]);
  });

  it('shows no more of a value than is needed, and not what cannot be shown', async () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    await record({ capture: cycle as never, prices: { x: { input: 'y'.repeat(1000) } } as never });
    expect(problems.length).toBe(1);
    expect(problems[0]?.message.length).toBeLessThan(400);
    await record({ waitUntil: cycle as never });
    expect(problems[1]?.message).toContain('an object that cannot be shown');
  });
});

describe('validate', () => {
  it('is silent about an event as it is made', async () => {
    await record({ validate: true });
    await record({ validate: true }, {}, { kind: 'failed', error: new Error('x') }, { choices: [] });
    expect(events.length).toBe(2);
    expect(problems).toEqual([]);
  });

  it('tells where an event does not fit, not what stands there, and sends it all the same', async () => {
    const redact = (event: LitellmEvent) => ({ ...event, model: null, user: 5 }) as unknown as LitellmEvent;
    begin({ validate: true, redact, prices: () => 1 }).end({ kind: 'finished' }, () => ANSWER);
    await flush();
    expect(events.length).toBe(1);
    expect(problems.map(({ code }) => code)).toEqual(['invalid_event']);
    expect(problems[0]?.message).toMatch(/model: .*; user: /);
  });
});

describe('the sizes of what is sent', () => {
  it('are bounded as the options say', async () => {
    const input = [
      { role: 'user', content: 'a'.repeat(50_000) },
      { role: 'user', content: 'b'.repeat(5000) },
    ];
    const event = await record({ maxEventBytes: 20_000, maxMessageBytes: 30_000 }, { input });
    expect(JSON.stringify(event).length).toBeLessThanOrEqual(20_000);
    expect(event?.messages[0]?.content).toMatch(/… \[cut: \d+ more characters\]$/);
    expect(event?.messages[1]?.content).toBe('b'.repeat(5000));
  });
});

describe('where events go', () => {
  let tinybird: FakeTinybird;
  beforeEach(async () => {
    tinybird = await startFakeTinybird();
  });
  afterEach(() => tinybird.close());

  it('is the datasource litellm of the environment, found at the first call', async () => {
    const own = new Recorder();
    vi.stubEnv('TINYBIRD_URL', tinybird.url);
    vi.stubEnv('TINYBIRD_TOKEN', 'p.token');
    own
      .start(() => ({ type: 'acompletion', provider: 'openai', model: 'm', stream: false, input: 'hi' }))
      .end({ kind: 'finished' }, () => ANSWER);
    await flush();
    expect(tinybird.requests[0]?.url.searchParams.get('name')).toBe('litellm');
    expect(tinybird.requests[0]?.headers.authorization).toBe('Bearer p.token');
    expect(tinybird.rows.length).toBe(1);
  });

  it('is one datasource for all who name the same', async () => {
    const options = { url: tinybird.url, token: 'p.token', datasource: 'calls' };
    for (let i = 0; i < 3; i++) {
      new Recorder(options)
        .start(() => ({ type: 'acompletion', provider: 'openai', model: 'm', stream: false, input: 'hi' }))
        .end({ kind: 'failed', error: new Error('x') }, () => ({ choices: [] }));
    }
    await flush();
    expect(tinybird.requests.length).toBe(1);
    expect(tinybird.rows.length).toBe(3);
  });

  it('may be a Datasource to share', async () => {
    await using datasource = new Datasource('mine', { url: tinybird.url });
    await record({ datasource });
    expect(datasource.stats()).toMatchObject({ accepted: 1, delivered: 1 });
  });

  it('may be an array, in a test', async () => {
    const rows: LitellmEvent[] = [];
    await record({ datasource: rows });
    expect(rows.length).toBe(1);
  });

  it.each([
    [
      'throws',
      {
        append: () => {
          throw new Error('full');
        },
      },
    ],
    ['rejects', { append: () => Promise.reject(new Error('full')) }],
  ])('may be a sink that %s: it is told', async (_what, datasource) => {
    await record({ datasource });
    expect(problems.map((problem) => problem.code)).toEqual(['user_function']);
  });

  it('may be nowhere: one warning for the process, and nothing is recorded', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    forgetTinybirdEnvironment();
    for (let i = 0; i < 2; i++) {
      new Recorder()
        .start(() => ({ type: 'acompletion', provider: 'openai', model: 'm', stream: false, input: 'hi' }))
        .end({ kind: 'finished' }, () => ANSWER);
    }
    await flush();
    expect(warn.mock.calls.length).toBe(1);
    expect(warn.mock.calls[0]?.[0]).toMatch(
      /^\[tinybird-llm\] Nothing is recorded: no Tinybird token\. Set TINYBIRD_TOKEN/,
    );
  });

  it('that is nowhere is told once to onError too, however many calls follow', () => {
    forgetTinybirdEnvironment();
    const own = new Recorder({ onError: (problem) => problems.push(problem) });
    for (let i = 0; i < 3; i++) {
      own.start(() => ({ type: 'acompletion', provider: 'openai', model: 'm', stream: false, input: 'hi' }));
    }
    expect(problems.map((problem) => problem.code)).toEqual(['not_configured']);
  });

  it('that cannot be used is told, not thrown', () => {
    expect(() => begin({ datasource: 42 as never })).not.toThrow();
    expect(problems.map((problem) => problem.code)).toEqual(['bad_option']);
  });
});

describe('waitUntil', () => {
  it('is given, in the call, what ends with the delivery', async () => {
    const order: string[] = [];
    const deliveries: Promise<void>[] = [];
    const datasource = {
      append: () => order.push('appended'),
      flush: async () => {
        order.push('flushed');
      },
    };
    const recording = begin({ datasource, waitUntil: (delivery) => deliveries.push(delivery) });
    expect(deliveries.length).toBe(1);
    void deliveries[0]?.then(() => order.push('delivered'));
    recording.end({ kind: 'finished' }, () => ANSWER);
    await deliveries[0];
    expect(order).toEqual(['appended', 'flushed', 'delivered']);
  });

  it('that throws is told', async () => {
    await record({
      waitUntil: () => {
        throw new Error('no context');
      },
    });
    expect(events.length).toBe(1);
    expect(problems[0]?.code).toBe('user_function');
  });
});
