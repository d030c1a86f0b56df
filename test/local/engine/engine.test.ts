import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openChdb } from '../../../src/local/engine/chdb.js';
import { openClickHouse } from '../../../src/local/engine/clickhouse.js';
import type { Engine } from '../../../src/local/engine/engine.js';
import { QueryError } from '../../../src/local/errors.js';
import { serveClickHouse } from '../../support/clickhouse.js';
import { temporaryDirectory } from '../../support/temporary.js';

const ENGINES: Readonly<Record<string, () => Promise<Engine>>> = {
  embedded: async () => openChdb(join(await temporaryDirectory(), 'clickhouse')),
  'of a server': async () => openClickHouse({ url: `${(await serveClickHouse()).url}/calls`, env: {} }),
};

/** Begins to write its rows, 1000 a block, and fails long after. */
const FAILING = 'SELECT number, throwIf(number = 150000) FROM numbers(200000)';

describe.each(Object.entries(ENGINES))('the ClickHouse %s', (_, open) => {
  async function openEngine(): Promise<Engine> {
    const engine = await open();
    onTestFinished(() => engine.close());
    return engine;
  }

  it('stores, and reads back in the format it is asked for', async () => {
    const engine = await openEngine();
    await engine.exec("CREATE TABLE t (a UInt8, b String DEFAULT upper('x')) ENGINE = MergeTree ORDER BY a");
    await engine.insert('t', Buffer.from('{"a":1}\n{"a":2,"b":"y"}\n'));
    await engine.insert('t', Buffer.alloc(0));
    const read = await engine.read('SELECT * FROM t ORDER BY a -- all of it', { format: 'CSV' });
    expect(read.toString()).toBe('1,"X"\n2,"y"\n');
  });

  it('stores all rows of an insert or none', async () => {
    const engine = await openEngine();
    await engine.exec('CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a');
    await expect(engine.insert('t', Buffer.from('{"a":1}\n{"a":"no"}\n'))).rejects.toThrow(QueryError);
    expect((await engine.read('SELECT count() FROM t', { format: 'CSV' })).toString()).toBe('0\n');
  });

  it('reads only', async () => {
    const engine = await openEngine();
    const write = engine.read('CREATE TABLE t (a UInt8) ENGINE = Memory', { format: 'CSV' });
    await expect(write).rejects.toThrow(QueryError);
    await expect(write).rejects.toMatchObject({
      clickhouseCode: 164,
      message: expect.stringMatching(/^Code: 164\. DB::Exception: .*\(READONLY\)/),
    });
    await expect(engine.read('SELECT 1 SETTINGS readonly = 0', { format: 'CSV' })).rejects.toThrow(
      QueryError,
    );
  });

  it('binds values, which never become part of the statement', async () => {
    const engine = await openEngine();
    const params = {
      text: `it's\ta "\\" \n'); DROP`,
      list: ["q's", '\\', 'r'],
      number: -7,
      none: null,
      flag: true,
    };
    const sql =
      'SELECT {text:String} AS text, {list:Array(String)} AS list, {number:Int8} AS number, ' +
      '{none:Nullable(String)} AS none, {flag:Bool} AS flag';
    const read = await engine.read(sql, { format: 'JSONEachRow', params });
    expect(JSON.parse(read.toString())).toEqual(params);
  });

  it('takes bare times as UTC, and writes large numbers as numbers', async () => {
    const engine = await openEngine();
    await engine.exec('CREATE TABLE t (at DateTime, n UInt64) ENGINE = MergeTree ORDER BY at');
    await engine.insert('t', Buffer.from('{"at":"2025-01-02 03:04:05","n":18446744073709551615}'));
    const read = await engine.read('SELECT at, toUnixTimestamp(at) AS seconds, n FROM t', {
      format: 'JSONEachRow',
    });
    expect(read.toString()).toBe(
      '{"at":"2025-01-02 03:04:05","seconds":1735787045,"n":18446744073709551615}\n',
    );
  });

  it('gives up a query that goes on for too long', async () => {
    const engine = await openEngine();
    const read = engine.read('SELECT max(number) FROM numbers(1000000000000)', {
      format: 'CSV',
      maxSeconds: 0.2,
    });
    await expect(read).rejects.toMatchObject({ code: 'query_failed', clickhouseCode: 159 });
  });

  it('gives up an answer that does not fit into memory', async () => {
    const engine = await openEngine();
    const read = engine.read("SELECT repeat('x', 1000 + number % 2) FROM numbers(1000000)", {
      format: 'CSV',
    });
    await expect(read).rejects.toMatchObject({ code: 'query_failed', clickhouseCode: 396 });
  });

  it('answers nothing of a query that failed half-way, to nobody', async () => {
    const engine = await openEngine();
    const one = { number: 1 };
    const failing = [
      () => engine.read(FAILING, { format: 'CSV' }),
      () => engine.read(`${FAILING} WHERE {number:UInt8} = 1`, { format: 'JSONEachRow', params: one }),
    ];
    for (const fail of failing) {
      await expect(fail()).rejects.toMatchObject({ clickhouseCode: 395 });
      expect((await engine.read('SELECT 45', { format: 'CSV' })).toString()).toBe('45\n');
    }
    const answers = Array.from({ length: 4 }, async (_one, index) => {
      const failed = expect(failing[index % 2]?.()).rejects.toThrow(QueryError);
      const plain = await engine.read(`SELECT ${index}`, { format: 'CSV' });
      const bound = await engine.read('SELECT {number:UInt8}', { format: 'CSV', params: { number: index } });
      await failed;
      return [plain.toString(), bound.toString()];
    });
    expect(await Promise.all(answers)).toEqual(
      Array.from({ length: 4 }, (_one, index) => [`${index}\n`, `${index}\n`]),
    );
  });

  it('streams an answer of any size', async () => {
    const engine = await openEngine();
    let bytes = 0;
    let longest = 0;
    for await (const piece of engine.stream("SELECT repeat('x', 1000) FROM numbers(10000)", 'TSV')) {
      bytes += piece.length;
      longest = Math.max(longest, piece.length);
    }
    expect(bytes).toBe(10_010_000);
    expect(longest).toBeLessThan(2_000_000);
  });

  it('can be left in the middle of a stream, and refuses one it cannot read', async () => {
    const engine = await openEngine();
    for await (const piece of engine.stream('SELECT number FROM numbers(100000)', 'TSV')) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    const refused = engine.stream('SELECT * FROM nowhere', 'TSV')[Symbol.asyncIterator]().next();
    await expect(refused).rejects.toMatchObject({ code: 'query_failed', clickhouseCode: 60 });
    expect((await engine.read('SELECT 1', { format: 'TSV' })).toString()).toBe('1\n');
  });
});
