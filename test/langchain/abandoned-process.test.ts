import { expect, it } from 'vitest';
import type { LitellmEvent } from '../../schemas/litellm.js';
import { streaming } from '../openai/streaming.js';
import { summary } from '../support/events.js';
import { type Ended, runProgram } from '../support/program.js';
import { silent, spilling } from '../support/spilling.js';
import { withEachGeneration } from './generations.js';
import { begunOnly, OPENAI } from './streaming.js';

interface ProgramOptions {
  /** Tinybird's. */
  readonly url: string;
  readonly provider: string;
  readonly watched: boolean;
  /** Where rows are kept, if they are. */
  readonly spill?: string;
  /** What the program does with `model` and `config`. */
  readonly read: string;
}

const LEAVE = `for await (const chunk of await model.stream('hi', config)) { console.log(chunk.id); if (chunk.content === 'w1;') break; }`;
const STOP = `const iterator = (await model.stream('hi', config))[Symbol.asyncIterator]();
  for (let read = 0; read < 3; read++) console.log((await iterator.next()).value.content);`;

withEachGeneration(({ major }) => {
  /** A program that asks for a stream, with the handler or without; by itself nothing of ours holds it. */
  function run({ url, provider, watched, spill, read }: ProgramOptions): Promise<Ended> {
    const given = { url, token: 'p.a-token-nobody-may-see', ...(spill === undefined ? {} : { spill }) };
    return runProgram(`
      const require = createRequire(process.cwd() + '/test/langchain/core-${major === 0 ? '0.3' : '1'}/');
      const { ChatOpenAI } = require('@langchain/openai');
      import { createRequire } from 'node:module';
      import { TinybirdCallbackHandler } from './dist/src/langchain/index.js';
      import { Datasource } from './dist/src/datasource/datasource.js';
      const options = () => ({ onError() {}, datasource: new Datasource('events', ${JSON.stringify(given)}) });
      const model = new ChatOpenAI({
        model: 'm', apiKey: 'k', maxRetries: 0, configuration: { baseURL: ${JSON.stringify(provider)} },
      });
      const config = { callbacks: ${watched ? '[new TinybirdCallbackHandler(options())]' : '[]'} };
      ${read}
    `);
  }

  it.each([
    ['leaves its stream early', LEAVE, /^success \| abandoned \| w0;/],
    ['reads its stream no further', STOP, /^success \| abandoned \| w0;/],
    ['never reads its stream', `await model.stream('hi', config);`, /^success \| abandoned$/],
  ])('a program that %s ends as it does without us, and its row is delivered', async (_what, read, line) => {
    const { tinybird } = await spilling();
    // the whole: what is still open would hold the program by itself
    const { url: provider } = await streaming((answer) => answer.end(OPENAI.wire.join('')));
    const program = { url: tinybird.url, provider, read };
    const [bare, watched] = await Promise.all([
      run({ ...program, watched: false }),
      run({ ...program, watched: true }),
    ]);
    expect(watched).toEqual(bare);
    expect(watched.code).toBe(0);
    const lines = tinybird.rows.map((row) => summary(row as unknown as LitellmEvent));
    expect(lines.length).toBe(1);
    expect(lines[0]).toMatch(line);
  });

  it.each([
    ['process.exit', 'process.exit(3);', 3],
    ['an error that nobody catches', 'throw new Error("of the program");', 1],
  ])(
    'a program that ends by %s in the middle of a stream keeps the row for the next',
    async (_what, end, code) => {
      const test = await spilling();
      const { url: provider } = await begunOnly(OPENAI);
      test.tinybird.answer = silent;
      const program = { url: test.tinybird.url, provider, spill: test.directory, read: `${STOP} ${end}` };
      const { stdout, ...ended } = await run({ ...program, watched: true });
      expect({ code: ended.code, stdout }).toEqual({ code, stdout: '\nw0;\nw1;\n' });
      test.tinybird.answer = undefined;
      await test.datasource().close();
      const lines = test.tinybird.rows.map((row) => summary(row as unknown as LitellmEvent));
      // the word that was held last is heard of one turn later
      expect(lines).toEqual([expect.stringMatching(/^success \| abandoned \| w0;(w1;)?$/)]);
    },
  );
});
