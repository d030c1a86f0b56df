import { describe, expect, it, onTestFinished } from 'vitest';
import { openClickHouse } from '../../../src/local/engine/clickhouse.js';
import { parseClickHouseUrl } from '../../../src/local/engine/clickhouse-url.js';
import { EngineUnreachableError } from '../../../src/local/errors.js';
import { serveClickHouse } from '../../support/clickhouse.js';
import { serve } from '../../support/servers.js';

const PASSWORD = 's3cr3t%/:pw';

/** Everything an error would show of itself, also where it is printed whole. */
const shownOf = async (failing: Promise<unknown>): Promise<string> => {
  const error: unknown = await failing.then(
    () => 'no error',
    (reason) => reason,
  );
  const { inspect } = await import('node:util');
  return inspect(error, { depth: 9, showHidden: true });
};

describe('the url of a ClickHouse', () => {
  it.each([
    ['http://host:8123', 'http://host:8123', 'default', 'default', ''],
    ['http://host:8123/', 'http://host:8123', 'default', 'default', ''],
    ['https://me@host:8443/calls/', 'https://host:8443', 'calls', 'me', ''],
    ['http://me:p%40ss@host/my-calls.2', 'http://host', 'my-calls.2', 'me', 'p@ss'],
    ['http://me:100%@host/calls', 'http://host', 'calls', 'me', '100%'],
  ])('%s is taken apart', (text, url, database, username, password) => {
    expect(parseClickHouseUrl(text, {})).toEqual({
      url,
      database,
      username,
      password,
      shown: `${url}/${database}`,
    });
  });

  it('is completed by the environment', () => {
    const env = { CLICKHOUSE_USER: 'them', CLICKHOUSE_PASSWORD: PASSWORD };
    expect(parseClickHouseUrl('http://host/calls', env)).toMatchObject({
      username: 'them',
      password: PASSWORD,
    });
    expect(parseClickHouseUrl('http://me:mine@host/calls', env)).toMatchObject({
      username: 'me',
      password: 'mine',
    });
  });

  it.each([
    'host:8123',
    'not a url with secret',
    'tcp://me:secret@host:9000/calls',
    'http://me:secret@host/calls/more',
    'http://me:secret@host/calls?secure=1',
    'http://me:secret@host/calls#x',
    'http://me:secret@host/a`b',
    'http://me:secret@host/a%60%3BDROP',
  ])('is refused, without telling the secret in it: %s', (text) => {
    const parse = () => parseClickHouseUrl(text, {});
    expect(parse).toThrow(EngineUnreachableError);
    expect(parse).toThrow('as in http://user:password@host:8123/database');
    expect(parse).not.toThrow('secret');
  });
});

describe('a ClickHouse server', () => {
  it('is told who asks, gets its database made, compressed inserts, and limits on what is read', async () => {
    const server = await serveClickHouse({ name: 'me', password: PASSWORD });
    const url = `${server.url.replace('//', `//me:${encodeURIComponent(PASSWORD)}@`)}/my-calls`;
    const engine = await openClickHouse({ url, env: {} });
    onTestFinished(() => engine.close());
    await engine.exec('CREATE TABLE t (a UInt8, at DateTime) ENGINE = MergeTree ORDER BY a');
    await engine.insert('t', Buffer.from('{"a":1,"at":"2025-01-02T03:04:05Z","unknown":1}\n'));
    await engine.read('SELECT * FROM t WHERE a = {a:UInt8}', {
      format: 'TSV',
      params: { a: 1 },
      maxSeconds: 3,
    });

    const [version, database, create, insert, read] = server.requests;
    expect(server.requests).toHaveLength(5);
    expect(version).toMatchObject({ sql: 'SELECT version() FORMAT TSVRaw' });
    expect(database).toMatchObject({ sql: 'CREATE DATABASE IF NOT EXISTS `my-calls`' });
    expect(create?.settings).toMatchObject({ database: 'my-calls', session_timezone: 'UTC' });
    expect(insert).toMatchObject({
      sql: 'INSERT INTO `t` FORMAT JSONEachRow',
      headers: { 'content-encoding': 'gzip' },
      settings: {
        database: 'my-calls',
        session_timezone: 'UTC',
        date_time_input_format: 'best_effort',
        input_format_skip_unknown_fields: '1',
        async_insert: '0',
        insert_deduplicate: '0',
      },
    });
    expect(insert?.settings).not.toHaveProperty('distributed_foreground_insert');
    expect(read).toMatchObject({
      sql: 'SELECT * FROM t WHERE a = {a:UInt8}\nFORMAT TSV',
      settings: { readonly: '1', max_execution_time: '3', max_result_bytes: '67108864', param_a: '1' },
    });
  });

  it('finds its credentials in the environment', async () => {
    const server = await serveClickHouse({ name: 'me', password: PASSWORD });
    const env = { CLICKHOUSE_USER: 'me', CLICKHOUSE_PASSWORD: PASSWORD };
    const engine = await openClickHouse({ url: server.url, env });
    onTestFinished(() => engine.close());
    expect((await engine.read('SELECT currentDatabase()', { format: 'TSV' })).toString()).toBe('default\n');
  });

  it('that lets nobody in is told apart, and the password is in nothing that is said', async () => {
    const { url } = await serveClickHouse();
    const opened = openClickHouse({
      url: `${url}/calls`,
      env: { CLICKHOUSE_USER: 'me', CLICKHOUSE_PASSWORD: PASSWORD },
    });
    await expect(opened).rejects.toThrow(EngineUnreachableError);
    await expect(opened).rejects.toThrow(
      `the ClickHouse at ${url}/calls does not let the user 'me' in. Put user and password into the url, as in ` +
        'http://user:password@host:8123/database, or set CLICKHOUSE_USER and CLICKHOUSE_PASSWORD',
    );
    expect(await shownOf(opened)).not.toContain('s3cr3t');
  });

  it('that is not there, or is none, is told with where it was looked for', async () => {
    const nothing = 'http://me:s3cr3t@127.0.0.1:1';
    const other = (await serve((_, response) => response.writeHead(404).end('<h1>Not here</h1>\n'))).replace(
      '//',
      '//me:s3cr3t@',
    );
    const chatty = await serve((_, response) => response.end('hello'));
    for (const [url, reason] of [
      [nothing, 'ECONNREFUSED'],
      [other, '<h1>Not here</h1>'],
      [chatty, "it says it is version 'hello'"],
    ] as const) {
      const opened = openClickHouse({ url, env: {} });
      await expect(opened).rejects.toThrow(EngineUnreachableError);
      await expect(opened).rejects.toThrow(
        /^there is no ClickHouse that answers at http:\/\/127\.0\.0\.1:\d+\/default \(/,
      );
      await expect(opened).rejects.toThrow(reason);
      expect(await shownOf(opened)).not.toContain('s3cr3t');
    }
  });

  it('that goes away is told so, too', async () => {
    const server = await serveClickHouse();
    const engine = await openClickHouse({ url: server.url, env: {} });
    onTestFinished(() => engine.close());
    await server.close();
    await expect(engine.read('SELECT 1', { format: 'TSV' })).rejects.toThrow(EngineUnreachableError);
    await expect(engine.insert('t', Buffer.from('{}'))).rejects.toThrow(EngineUnreachableError);
  });

  it('is asked of a cluster by a name that is one', async () => {
    const { url } = await serveClickHouse();
    await expect(openClickHouse({ url, cluster: 'a` b', env: {} })).rejects.toThrow(
      "'a` b' cannot name a cluster",
    );
  });
});
