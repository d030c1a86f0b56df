import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { checkCommand } from '../../src/cli/check.js';
import { parseDatafile } from '../../src/local/datafiles/datafile.js';
import { datasourceDirectory, runServer } from '../local/running-server.js';
import { forgetTinybirdEnvironment } from '../support/environment.js';
import { capturePrinted } from '../support/printed.js';
import { serve } from '../support/servers.js';
import { unusedUrl } from '../support/tinybird.js';
import { tokenWith } from '../support/tokens.js';

beforeEach(() => {
  forgetTinybirdEnvironment();
  vi.restoreAllMocks();
});

const TOKEN = tokenWith({ host: 'aws-us-east-1' });

/** Runs the command with a token; what it prints never holds that. */
async function check(url: string, ...line: readonly string[]) {
  const printed = capturePrinted();
  const code = await checkCommand.run(['--url', url, '--token', TOKEN, ...line]);
  expect(printed.text).not.toContain(TOKEN);
  return { code, printed: printed.text };
}

/** Columns as Tinybird tells them: NULL beside the type, the DEFAULT with its word. */
async function litellmColumns() {
  const { columns } = parseDatafile(
    await readFile('datasources/litellm.datasource', 'utf8'),
    'litellm.datasource',
  );
  return columns.map(({ name, type, path, default: expression }) => ({
    name,
    type: type.text.replace('Boolean', 'Bool'),
    nullable: false,
    jsonpath: path,
    default_value: expression === undefined ? null : `DEFAULT ${expression}`,
  }));
}

interface Reply {
  readonly status?: number;
  readonly body: unknown;
}

/** A server that answers like Tinybird's cloud; a path it was given no reply for is a datasource that is not there. */
async function cloud(replies: Readonly<Record<string, Reply>>) {
  const asked: string[] = [];
  const url = await serve((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    asked.push(`${request.method} ${request.url}`);
    const { status = 200, body } = replies[path] ?? { status: 404, body: { error: 'Data Source not found' } };
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  return { url, asked };
}

const there = (columns: unknown, quarantined = 0): Reply => ({
  body: {
    id: 't_1',
    name: 'litellm',
    columns,
    engine: { engine: 'MergeTree' },
    quarantine_rows: quarantined,
  },
});
const LITELLM = '/v0/datasources/litellm';

describe('tinybird-llm check, of a local Tinybird', () => {
  it('finds the shipped datasources as they should be, and writes nothing', async () => {
    const server = await runServer({ directory: 'datasources' });
    const { code, printed } = await check(server.url);
    expect(printed).toMatch(/^✓ url {6}127\.0\.0\.1:\d+ answers as a Tinybird\n✓ token {4}is accepted/);
    expect(printed).toMatch(/^✓ litellm {2}has all 31 columns of its datafile$/m);
    expect(printed).toMatch(/^✓ tb_logs {2}has all \d+ columns of its datafile$/m);
    expect(code).toBeUndefined();
    expect(await server.rows('SELECT count()::UInt8 AS n FROM litellm')).toEqual([{ n: 0 }]);
  });

  it('sends a test event on demand, which is stored', async () => {
    const server = await runServer({ directory: 'datasources' });
    const { code, printed } = await check(server.url, '--send');
    expect(printed).toMatch(/^✓ litellm {2}stored the test event, which has 'tinybird-llm check'/m);
    expect(printed).toMatch(/^✓ tb_logs {2}stored the test event/m);
    expect(code).toBeUndefined();
    expect(await server.rows('SELECT response_id FROM litellm')).toEqual([
      { response_id: 'tinybird-llm check' },
    ]);
    expect(await server.rows('SELECT count()::UInt8 AS n FROM tb_logs')).toEqual([{ n: 1 }]);
  });

  it('sends a test event that fits a datasource of any types', async () => {
    const types = ['UInt8', 'Float32', 'Decimal(6, 2)', 'Bool', 'UUID', 'Date', 'DateTime64(3)', 'JSON'];
    types.push('Array(UInt8)', 'Map(String, UInt8)', "Enum8('a' = 1)", 'IPv6', 'FixedString(3)', 'String');
    const columns = types.map((type, index) => `\`c${index}\` ${type} \`json:$.deep.c${index}\``);
    const more = [
      "`q` String `json:$.['a.b']`",
      '`f` Array(String) `json:$.list[:].name`',
      '`p` String `json:$.deep`',
    ];
    const text = `SCHEMA >\n    ${[...columns, ...more].join(',\n    ')}\nENGINE_SORTING_KEY c0`;
    const directory = await datasourceDirectory({ all: text });
    const server = await runServer({ directory });
    const { code, printed } = await check(server.url, '--project', directory, '--send');
    expect(printed).toMatch(/^✓ all {4}stored the test event/m);
    expect(code).toBeUndefined();
  });

  it('names the columns that are missing or otherwise, the rows in quarantine, and each fix', async () => {
    const schema = (columns: readonly string[]) =>
      `SCHEMA >\n    ${columns.join(',\n    ')}\nENGINE_SORTING_KEY id`;
    const id = '`id` String `json:$.id`';
    const served = schema([
      id,
      '`n` UInt8 `json:$.n`',
      '`at` DateTime `json:$.time`',
      '`own` String `json:$.own`',
    ]);
    const declared = schema([
      id,
      '`n` UInt16 `json:$.n` DEFAULT 0',
      '`at` DateTime `json:$.at`',
      '`cost` Float64 `json:$.usage.cost` DEFAULT 0',
    ]);
    const server = await runServer({ datasources: { calls: served } });
    await server.send('calls', '{"id":"a"}');
    const { code, printed } = await check(
      server.url,
      '--project',
      await datasourceDirectory({ calls: declared }),
    );
    expect(code).toBe(1);
    const lines = printed.split('\n').slice(2);
    expect(lines.map((line) => line.replace(/^(\S) calls {2}|^ {9}/, '$1'))).toEqual([
      "✗has 'n' as UInt8, not UInt16: values that do not fit go to quarantine",
      '→ Write its line in the SCHEMA as here and deploy:  `n` UInt16 `json:$.n` DEFAULT 0',
      "✗has no DEFAULT for 'n': rows without a value go to quarantine",
      '→ Write its line in the SCHEMA as here and deploy:  `n` UInt16 `json:$.n` DEFAULT 0',
      "✗looks for 'at' at $.time, its value is sent at $.at",
      '→ Write its line in the SCHEMA as here and deploy:  `at` DateTime `json:$.at`',
      "✗has no column 'cost': its values are dropped",
      '→ Add this line to its SCHEMA and deploy:  `cost` Float64 `json:$.usage.cost` DEFAULT 0',
      "✗has a column 'own' that its datafile has not, and no event fills: every row goes to quarantine",
      '→ Give it a DEFAULT or make it Nullable, or send a value at $.own',
      '✗has 1 row in quarantine',
      '→ See why:  tb sql "SELECT c__error_column, c__error, count() FROM calls_quarantine GROUP BY ALL"',
      '',
    ]);
  });
});

describe('tinybird-llm check, of Tinybird', () => {
  it('reads types, NULL and defaults as Tinybird tells them, and is content without tb_logs', async () => {
    const { url, asked } = await cloud({ [LITELLM]: there(await litellmColumns()) });
    const { code, printed } = await check(url);
    expect(printed).toMatch(/^✓ token {4}is accepted, and is of the region aws-us-east-1$/m);
    expect(printed).toMatch(/^✓ litellm {2}has all 31 columns of its datafile$/m);
    expect(printed).toMatch(/^– tb_logs {2}is not deployed\n +→ Only logs need it/m);
    expect(code).toBeUndefined();
    expect(asked).toEqual(['GET /v0/datasources/litellm', 'GET /v0/datasources/tb_logs']);
  });

  it('takes wider types, columns more, NULL where a value is sent, and another DEFAULT', async () => {
    const columns = (await litellmColumns()).map((column) => {
      if (column.name === 'cost') return { ...column, type: 'Float64' };
      if (column.name === 'prompt_tokens') return { ...column, type: 'UInt32' };
      if (column.name === 'user') return { ...column, nullable: true, default_value: null };
      return column.name === 'model' ? { ...column, default_value: "DEFAULT 'none'" } : column;
    });
    const own = {
      name: 'own',
      type: 'LowCardinality(Nullable(String))',
      jsonpath: '$.own',
      default_value: null,
    };
    const { url } = await cloud({ [LITELLM]: there([...columns, own]) });
    const { code, printed } = await check(url, '--datasource', 'litellm');
    expect(printed).toContain('✓ litellm  has all 31 columns of its datafile, and 1 of its own\n');
    expect(printed).toContain("– litellm  has DEFAULT 'none' for 'model', its datafile 'unknown'\n");
    expect(code).toBeUndefined();
  });

  it.each([
    ['a token that is none', 403, 'Invalid token: signature', '✗ token  127.0.0.1:'],
    [
      'a token of another region',
      404,
      'Workspace not found',
      '→ The token belongs to the region aws-us-east-1: set TINYBIRD_URL=https://api.us-east.aws.tinybird.co.',
    ],
    ['a Tinybird in trouble', 503, 'down', '→ The service failed; this is usually temporary.'],
    ['a limit that is reached', 429, 'slow down', '→ Too many requests'],
  ])('says so of %s, and asks no further', async (_, status, error, expected) => {
    const { url, asked } = await cloud({ [LITELLM]: { status, body: { error: `${error} ${TOKEN}` } } });
    const { code, printed } = await check(url, '--send');
    expect(printed).toContain(expected);
    expect(code).toBe(1);
    expect(asked).toEqual(['GET /v0/datasources/litellm']);
  });

  it('goes on with a token that may only append, and has a test event say whether that works', async () => {
    const forbidden = { status: 403, body: { error: 'Not enough permissions' } };
    const replies = { [LITELLM]: forbidden, '/v0/datasources/tb_logs': forbidden };
    const stored = { '/v0/events': { body: { successful_rows: 1, quarantined_rows: 0 } } };
    const { url } = await cloud(replies);
    const appender = ['--token', tokenWith({ host: 'local' })];
    const read = await check(url, ...appender);
    expect(read.printed).toMatch(/^– litellm {2}cannot be looked at with this token: .+\n +→ Pass --send/m);
    expect(read.code).toBeUndefined();

    const appending = await cloud({ ...replies, ...stored });
    const sent = await check(appending.url, '--send', ...appender);
    expect(sent.printed).toMatch(/^✓ litellm {2}stored the test event/m);
    expect(sent.code).toBeUndefined();
    // tb_logs may not be there at all, and nobody could see
    expect(appending.asked.filter((request) => request.startsWith('POST'))).toEqual([
      'POST /v0/events?name=litellm&wait=true',
    ]);
  });

  it.each([
    [
      200,
      { successful_rows: 0, quarantined_rows: 1 },
      '✗ litellm  put the test event into its quarantine',
      1,
    ],
    [202, {}, '– litellm  took the test event, but does not say what became of it', undefined],
    [403, { error: 'Not enough permissions' }, '✗ litellm  127.0.0.1:', 1],
  ])('says what became of a test event answered with %i %j', async (status, body, expected, code) => {
    const replies = { [LITELLM]: there(await litellmColumns()), '/v0/events': { status, body } };
    const { url } = await cloud(replies);
    const result = await check(url, '--datasource', 'litellm', '--send');
    expect(result.printed).toContain(expected);
    expect(result.code).toBe(code);
  });

  it('names a datasource that is not deployed, and one that it knows no columns of', async () => {
    const { url } = await cloud({ '/v0/datasources/calls': there([{ name: 'a', type: 'String' }]) });
    const { code, printed } = await check(url, '--datasource', 'calls', '--datasource', 'a/b');
    expect(printed).toContain('– calls  is there, but no datafile says which columns it should have\n');
    expect(printed).toMatch(/^✗ a\/b {4}is not deployed\n +→ Write its datafile/m);
    expect(code).toBe(1);
  });

  it.each([
    ['a page', { body: '<html>' }],
    ['another API', { body: { status: 'ok' } }],
    ['another API that refuses', { status: 401, body: { message: 'who?' } }],
  ])('is not fooled by %s', async (_, reply) => {
    const { url } = await cloud({ [LITELLM]: reply });
    const { code, printed } = await check(url);
    expect(printed).toMatch(
      /✗ url +What answers at 127\.0\.0\.1:\d+ \(with \d+\) is no Tinybird\n +→ Set TINYBIRD_URL/,
    );
    expect(code).toBe(1);
  });

  it('lets nothing a server says move the cursor', async () => {
    const columns = [{ name: 'model', type: '\u001b[2JString', jsonpath: 7, default_value: {} }, null, 5];
    const { url } = await cloud({ [LITELLM]: there(columns) });
    expect((await check(url)).printed).not.toMatch(/\p{Cc}(?<!\n)/u);
  });
});

describe('tinybird-llm check, before anything is asked', () => {
  it('says that nobody listens', async () => {
    const { code, printed } = await check(await unusedUrl());
    expect(printed).toMatch(
      /^✗ url {2}127\.0\.0\.1:\d+ does not answer .+\n +→ Nothing listens there: start it with/,
    );
    expect(code).toBe(1);
  });

  it('takes url and token from the environment, and says that there is none', async () => {
    const printed = capturePrinted();
    expect(await checkCommand.run([])).toBe(1);
    expect(printed.text).toMatch(
      /^✗ token {2}Nothing is recorded: no Tinybird token\n +→ Set TINYBIRD_TOKEN/,
    );
  });

  it.each([
    [
      '--url',
      'https://api.tinybird.co',
      '✗ token  there is none\n         → Set TINYBIRD_TOKEN to one that may append',
    ],
    ['--url', 'ftp://x', '✗ url  The option url must be http or https, not ftp:'],
    ['--token', 'two words', '✗ token  The option token holds a space'],
  ])('says what is wrong with %s %s', async (option, value, expected) => {
    const printed = capturePrinted();
    expect(await checkCommand.run([option, value])).toBe(1);
    expect(printed.text).toContain(expected);
    expect(printed.text).not.toContain('two words');
  });

  it('prints all of it as JSON', async () => {
    const { url } = await cloud({ [LITELLM]: there(await litellmColumns(), 3) });
    const { code, printed } = await check(url, '--json', '--datasource', 'litellm');
    expect(code).toBe(1);
    expect(JSON.parse(printed)).toMatchObject({
      ok: false,
      url: url.replace(/\/$/, ''),
      findings: [
        { status: 'ok', about: 'url' },
        { status: 'ok', about: 'token', found: 'is accepted, and is of the region aws-us-east-1' },
        { status: 'ok', about: 'litellm', found: 'has all 31 columns of its datafile' },
        {
          status: 'problem',
          about: 'litellm',
          found: 'has 3 rows in quarantine',
          fix: expect.stringContaining('tb sql'),
        },
      ],
    });
  });

  it('names the file and line of a project that cannot be read', async () => {
    const directory = await datasourceDirectory({ calls: 'SCHEMA >\n    `a` Strin' });
    await expect(checkCommand.run(['--project', directory])).rejects.toThrow(
      `${join(directory, 'calls.datasource')}:2: the column 'a': 'Strin' is not a type`,
    );
  });
});
