import { describe, expect, it } from 'vitest';
import type { LitellmEvent } from '../../schemas/litellm.js';
import { summary } from '../support/events.js';
import { type Ended, runProgram } from '../support/program.js';
import { silent, spilling } from '../support/spilling.js';
import { EACH_MAJOR } from './clients.js';
import { CHAT, streaming } from './streaming.js';

interface ProgramOptions {
  /** Tinybird's. */
  readonly url: string;
  readonly provider: string;
  /** Where rows are kept, if they are. */
  readonly spill?: string;
  /** What the program does with `promise`, that of its stream, and then. */
  readonly read: string;
}

/** A program that asks for a stream, with the bare client or the watched one; by itself nothing of ours holds it. */
function run(major: 5 | 6 | 7, watched: boolean, options: ProgramOptions): Promise<Ended> {
  const { url, provider, spill, read } = options;
  const given = { url, token: 'p.a-token-nobody-may-see', ...(spill === undefined ? {} : { spill }) };
  return runProgram(`
    import OpenAI from 'openai${major === 6 ? '' : major}';
    import { instrumentOpenAI } from './dist/src/openai/index.js';
    import { Datasource } from './dist/src/datasource/datasource.js';
    const bare = new OpenAI({ apiKey: 'k', baseURL: ${JSON.stringify(provider)}, maxRetries: 0 });
    const options = () => ({ onError() {}, datasource: new Datasource('events', ${JSON.stringify(given)}) });
    const client = ${watched ? 'instrumentOpenAI(bare, options())' : 'bare'};
    const promise = client.chat.completions.create({ model: 'gpt-4o-mini', messages: [], stream: true });
    ${read}
  `);
}

const LEAVE = 'for await (const chunk of await promise) { console.log(chunk.id); break; }';
const STOP = 'console.log((await (await promise)[Symbol.asyncIterator]().next()).value.id);';

describe.each(EACH_MAJOR)('%s: a program', (_name, { major }) => {
  // A minute passes until a stream counts as abandoned: a program that waited for that would not end within a test.
  it.each([
    ['leaves its stream early', LEAVE, 'success | left'],
    ['reads its stream no further', STOP, 'success | abandoned'],
    ['never reads its stream', 'await promise;', 'success | abandoned'],
    ['never awaits its stream', '', 'success | abandoned'],
  ])('that %s ends as it does without us, and its row is delivered', async (_what, read, line) => {
    const { tinybird } = await spilling();
    const { url: provider } = await streaming((answer) => answer.end(CHAT.wire.join('')));
    const program = { url: tinybird.url, provider, read };
    const [bare, watched] = await Promise.all([run(major, false, program), run(major, true, program)]);
    expect(watched).toEqual(bare);
    expect(watched.code).toBe(0);
    expect(tinybird.rows.map((row) => summary(row as unknown as LitellmEvent))).toEqual([line]);
  });

  it.each([
    ['process.exit', 'process.exit(3);', 3],
    ['an error that nobody catches', 'throw new Error("of the program");', 1],
  ])(
    'that is in the middle of a stream and ends by %s keeps the row for the next',
    async (_what, end, code) => {
      const test = await spilling();
      const { url: provider } = await streaming(
        (answer) => void answer.write(CHAT.wire.slice(0, 2).join('')),
      );
      test.tinybird.answer = silent;
      const read = `${STOP} ${end}`;
      const program = { url: test.tinybird.url, provider, spill: test.directory, read };
      const { stdout, ...ended } = await run(major, true, program);
      expect({ code: ended.code, stdout }).toEqual({ code, stdout: 'c1\n' });
      test.tinybird.answer = undefined;
      await test.datasource().close();
      expect(test.tinybird.rows.map((row) => summary(row as unknown as LitellmEvent))).toEqual([
        'success | abandoned',
      ]);
    },
  );
});
