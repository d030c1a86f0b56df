import { parametersOf, type SqlParameter } from './sql-parameters.js';
import {
  isName,
  isSymbol,
  refuse,
  type SqlToken,
  statementTokens,
  takeFormat,
  tokenizeSql,
} from './sql-tokens.js';
import { REACHING, type SqlVocabulary } from './vocabulary.js';

/** A statement that may run, and the format it asks for. */
export interface GuardedSql {
  /** Without comments, FORMAT clause and closing semicolon: ClickHouse sees exactly what was judged. */
  readonly sql: string;
  /** The name after FORMAT, as written; `undefined` when there is none. */
  readonly format?: string;
  /** Its `{name:Type}`, each once. */
  readonly parameters: readonly SqlParameter[];
}

/**
 * Lets one SELECT, WITH, DESCRIBE or SHOW through that touches nothing but tables: what it calls has to be known as
 * harmless. ClickHouse's `readonly=1` is not enough: it lets through the function `file('/etc/passwd')`, INTO OUTFILE,
 * a second statement after `;`, nested SETTINGS, and DESCRIBE of a remote `url()` (all measured on chdb 3.4.0).
 *
 * @throws SqlRefusedError saying what is not allowed
 */
export function guardSql(sql: string, vocabulary: SqlVocabulary): GuardedSql {
  const { tokens, format, first } = statementTokens(sql);
  if (!first) return refuse('there is no statement: send one SELECT, as in ?q=SELECT 1');
  if (first.kind !== 'word' || !READING.has(first.text.toUpperCase())) {
    return refuse(`only SELECT, WITH, DESCRIBE and SHOW can be run here, not ${first.text.toUpperCase()}`);
  }
  if (takeFormat(tokens).format !== undefined) refuse('one FORMAT is enough');
  refuseTokens(tokens, vocabulary);
  if (first.text.toUpperCase() === 'SHOW' && !SHOWN.test(withoutComments(sql, tokens)))
    return refuse('of SHOW there are SHOW TABLES, SHOW CREATE TABLE name and SHOW COLUMNS FROM name');
  return {
    sql: withoutComments(sql, tokens),
    ...(format !== undefined && { format }),
    parameters: parametersOf(tokens),
  };
}

/** Whether a guarded statement is a SELECT, which may stand on top of a pipe. */
export function isSelect({ sql }: GuardedSql): boolean {
  return /^[(\s]*(SELECT|WITH)\b/i.test(sql);
}

/**
 * Lets an expression through that is one condition and may stand between parentheses, by the same rules.
 *
 * @returns the condition without comments
 * @throws SqlRefusedError saying what is not allowed
 */
export function guardCondition(condition: string, vocabulary: SqlVocabulary): string {
  const tokens = tokenizeSql(condition);
  if (tokens.length === 0) return refuse('there is no condition');
  refuseTokens(tokens, vocabulary);
  if (parametersOf(tokens).length > 0) refuse('a condition has no parameters: write the values out');
  return withoutComments(condition, tokens);
}

function refuseTokens(tokens: readonly SqlToken[], vocabulary: SqlVocabulary): void {
  refuseUnbalanced(tokens);
  for (const [index, token] of tokens.entries()) refuseToken(tokens, index, token, vocabulary);
}

/** SHOW has two dozen forms, and most of them show the server, its users or what others run. */
const SHOWN =
  /^SHOW (TABLES( (NOT )?I?LIKE '[^']*')?( LIMIT \d+)?|CREATE (TABLE )?[`"]?\w+[`"]?|COLUMNS FROM [`"]?\w+[`"]?)$/i;

/**
 * Refuses in the SQL of a pipe what reads more than tables and yet is no change, which ClickHouse's `readonly=1` lets
 * through. A pipe is its author's own file, so columns may be called as they like; but no name that a request puts
 * there becomes a call of `file()`.
 *
 * @throws SqlRefusedError saying what is not allowed
 */
export function refuseReaching(tokens: readonly SqlToken[]): void {
  refuseUnbalanced(tokens);
  for (const [index, token] of tokens.entries()) {
    const name = token.text.toLowerCase();
    if (isSymbol(token, ';')) refuse('one statement at a time: there is something after the ;');
    if (token.kind === 'word' && name === 'into' && /^outfile$/i.test(tokens[index + 1]?.text ?? ''))
      refuse('INTO OUTFILE is not allowed: the result is the answer');
    const called = isName(token) && isSymbol(tokens[index + 1], '(');
    if (called && REACHING.test(name) && !WITHIN.test(name))
      refuse(`'${token.text}()' is not allowed: it reaches beyond the tables`);
  }
}

/** Denied to strangers, and yet what a pipe may call: it stays within the database. */
const WITHIN = /^(dict|joinget)/;

const READING = new Set(['SELECT', 'WITH', 'DESCRIBE', 'DESC', 'SHOW']);

function refuseToken(
  tokens: readonly SqlToken[],
  index: number,
  token: SqlToken,
  vocabulary: SqlVocabulary,
): void {
  const next = tokens[index + 1];
  const name = token.text.toLowerCase();
  if (isSymbol(token, ';')) refuse('send one statement at a time: there is something after the ;');
  if (token.kind === 'word' && name === 'into') refuse('INTO is not allowed: the result is the answer');
  if (isSettings(tokens, index)) refuse('SETTINGS are not allowed here');
  // `SELECT @@name` calls globalVariable().
  if (isSymbol(token, '@')) refuse('@ is not allowed outside of a string');
  if (!isName(token)) return;
  if (name === 'explain' && isSymbol(tokens[index - 1], '(')) refuse('EXPLAIN is not allowed here');
  refuseReference(tokens, index, vocabulary);
  const member = isSymbol(tokens[index - 1], '.');
  const called = isSymbol(next, '(');
  if (isSymbol(next, '.') && !member) refuseDatabase(token, tokens[index + 2], vocabulary);
  // `arrayMap(file, [...])` and `* APPLY file` call a function without a parenthesis.
  if (vocabulary.denies(name) && !(member && !called)) {
    refuse(
      `'${token.text}' is not allowed: it reaches beyond the tables (a column called so is written t.${token.text})`,
    );
  }
  if (called && !(token.kind === 'word' && BEFORE_PARENTHESIS.has(name)) && !vocabulary.allows(name)) {
    refuse(`'${token.text}()' is not allowed: it is unknown, or reaches beyond the tables`);
  }
}

/** `SETTINGS name = value`, or `SETTINGS name` for true; but not the name of a column, as in `ORDER BY settings DESC`. */
function isSettings(tokens: readonly SqlToken[], index: number): boolean {
  const [token, name, after] = tokens.slice(index, index + 3);
  if (token?.kind !== 'word' || token.text.toLowerCase() !== 'settings' || !isName(name)) return false;
  if (isSymbol(after, '=') || isSymbol(after, '.')) return true;
  const ends = after === undefined || isSymbol(after, ',') || isSymbol(after, ')');
  return ends && !/^(asc|desc|end|nulls|final)$/i.test(name?.text ?? '');
}

/** `arrayMap(name, […])` and `* APPLY name` call what they name, so it has to be as harmless as what is called. */
function refuseReference(tokens: readonly SqlToken[], index: number, vocabulary: SqlVocabulary): void {
  const [caller, before, token, next] = [
    tokens[index - 2],
    tokens[index - 1],
    tokens[index] as SqlToken,
    tokens[index + 1],
  ];
  const name = token.text.toLowerCase();
  const applied = isApply(before) || (isSymbol(before, '(') && isApply(caller) && !isSymbol(next, '-'));
  const passed =
    isSymbol(before, '(') &&
    isSymbol(next, ',') &&
    vocabulary.isHigherOrder(caller?.text.toLowerCase() ?? '');
  if ((applied || passed) && vocabulary.isFunction(name) && !vocabulary.allows(name))
    refuse(`'${token.text}' is not allowed: it is unknown, or reaches beyond the tables`);
}

function isApply(token: SqlToken | undefined): boolean {
  return token?.kind === 'word' && token.text.toLowerCase() === 'apply';
}

/** Keywords that a parenthesis may follow. */
const BEFORE_PARENTHESIS = new Set(
  (
    'all and any apply array as asc between by case cast columns cube desc distinct else end escape except exists explain ' +
    'extract fetch filter final from global group having ifnull ilike in intersect interval inner is join left like limit ' +
    'materialized not offset on or order outer over partition prewhere qualify replace right rollup row rows sample select ' +
    'semi sets substring then totals trim union using values view when where window with within default nulls first last'
  ).split(' '),
);

/** Tables of `system` that say nothing of the machine, its users or what others do. */
const SYSTEM_TABLES = new Set(
  'columns data_type_families functions numbers numbers_mt one parts processes settings tables time_zones zeros zeros_mt'.split(
    ' ',
  ),
);

function refuseDatabase(database: SqlToken, table: SqlToken | undefined, vocabulary: SqlVocabulary): void {
  const name = database.text.toLowerCase();
  const allowed =
    name === 'system' ? SYSTEM_TABLES.has(table?.text.toLowerCase() ?? '') : !vocabulary.isOther(name);
  if (!allowed)
    refuse(
      `'${database.text}.${table?.text ?? ''}' is not allowed: there are the tables of this database only`,
    );
}

function refuseUnbalanced(tokens: readonly SqlToken[]): void {
  let depth = 0;
  for (const token of tokens) {
    if (isSymbol(token, '(')) depth += 1;
    if (isSymbol(token, ')')) depth -= 1;
    if (depth < 0) refuse('there is a ) too many');
  }
  if (depth > 0) refuse('a ( is never closed');
}

function withoutComments(sql: string, tokens: readonly SqlToken[]): string {
  let text = '';
  let end = tokens[0]?.start ?? 0;
  for (const token of tokens) {
    if (token.start > end) text += ' ';
    text += sql.slice(token.start, token.end);
    end = token.end;
  }
  return text;
}
