import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openChdb } from '../../../src/local/engine/chdb.js';
import { QueryError } from '../../../src/local/errors.js';
import { temporaryDirectory } from '../../support/temporary.js';
import { ask, json, runServer } from '../running-server.js';

it('a fault of the server is told where it runs, and to the client without its words', async () => {
  const told: unknown[] = [];
  const fault = new Error('ENOENT: /home/me/secret.txt');
  const server = await runServer({
    onError: (error) => told.push(error),
    openEngine: async () => {
      const engine = await openChdb(join(await temporaryDirectory(), 'clickhouse'));
      return {
        ...engine,
        read: (sql, options) => (sql === 'SELECT 1' ? Promise.reject(fault) : engine.read(sql, options)),
      };
    },
  });
  expect(await json(await ask(`${server.url}/v0/sql?q=SELECT+1`))).toEqual({
    status: 500,
    body: { error: 'the server failed: what it runs in says why' },
  });
  expect(told).toEqual([fault]);
});

it('an error of ClickHouse does not tell where the rows are kept', async () => {
  const dataDir = await temporaryDirectory();
  const server = await runServer({
    dataDir,
    openEngine: async () => {
      const engine = await openChdb(join(dataDir, 'clickhouse'));
      const error = new QueryError(`Cannot open file ${dataDir}/clickhouse/store/a`, 76);
      return { ...engine, insert: () => Promise.reject(error) };
    },
  });
  const { status, body } = await server.send('calls', '{"id":"a"}');
  expect(status).toBe(503);
  expect(body.error).toContain('Cannot open file …/clickhouse/store/a');
});

it('a deletion reaches what was accepted before it, however slow ClickHouse writes', async () => {
  const server = await runServer({
    openEngine: async () => {
      const engine = await openChdb(join(await temporaryDirectory(), 'clickhouse'));
      return {
        ...engine,
        insert: async (table, rows) => {
          await new Promise((resolve) => setTimeout(resolve, 300));
          await engine.insert(table, rows);
        },
      };
    },
  });
  const post = (path: string, body: string) => ask(`${server.url}/v0/${path}`, { method: 'POST', body });
  expect((await post('events?name=calls', '{"id":"a"}')).status).toBe(202);
  expect(await json(await post('datasources/calls/delete', "delete_condition=id = 'a'"))).toMatchObject({
    body: { rows_affected: 1 },
  });
  await post('events?name=calls', '{"id":"b"}');
  await post('datasources/calls/truncate', '');
  await server.send('calls', '{"id":"c"}');
  expect(await server.rows('SELECT id FROM calls')).toEqual([{ id: 'c' }]);
});
