import { access } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PortInUseError } from '../../../src/local/errors.js';
import { startLocalServer } from '../../../src/local/server/server.js';
import { temporaryDirectory } from '../../support/temporary.js';
import { ask, CALLS, datasourceDirectory, json, runServer } from '../running-server.js';

const EVENT = {
  model: 'gpt-4o',
  messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
  user: 'u1',
  start_time: '2025-01-02T03:04:05.678Z',
  end_time: '2025-01-02T03:04:06+01:00',
  id: 'call-1',
  stream: true,
  call_type: 'completion',
  provider: 'openai',
  api_key: 'sk-…',
  log_event_type: 'successful_api_call',
  llm_api_duration_ms: 812.5,
  cache_hit: false,
  standard_logging_object_status: 'success',
  standard_logging_object_response_time: 0.25,
  proxy_metadata: { organization: 'acme', environment: 'test', project: 'bot', chat_id: 'c1', attempts: 2 },
  response: {
    id: 'r1',
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content: 'hello 😀' } }],
    usage: { completion_tokens: 2, prompt_tokens: 3, total_tokens: 5 },
  },
  cost: 0.5,
  exception: null,
  traceback: null,
  duration: 1.5,
  not_a_column: 'ignored',
};

describe('the shipped litellm datasource', () => {
  it('stores a full event and gives it back', async () => {
    const server = await runServer({ directory: 'datasources' });
    expect(await server.send('litellm', JSON.stringify(EVENT))).toMatchObject({
      body: { successful_rows: 1 },
    });
    expect(await server.rows('SELECT * FROM litellm')).toEqual([
      {
        model: 'gpt-4o',
        messages: [{ role: 'user', content: '[{"type":"text","text":"hi"}]' }],
        user: 'u1',
        start_time: '2025-01-02 03:04:05',
        end_time: '2025-01-02 02:04:06',
        id: 'call-1',
        stream: true,
        call_type: 'completion',
        provider: 'openai',
        api_key: 'sk-…',
        log_event_type: 'successful_api_call',
        llm_api_duration_ms: 812.5,
        cache_hit: false,
        response_status: 'success',
        response_time: 0.25,
        proxy_metadata: JSON.stringify(EVENT.proxy_metadata),
        organization: 'acme',
        environment: 'test',
        project: 'bot',
        chat_id: 'c1',
        response: JSON.stringify(EVENT.response),
        response_id: 'r1',
        response_object: 'chat.completion',
        response_choices: EVENT.response.choices.map((choice) => JSON.stringify(choice)),
        completion_tokens: 2,
        prompt_tokens: 3,
        total_tokens: 5,
        cost: 0.5,
        exception: '',
        traceback: '',
        duration: 1.5,
      },
    ]);
  });
});

describe('every type', () => {
  const TYPES: readonly [type: string, value: unknown, stored: unknown][] = [
    ['UInt256', '115792089237316195423570985008687907853269984665640564039457584007913129639935', undefined],
    ['Int64', '-9223372036854775808', undefined],
    ['Float32', 0.25, 0.25],
    ['Decimal(6, 2)', '1234.567', 1234.56],
    ['Decimal(6, 2)', 1e-7, 0],
    ['Decimal128(10)', '-12345678901234567.5', undefined],
    ['FixedString(3)', 'añ', 'añ'],
    ['UUID', '0191AA80-7b5b-7ccc-8000-000000000001', '0191aa80-7b5b-7ccc-8000-000000000001'],
    ['Date', '2149-06-06', '2149-06-06'],
    ['Date32', '1900-01-01', '1900-01-01'],
    ['DateTime', '2106-02-07 06:28:15', '2106-02-07 06:28:15'],
    ["DateTime('Europe/Madrid')", '2025-01-02T03:04:05Z', '2025-01-02 04:04:05'],
    ['DateTime64(3)', '2299-12-31 23:59:59.999', '2299-12-31 23:59:59.999'],
    ['DateTime64(9)', '2262-04-11 23:47:15', '2262-04-11 23:47:15.000000000'],
    ['DateTime64(9)', '1900-01-01 00:00:00', '1900-01-01 00:00:00.000000000'],
    ["DateTime64(3, 'Asia/Tokyo')", '2025-01-02T03:04:05.678Z', '2025-01-02 12:04:05.678'],
    ['Array(Nullable(Bool))', [true, null, 0], [true, null, false]],
    ['Array(Array(String))', [['a', 1], []], [['a', '1'], []]],
    ['Map(UInt8, DateTime)', { '5': '2025-01-02' }, { '5': '2025-01-02 00:00:00' }],
    ['Map(LowCardinality(String), Array(Float64))', { a: [0.5] }, { a: [0.5] }],
    ['LowCardinality(Nullable(String))', 'x', 'x'],
  ];

  it('that the row rules accept is stored as what it means', async () => {
    const columns = TYPES.map(([type], n) => `    \`c${n}\` ${type} \`json:$.c${n}\``).join(',\n');
    const server = await runServer({
      datasources: { types: `SCHEMA >\n${columns}\nENGINE_SORTING_KEY tuple()` },
    });
    const event = Object.fromEntries(TYPES.map(([, value], n) => [`c${n}`, value]));
    expect(await server.send('types', JSON.stringify(event))).toMatchObject({ body: { successful_rows: 1 } });
    const [row] = await server.rows('SELECT * FROM types');
    const [texts] = await server.rows(
      'SELECT toString(c0) AS c0, toString(c1) AS c1, toString(c5) AS c5 FROM types',
    );
    expect(texts).toEqual({ c0: TYPES[0]?.[1], c1: TYPES[1]?.[1], c5: TYPES[5]?.[1] });
    for (const [n, [, , stored]] of TYPES.entries()) {
      if (stored !== undefined) expect(row?.[`c${n}`]).toEqual(stored);
    }
  });
});

describe('the server', () => {
  it('keeps its rows over a restart on the same directory', async () => {
    const first = await runServer();
    await first.send('calls', '{"id":"a"}\n{"id":1,"usage":{"tokens":-1}}');
    await first.close();
    const second = await runServer({ dataDir: first.dataDir });
    await second.send('calls', '{"id":"b"}');
    expect(await second.rows('SELECT id FROM calls ORDER BY id')).toEqual([{ id: 'a' }, { id: 'b' }]);
    expect(await second.rows('SELECT c__error_column FROM calls_quarantine')).toEqual([
      { c__error_column: ['tokens'] },
    ]);
    await expect(access(join(first.dataDir, '.gitignore'))).resolves.toBeUndefined();
  });

  it('answers on 127.0.0.1 only', async () => {
    const server = await runServer();
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const elsewhere = connect(Number(new URL(server.url).port), '127.0.0.2');
    await expect(
      new Promise((resolve, reject) => elsewhere.on('connect', resolve).on('error', reject)),
    ).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('says how to get another port when it is in use', async () => {
    const running = await runServer();
    const port = Number(new URL(running.url).port);
    const second = startLocalServer({
      port,
      dataDir: await temporaryDirectory(),
      folders: [await datasourceDirectory({ calls: CALLS })],
    });
    await expect(second).rejects.toThrow(PortInUseError);
    await expect(second).rejects.toThrow(
      `the port ${port} is in use. Stop what listens there, or pass another one with --port`,
    );
  });

  it('hands out tokens as Tinybird Local does', async () => {
    const { url } = await runServer();
    const { body } = await json(await fetch(`${url}/tokens`));
    expect(Object.keys(body)).toEqual(['user_token', 'admin_token', 'workspace_admin_token']);
  });

  it('lists its datasources with their columns and rows', async () => {
    const server = await runServer();
    await server.send('calls', '{"id":"a"}\n{"id":"b"}\n{}');
    const { body } = await json(await ask(`${server.url}/v0/datasources/`));
    expect(body.datasources).toMatchObject([
      {
        id: 'calls',
        name: 'calls',
        engine: { engine: 'MergeTree', engine_sorting_key: 'id' },
        statistics: { row_count: 2 },
        quarantine_rows: 1,
      },
    ]);
    expect((body.datasources as { columns: unknown[] }[])[0]?.columns[1]).toEqual({
      name: 'tokens',
      type: 'UInt16',
      nullable: false,
      jsonpath: '$.usage.tokens',
      default_value: '7',
    });
  });

  it('lists what there is to who asks for something else', async () => {
    const { url } = await runServer();
    const { status, body } = await json(await ask(`${url}/v0/nothing`));
    expect(status).toBe(404);
    expect(body.error).toContain(
      'there is no GET /v0/nothing here: there are POST /v0/events, GET|POST /v0/sql',
    );
  });
});
