import { describe, expect, it } from 'vitest';
import { createGroupCommit } from '../../../src/local/engine/group-commit.js';
import { QueryError } from '../../../src/local/errors.js';
import { store } from '../../../src/local/server/store.js';

const row = (id: number) => JSON.stringify({ id });
const idsOf = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => Number((JSON.parse(line) as { id: unknown }).id));

/** What is stored by a ClickHouse that refuses an insert as `refuse` says. */
function writer(refuse: (table: string, ids: readonly number[]) => Error | undefined) {
  const tables = new Map<string, number[]>();
  let inserts = 0;
  const insert = async (table: string, rows: Buffer) => {
    inserts += 1;
    const error = refuse(table, idsOf(rows.toString()));
    if (error) throw error;
    tables.set(table, [...(tables.get(table) ?? []), ...idsOf(rows.toString())]);
  };
  return { writes: createGroupCommit({ insert }, 0), tables, inserts: () => inserts };
}

const judged = (rows: readonly number[], quarantined: readonly number[] = []) => ({
  rows: rows.map(row),
  quarantined: quarantined.map(row),
  malformed: 0,
});
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);
const badRow = () => new QueryError('Cannot parse', 27);

describe('rows that ClickHouse refuses', () => {
  it('are found among the others, which are stored in their order', async () => {
    const { writes, tables } = writer((table, ids) =>
      table === 't' && ids.some((id) => id === 3 || id === 97) ? badRow() : undefined,
    );
    expect(await store(writes, 't', judged(numbers(100), [500]))).toEqual({ rows: 98, quarantined: 3 });
    expect(tables.get('t')).toEqual(numbers(100).filter((id) => id !== 3 && id !== 97));
    expect(tables.get('t_quarantine')).toEqual([500, 3, 97]);
  });

  it('are not looked for without end when it refuses all of them', async () => {
    const { writes, tables, inserts } = writer((table) => (table === 't' ? badRow() : undefined));
    expect(await store(writes, 't', judged(numbers(10_000)))).toEqual({ rows: 0, quarantined: 10_000 });
    expect(tables.get('t_quarantine')).toHaveLength(10_000);
    expect(inserts()).toBeLessThan(300);
  });
});

describe('a ClickHouse that cannot write', () => {
  it.each([
    ['has no memory', new QueryError('Memory limit exceeded', 241), 503, 'Memory limit exceeded'],
    ['has no room', new QueryError('Cannot reserve', 243), 503, 'Cannot reserve'],
    ['has too many parts', new QueryError('Too many parts (3000)', 252), 503, 'Too many parts'],
    ['has lost the table', new QueryError('Table t does not exist', 60), 500, 'Table t does not exist'],
    ['fails otherwise', new Error('ENOSPC: /home/me/rows'), 503, 'ClickHouse cannot write'],
  ])('because it %s stores nothing, also nothing in quarantine', async (_, error, status, message) => {
    const { writes, tables } = writer((table) => (table === 't' ? error : undefined));
    const failure = store(writes, 't', judged([1, 2], [3]));
    await expect(failure).rejects.toMatchObject({ status, message: expect.stringContaining(message) });
    await expect(failure).rejects.not.toThrow('/home/me');
    expect([...tables]).toEqual([]);
  });

  it('in the middle says how much is stored', async () => {
    let lost = false;
    const { writes, tables } = writer((_table, ids) => {
      if (lost) return new QueryError('Memory limit exceeded', 241);
      if (ids.includes(3)) return badRow();
      lost = true;
      return undefined;
    });
    await expect(store(writes, 't', judged([1, 2, 3, 4]))).rejects.toMatchObject({
      status: 422,
      message:
        '2 rows are stored, 2 more are not (Memory limit exceeded): sending them again would store the first twice',
    });
    expect(tables.get('t')).toEqual([1, 2]);
  });

  it('and has only rows for the quarantine may be asked again', async () => {
    const { writes } = writer(() => new QueryError('Memory limit exceeded', 241));
    await expect(store(writes, 't', judged([], [3]))).rejects.toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
    });
  });
});
