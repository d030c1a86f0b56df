import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient, createTinybirdApi, TinybirdError } from '@tinybirdco/sdk';
import { describe, expect, it } from 'vitest';
import { TinybirdApi } from '../../../src/index.js';
import { serve } from '../../support/servers.js';
import { temporaryDirectory } from '../../support/temporary.js';
import { sharedServer } from '../running-server.js';

const AT_LEAST = `NODE answer
SQL >
    %
    SELECT id, tokens FROM calls
    WHERE tokens >= {{ UInt16(least, 1) }} AND id IN {{ Array(ids, 'String') }} ORDER BY id

TYPE endpoint
`;

const server = sharedServer({ pipes: { at_least: AT_LEAST }, allowUrl: true });
const client = (token = 'local') => createClient({ baseUrl: server().url, token });
const ids = async () => (await server().rows('SELECT id FROM calls ORDER BY id')).map(({ id }) => id);

/** A file of rows; the SDK tells their format by its ending. */
async function fileOf(name: string, text: string): Promise<string> {
  const path = join(await temporaryDirectory(), name);
  await writeFile(path, text);
  return path;
}

describe('the TypeScript SDK of Tinybird', () => {
  it('ingests, whether it waits or not', async () => {
    await client().datasources.truncate('calls');
    expect(await client().ingest('calls', { id: 'a' })).toEqual({ successful_rows: 1, quarantined_rows: 0 });
    expect(await client().ingest('calls', { id: 'b' }, { wait: false })).toEqual({
      successful_rows: 1,
      quarantined_rows: 0,
    });
    const batch = [{ id: 'c', usage: { tokens: 9n } }, { id: 'd', usage: { tokens: 9 } }, { id: 'e' }];
    // It sends a bigint as text, which is no UInt16.
    expect(await client().ingestBatch('calls', batch)).toEqual({ successful_rows: 2, quarantined_rows: 1 });
    await expect.poll(ids).toEqual(['a', 'b', 'd', 'e']);
  });

  it('asks with SQL and through endpoints', async () => {
    await client().datasources.truncate('calls');
    await client().ingestBatch('calls', [
      { id: 'a', usage: { tokens: 1 } },
      { id: 'b', usage: { tokens: 5 } },
      { id: 'c', usage: { tokens: 9 } },
    ]);
    expect(await client().sql('SELECT count() AS calls FROM calls')).toMatchObject({
      data: [{ calls: 3 }],
      rows: 1,
    });
    const { data } = await client().query('at_least', { least: 5, ids: ['a', 'b', 'c'] });
    expect(data).toEqual([
      { id: 'b', tokens: 5 },
      { id: 'c', tokens: 9 },
    ]);
  });

  it('appends and replaces by a file', async () => {
    await client().datasources.truncate('calls');
    const file = await fileOf('rows.ndjson', '{"id":"a"}\n{"id":"b","usage":{"tokens":-1}}');
    expect(await client().datasources.append('calls', { file })).toMatchObject({
      successful_rows: 1,
      quarantined_rows: 1,
      import_id: expect.any(String),
    });
    const others = await fileOf('rows.jsonl', '{"id":"x"}');
    expect(await client().datasources.replace('calls', { file: others })).toMatchObject({
      successful_rows: 1,
    });
    expect(await ids()).toEqual(['x']);
  });

  it('appends by a url', async () => {
    await client().datasources.truncate('calls');
    const from = await serve((_request, response) => response.end('{"id":"fetched"}\n'));
    await client().datasources.append('calls', { url: `${from}rows.ndjson` });
    expect(await ids()).toEqual(['fetched']);
  });

  it('deletes, and asks what it would', async () => {
    await client().datasources.truncate('calls');
    await client().ingestBatch('calls', [{ id: 'a' }, { id: 'b' }]);
    const condition = { deleteCondition: "id = 'a'" };
    expect(await client().datasources.delete('calls', { ...condition, dryRun: true })).toEqual({
      rows_to_be_deleted: 1,
    });
    expect(await client().datasources.delete('calls', condition)).toMatchObject({
      status: 'done',
      job_id: expect.any(String),
    });
    expect(await ids()).toEqual(['b']);
  });

  it.each([
    [
      'a datasource that is not there',
      () => client().ingest('nope', {}),
      404,
      "there is no Data Source 'nope'",
    ],
    ['a pipe that is not there', () => client().query('nope'), 404, "there is no pipe 'nope'"],
    ['SQL that is wrong', () => client().sql('SELECT nope'), 400, 'UNKNOWN_IDENTIFIER'],
    ['SQL that is refused', () => client().sql("SELECT file('/etc/passwd')"), 400, "'file' is not allowed"],
    [
      'a csv file',
      async () => client().datasources.append('calls', { file: await fileOf('rows.csv', 'a,b') }),
      400,
      'format=csv is not taken here: there is ndjson',
    ],
  ])('reads what it is told of %s', async (_, ask, statusCode, message) => {
    const failure = await ask().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(TinybirdError);
    expect(failure).toMatchObject({ statusCode, message: expect.stringContaining(message) });
  });

  it('is known as not authorized without a token', async () => {
    const api = createTinybirdApi({ baseUrl: server().url, token: 'local' });
    const failure = api.requestJson('/v0/datasources', { headers: { authorization: 'none' } });
    await expect(failure).rejects.toMatchObject({ statusCode: 403 });
  });
});

describe('our own client', () => {
  it.each([
    ['nope', 'SELECT * FROM nope', 'rejected', 400, 'UNKNOWN_TABLE'],
    ['refused', "SELECT * FROM url('http://a')", 'rejected', 400, "'url()' is not allowed"],
  ])('says why a query is %s', async (_, sql, code, status, words) => {
    await using api = new TinybirdApi({ url: server().url });
    await expect(api.sql(sql)).rejects.toMatchObject({
      code,
      status,
      serverMessage: expect.stringContaining(words),
    });
  });

  it('shows what was said of the token of this machine, which is no secret', async () => {
    await using api = new TinybirdApi({ url: server().url });
    await expect(api.get('datasources', { headers: { authorization: 'none' } })).rejects.toMatchObject({
      code: 'unauthorized',
      serverMessage: expect.stringContaining('Authorization: Bearer local'),
    });
    await expect(api.query('nope')).rejects.toMatchObject({
      serverMessage: expect.not.stringContaining('*'),
    });
    await expect(api.sql('SELECT local')).rejects.toMatchObject({
      serverMessage: expect.stringContaining('`local`'),
    });
  });

  it('says what pipe there is not', async () => {
    await using api = new TinybirdApi({ url: server().url });
    await expect(api.query('nope')).rejects.toMatchObject({
      code: 'not_found',
      serverMessage: expect.stringContaining("there is no pipe 'nope'"),
    });
  });
});
