import { describe, expect, it } from 'vitest';
import { tablesRead } from '../../../src/local/sql/sql-tables.js';
import { tokenizeSql } from '../../../src/local/sql/sql-tokens.js';
import { readableSql, withTables } from '../../../src/local/sql/sql-with.js';

describe('the tables that a statement reads', () => {
  it.each([
    ['SELECT 1', []],
    ['SELECT a FROM t', ['t']],
    ['SELECT t FROM `a b`', ['a b']],
    ['SELECT * FROM a, b AS x, (SELECT * FROM c) AS y WHERE d = e', ['a', 'b', 'c']],
    ['SELECT * FROM a LEFT ANY JOIN b ON a.x = b.y, c', ['a', 'b']],
    ['SELECT * FROM a ARRAY JOIN arr AS b, other', ['a']],
    ['SELECT * FROM a WHERE x IN b AND y NOT IN (SELECT z FROM c) AND v IN (1, 2)', ['a', 'b', 'c']],
    ['SELECT * FROM a UNION ALL SELECT * FROM b EXCEPT (SELECT * FROM c)', ['a', 'b', 'c']],
    ['SELECT * FROM db.a, numbers(3)', []],
    ["SELECT trim(BOTH ' ' FROM s), extract(day FROM d) FROM t", ['t']],
    ['SELECT \'FROM x\', "FROM" FROM t -- FROM y\n/* FROM z */', ['t']],
    ['SELECT t.x, f(a, b) FROM t GROUP BY c, d ORDER BY e, f LIMIT 1', ['t']],
    ['WITH a AS (SELECT * FROM b) SELECT * FROM a', ['b']],
    ['WITH 5 AS n, (SELECT max(x) FROM b) AS m SELECT * FROM c', ['b', 'c']],
    ['FROM t SELECT x', ['t']],
    ['SELECT * FROM (a) JOIN (b) USING x', ['a', 'b']],
    ['SELECT * FROM view(SELECT * FROM a)', ['a']],
    ['SELECT * FROM a FINAL PREWHERE x WHERE y', ['a']],
    ['SELECT (SELECT count() FROM a), b FROM c', ['a', 'c']],
  ])('%s', (sql, tables) => {
    expect([...tablesRead(tokenizeSql(sql))]).toEqual(tables);
  });
});

describe('the SQL of a node', () => {
  it.each([
    ['SELECT 1 ;\n; -- end', 'SELECT 1'],
    ['-- first\nSELECT 1 -- FORMAT JSON', '-- first\nSELECT 1'],
    ['(SELECT 1) UNION ALL (SELECT 2)', '(SELECT 1) UNION ALL (SELECT 2)'],
    ["SELECT dictGet('d', 'a', 1), file, url FROM t", "SELECT dictGet('d', 'a', 1), file, url FROM t"],
  ])('%j is %j', (sql, read) => {
    expect(readableSql(sql).sql).toBe(read);
  });

  it.each([
    ['', 'a node is a SELECT, not nothing'],
    ['DROP TABLE t', 'a node is a SELECT, not DROP'],
    ['SELECT 1; SELECT 2', 'one statement at a time'],
    ['SELECT 1 FORMAT CSV', 'FORMAT CSV is not allowed in a node'],
    ["SELECT 1 INTO OUTFILE '/tmp/x'", 'INTO OUTFILE is not allowed'],
    ["SELECT file('/etc/passwd')", "'file()' is not allowed"],
    ["SELECT `file` ('/etc/passwd')", "'file()' is not allowed"],
    ['SELECT (1', 'a ( is never closed'],
    ["SELECT 'a", 'never closed'],
  ])('%j is refused', (sql, message) => {
    expect(() => readableSql(sql)).toThrow(message);
  });
});

describe('a statement with tables in front', () => {
  it.each([
    ['SELECT * FROM a ORDER BY x', 'WITH `a` AS (\nSELECT 1 -- one\n) SELECT * FROM a ORDER BY x'],
    ['/* c */ with 5 AS n SELECT n', 'with `a` AS (\nSELECT 1 -- one\n),  5 AS n SELECT n'],
    [
      'WITH RECURSIVE r AS (SELECT 1) SELECT 1',
      'WITH RECURSIVE `a` AS (\nSELECT 1 -- one\n),  r AS (SELECT 1) SELECT 1',
    ],
    ['(SELECT 1)', 'WITH `a` AS (\nSELECT 1 -- one\n) SELECT * FROM (\n(SELECT 1)\n)'],
  ])('%s', (sql, whole) => {
    expect(withTables(sql, [['a', 'SELECT 1 -- one']])).toBe(whole);
  });

  it('is as it was when there are none', () => {
    expect(withTables('-- c\nSELECT 1', [])).toBe('-- c\nSELECT 1');
  });
});
