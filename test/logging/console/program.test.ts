import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runNode } from '../../support/program.js';
import { type FakeTinybird, startFakeTinybird } from '../../support/tinybird.js';

let tinybird: FakeTinybird;
beforeEach(async () => {
  tinybird = await startFakeTinybird();
});
afterEach(() => tinybird.close());

const run = (source: string, environment: Record<string, string> = {}) =>
  runNode(['--input-type=module', '--eval', source], {
    TINYBIRD_URL: tinybird.url,
    TINYBIRD_TOKEN: 't',
    ...environment,
  });

const CAPTURED = `import { captureConsole } from 'tinybird-llm/console';
captureConsole({ appName: 'bot', location: true });
`;

describe('a program that captures its console', () => {
  it('and ends without a word more delivers every line, with the place where it was written', async () => {
    const { code, stdout, stderr } = await run(`${CAPTURED}
const { log } = console;
function charge() {
  console.error('in a function');
}
class Shop {
  async open() { await null; console.table('in a method'); }
}
console.log('at the top');
charge();
await new Shop().open();
[1].forEach(() => log('in a callback'));
console.trace('traced');
console.dir('dir');
process.emitWarning('of the process');
process.stdout.write('past the console\\n');
for (let n = 0; n < 1000; n += 1) console.log(n);
`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^at the top\nin a method\nin a callback\n'dir'\npast the console\n0\n1\n/);
    expect(stderr).toMatch(/^in a function\nTrace: traced\n/);
    expect(stderr).toContain('Warning: of the process\n');
    expect(tinybird.rows.length).toBe(1007);
    expect(tinybird.rows.slice(6, 1006).map(({ message }) => message)).toEqual(
      Array.from({ length: 1000 }, (_, n) => String(n)),
    );
    const places = [...tinybird.rows.slice(0, 7)].map((row) => [
      row.message,
      row.filename,
      row.lineno,
      row.funcName,
    ]);
    expect(places).toEqual([
      ['at the top', '[eval1]', 11, '<module>'],
      ['in a function', '[eval1]', 6, 'charge'],
      ['in a method', '[eval1]', 9, 'Shop.open'],
      ['in a callback', '[eval1]', 14, '<module>'],
      ['traced', '[eval1]', 15, '<module>'],
      ["'dir'", '[eval1]', 16, '<module>'],
      ['0', '[eval1]', 19, '<module>'],
    ]);
    // written by Node itself, which has no place in the program
    const warning = tinybird.rows.find(
      ({ levelname, message }) => levelname === 'ERROR' && /Warning/.test(String(message)),
    );
    expect(warning?.message).toMatch(/Warning: of the process/);
    expect(warning).not.toHaveProperty('pathname');
    expect(tinybird.rows[0]).toMatchObject({ app_name: 'bot', name: 'console', thread: 0 });
  });

  it('keeps its words about itself out of the console, in a worker thread too, which delivers as well', async () => {
    const { code, stdout, stderr } = await run(`
import { Worker } from 'node:worker_threads';
new Worker(\`
  import('tinybird-llm/console').then(({ captureConsole }) => {
    captureConsole({ appName: 7, level: 'loud', format: '%(message)q', closeTimeoutMs: -1 });
    console.log('one');
    console.log('two');
  });
\`, { eval: true });
`);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'one\ntwo\n' });
    expect(stderr.trimEnd().split('\n').toSorted()).toEqual([
      '[tinybird-llm] The option appName must be a text, not 7.',
      '[tinybird-llm] The option closeTimeoutMs must be a number of ms, 0 or more, not -1.',
      "[tinybird-llm] The option format cannot be used: '%(message)q' has no conversion that Python knows: write %(message)s. Lines go without it.",
      `[tinybird-llm] The option level must be a level's name, such as 'info' or 'WARNING', not "loud". Until then every line is sent.`,
    ]);
    expect(tinybird.rows).toMatchObject([
      { message: 'one', formatted_message: 'one', app_name: '', threadName: 'worker-1', thread: 1 },
      { message: 'two' },
    ]);
  });
});
