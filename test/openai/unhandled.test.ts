import { describe, expect, it } from 'vitest';
import { type Ended, runProgram } from '../support/program.js';
import { answering, bytes, refusal, stalled } from './answers.js';
import { EACH_MAJOR } from './clients.js';

const PACKAGES = { 5: 'openai5', 6: 'openai', 7: 'openai7' } as const;
const CREATE = "client.chat.completions.create({ model: 'm', messages: [] })";

const ABORTED = `
  const controller = new AbortController();
  const call = client.chat.completions.create({ model: 'm', messages: [] }, { signal: controller.signal });
  void call.then(() => {});
  await call.asResponse();
  setImmediate(() => controller.abort());`;

/** What becomes of a failure, and of what else the program waits for. */
const HANDLINGS: readonly (readonly [what: string, source: string])[] = [
  ['never awaited', CREATE],
  [
    'a stream and never awaited',
    "client.chat.completions.create({ model: 'm', messages: [], stream: true })",
  ],
  ['handled', `${CREATE}.catch(() => {});`],
  ['handled by the second handler of then', `${CREATE}.then(() => {}, () => {});`],
  ['asked by then without a second handler', `void ${CREATE}.then(() => {});`],
  ['handled through asResponse', `${CREATE}.asResponse().catch(() => {});`],
  ['handled through withResponse', `${CREATE}.withResponse().catch(() => {});`],
  ['asked for raw and left', `${CREATE}.asResponse();`],
  ['asked for its response too and left', `void ${CREATE}.withResponse();`],
  ['parsed and left', `void ${CREATE}.parse();`],
  ['derived by finally and left', `void ${CREATE}.finally(() => {});`],
  ['derived from and left', `void ${CREATE}._thenUnwrap((data) => data);`],
  ['derived from and handled', `void ${CREATE}._thenUnwrap((data) => data).catch(() => {});`],
  ['handled, and once more not', `const call = ${CREATE}; call.catch(() => {}); void call.then(() => {});`],
  ['handled twice', `const call = ${CREATE}; call.catch(() => {}); call.catch(() => {});`],
  ['among others in Promise.all', `void Promise.all([${CREATE}, ${CREATE}]).catch(() => {});`],
  ['caught by await', `try { await ${CREATE}; } catch { console.log('caught'); }`],
  ['of a helper and left', `void client.chat.completions.parse({ model: 'm', messages: [] });`],
];

/** All the handlings, each in a turn of its own, with how many rejections nobody handled. */
function run(major: 5 | 6 | 7, watched: boolean, url: string): Promise<Ended> {
  return runProgram(`
    import OpenAI from '${PACKAGES[major]}';
    import { instrumentOpenAI } from './dist/src/openai/index.js';
    let unhandled = [];
    process.on('unhandledRejection', (reason) => unhandled.push(reason.constructor.name + ': ' + reason.message));
    let open = 0;
    // a body that is there at once, so that turns are enough for whatever comes of it
    const whole = async (...request) => {
      open++;
      const response = await fetch(...request);
      const body = await response.arrayBuffer();
      open--;
      return new Response(body, response);
    };
    const options = { apiKey: 'k', baseURL: ${JSON.stringify(url)}, maxRetries: 0, logLevel: 'off', fetch: whole };
    const client = new OpenAI(options);
    let rows = 0;
    ${watched ? 'instrumentOpenAI(client, { onError() {}, datasource: { append() { rows++; } } });' : ''}
    const settled = async () => {
      for (let turns = 0; turns < 50 || open > 0; turns++) {
        if (open > 0) turns = 0;
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    ${HANDLINGS.map(
      ([what, source]) => `
        { ${source} }
        await settled();
        console.log(${JSON.stringify(what)}, unhandled);
        unhandled = [];`,
    ).join('\n')}
    process.stderr.write(String(rows));
    process.exit();
  `);
}

describe.each(EACH_MAJOR)('%s: the failures that nobody handles', (_name, { major }) => {
  it.each([
    ['are refused', refusal(400, 'odd')],
    ['break within their parsing', bytes('{"half', 'application/json')],
  ])('of calls that %s are the same as without us', async (_what, answer) => {
    const { url } = await answering(answer);
    const [bare, watched] = await Promise.all([run(major, false, url), run(major, true, url)]);
    expect(watched.stdout).toBe(bare.stdout);
    expect(watched.stdout.trim().split('\n').length).toBeGreaterThanOrEqual(HANDLINGS.length);
    expect([bare.code, watched.code]).toEqual([0, 0]);
    expect(Number(watched.stderr)).toBeGreaterThan(HANDLINGS.length / 2);
  });

  it.each([
    ['refused', refusal(400, 'odd'), CREATE],
    ['aborted within its body', stalled(), ABORTED],
  ])(
    'of a call that is %s end a program that has no handler, as without us',
    async (_what, answer, source) => {
      const { url } = await answering(answer);
      const program = (watched: boolean) =>
        runProgram(`
        import OpenAI from '${PACKAGES[major]}';
        import { instrumentOpenAI } from './dist/src/openai/index.js';
        const client = new OpenAI({ apiKey: 'k', baseURL: ${JSON.stringify(url)}, maxRetries: 0, logLevel: 'off' });
        ${watched ? 'instrumentOpenAI(client, { onError() {}, datasource: { append() {} } });' : ''}
        ${source}
      `);
      const [bare, watched] = await Promise.all([program(false), program(true)]);
      expect([watched.code, watched.stdout]).toEqual([bare.code, bare.stdout]);
      expect(bare.code).toBe(1);
      const thrown = (ended: Ended) => ended.stderr.split('\n').find((line) => /^\S*Error\b/.test(line));
      expect(thrown(watched)).toBe(thrown(bare));
    },
  );
});
