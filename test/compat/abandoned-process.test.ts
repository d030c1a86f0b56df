import { describe, expect, it } from 'vitest';
import type { LitellmEvent } from '../../schemas/litellm.js';
import { summary } from '../support/events.js';
import { type Ended, runProgram } from '../support/program.js';
import { silent, spilling } from '../support/spilling.js';
import { EACH_GENERATION } from './generations.js';

const PACKAGES = {
  5: { ai: 'ai5', Mock: 'MockLanguageModelV2' },
  6: { ai: 'ai', Mock: 'MockLanguageModelV3' },
  7: { ai: 'ai7', Mock: 'MockLanguageModelV4' },
} as const;

interface ProgramOptions {
  readonly url: string;
  /** Where rows are kept, if they are. */
  readonly spill?: string;
  /** What the program does with `textStream`, and then. */
  readonly read: string;
}

const EARLY = 'for await (const delta of textStream) { console.log(delta); break; }';
const NEVER = 'void textStream;';

/** A program that streams a text, with the bare model or the watched one; by itself nothing holds it. */
function run(major: 5 | 6 | 7, watched: boolean, { url, spill, read }: ProgramOptions): Promise<Ended> {
  const { ai, Mock } = PACKAGES[major];
  const options = { url, token: 'p.a-token-nobody-may-see', ...(spill === undefined ? {} : { spill }) };
  return runProgram(`
    import { streamText, wrapLanguageModel } from '${ai}';
    import { ${Mock} } from '${ai}/test';
    import { tinybirdMiddleware } from './dist/src/ai-sdk/index.js';
    import { Datasource } from './dist/src/datasource/datasource.js';
    const usage = ${major === 5 ? '{ inputTokens: 1, outputTokens: 1, totalTokens: 2 }' : '{ inputTokens: { total: 1 }, outputTokens: { total: 1 } }'};
    const finishReason = ${major === 5 ? "'stop'" : "{ unified: 'stop', raw: 'stop' }"};
    const parts = [
      { type: 'stream-start', warnings: [] },
      { type: 'text-start', id: '1' },
      ...Array.from({ length: 40 }, (_, index) => ({ type: 'text-delta', id: '1', delta: 'w' + index + ';' })),
      { type: 'text-end', id: '1' },
      { type: 'finish', finishReason, usage },
    ];
    const stream = new ReadableStream({
      async pull(controller) {
        await new Promise((resolve) => setImmediate(resolve));
        const part = parts.shift();
        if (part === undefined) controller.close();
        else controller.enqueue(part);
      },
    }, { highWaterMark: 0 });
    const bare = new ${Mock}({ doStream: async () => ({ stream }) });
    const options = () => ({ onError() {}, datasource: new Datasource('events', ${JSON.stringify(options)}) });
    const model = ${watched ? 'wrapLanguageModel({ model: bare, middleware: tinybirdMiddleware(options()) })' : 'bare'};
    const { textStream } = streamText({ model, prompt: 'hi' });
    ${read}
  `);
}

// A minute passes until a stream counts as abandoned: a program that waited for that would not end within a test.
describe.concurrent.each(EACH_GENERATION)('%s: a program', (_name, { major }) => {
  const expectOutcome = (rows: readonly Record<string, unknown>[]) => {
    expect(rows.length).toBe(1);
    const line = summary(rows[0] as unknown as LitellmEvent);
    // Before ai 7 the SDK reads on by itself, for as long as there is time.
    if (major === 7) expect(line).toMatch(/^success \| abandoned \| w0;/);
    else expect(line).toMatch(/^success(?: \| abandoned)? \| w0;/);
  };

  it.for([
    ['leaves its stream early', EARLY],
    ['never reads its stream', NEVER],
  ] as const)(
    'that %s ends as it does without us, and its row is delivered',
    async ([, read], { onTestFinished }) => {
      const { tinybird } = await spilling(onTestFinished);
      const [bare, watched] = await Promise.all([
        run(major, false, { url: tinybird.url, read }),
        run(major, true, { url: tinybird.url, read }),
      ]);
      expect(watched).toEqual(bare);
      expect(watched.code).toBe(0);
      expectOutcome(tinybird.rows);
    },
  );

  it.for([
    ['process.exit', 'process.exit(3);', 3],
    ['an error that nobody catches', 'throw new Error("of the program");', 1],
  ] as const)(
    'that leaves its stream early and ends by %s keeps the row for the next',
    async ([, end, code], { onTestFinished }) => {
      const test = await spilling(onTestFinished);
      test.tinybird.answer = silent;
      const read = `${EARLY} ${end}`;
      const program = { url: test.tinybird.url, spill: test.directory, read };
      const { stdout, ...ended } = await run(major, true, program);
      expect({ code: ended.code, stdout }).toEqual({ code, stdout: 'w0;\n' });
      test.tinybird.answer = undefined;
      await test.datasource().close();
      expectOutcome(test.tinybird.rows);
    },
  );
});
