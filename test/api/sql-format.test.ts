import { describe, expect, it } from 'vitest';
import { withJsonFormat } from '../../src/api/sql-format.js';

describe('a query that names no format', () => {
  it.each([
    ['SELECT 1', 'SELECT 1'],
    ['  SELECT 1 ; ;\n', 'SELECT 1'],
    ['SELECT 1 -- FORMAT CSV', 'SELECT 1'],
    ['SELECT 1; -- all\n/* of\nit */', 'SELECT 1'],
    ['SELECT 1 # FORMAT CSV', 'SELECT 1'],
    ['SELECT 1 /* FORMAT CSV', 'SELECT 1'],
    ['-- first\nSELECT 1', '-- first\nSELECT 1'],
    ["SELECT 'as format json'", "SELECT 'as format json'"],
    ["SELECT 'it''s \\' ; -- format JSON'", "SELECT 'it''s \\' ; -- format JSON'"],
    ["SELECT ';'", "SELECT ';'"],
    ["SELECT 'unclosed; FORMAT JSON", "SELECT 'unclosed; FORMAT JSON"],
    ["SELECT 'unclosed \\", "SELECT 'unclosed \\"],
    ['SELECT `a format json`', 'SELECT `a format json`'],
    ['SELECT "a format" FROM json', 'SELECT "a format" FROM json'],
    ['SELECT format FROM files', 'SELECT format FROM files'],
    ['SELECT a, format b', 'SELECT a, format b'],
    ['SELECT files.format f', 'SELECT files.format f'],
    ['SELECT 1 AS format', 'SELECT 1 AS format'],
    ['SELECT a FROM format f', 'SELECT a FROM format f'],
    ['SELECT a FROM files ORDER BY format DESC', 'SELECT a FROM files ORDER BY format DESC'],
    ['SELECT a FROM files ORDER BY a, format ASC', 'SELECT a FROM files ORDER BY a, format ASC'],
    ['SELECT a FROM files WHERE format IN (1)', 'SELECT a FROM files WHERE format IN (1)'],
    ["SELECT format('{} JSON', a) FROM t", "SELECT format('{} JSON', a) FROM t"],
    ['SELECT a - - 1', 'SELECT a - - 1'],
    ["SELECT 'täglich 漢字' AS 漢", "SELECT 'täglich 漢字' AS 漢"],
  ])('gets FORMAT JSON: %j', (query, kept) => {
    expect(withJsonFormat(query)).toBe(`${kept} FORMAT JSON`);
  });
});

describe('a query that names its format', () => {
  it.each([
    ['SELECT 1 FORMAT JSON', 'SELECT 1 FORMAT JSON'],
    ['SELECT 1 format JSONCompact;', 'SELECT 1 format JSONCompact'],
    ['SELECT 1 FORMAT JSON -- that', 'SELECT 1 FORMAT JSON'],
    ['SELECT 1 FORMAT/* no other */JSON', 'SELECT 1 FORMAT/* no other */JSON'],
    ["SELECT 'a'\nFORMAT\nJSON", "SELECT 'a'\nFORMAT\nJSON"],
    ['SELECT count() FORMAT JSON', 'SELECT count() FORMAT JSON'],
    ['SELECT [1] FORMAT JSON', 'SELECT [1] FORMAT JSON'],
    ['SELECT * FROM `t` FORMAT JSON', 'SELECT * FROM `t` FORMAT JSON'],
    ['SELECT 1 FORMAT JSON SETTINGS max_threads = 1', 'SELECT 1 FORMAT JSON SETTINGS max_threads = 1'],
    ['SELECT 1 SETTINGS max_threads = 1 FORMAT JSON', 'SELECT 1 SETTINGS max_threads = 1 FORMAT JSON'],
    ['SELECT format FROM format FORMAT JSON', 'SELECT format FROM format FORMAT JSON'],
  ])('keeps it: %j', (query, kept) => {
    expect(withJsonFormat(query)).toBe(kept);
  });
});

describe('no query', () => {
  it.each(['', ' \n', ';;', '-- only this', '/* or this'])('stays none: %j', (query) => {
    expect(withJsonFormat(query)).toBe('');
  });
});

it('a very long text is read in one pass', () => {
  const long = `SELECT '${"a\\'é".repeat(300_000)}`;
  expect(withJsonFormat(`${long}'`)).toBe(`${long}' FORMAT JSON`);
  expect(withJsonFormat(`${long}\\`)).toBe(`${long}\\ FORMAT JSON`);
});
