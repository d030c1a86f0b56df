import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openChdb } from '../../../src/local/engine/chdb.js';
import { QueryError } from '../../../src/local/errors.js';
import { temporaryDirectory } from '../../support/temporary.js';
import { ask, json, type RunOptions, runServer } from '../running-server.js';

const DAYS = `SCHEMA >
    \`day\` Date \`json:$.day\`
ENGINE_PARTITION_KEY day`;

const HALVES = `SCHEMA >
    \`id\` UInt8 \`json:$.id\`,
    \`part\` UInt8 \`json:$.part\`,
    \`half\` UInt8 \`json:$.half\` DEFAULT intDiv(10, part)`;

/** A server whose ClickHouse cannot write to one table. */
function writingFails(table: string, error: Error): RunOptions {
  return {
    openEngine: async () => {
      const engine = await openChdb(join(await temporaryDirectory(), 'clickhouse'));
      return {
        ...engine,
        insert: (name, rows) => (name === table ? Promise.reject(error) : engine.insert(name, rows)),
      };
    },
  };
}

const ndjson = (...events: unknown[]) => events.map((event) => JSON.stringify(event)).join('\n');

describe('POST /v0/events', () => {
  it('stores each line as a row before it answers 200 to wait=true', async () => {
    const server = await runServer();
    const answer = await server.send(
      'calls',
      ndjson({ id: 'a', usage: { tokens: 3 }, note: 'n' }, { id: 'b' }),
    );
    expect(answer).toEqual({ status: 200, body: { successful_rows: 2, quarantined_rows: 0 } });
    expect(await server.rows('SELECT id, tokens, note FROM calls ORDER BY id')).toEqual([
      { id: 'a', tokens: 3, note: 'n' },
      { id: 'b', tokens: 7, note: null },
    ]);
  });

  it('answers 202 without wait, and has stored the rows by the time it is closed', async () => {
    const server = await runServer();
    const response = await ask(`${server.url}/v0/events?name=calls`, {
      method: 'POST',
      body: ndjson({ id: 'a' }),
    });
    expect(await json(response)).toEqual({ status: 202, body: { successful_rows: 1, quarantined_rows: 0 } });
    await server.close();
    const again = await runServer({ dataDir: server.dataDir });
    expect(await again.rows('SELECT id FROM calls')).toEqual([{ id: 'a' }]);
  });

  it('stores what many requests send at once', async () => {
    const server = await runServer();
    const sent = Array.from({ length: 60 }, (_, n) => server.send('calls', ndjson({ id: `id-${n}` })));
    for (const { status } of await Promise.all(sent)) expect(status).toBe(200);
    expect(await server.rows('SELECT uniqExact(id) AS ids, count() AS rows FROM calls')).toEqual([
      { ids: 60, rows: 60 },
    ]);
  });

  it.each([
    ['a single object', '{"id":"a"}', 1],
    ['an object over several lines', '{\n  "id": "a",\n  "usage": { "tokens": 1 }\n}\n', 1],
    ['blank lines, CRLF and a byte order mark', '\ufeff{"id":"a"}\r\n\r\n{"id":"b"}\r\n', 2],
    ['no line at all', '', 0],
  ])('takes %s', async (_, body, rows) => {
    const server = await runServer();
    expect(await server.send('calls', body)).toMatchObject({
      status: 200,
      body: { successful_rows: rows, quarantined_rows: 0 },
    });
    expect(await server.rows('SELECT id FROM calls')).toHaveLength(rows);
  });

  it('takes gzip, whatever the content type and the other parameters say', async () => {
    const server = await runServer();
    const response = await ask(`${server.url}/v0/events?name=calls&wait=true&from=ts-sdk&format=ndjson`, {
      method: 'POST',
      body: gzipSync(ndjson({ id: 'a' }, { id: 'b' })),
      headers: { 'content-encoding': 'gzip', 'content-type': 'text/plain', authorization: 'Bearer anything' },
    });
    expect(await json(response)).toMatchObject({ status: 200, body: { successful_rows: 2 } });
  });

  it('lets a DEFAULT be computed for missing and null alike', async () => {
    const server = await runServer();
    await server.send(
      'calls',
      ndjson({ id: 'a' }, { id: 'b', usage: { tokens: null }, at: null, note: null }),
    );
    const row = { tokens: 7, note: null, at: '2020-01-01 00:00:00' };
    expect(await server.rows('SELECT * FROM calls ORDER BY id')).toEqual([
      { id: 'a', ...row },
      { id: 'b', ...row },
    ]);
  });

  it('sets a bad row aside whole, with column, reason and raw values, and stores the others', async () => {
    const server = await runServer();
    const bad = { id: { nested: true }, usage: { tokens: 70_000 }, at: 1_735_787_045_123, note: 'n' };
    const answer = await server.send('calls', ndjson({ id: 'a' }, bad, { id: 'c' }));
    expect(answer).toEqual({ status: 200, body: { successful_rows: 2, quarantined_rows: 1 } });
    expect(await server.rows('SELECT id FROM calls ORDER BY id')).toEqual([{ id: 'a' }, { id: 'c' }]);
    const [row] = await server.rows('SELECT * FROM calls_quarantine');
    expect(row).toEqual({
      c__error_column: ['tokens', 'at'],
      c__error: [
        "value '70000' on column 'tokens' is not UInt16",
        "value '1735787045123' on column 'at' is not DateTime",
      ],
      c__import_id: null,
      id: '{"nested":true}',
      tokens: '70000',
      note: 'n',
      at: '1735787045123',
      insertion_date: expect.stringMatching(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/),
    });
  });

  it.each([
    ['that is cut off', '{"id":"a', 'the line is not JSON: '],
    ['that is an array', '[{"id":"a"}]', 'the line is not a JSON object'],
    ['that is a number', '3', 'the line is not a JSON object'],
    [
      'nested beyond measure',
      `{"id":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
      'the line cannot be stored: ',
    ],
  ])('sets a line aside %s, with its text, and stores the others', async (_, line, reason) => {
    const server = await runServer();
    const answer = await server.send('calls', `{"id":"before"}\n${line}\n{"id":"after"}`);
    expect(answer).toEqual({ status: 200, body: { successful_rows: 2, quarantined_rows: 1 } });
    const [row] = await server.rows('SELECT c__error_column, c__error FROM calls_quarantine');
    expect(row?.c__error_column).toEqual(['$', '$']);
    expect(row?.c__error).toEqual([expect.stringContaining(reason), line]);
  });

  it('is not put off by half of an emoji', async () => {
    const server = await runServer();
    await server.send('calls', '{"id":"a\\ud83d"}\n{"id":"b","note":{"text":"\\ude00"}}');
    expect(await server.rows('SELECT id, note FROM calls ORDER BY id')).toEqual([
      { id: 'a\ufffd', note: null },
      { id: 'b', note: '{"text":"\ufffd"}' },
    ]);
  });

  it('stores rows of more partitions than one insert may touch', async () => {
    const server = await runServer({ datasources: { days: DAYS } });
    const days = Array.from({ length: 120 }, (_, n) => ({
      day: new Date(n * 86_400_000).toISOString().slice(0, 10),
    }));
    expect(await server.send('days', ndjson(...days))).toEqual({
      status: 200,
      body: { successful_rows: 120, quarantined_rows: 0 },
    });
    expect(await server.rows('SELECT count() AS days FROM days')).toEqual([{ days: 120 }]);
  });

  it('sets aside the rows whose DEFAULT fails, and stores the others', async () => {
    const server = await runServer({ datasources: { halves: HALVES } });
    const events = Array.from({ length: 20 }, (_, n) => ({ id: n, part: n % 7 === 3 ? 0 : 2 }));
    expect(await server.send('halves', ndjson(...events))).toEqual({
      status: 200,
      body: { successful_rows: 17, quarantined_rows: 3 },
    });
    expect(await server.rows('SELECT count() AS rows, countIf(part = 0) AS bad FROM halves')).toEqual([
      { rows: 17, bad: 0 },
    ]);
    const [row] = await server.rows('SELECT * FROM halves_quarantine ORDER BY id::Int8');
    expect(row).toMatchObject({
      c__error_column: ['$'],
      c__error: [expect.stringMatching(/^ClickHouse refuses the row: .*Division by zero/)],
      id: '3',
      part: '0',
    });
  });

  it('answers 503 when ClickHouse cannot write, so that senders come again', async () => {
    const server = await runServer(writingFails('calls', new QueryError('Cannot reserve 1 MiB', 243)));
    const response = await ask(`${server.url}/v0/events?name=calls&wait=true`, {
      method: 'POST',
      body: '{"id":"a"}',
    });
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await json(response)).toEqual({
      status: 503,
      body: {
        error: 'the rows could not be stored, none is; send them again later: Cannot reserve 1 MiB',
      },
    });
  });

  it('answers 422 when the good rows are stored and those for the quarantine are not', async () => {
    const server = await runServer(writingFails('calls_quarantine', new Error('ENOSPC: /home/me/data')));
    expect(await server.send('calls', '{"id":"a"}\n{"id":1,"usage":{"tokens":-1}}')).toEqual({
      status: 422,
      body: {
        error:
          '1 rows are stored, 1 to be quarantined are not (ClickHouse cannot write): sending them again would store the first twice',
      },
    });
    expect(await server.rows('SELECT id FROM calls')).toEqual([{ id: 'a' }]);
  });

  it('tells of rows that were accepted and then could not be stored', async () => {
    const lost: unknown[] = [];
    const server = await runServer({
      ...writingFails('calls', new QueryError('Memory limit exceeded', 241)),
      onError: (error) => lost.push(error),
    });
    const sent = await ask(`${server.url}/v0/events?name=calls`, { method: 'POST', body: '{"id":"a"}' });
    expect(sent.status).toBe(202);
    await server.close();
    expect(lost).toEqual([
      expect.objectContaining({
        message: expect.stringMatching(/^accepted rows could not be stored: .*Memory limit exceeded/),
      }),
    ]);
  });
});
