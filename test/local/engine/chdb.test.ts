import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openChdb } from '../../../src/local/engine/chdb.js';
import type { Engine } from '../../../src/local/engine/engine.js';
import { DataDirectoryError, EngineMissingError, QueryError } from '../../../src/local/errors.js';
import { temporaryDirectory } from '../../support/temporary.js';

async function openTemporary(): Promise<Engine> {
  const engine = await openChdb(join(await temporaryDirectory(), 'clickhouse'));
  onTestFinished(() => engine.close());
  return engine;
}

describe('the embedded ClickHouse', () => {
  it('stores, and reads back in the format it is asked for', async () => {
    const engine = await openTemporary();
    await engine.exec("CREATE TABLE t (a UInt8, b String DEFAULT upper('x')) ENGINE = MergeTree ORDER BY a");
    await engine.insert('t', Buffer.from('{"a":1}\n{"a":2,"b":"y"}\n'));
    await engine.insert('t', Buffer.alloc(0));
    expect((await engine.read('SELECT * FROM t ORDER BY a', { format: 'CSV' })).toString()).toBe(
      '1,"X"\n2,"y"\n',
    );
  });

  it('reads only', async () => {
    const engine = await openTemporary();
    await expect(engine.read('CREATE TABLE t (a UInt8) ENGINE = Memory', { format: 'CSV' })).rejects.toThrow(
      QueryError,
    );
  });

  it('takes bare times as UTC, whatever the time zone of the host', async () => {
    const engine = await openTemporary();
    await engine.exec('CREATE TABLE t (at DateTime) ENGINE = MergeTree ORDER BY at');
    await engine.insert('t', Buffer.from('{"at":"2025-01-02 03:04:05"}'));
    const read = await engine.read('SELECT at, toUnixTimestamp(at) FROM t', { format: 'TSV' });
    expect(read.toString()).toBe('2025-01-02 03:04:05\t1735787045\n');
  });

  it('gives up a query that goes on for too long', async () => {
    const engine = await openTemporary();
    const read = engine.read('SELECT max(number) FROM numbers(1000000000000)', {
      format: 'CSV',
      maxSeconds: 0.2,
    });
    await expect(read).rejects.toMatchObject({ code: 'query_failed', clickhouseCode: 159 });
  });

  it('gives up an answer that does not fit into memory', async () => {
    const engine = await openTemporary();
    const read = engine.read("SELECT repeat('x', 1000 + number % 2) FROM numbers(1000000)", {
      format: 'CSV',
    });
    await expect(read).rejects.toMatchObject({ code: 'query_failed', clickhouseCode: 396 });
  });

  it('is one a process', async () => {
    await openTemporary();
    await expect(openTemporary()).rejects.toThrow(/cannot be opened \(.*only one active data directory/);
  });

  it('waits for a query that runs when it closes', async () => {
    const engine = await openChdb(join(await temporaryDirectory(), 'clickhouse'));
    const read = engine.read('SELECT max(number) FROM numbers(300000000)', { format: 'CSV' });
    await engine.close();
    expect((await read).toString()).toBe('299999999\n');
  });

  it('says how to install it when it is not there', async () => {
    const missing = () => Promise.reject(new Error("Cannot find package 'chdb'\nsomewhere"));
    const opened = openChdb(await temporaryDirectory(), missing);
    await expect(opened).rejects.toThrow(EngineMissingError);
    await expect(opened).rejects.toThrow(
      /\(Cannot find package 'chdb'\)\. .*npm install --save-dev chdb@3\.4\.0/,
    );
  });

  it('says that a directory cannot be written', async () => {
    const file = join(await temporaryDirectory(), 'file');
    await writeFile(file, '');
    const opened = openChdb(join(file, 'clickhouse'));
    await expect(opened).rejects.toThrow(DataDirectoryError);
    await expect(opened).rejects.toThrow(/cannot be written .* Pass another one with --data/);
  });
});
