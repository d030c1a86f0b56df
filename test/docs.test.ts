import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../fixtures/provider.js';
import { CHECKING, type ProgramFiles, programsIn, writePrograms } from './support/markdown.js';
import { runNode } from './support/program.js';
import { type FakeTinybird, json, startFakeTinybird } from './support/tinybird.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const page = await readFile(join(ROOT, 'docs/delivery.md'), 'utf8');
const programs = programsIn(page);
const aiSdk = programsIn(await readFile(join(ROOT, 'docs/ai-sdk.md'), 'utf8')).map(({ title, code }) => ({
  title,
  // its generation is installed under another name here
  code:
    title === 'Without wrapping'
      ? code.replace("'ai'", "'ai7'").replace('@ai-sdk/openai', 'ai7-openai')
      : code,
}));

const openai = programsIn(await readFile(join(ROOT, 'docs/openai.md'), 'utf8'));
const langchain = programsIn(await readFile(join(ROOT, 'docs/langchain.md'), 'utf8'));
const logsPage = await readFile(join(ROOT, 'docs/logs.md'), 'utf8');
const logs = programsIn(logsPage);

let provider: FakeProvider;
let tinybird: FakeTinybird;
let files: ProgramFiles;
let aiSdkFiles: ProgramFiles;
let openaiFiles: ProgramFiles;
let langchainFiles: ProgramFiles;
let logsFiles: ProgramFiles;

beforeAll(async () => {
  provider = await startFakeProvider();
  tinybird = await startFakeTinybird(({ url }, response) => {
    if (url.pathname.includes('unknown')) json(response, 404, { error: 'The pipe does not exist' });
    else if (url.pathname !== '/v0/events') json(response, 200, { meta: [], data: [{ calls: 3 }], rows: 1 });
  });
  files = await writePrograms(programs);
  aiSdkFiles = await writePrograms(aiSdk);
  openaiFiles = await writePrograms(openai);
  langchainFiles = await writePrograms(langchain);
  logsFiles = await writePrograms(logs);
});
afterAll(async () => {
  const written = [files, aiSdkFiles, openaiFiles, langchainFiles, logsFiles].map((each) => each.remove());
  await Promise.all([provider.close(), tinybird.close(), ...written]);
});

/** What a program of the page on delivery printed. */
function printed(title: string): Promise<string> {
  return printedBy(files.fileOf(programs.findIndex((program) => program.title === title)));
}

async function printedBy(file: string): Promise<string> {
  tinybird.rows.length = 0;
  const ended = await runNode([file], {
    OPENAI_API_KEY: 'sk-test',
    OPENAI_BASE_URL: provider.defaultBaseUrl,
    TINYBIRD_TOKEN: 'p.test',
    TINYBIRD_URL: tinybird.url,
  });
  expect(ended.stderr).toBe('');
  expect(ended.code).toBe(0);
  return ended.stdout;
}

describe('the page on delivery', () => {
  it('shows how to give rows as they come', async () => {
    await printed('Give rows as they come');
    expect(tinybird.rows.map(({ kind }) => kind)).toEqual(['signup', 'login']);
  });

  it('shows how to load many', async () => {
    expect(await printed('Load many rows')).toMatch(/^50000 .*delivered: 50000/s);
    expect(tinybird.rows.length).toBe(50_000);
  });

  it('shows how to survive a crash', async () => {
    expect(await printed('Survive a crash')).toBe('object\n');
  });

  it('shows how to ask Tinybird anything', async () => {
    expect(await printed('Ask Tinybird anything')).toBe(
      '[ { calls: 3 } ] 1 200\nnot_found 404 The pipe does not exist\n',
    );
  });

  it('shows programs whose types are right, and no others', CHECKING, async () => {
    expect(programs.length).toBe(4);
    expect(await files.typeErrors()).toBe('');
  });

  it.each(['DatasourceOptions', 'SpillOptions'])('lists every option of %s', async (name) => {
    const source = await readFile(join(ROOT, 'src/datasource/options.ts'), 'utf8');
    const declared = source.slice(source.indexOf(`interface ${name}`)).split('\n}')[0] ?? '';
    const options = [...declared.matchAll(/^ {2}(\w+)\??:/gm)].map(([, option]) => option);
    expect(options.length).toBeGreaterThan(3);
    for (const option of options) expect(page).toMatch(new RegExp(`^\\| \`${option}\``, 'm'));
  });
});

describe('the page on the AI SDK', () => {
  it.each(aiSdk.map(({ title }, index) => ({ title, index })))(
    'shows a program that runs and has its event: $title',
    async ({ title, index }) => {
      const output = await printedBy(aiSdkFiles.fileOf(index));
      expect(output).toMatch(
        title.startsWith('Embeddings') ? /^2\n$/ : /^A row is one call, told in columns\./,
      );
      expect(tinybird.rows.length).toBe(1);
      if (title === 'One call') {
        const proxy_metadata = { project: 'bot', chat_id: 'c1', name: 'define' };
        expect(tinybird.rows[0]).toMatchObject({ user: 'u1', proxy_metadata });
      }
      if (title === 'Without wrapping') {
        expect(tinybird.rows[0]).toMatchObject({ user: 'u1', proxy_metadata: { function_id: 'define' } });
      }
    },
  );

  it('shows programs whose types are right', CHECKING, async () => {
    expect(aiSdk.length).toBe(5);
    expect(await aiSdkFiles.typeErrors()).toBe('');
  });
});

describe('the page on the openai client', () => {
  it.each(openai.map(({ title }, index) => ({ title, index })))(
    'shows a program that runs and has its event: $title',
    async ({ title, index }) => {
      const output = await printedBy(openaiFiles.fileOf(index));
      expect(output).toMatch(
        title.startsWith('Whatever else') ? /^2\n$/ : /^A row is one call, told in columns\./,
      );
      expect(tinybird.rows.length).toBe(title === 'Without a server' ? 0 : 1);
      if (title === 'One call') {
        const proxy_metadata = { project: 'bot', chat_id: 'c1', name: 'define' };
        expect(tinybird.rows[0]).toMatchObject({ user: 'u1', proxy_metadata });
      }
    },
  );

  it('shows programs whose types are right', CHECKING, async () => {
    expect(openai.length).toBe(5);
    expect(await openaiFiles.typeErrors()).toBe('');
  });
});

describe('the page on LangChain', () => {
  const ROWS: Readonly<Record<string, object>> = {
    'A chain': { user: 'u1', stream: true, proxy_metadata: { chat_id: 'c1', project: 'bot' } },
    'A model': { user: 'u1', proxy_metadata: { organization: 'acme', project: 'bot' } },
    'An agent, or any other graph': { user: 'u1', proxy_metadata: { chat_id: 't1', lc_agent_name: 'bot' } },
    'One call': {
      user: 'u1',
      proxy_metadata: { chat_id: 'c1', project: 'bot', name: 'define', tags: ['docs'] },
    },
    Embeddings: { call_type: 'aembedding', response: { embeddings: { count: 2 } } },
  };

  it.each(langchain.map(({ title }, index) => ({ title, index })))(
    'shows a program that runs and has its event: $title',
    async ({ title, index }) => {
      const output = await printedBy(langchainFiles.fileOf(index));
      expect(output).toMatch(title === 'Embeddings' ? /^2\n$/ : /^A row is one call, told in columns\./);
      expect(tinybird.rows.length).toBe(1);
      expect(tinybird.rows[0]).toMatchObject(ROWS[title] ?? {});
    },
  );

  it('shows programs whose types are right', CHECKING, async () => {
    expect(langchain.map(({ title }) => title)).toEqual(Object.keys(ROWS));
    expect(await langchainFiles.typeErrors()).toBe('');
  });
});

describe('the page on application logs', () => {
  it('shows pino on the main thread', async () => {
    expect(await printedBy(logsFiles.fileOf(0))).toBe('');
    expect(tinybird.rows).toMatchObject([
      {
        message: 'asked in vain',
        formatted_message: expect.stringMatching(
          /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - {2}- ERROR - asked in vain\nError: no rows\n.*TypeError: no table/s,
        ),
        pathname: logsFiles.fileOf(0),
      },
    ]);
  });

  it('shows lines after the answer, which join their call', async () => {
    expect(await printedBy(logsFiles.fileOf(1))).toMatch(/^A row is one call, told in columns\./);
    const call = tinybird.rows.find((row) => row.call_type === 'acompletion');
    const line = tinybird.rows.find((row) => row.levelname === 'INFO');
    expect(tinybird.rows).toHaveLength(2);
    expect(line).toMatchObject({ name: 'console', call_id: call?.id, chat_id: 'c1' });
  });

  it('shows programs whose types are right, and no others', CHECKING, async () => {
    expect(logs.map(({ title }) => title)).toEqual(['On the main thread', 'Lines after the answer']);
    expect(await logsFiles.typeErrors()).toBe('');
  });

  it('lists every option', async () => {
    const source = await readFile(join(ROOT, 'src/logging/options.ts'), 'utf8');
    const declared = source.slice(source.indexOf('interface LogOptions')).split('\n}')[0] ?? '';
    const options = [...declared.matchAll(/^ {2}(\w+)\??:/gm)].map(([, option]) => option);
    expect(options.length).toBeGreaterThan(6);
    for (const option of options) expect(logsPage).toMatch(new RegExp(`^\\| \`${option}\``, 'm'));
  });
});
