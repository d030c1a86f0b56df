import { describe, expect, it } from 'vitest';
import { SqlRefusedError } from '../../../src/local/errors.js';
import { guardSql } from '../../../src/local/sql/sql-guard.js';

describe('a statement that only reads tables', () => {
  it.each([
    ['SELECT 1', 'SELECT 1'],
    ['  select 1 ; ; ', 'select 1'],
    ['WITH 1 AS a SELECT a', 'WITH 1 AS a SELECT a'],
    ['(SELECT 1) UNION ALL (SELECT 2)', '(SELECT 1) UNION ALL (SELECT 2)'],
    ['DESCRIBE litellm', 'DESCRIBE litellm'],
    ['desc litellm', 'desc litellm'],
    ['SHOW TABLES', 'SHOW TABLES'],
    ['SELECT 1 -- file(\n, 2', 'SELECT 1 , 2'],
    ['SELECT 1 /* INTO /* nested */ ; */ + 1', 'SELECT 1 + 1'],
    ["SELECT 'INTO OUTFILE; file(''x'')', ';'", "SELECT 'INTO OUTFILE; file(''x'')', ';'"],
    ["SELECT 'it\\'s -- no comment'", "SELECT 'it\\'s -- no comment'"],
    ["SELECT ';'", "SELECT ';'"],
    ["SELECT 'añ “quoted”'", "SELECT 'añ “quoted”'"],
    ['SELECT `a``b`, "c" FROM t', 'SELECT `a``b`, "c" FROM t'],
    ['SELECT t.file, `url`, url FROM t', 'SELECT t.file, `url`, url FROM t'],
    [
      'SELECT settings, format FROM t ORDER BY settings DESC',
      'SELECT settings, format FROM t ORDER BY settings DESC',
    ],
    ['SELECT name FROM system.settings', 'SELECT name FROM system.settings'],
    ["SELECT format('{}', 1), replaceAll(a, 'b', 'c')", "SELECT format('{}', 1), replaceAll(a, 'b', 'c')"],
    ['SELECT number FROM numbers(3)', 'SELECT number FROM numbers(3)'],
    [
      'SELECT x -> x + 1, [1][1], {a: 1}, a ? b : c, 1.5e-3, a::Int8',
      'SELECT x -> x + 1, [1][1], {a: 1}, a ? b : c, 1.5e-3, a::Int8',
    ],
  ])('%s is let through', (sql, expected) => {
    expect(guardSql(sql)).toEqual({ sql: expected });
  });

  it.each([
    ['SELECT 1 FORMAT CSVWithNames', 'CSVWithNames'],
    ['SELECT 1 format json;', 'json'],
    ['SHOW TABLES FORMAT TSV -- the end', 'TSV'],
  ])('%s hands its format over apart', (sql, format) => {
    expect(guardSql(sql)).toMatchObject({ format });
    expect(guardSql(sql).sql).not.toMatch(/format/i);
  });
});

describe('a statement that would do more', () => {
  it.each([
    ['', 'there is no statement'],
    [' ;; -- nothing', 'there is no statement'],
    ['INSERT INTO t VALUES (1)', 'only SELECT'],
    ['DROP TABLE t', 'only SELECT'],
    ['SET readonly = 0', 'only SELECT'],
    ['EXPLAIN SELECT 1', 'only SELECT'],
    ["'SELECT' 1", 'only SELECT'],
    ['SELECT 1; SELECT 2', 'one statement at a time'],
    ['SELECT 1;; DROP TABLE t', 'one statement at a time'],
    ['SELECT 1 /* ; */; DROP TABLE t', 'one statement at a time'],
    ["SELECT 1 INTO OUTFILE '/tmp/x'", 'INTO is not allowed'],
    ["SELECT 1 /**/into/**/outfile '/tmp/x'", 'INTO is not allowed'],
    ["SHOW TABLES INTO OUTFILE '/tmp/x'", 'INTO is not allowed'],
    ["SELECT '\\' INTO OUTFILE '/tmp/x'", 'is never closed'],
    ['SELECT 1 SETTINGS readonly = 0', 'SETTINGS'],
    ['SELECT (SELECT 1 SETTINGS max_execution_time = 0)', 'SETTINGS'],
    ['SELECT 1 SETTINGS `readonly` = 0', 'SETTINGS'],
    ["SELECT file('/etc/passwd')", "'file' is not allowed"],
    ["SELECT FILE ('/etc/passwd')", "'FILE' is not allowed"],
    ["SELECT file/**/('/etc/passwd')", "'file' is not allowed"],
    ["SELECT `file`('/etc/passwd')", "'file' is not allowed"],
    ['SELECT "file"(\'/etc/passwd\')', "'file' is not allowed"],
    ["SELECT `f\\x69le`('/etc/passwd')", 'has an escape'],
    ["SELECT “file”('/etc/passwd')", "'“' at character 8"],
    ["SELECT arrayMap(file, ['/etc/passwd'])", "'file' is not allowed"],
    ["SELECT * APPLY file FROM (SELECT '/etc/passwd')", "'file' is not allowed"],
    ["SELECT 1 WHERE 1 IN file('/etc/passwd')", "'file' is not allowed"],
    ["SELECT t.file('/etc/passwd')", "'file' is not allowed"],
    ["SELECT '.' file('/etc/passwd')", "'file' is not allowed"],
    ["SELECT $$a$$, file('/etc/passwd')", "'$' at character 8"],
    ["SELECT $x$ ' $x$, file('/etc/passwd'), '", "'$' at character 8"],
    ["DESCRIBE file('/etc/passwd')", "'file' is not allowed"],
    ["DESCRIBE url('http://10.0.0.1/')", "'url()' is not allowed"],
    ["SELECT * FROM url('http://10.0.0.1/')", "'url()' is not allowed"],
    ["SELECT * FROM S3('http://10.0.0.1/')", "'S3()' is not allowed"],
    ["SELECT * FROM s3Cluster('c', 'http://10.0.0.1/')", "'s3Cluster()' is not allowed"],
    ["SELECT * FROM remote('10.0.0.1', 'a.b')", "'remote()' is not allowed"],
    ["SELECT * FROM executable('x', 'CSV', 'a String')", "'executable()' is not allowed"],
    ["SELECT * FROM filesystem('/')", "'filesystem()' is not allowed"],
    ["SELECT * FROM eval('SELECT 1')", "'eval()' is not allowed"],
    ["SELECT * FROM sqlite('/tmp/a.db', 't')", "'sqlite()' is not allowed"],
    ["SELECT aiGenerate('hello')", "'aiGenerate' is not allowed"],
    ["SELECT catboostEvaluate('/m', 1)", "'catboostEvaluate' is not allowed"],
    ['SELECT (1', 'a ( is never closed'],
    ['SELECT 1) FROM (SELECT 1', 'a ) too many'],
    ["SELECT 'a", 'is never closed'],
    ['SELECT `a', 'is never closed'],
    ['SELECT 1 /* a', 'comment at character 10 is never closed'],
    ['SELECT 1 # a', "'#' at character 10"],
    ['SELECT 1\u0000', 'is not allowed outside of a string'],
  ])('%j is refused', (sql, expected) => {
    expect(() => guardSql(sql)).toThrow(SqlRefusedError);
    expect(() => guardSql(sql)).toThrow(expected);
  });
});
