import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ask, json, type RunningServer, runServer } from '../running-server.js';

const lines = (...ids: string[]) => ids.map((id) => JSON.stringify({ id })).join('\n');

async function post(server: RunningServer, query: string, init: RequestInit = {}) {
  return json(await ask(`${server.url}/v0/datasources?name=calls&${query}`, { method: 'POST', ...init }));
}

const ids = async (server: RunningServer) =>
  (await server.rows('SELECT id FROM calls ORDER BY id')).map(({ id }) => id);

/** A host of rows; `undefined` answers nothing. */
async function hostOf(answer: (response: ServerResponse, path: string) => void): Promise<string> {
  const host = createServer((request, response) => answer(response, request.url ?? ''));
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    host.close();
    host.closeAllConnections();
  });
  return `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
}

describe('POST /v0/datasources', () => {
  it('appends the rows of its body, sets bad ones aside, and answers as Tinybird does', async () => {
    const server = await runServer();
    await server.send('calls', lines('a'));
    const answer = await post(server, 'mode=append&format=ndjson', {
      body: `${lines('b', 'c')}\n{"id":1,"usage":{"tokens":-1}}`,
    });
    expect(answer).toEqual({
      status: 200,
      body: {
        import_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        datasource: { id: 'calls', name: 'calls' },
        successful_rows: 2,
        quarantined_rows: 1,
        quarantine_rows: 1,
        invalid_lines: 0,
        error: false,
      },
    });
    expect(await ids(server)).toEqual(['a', 'b', 'c']);
    expect(await server.rows('SELECT count() AS rows FROM calls_quarantine')).toEqual([{ rows: 1 }]);
  });

  it.each(['ndjson', 'csv'])('takes the multipart field %s', async (field) => {
    const server = await runServer();
    const body = new FormData();
    body.append(field, new Blob([lines('a', 'b')]), 'rows.ndjson');
    expect(await post(server, 'format=ndjson', { body })).toMatchObject({ body: { successful_rows: 2 } });
    expect(await ids(server)).toEqual(['a', 'b']);
  });

  it('takes gzip, and what curl -d sends', async () => {
    const server = await runServer();
    await post(server, 'format=ndjson', {
      body: gzipSync(lines('a')),
      headers: { 'content-encoding': 'gzip' },
    });
    await post(server, 'format=ndjson', {
      body: lines('b'),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(await ids(server)).toEqual(['a', 'b']);
  });

  it('takes more than one piece of rows, and judges each', async () => {
    const server = await runServer();
    const note = 'x'.repeat(1_000);
    const body = Array.from({ length: 12_000 }, (_, n) => JSON.stringify({ id: `id-${n}`, note })).join('\n');
    expect(await post(server, 'format=ndjson', { body })).toMatchObject({
      body: { successful_rows: 12_000 },
    });
    expect(await server.rows('SELECT uniqExact(id) AS ids, count() AS rows FROM calls')).toEqual([
      { ids: 12_000, rows: 12_000 },
    ]);
  });

  it('replaces the rows in one go, and leaves no table behind', async () => {
    const server = await runServer();
    await server.send('calls', lines('a', 'b'));
    const seen = new Set<string>();
    let replaced = false;
    const replacing = post(server, 'mode=replace', {
      body: `${lines('x', 'y')}\n{"id":"z","usage":{"tokens":-1}}`,
    }).then((answer) => {
      replaced = true;
      return answer;
    });
    while (!replaced) seen.add((await ids(server)).join());
    expect(await replacing).toMatchObject({ status: 200, body: { successful_rows: 2, quarantined_rows: 1 } });
    expect(await ids(server)).toEqual(['x', 'y']);
    expect([...seen].filter((rows) => rows !== 'a,b' && rows !== 'x,y')).toEqual([]);
    expect(await server.rows('SHOW TABLES')).toEqual([{ name: 'calls' }, { name: 'calls_quarantine' }]);
    await server.send('calls', lines('z'));
    expect(await ids(server)).toEqual(['x', 'y', 'z']);
  });

  it('keeps the old rows when the new ones cannot be read', async () => {
    const server = await runServer();
    await server.send('calls', lines('a'));
    const answer = await post(server, 'mode=replace', { body: Buffer.from([0x7b, 0xff]) });
    expect(answer).toMatchObject({ status: 400, body: { error: 'the body is not valid UTF-8' } });
    expect(await ids(server)).toEqual(['a']);
    expect(await post(server, 'mode=replace', { body: lines('b') })).toMatchObject({ status: 200 });
    expect(await ids(server)).toEqual(['b']);
  });

  it('empties a datasource with no rows', async () => {
    const server = await runServer();
    await server.send('calls', lines('a'));
    expect(await post(server, 'mode=replace', { body: '' })).toMatchObject({ body: { successful_rows: 0 } });
    expect(await ids(server)).toEqual([]);
  });

  it.each([
    ['mode=create', 400, 'mode=create is not taken here: there is append, replace'],
    ['format=csv', 400, 'format=csv is not taken here: there is ndjson'],
    ['format=parquet', 400, 'format=parquet is not taken here'],
    ['url=http://127.0.0.1:1/rows', 403, 'only fetched by a server that was started with --allow-url'],
  ])('answers to %s', async (query, status, message) => {
    const server = await runServer();
    const answer = await post(server, query, { body: lines('a') });
    expect(answer.status).toBe(status);
    expect(answer.body.error).toContain(message);
    expect(await ids(server)).toEqual([]);
  });

  it('names what is wrong with a form', async () => {
    const server = await runServer();
    const body = new FormData();
    body.append('rows', lines('a'));
    expect((await post(server, 'format=ndjson', { body })).body.error).toContain('has no field ndjson');
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    expect((await post(server, '', { body: 'nothing', headers })).body.error).toContain('cannot be read');
  });

  it('names the datasources there are', async () => {
    const server = await runServer();
    const missing = await json(
      await ask(`${server.url}/v0/datasources?format=ndjson`, { method: 'POST', body: '' }),
    );
    expect(missing).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining("'name' is missing") },
    });
    const unknown = await json(
      await ask(`${server.url}/v0/datasources?name=nope`, { method: 'POST', body: '' }),
    );
    expect(unknown).toMatchObject({
      status: 404,
      body: { error: expect.stringContaining('there are calls') },
    });
  });
});

describe('rows of a url', () => {
  it('are fetched, whether the url is in the address or in a form', async () => {
    const server = await runServer({ allowUrl: true });
    const host = await hostOf((response, path) => {
      // In the middle of a line and of a letter.
      const bytes = Buffer.from(lines(`añ${path}`, `b${path}`));
      response.write(bytes.subarray(0, 9));
      setImmediate(() => response.end(bytes.subarray(9)));
    });
    expect(await post(server, `format=ndjson&url=${encodeURIComponent(`${host}/1`)}`)).toMatchObject({
      status: 200,
      body: { successful_rows: 2 },
    });
    await post(server, 'format=ndjson', { body: new URLSearchParams({ url: `${host}/2` }) });
    expect(await ids(server)).toEqual(['añ/1', 'añ/2', 'b/1', 'b/2']);
  });

  it.each([
    ['file:///etc/passwd', 'no http or https address'],
    ['nonsense', 'no http or https address'],
    ['http://127.0.0.1:1/', 'cannot be read'],
  ])('that is %s is refused', async (from, message) => {
    const server = await runServer({ allowUrl: true });
    const { status, body } = await post(server, `url=${encodeURIComponent(from)}`);
    expect(status).toBe(400);
    expect(body.error).toContain(message);
  });

  it('whose host fails, or ends too early, or has no text, is told', async () => {
    const server = await runServer({ allowUrl: true });
    const host = await hostOf((response, path) => {
      if (path === '/missing') response.writeHead(404).end('no');
      else if (path === '/broken') {
        response.writeHead(200, { 'content-length': '1000' });
        response.write(lines('a'));
        setImmediate(() => response.destroy());
      } else response.end(Buffer.from([0x7b, 0xff]));
    });
    for (const [path, message] of [
      ['/missing', 'the url answers 404'],
      ['/broken', 'cannot be read'],
      ['/binary', 'cannot be read'],
    ] as const) {
      const { status, body } = await post(server, `mode=replace&url=${encodeURIComponent(host + path)}`);
      expect(status).toBe(400);
      expect(body.error).toContain(message);
    }
    expect(await ids(server)).toEqual([]);
  });
});

describe('the rows of a datasource', () => {
  const act = async (server: RunningServer, action: string, form: Record<string, string> = {}) =>
    json(
      await ask(`${server.url}/v0/datasources/calls/${action}`, {
        method: 'POST',
        body: new URLSearchParams(form),
      }),
    );

  it('are forgotten by truncate', async () => {
    const server = await runServer();
    await server.send('calls', lines('a', 'b'));
    expect(await act(server, 'truncate')).toMatchObject({ status: 200 });
    expect(await ids(server)).toEqual([]);
  });

  it('are deleted by a condition, or only counted', async () => {
    const server = await runServer();
    await server.send('calls', lines('a', 'b', 'c'));
    const condition = { delete_condition: "id IN ('a', 'b') -- those" };
    expect(await act(server, 'delete', { ...condition, dry_run: 'true' })).toEqual({
      status: 200,
      body: { rows_to_be_deleted: 2 },
    });
    expect(await ids(server)).toEqual(['a', 'b', 'c']);
    expect(await act(server, 'delete', condition)).toMatchObject({ status: 200, body: { status: 'done' } });
    expect(await ids(server)).toEqual(['c']);
  });

  it.each([
    ['', 'delete_condition is missing'],
    ['nope = 1', 'UNKNOWN_IDENTIFIER'],
    ["file('/etc/passwd') = ''", 'is not allowed'],
    ['1; DROP TABLE calls', 'one statement at a time'],
    ['1), DROP COLUMN note, DELETE WHERE (1', 'SYNTAX_ERROR'],
    ['1) UNION ALL (SELECT 1', 'SYNTAX_ERROR'],
    ['1 SETTINGS mutations_sync = 0', 'SETTINGS are not allowed'],
    ['1) FORMAT CSV', 'a ) too many'],
  ])('stay for the condition %j', async (condition, message) => {
    const server = await runServer();
    await server.send('calls', lines('a'));
    const { status, body } = await act(server, 'delete', { delete_condition: condition });
    expect(status).toBe(400);
    expect(body.error).toContain(message);
    expect(await server.rows('SELECT id, note FROM calls')).toEqual([{ id: 'a', note: null }]);
  });
});
