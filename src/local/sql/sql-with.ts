import { refuseReaching } from './sql-guard.js';
import { tablesRead } from './sql-tables.js';
import { refuse, type SqlToken, statementTokens, tokenizeSql } from './sql-tokens.js';

/**
 * Takes the SQL of a node for one that reads and can stand between parentheses: one SELECT without a FORMAT; a
 * semicolon at its end is left out.
 *
 * @returns the SQL and the names it reads from
 * @throws SqlRefusedError
 */
export function readableSql(sql: string): { sql: string; reads: ReadonlySet<string> } {
  const { tokens, format, first } = statementTokens(sql);
  if (first?.kind !== 'word' || !['SELECT', 'WITH', 'FROM'].includes(first.text.toUpperCase()))
    refuse(`a node is a SELECT, not ${first?.text.toUpperCase() ?? 'nothing'}`);
  if (format !== undefined)
    refuse(`FORMAT ${format} is not allowed in a node: the ending of the URL says the format`);
  refuseReaching(tokens);
  return { sql: sql.slice(0, tokens.at(-1)?.end ?? 0).trim(), reads: tablesRead(tokens) };
}

/**
 * Puts named tables in front of a statement, as `WITH name AS (…)`. The statement stays the outermost one, so that
 * its ORDER BY is that of the answer.
 *
 * @param tables - names and statements, each after those it reads
 */
export function withTables(sql: string, tables: readonly (readonly [string, string])[]): string {
  if (tables.length === 0) return sql;
  // On lines of its own, so that a comment at the end of a statement does not swallow the parenthesis.
  const list = tables.map(([name, table]) => `\`${name}\` AS (\n${table}\n)`).join(', ');
  const [first, second] = tokenizeSql(sql);
  if (first?.kind !== 'word') return `WITH ${list} SELECT * FROM (\n${sql}\n)`;
  if (first.text.toUpperCase() !== 'WITH') return `WITH ${list} ${sql.slice(first.start)}`;
  const last: SqlToken =
    second?.kind === 'word' && second.text.toUpperCase() === 'RECURSIVE' ? second : first;
  return `${sql.slice(first.start, last.end)} ${list}, ${sql.slice(last.end)}`;
}
