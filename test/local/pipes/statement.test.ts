import { describe, expect, it } from 'vitest';
import { PipeError } from '../../../src/local/errors.js';
import type { Pipe } from '../../../src/local/pipes/pipe.js';
import { parsePipe } from '../../../src/local/pipes/pipe-file.js';
import { pipeStatement, statementOnPipe } from '../../../src/local/pipes/statement.js';
import { ask, json, runServer } from '../running-server.js';

/** Pipes of nodes by name, the last with TYPE endpoint. */
function pipes(files: Readonly<Record<string, Readonly<Record<string, string>>>>): ReadonlyMap<string, Pipe> {
  return new Map(
    Object.entries(files).map(([name, nodes]) => [name, parsePipe(textOf(nodes), `${name}.pipe`)]),
  );
}

function textOf(nodes: Readonly<Record<string, string>>): string {
  const blocks = Object.entries(nodes).map(([name, sql]) => `NODE ${name}\nSQL >\n    ${sql}\n`);
  return `${blocks.join('')}TYPE endpoint\n`;
}

describe('the statement of a pipe', () => {
  it('has in front the nodes that are read, however far, and no others', () => {
    const all = pipes({
      p: {
        unused: '% SELECT {{ Int32(missing) }}',
        one: '% SELECT {{ Int32(n) }} AS n',
        two: 'SELECT * FROM one',
        last: '% SELECT * FROM two WHERE n > {{ Int32(n) }} ORDER BY n',
      },
    });
    expect(pipeStatement(all, 'p', { n: 5 })).toEqual({
      sql: 'WITH `one` AS (\nSELECT {p1:Int32} AS n\n), `two` AS (\nSELECT * FROM one\n) SELECT * FROM two WHERE n > {p0:Int32} ORDER BY n',
      params: { p0: '5', p1: '5' },
    });
  });

  it('has a node that stands below it, and one that two read once', () => {
    const all = pipes({ p: { base: 'SELECT 1', a: 'SELECT * FROM base', b: 'SELECT * FROM a, base' } });
    expect(pipeStatement(all, 'p', {}).sql).toBe(
      'WITH `base` AS (\nSELECT 1\n), `a` AS (\nSELECT * FROM base\n) SELECT * FROM a, base',
    );
  });

  it.each([
    ['nodes', { p: { a: 'SELECT * FROM b', b: 'SELECT * FROM a' } }, 'read each other: b reads a reads b'],
    ['a node itself', { p: { a: 'SELECT * FROM a' } }, 'read each other: a reads a'],
    [
      'pipes',
      { p: { a: 'SELECT * FROM q' }, q: { b: 'SELECT * FROM p' } },
      'pipes read each other: p reads q reads p',
    ],
    ['a pipe itself', { p: { a: 'SELECT * FROM p' } }, 'pipes read each other: p reads p'],
  ])('is refused when it reads in a circle: %s', (_, files, message) => {
    expect(() => pipeStatement(pipes(files), 'p', {})).toThrow(PipeError);
    expect(() => pipeStatement(pipes(files), 'p', {})).toThrow(message);
  });

  it('is refused when a node is called like another pipe', () => {
    const all = pipes({ p: { q: 'SELECT 1', a: 'SELECT * FROM q' }, q: { b: 'SELECT 2' } });
    expect(() => pipeStatement(all, 'p', {})).toThrow('the node q of the pipe p is called like a pipe');
  });

  it.each(['materialized', 'copy', 'sink'])('is refused of TYPE %s, also where another reads it', (kind) => {
    const all = new Map([
      ['m', parsePipe(`NODE n\nSQL >\n  SELECT 1\nTYPE ${kind}\n`, 'm.pipe')],
      ['p', parsePipe('NODE n\nSQL >\n  SELECT * FROM m\n', 'p.pipe')],
    ]);
    expect(() => pipeStatement(all, 'm', {})).toThrow(`the pipe m is of TYPE ${kind}`);
    expect(() => pipeStatement(all, 'p', {})).toThrow(`the pipe m is of TYPE ${kind}`);
  });

  it.each([
    ['SELECT 1; SELECT 2', 'the node n of the pipe p: one statement at a time'],
    ['SELECT 1 FORMAT CSV', 'FORMAT CSV is not allowed in a node'],
    ['INSERT INTO t VALUES (1)', 'a node is a SELECT, not INSERT'],
    ["% SELECT {{ symbol(fn) }}('/etc/passwd')", "'file()' is not allowed"],
  ])('is refused as %s', (sql, message) => {
    expect(() => pipeStatement(pipes({ p: { n: sql } }), 'p', { fn: 'file' })).toThrow(message);
  });

  it('is refused of a pipe that is not there', () => {
    expect(() => pipeStatement(new Map(), 'toString', {})).toThrow('there is no pipe toString');
  });

  it('stays small however many pipes read one another', () => {
    const files = Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => [
        `p${n}`,
        { [`n${n}`]: n < 2 ? 'SELECT 1 AS x' : `SELECT a.x FROM p${n - 1} AS a, p${n - 2} AS b` },
      ]),
    );
    expect(pipeStatement(pipes(files), 'p39', {}).sql.length).toBeLessThan(4_000);
  });

  it('on top of a pipe has the pipe in front, under its name and _', () => {
    const all = pipes({
      p: { a: '% SELECT {{ Int32(n) }} AS n', b: 'SELECT * FROM a' },
      q: { c: 'SELECT 2 AS n' },
    });
    expect(statementOnPipe(all, 'p', 'SELECT * FROM _, q', { n: 1 })).toEqual({
      sql: 'WITH `q` AS (\nSELECT 2 AS n\n), `p` AS (\nWITH `a` AS (\nSELECT {p0:Int32} AS n\n) SELECT * FROM a\n), `_` AS (\nSELECT * FROM `p`\n) SELECT * FROM _, q',
      params: { p0: '1' },
    });
  });
});

it('pipes that read pipes run on ClickHouse, each with its own nodes of one name', async () => {
  const server = await runServer({
    pipes: {
      inner: textOf({
        base: '% SELECT number AS n FROM numbers({{ Int32(size, 3) }}); -- all',
        up: 'WITH 10 AS ten SELECT n + ten AS n FROM base -- up',
      }),
      outer: textOf({
        base: '% SELECT n FROM inner WHERE n != {{ Int32(without, 11) }}',
        both: '% (SELECT n, 1 AS part FROM base) UNION ALL (SELECT n, 2 AS part FROM inner)',
        sorted:
          '% WITH 2 AS two SELECT n, part FROM both WHERE n NOT IN (SELECT 99) AND part <= two ORDER BY part, n DESC LIMIT {{ Int8(limit, 100) }}',
      }),
      first: textOf({ base: 'SELECT 1 AS x', from_first: 'FROM base SELECT x' }),
      brackets: textOf({
        base: 'SELECT 1 AS x',
        union: '(SELECT x FROM base) UNION ALL (SELECT x + 1 FROM base)',
      }),
    },
  });
  const rows = async (path: string) =>
    (await json(await ask(`${server.url}/v0/pipes/${path}`))).body.data as Record<string, unknown>[];
  expect((await rows('outer.json')).map(({ n, part }) => [n, part])).toEqual([
    [12, 1],
    [10, 1],
    [12, 2],
    [11, 2],
    [10, 2],
  ]);
  expect(await rows('outer.json?size=1&without=10')).toEqual([{ n: 10, part: 2 }]);
  expect(await rows('first.json')).toEqual([{ x: 1 }]);
  expect((await rows('brackets.json')).map(({ x }) => x).sort()).toEqual([1, 2]);
});
