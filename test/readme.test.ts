import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../fixtures/provider.js';
import { CHECKING, type ProgramFiles, programsIn, writePrograms } from './support/markdown.js';
import { runNode } from './support/program.js';
import { type FakeTinybird, json, startFakeTinybird } from './support/tinybird.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
const shown = programsIn(readme);
const LOGGERS = ['pino', 'winston', 'LogTape', 'The console'];
const programs = [
  ...shown.filter(({ title }) => !LOGGERS.includes(title)),
  ...shown.filter(({ title }) => LOGGERS.includes(title)),
];
const calling = programs.slice(0, -LOGGERS.length);

let provider: FakeProvider;
let tinybird: FakeTinybird;
let files: ProgramFiles;

beforeAll(async () => {
  provider = await startFakeProvider();
  tinybird = await startFakeTinybird((request, response) => {
    if (request.url.pathname === '/v0/sql') json(response, 200, { meta: [], data: [{ calls: 1 }], rows: 1 });
  });
  files = await writePrograms(programs);
});
afterAll(async () => {
  await Promise.all([provider.close(), tinybird.close(), files.remove()]);
});

describe('the README', () => {
  it('has a program for each usage', () => {
    expect(programs.map(({ title }) => title)).toEqual([
      'Vercel AI SDK',
      'openai',
      'LangChain',
      'Around them',
      'What it may tell and what it costs',
      ...LOGGERS,
    ]);
  });

  it.each(calling.map(({ title }, index) => ({ title, index })))(
    'shows a program that runs: $title',
    async ({ index }) => {
      tinybird.rows.length = 0;
      const ended = await run([files.fileOf(index)]);
      expect(ended.stderr).toBe('');
      expect(ended.code).toBe(0);
      expect(ended.stdout).toMatch(/A row is one call, told in columns\.|calls: 1/);
      const calls = tinybird.rows.filter((row) => row.call_type === 'acompletion');
      expect(calls.length).toBe(1);
      expect(calls[0]).toMatchObject({ model: 'gpt-4o', standard_logging_object_status: 'success' });
      if (index !== 1 && index !== 4)
        expect(calls[0]).toMatchObject({ user: 'u1', proxy_metadata: { chat_id: 'c1' } });
      // 25 tokens at 2 USD and 9 at 8 USD a million
      if (index === 4) expect(calls[0]).toMatchObject({ messages: [], cost: 0.000122 });
      expect(tinybird.rows.length).toBe(index === 3 ? 2 : 1);
    },
  );

  it.each(LOGGERS)('shows a program whose line has its row: %s', async (title) => {
    tinybird.rows.length = 0;
    const index = programs.findIndex((program) => program.title === title);
    const ended = await run([files.fileOf(index)]);
    expect(ended).toMatchObject({ code: 0, stderr: title === 'The console' ? 'asked for a row\n' : '' });
    expect(tinybird.rows).toHaveLength(1);
    expect(tinybird.rows[0]).toMatchObject({
      app_name: 'my-service',
      level: 30,
      levelname: 'WARNING',
      name: title === 'The console' ? 'console' : 'bot',
      message: 'asked for a row',
      chat_id: 'c1',
      extra: title === 'The console' ? {} : { user: 'u1' },
    });
  });

  it('shows programs whose types are right', CHECKING, async () => {
    expect(await files.typeErrors()).toBe('');
  });

  it('names the commands that the package has', async () => {
    const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    for (const [, command] of readme.matchAll(/^npm ci && npm (?:run )?(\w+)$/gm)) {
      expect(scripts).toHaveProperty(String(command));
    }
  });

  it('lists every option there is', async () => {
    const options = await readFile(join(ROOT, 'src/recorder/options.ts'), 'utf8');
    const declared = options.slice(options.indexOf('interface TinybirdOptions'));
    const names = [...declared.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(8);
    const table = readme.slice(readme.indexOf('| option '), readme.indexOf('Who wins'));
    for (const name of [...names, 'user', 'metadata', 'provider']) expect(table).toContain(`\`${name}\``);
  });
});

function run(parameters: readonly string[]) {
  return runNode(parameters, {
    OPENAI_API_KEY: 'sk-test',
    OPENAI_BASE_URL: provider.defaultBaseUrl,
    TINYBIRD_TOKEN: 'p.test',
    TINYBIRD_URL: tinybird.url,
  });
}
