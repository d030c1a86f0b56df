import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ask, json, sharedServer } from '../running-server.js';

const server = sharedServer();
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function send(query: string, init: RequestInit = {}) {
  return ask(`${server().url}/v0/datasources?name=calls&${query}`, { method: 'POST', ...init }).then(json);
}

const ids = async () => (await server().rows('SELECT id FROM calls ORDER BY id')).map(({ id }) => id);
const replaceBy = (...names: string[]) =>
  send('mode=replace&format=ndjson', { body: names.map((id) => JSON.stringify({ id })).join('\n') });

describe('an import', () => {
  it('answers as Tinybird does, to its SDKs and to its command line', async () => {
    await replaceBy();
    const body = '{"id":"a"}\n{"id":"b","usage":{"tokens":-1}}\nhello\n{"id":"c"}';
    const answer = await send('mode=append&format=ndjson', { body });
    expect(answer).toEqual({
      status: 200,
      body: {
        import_id: expect.stringMatching(ID),
        datasource: { id: 'calls', name: 'calls' },
        successful_rows: 2,
        quarantined_rows: 2,
        quarantine_rows: 2,
        invalid_lines: 1,
        error: false,
      },
    });
    expect(await ids()).toEqual(['a', 'c']);
    const quarantined = await server().rows(
      `SELECT c__error_column FROM calls_quarantine WHERE c__import_id = '${answer.body.import_id}' ORDER BY id`,
    );
    expect(quarantined).toEqual([{ c__error_column: ['tokens'] }, { c__error_column: ['$', '$'] }]);
  });

  it('takes rows as the body, whatever its type says, as a field and as a file', async () => {
    await replaceBy();
    const field = new FormData();
    field.set('ndjson', '{"id":"field"}');
    const file = new FormData();
    file.set('ndjson', new Blob(['{"id":"file-1"}\n{"id":"file-2"}\n']), 'rows.ndjson');
    const sent: readonly RequestInit[] = [
      { body: '{"id":"form"}', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      { body: '{"id":"json"}', headers: { 'content-type': 'application/json' } },
      { body: gzipSync('{"id":"zipped"}'), headers: { 'content-encoding': 'gzip' } },
      { body: field },
      { body: file },
    ];
    for (const init of sent) expect(await send('mode=append', init)).toMatchObject({ status: 200 });
    expect(await ids()).toEqual(['field', 'file-1', 'file-2', 'form', 'json', 'zipped']);
  });

  it('takes more than an event may have, piece by piece', async () => {
    await replaceBy();
    const line = (n: number) => JSON.stringify({ id: `id-${n}`, note: 'x'.repeat(1_000) });
    const body = Array.from({ length: 15_000 }, (_, n) => line(n)).join('\n');
    expect(await send('mode=append&format=ndjson', { body })).toMatchObject({
      status: 200,
      body: { successful_rows: 15_000 },
    });
    expect(await server().rows('SELECT uniqExact(id) AS ids FROM calls')).toEqual([{ ids: 15_000 }]);
  });

  const csv = new FormData();
  csv.set('csv', 'a,b\n1,2');
  const nothing = new FormData();
  nothing.set('rows', '{"id":"a"}');
  it.each([
    ['mode=create', '{}', 'mode=create is not taken here: there is append, replace'],
    ['mode=append&format=csv', 'a,b', 'format=csv is not taken here: there is ndjson'],
    ['mode=replace&format=parquet', 'PAR1', 'format=parquet is not taken here: there is ndjson'],
    ['mode=append', csv, 'the field csv is not taken here: send NDJSON'],
    ['mode=append', nothing, 'the multipart body has no field ndjson'],
    ['mode=append', 'a,b\n1,2', 'the body is not NDJSON, nothing is stored'],
  ])('of %s and %s is refused with what is taken', async (query, body, message) => {
    const answer = await send(query, { body });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toContain(message);
  });

  it('of a multipart body that is none is refused', async () => {
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    expect(await send('mode=append', { body: '--y\r\n\r\n', headers })).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('multipart body cannot be read') },
    });
  });

  it('of a gzip bomb is given up at 100 MB', async () => {
    const body = gzipSync(Buffer.alloc(120 * 1024 * 1024, ' '));
    expect(await send('mode=append', { body, headers: { 'content-encoding': 'gzip' } })).toEqual({
      status: 413,
      body: { error: 'the body is larger than 104857600 bytes uncompressed: send it in parts' },
    });
  });

  it('needs a datasource that is there', async () => {
    const post = (query: string) => ask(`${server().url}/v0/datasources${query}`, { method: 'POST' });
    expect(await json(await post(''))).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining("the parameter 'name' is missing") },
    });
    expect(await json(await post('?name=nope&mode=append'))).toMatchObject({ status: 404 });
  });

  it('of a url is refused by a server that was not told to fetch', async () => {
    const body = `url=${encodeURIComponent('http://127.0.0.1:1/rows.ndjson')}`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    for (const answer of [await send('mode=append', { body, headers }), await send(`mode=append&${body}`)]) {
      expect(answer).toEqual({
        status: 403,
        body: {
          error: 'rows of a url= are only fetched by a server that was started with --allow-url',
        },
      });
    }
  });
});

describe('mode=replace', () => {
  it('puts the new rows in the place of the old ones', async () => {
    await replaceBy('old-1', 'old-2');
    expect(await replaceBy('new')).toMatchObject({ status: 200, body: { successful_rows: 1 } });
    expect(await ids()).toEqual(['new']);
    await server().send('calls', '{"id":"later"}');
    expect(await ids()).toEqual(['later', 'new']);
    expect(await server().rows('SHOW TABLES')).toEqual([{ name: 'calls' }, { name: 'calls_quarantine' }]);
  });

  it('lets readers see all of the old rows or all of the new ones', async () => {
    await replaceBy(...Array.from({ length: 100 }, (_, n) => `0-${n}`));
    let done = false;
    const seen = new Set<string>();
    const reader = async () => {
      while (!done)
        for (const row of await server().rows(
          "SELECT count() AS rows, uniqExact(splitByChar('-', id)[1]) AS sets FROM calls",
        ))
          seen.add(JSON.stringify(row));
    };
    const reading = Promise.all([reader(), reader()]);
    for (let round = 1; round <= 5; round += 1)
      await replaceBy(...Array.from({ length: 100 }, (_, n) => `${round}-${n}`));
    done = true;
    await reading;
    expect([...seen]).toEqual(['{"rows":100,"sets":1}']);
  });

  it('adds to the quarantine what does not fit', async () => {
    await replaceBy('old');
    const before = await server().rows('SELECT count() AS rows FROM calls_quarantine');
    const body = '{"id":"new"}\n{"id":"bad","usage":{"tokens":-1}}';
    expect(await send('mode=replace', { body })).toMatchObject({ body: { quarantined_rows: 1 } });
    const after = await server().rows('SELECT count() - 1 AS rows FROM calls_quarantine');
    expect(after).toEqual(before);
    expect(await ids()).toEqual(['new']);
  });

  it('leaves the old rows when none of the new ones fits', async () => {
    await replaceBy('old');
    expect(await send('mode=replace', { body: '{"id":"x","usage":{"tokens":-1}}' })).toEqual({
      status: 400,
      body: {
        error:
          "none of the 1 rows fits, so those of 'calls' stay: SELECT c__error FROM calls_quarantine says why",
      },
    });
    expect(await send('mode=replace', { body: 'a,b' })).toMatchObject({ status: 400 });
    expect(await ids()).toEqual(['old']);
  });

  it('leaves the old rows when the new ones cannot be read', async () => {
    await replaceBy('old');
    expect(await send('mode=replace', { body: Buffer.from([0x7b, 0xff]) })).toMatchObject({
      status: 400,
      body: { error: 'the body is not valid UTF-8' },
    });
    expect(await ids()).toEqual(['old']);
  });

  it('empties a datasource with no rows', async () => {
    await replaceBy('old');
    expect(await replaceBy()).toMatchObject({ status: 200, body: { successful_rows: 0 } });
    expect(await ids()).toEqual([]);
  });

  it('runs one at a time', async () => {
    const answers = await Promise.all([replaceBy('one'), replaceBy('two'), replaceBy('three')]);
    const statuses = answers.map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200, 409]));
    expect(await ids()).toHaveLength(1);
  });
});

describe('truncate and delete', () => {
  const change = (path: string, body: string, name = 'calls') =>
    ask(`${server().url}/v0/datasources/${name}/${path}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    }).then(json);
  const remove = (condition: string, more = '', name = 'calls') =>
    change('delete', `delete_condition=${encodeURIComponent(condition)}${more}`, name);

  it('forget all rows', async () => {
    await replaceBy('a', 'b');
    expect(await change('truncate', '')).toEqual({ status: 200, body: { status: 'ok' } });
    expect(await ids()).toEqual([]);
  });

  it('forget the rows of a condition, or say how many there are', async () => {
    await replaceBy('a', 'b', 'c');
    const condition = "id IN ('a', 'b') -- or more";
    expect(await remove(condition, '&dry_run=true')).toEqual({
      status: 200,
      body: { rows_to_be_deleted: 2 },
    });
    expect(await ids()).toEqual(['a', 'b', 'c']);
    const { status, body } = await remove(condition);
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'done', rows_affected: 2, job_id: body.id, delete_id: body.id });
    expect(await ids()).toEqual(['c']);
  });

  it('reach the rows of the quarantine', async () => {
    await server().send('calls', '{"id":"q","usage":{"tokens":-1}}');
    expect(await remove("id = 'q'", '', 'calls_quarantine')).toMatchObject({ status: 200 });
    expect(await server().rows("SELECT id FROM calls_quarantine WHERE id = 'q'")).toEqual([]);
    expect(await change('truncate', '', 'calls_quarantine')).toMatchObject({ status: 200 });
    expect(await server().rows('SELECT id FROM calls_quarantine')).toEqual([]);
  });

  it.each([
    ['', 'delete_condition is missing'],
    ['-- nothing', 'there is no condition'],
    ["id = file('/etc/passwd')", "'file' is not allowed"],
    ["id IN (SELECT * FROM url('http://127.0.0.1'))", "'url()' is not allowed"],
    ['1) OR (1', 'a ) too many'],
    ['1 SETTINGS mutations_sync = 0', 'SETTINGS are not allowed'],
    ['1; DROP TABLE calls', 'one statement at a time'],
    ['id = {id:String}', 'has no parameters'],
    ['1, DROP COLUMN id', 'Syntax error'],
    ['id IN `/etc/passwd`', 'readonly'],
    ['nope = 1', 'UNKNOWN_IDENTIFIER'],
    ["id = 'a", 'is never closed'],
  ])('do not run the condition %j', async (condition, message) => {
    await replaceBy('a');
    const { status, body } = await remove(condition);
    expect(status).toBe(400);
    expect(body.error).toContain(message);
    expect(await ids()).toEqual(['a']);
  });

  it('know no other tables', async () => {
    for (const name of ['nope', 'system.tables', 'nope_quarantine'])
      expect(await change('truncate', '', name)).toMatchObject({ status: 404 });
  });
});
