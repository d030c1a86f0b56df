import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeProvider, startFakeProvider } from '../../fixtures/provider.js';
import { TinybirdApi } from '../../src/api/api.js';
import { toEvent } from '../../src/call/event.js';
import { Datasource } from '../../src/datasource/datasource.js';
import { withMetadata } from '../../src/recorder/context.js';
import { flush } from '../../src/recorder/flush.js';
import { aCall } from '../support/call.js';
import { type Dev, startDev } from '../support/dev.js';
import { FRAMEWORKS } from '../support/frameworks.js';

let dataDir: string;
let tinybird: Dev;
let provider: FakeProvider;
let api: TinybirdApi;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tinybird-llm-e2e-'));
  tinybird = await startDev({ dataDir });
  provider = await startFakeProvider({ paceMs: 5 });
  api = new TinybirdApi({ url: tinybird.url });
});
afterAll(async () => {
  await provider.close();
  await tinybird.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const rowsOf = async (project: string) =>
  (await api.sql(`SELECT * FROM litellm WHERE project = '${project}' ORDER BY response_status DESC, stream`))
    .data;
const quarantined = async () =>
  (await api.sql('SELECT c__error_column, c__error, id FROM litellm_quarantine ORDER BY id')).data;

describe.each(FRAMEWORKS)('the calls of $name', ({ name, ask, askStreamed }) => {
  it('plain, streamed and failed are three rows in ClickHouse', async () => {
    const options = { url: tinybird.url };
    const started = Math.floor(Date.now() / 1000) * 1000;
    await withMetadata(
      {
        user: 'u1',
        metadata: { project: name, organization: 'acme', environment: 'test', chat_id: 'c1', n: 7 },
      },
      async () => {
        await ask(provider.defaultBaseUrl, options);
        await askStreamed(provider.defaultBaseUrl, options);
        await expect(ask(provider.baseUrl('chat-failed'), options)).rejects.toThrow('Incorrect API key');
      },
    );
    await flush();

    const rows = await rowsOf(name);
    expect(rows.length).toBe(3);
    const [plain, streamed, failed] = rows;
    for (const row of rows) {
      expect(row).toMatchObject({
        model: 'gpt-4o-mini',
        provider: 'openai',
        call_type: 'acompletion',
        user: 'u1',
        organization: 'acme',
        environment: 'test',
        chat_id: 'c1',
        api_key: '****',
        cache_hit: false,
        messages: [{ role: 'user', content: 'What is a row?' }],
      });
      expect(JSON.parse(String(row.proxy_metadata))).toMatchObject({ n: 7 });
      const time = Date.parse(`${row.start_time}Z`);
      expect(time).toBeGreaterThanOrEqual(started);
      expect(time).toBeLessThanOrEqual(Date.now());
      expect(row.duration).toBeGreaterThan(0);
      expect(row.response_id).not.toBe('');
    }
    expect(plain).toMatchObject({
      response_status: 'success',
      log_event_type: 'successful_api_call',
      stream: false,
      response_id: 'chatcmpl-plain',
      prompt_tokens: 25,
      completion_tokens: 9,
      total_tokens: 34,
      exception: '',
    });
    expect(plain?.cost).toBeCloseTo(0.00000915, 10);
    expect(JSON.parse(String((plain?.response_choices as string[] | undefined)?.[0]))).toMatchObject({
      finish_reason: 'stop',
      message: { role: 'assistant', content: 'A row is one call, told in columns.' },
    });
    expect(streamed).toMatchObject({
      response_status: 'success',
      stream: true,
      completion_tokens: 10,
      total_tokens: 35,
    });
    expect(streamed?.response_time).toBeGreaterThan(0);
    expect(streamed?.response_time).toBeLessThan(Number(streamed?.duration));
    expect(failed).toMatchObject({
      response_status: 'failure',
      log_event_type: 'failed_api_call',
      total_tokens: 0,
      cost: 0,
      response_choices: [],
    });
    expect(failed?.exception).toMatch(/401 Incorrect API key provided: sk-\*\*\*\*/);
    expect(failed?.traceback).toContain('\n    at ');
    expect(await quarantined()).toEqual([]);
  });
});

describe('a call with more tokens than the columns hold', () => {
  it('is a row with the exact counts beside the clamped ones', async () => {
    await using datasource = new Datasource('litellm', { url: tinybird.url });
    const usage = { promptTokens: 200_000, completionTokens: 70_000, totalTokens: 270_000 };
    datasource.append(toEvent(aCall({ metadata: { project: 'long' }, answer: { choices: [], usage } })));
    await datasource.flush();
    expect(datasource.stats()).toMatchObject({ delivered: 1, quarantined: 0 });
    const { data } = await api.sql(`
      SELECT prompt_tokens, total_tokens, JSONExtractUInt(response, 'usage', 'input_tokens')::UInt32 AS exact,
        JSONExtractUInt(proxy_metadata, 'exact_total_tokens')::UInt32 AS exact_total
      FROM litellm WHERE project = 'long'`);
    expect(data).toEqual([
      { prompt_tokens: 65_535, total_tokens: 65_535, exact: 200_000, exact_total: 270_000 },
    ]);
  });
});

describe('a row that does not fit', () => {
  it('goes to the quarantine with the reason, is told, and the rest of its batch is stored', async () => {
    const problems: string[] = [];
    await using datasource = new Datasource('litellm', {
      url: tinybird.url,
      onError: (problem) => problems.push(problem.code),
    });
    const good = toEvent(aCall({ id: 'good', metadata: { project: 'mixed' } }));
    const { response, ...noResponse } = toEvent(aCall({ id: 'bad', metadata: { project: 'mixed' } }));
    datasource.append(good);
    datasource.append({ ...noResponse, response: { ...response, id: undefined } });
    await datasource.flush();
    expect(problems).toEqual(['quarantined']);
    expect(datasource.stats()).toMatchObject({ delivered: 1, quarantined: 1 });
    expect((await rowsOf('mixed')).map((row) => row.id)).toEqual(['good']);
    expect(await quarantined()).toEqual([
      { id: 'bad', c__error_column: ['response_id'], c__error: [expect.stringContaining('response_id')] },
    ]);
  });
});
