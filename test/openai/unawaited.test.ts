import { beforeEach, describe, expect, it } from 'vitest';
import type { LitellmEvent } from '../../schemas/litellm.js';
import { instrumentOpenAI } from '../../src/openai/index.js';
import { Recorded, summary } from '../support/events.js';
import { collect, settledWhenCollected } from '../support/garbage.js';
import { type Ended, runProgram } from '../support/program.js';
import { silent, spilling } from '../support/spilling.js';
import { answering, BODY, chat, events, json, refusal, silence, TEXT } from './answers.js';
import { type Client, EACH_MAJOR } from './clients.js';

let recorded: Recorded;
beforeEach(() => {
  recorded = new Recorded();
});

/** Turns enough for whoever waits for a collection to hear of it. */
async function collectOften(): Promise<void> {
  for (let turns = 0; turns < 5; turns++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe.each(EACH_MAJOR)('a call of %s that nobody can ask for any more', (_name, kind) => {
  const client = async (answer = json(chat())) => {
    const { url } = await answering(answer);
    return instrumentOpenAI(kind.make(url), { ...recorded.options, abandonedAfterMs: 3_600_000 });
  };
  const settled = async () => {
    await settledWhenCollected(recorded);
    return summary(await recorded.event());
  };
  const create = (own: Client) => own.chat.completions.create(BODY);
  const opened = (call: unknown) => (call as { responsePromise: Promise<unknown> }).responsePromise;

  it.each<[string, (own: Client) => unknown]>([
    ['its promise was never awaited', (own) => create(own)],
    ['its promise was derived from', (own) => create(own)._thenUnwrap((data) => data)],
    ['the helper that parses it was never awaited', (own) => own.chat.completions.parse(BODY)],
    ['its response was taken raw', (own) => create(own).asResponse()],
    [
      'its response was taken raw and cloned',
      (own) =>
        create(own)
          .asResponse()
          .then((raw) => raw.clone()),
    ],
    [
      'its response was taken raw and its body looked at',
      (own) =>
        create(own)
          .asResponse()
          .then(({ body }) => body?.locked),
    ],
  ])('is settled when it is collected: %s', async (_what, ask) => {
    const own = await client();
    const askOnly = async () => {
      const given = ask(own) as PromiseLike<unknown>;
      if (given instanceof kind.openai.APIPromise) await opened(given);
      else await given;
    };
    await askOnly();
    expect(await settled()).toBe('success | abandoned');
  });

  it('is settled though it was a stream', async () => {
    const own = await client(events());
    const askOnly = async () => void (await opened(own.chat.completions.create({ ...BODY, stream: true })));
    await askOnly();
    expect(await settled()).toBe('success | abandoned');
  });

  it.each<[string, (own: Client) => unknown, (held: never) => unknown]>([
    ['its promise is held', create, (call: PromiseLike<unknown>) => call],
    [
      'a promise derived from it is held',
      (own) => create(own)._thenUnwrap((data) => data),
      (call: PromiseLike<unknown>) => call,
    ],
    [
      'only its method is held',
      (own) => {
        const call = create(own);
        return { ask: () => call.then((data) => data), call: opened(call) };
      },
      ({ ask }: { ask: () => unknown }) => ask(),
    ],
    [
      'its raw response is held',
      (own) => create(own).asResponse(),
      (raw: Promise<Response>) => raw.then((r) => r.text()),
    ],
    [
      'only a clone of its raw response is held',
      (own) =>
        create(own)
          .asResponse()
          .then((raw) => raw.clone()),
      (clone: Promise<Response>) => clone.then((raw) => raw.text()),
    ],
    [
      'its raw response is held, and not what was cloned of it',
      (own) =>
        create(own)
          .asResponse()
          .then((raw) => {
            raw.clone();
            return raw;
          }),
      (raw: Promise<Response>) => raw.then((response) => response.json()),
    ],
    [
      'only the reader of its raw body is held',
      (own) =>
        create(own)
          .asResponse()
          .then((raw) => raw.body?.getReader()),
      async (held: Promise<ReadableStreamDefaultReader>) => {
        const reader = await held;
        while (!(await reader.read()).done);
      },
    ],
  ])('is not taken for one while %s', async (_what, ask, use) => {
    const own = await client();
    const held = ask(own);
    await (opened(held) ?? (held instanceof Promise ? held : (held as { call: Promise<unknown> }).call));
    await collectOften();
    expect(recorded.soFar).toEqual([]);
    await use(held as never);
    expect(summary(await recorded.event())).toBe(`success | ${TEXT}`);
  });

  it('is not taken for one while its provider is silent', async () => {
    const own = await client(silence);
    void create(own).catch(() => {}); // of its connection, when the test is over
    await collectOften();
    expect(await recorded.events()).toEqual([]);
  });
});

interface ProgramOptions {
  /** Tinybird's. */
  readonly url: string;
  readonly provider: string;
  readonly spill?: string;
  /** What the program does with `ask`, which makes the call. */
  readonly source: string;
}

function run(major: 5 | 6 | 7, watched: boolean, options: ProgramOptions): Promise<Ended> {
  const { url, provider, spill, source } = options;
  const given = { url, token: 'p.a-token-nobody-may-see', ...(spill === undefined ? {} : { spill }) };
  return runProgram(`
    import OpenAI from 'openai${major === 6 ? '' : major}';
    import { instrumentOpenAI } from './dist/src/openai/index.js';
    import { Datasource } from './dist/src/datasource/datasource.js';
    const bare = new OpenAI({ apiKey: 'k', baseURL: ${JSON.stringify(provider)}, maxRetries: 0 });
    const options = () => ({ onError() {}, datasource: new Datasource('events', ${JSON.stringify(given)}) });
    const client = ${watched ? 'instrumentOpenAI(bare, options())' : 'bare'};
    const ask = () => client.chat.completions.create({ model: 'gpt-4o-mini', messages: [] });
    ${source}
  `);
}

describe.each(EACH_MAJOR)('%s: a program', (_name, { major }) => {
  it.each([
    ['awaits its call', 'console.log((await ask()).id);', `success | ${TEXT}`],
    ['never awaits its call', 'ask();', 'success | abandoned'],
    [
      'takes its response raw and never reads it',
      'console.log((await ask().asResponse()).status);',
      'success | abandoned',
    ],
  ])('that %s ends as it does without us, and its row is delivered', async (_what, source, line) => {
    const { tinybird } = await spilling();
    const { url: provider } = await answering(json(chat()));
    const program = { url: tinybird.url, provider, source };
    const [bare, watched] = await Promise.all([run(major, false, program), run(major, true, program)]);
    expect(watched).toEqual(bare);
    expect(watched.code).toBe(0);
    expect(tinybird.rows.map((row) => summary(row as unknown as LitellmEvent))).toEqual([line]);
  });

  const SENT = 'ask(); await new Promise((resolve) => setTimeout(resolve, 100));';

  it.each([
    ['process.exit', silence, `${SENT} process.exit(3);`, 3, 'success | abandoned'],
    ['an error that nobody catches', silence, `${SENT} throw new Error('mine');`, 1, 'success | abandoned'],
    [
      'a failed call that nobody awaits',
      refusal(400, 'odd'),
      'ask(); setInterval(() => {}, 1000);',
      1,
      'failure',
    ],
  ])(
    'that has a call under way and ends by %s keeps its row for the next',
    async (_what, answer, source, code, line) => {
      const test = await spilling();
      const { url: provider } = await answering(answer);
      test.tinybird.answer = silent;
      const ended = await run(major, true, {
        url: test.tinybird.url,
        provider,
        spill: test.directory,
        source,
      });
      expect(ended.code).toBe(code);
      test.tinybird.answer = undefined;
      await test.datasource().close();
      expect(test.tinybird.rows.map((row) => summary(row as unknown as LitellmEvent))).toEqual([line]);
    },
  );
});
