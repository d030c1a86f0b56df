import { refuse, type SqlToken, tokenizeSql } from './sql-tokens.js';

/** A statement that may run, and the format it asks for. */
export interface GuardedSql {
  /** Without comments, FORMAT clause and closing semicolon: ClickHouse sees exactly what was judged. */
  readonly sql: string;
  /** The name after FORMAT, as written; `undefined` when there is none. */
  readonly format?: string;
}

/**
 * Lets one SELECT, WITH, DESCRIBE or SHOW through that touches nothing but tables. ClickHouse's `readonly=1` is
 * not enough: it lets through the function `file('/etc/passwd')`, INTO OUTFILE, a second statement after `;`,
 * nested SETTINGS, and DESCRIBE of a remote `url()` (all measured on chdb 3.4.0).
 *
 * @throws SqlRefusedError saying what is not allowed
 */
export function guardSql(sql: string): GuardedSql {
  const all = tokenizeSql(sql);
  const statement = all.slice(0, all.findLastIndex((token) => !isSymbol(token, ';')) + 1);
  const { tokens, format } = takeFormat(statement);
  const first = tokens.find((token) => !isSymbol(token, '('));
  if (!first) return refuse('there is no statement: send one SELECT, as in ?q=SELECT 1');
  if (first.kind !== 'word' || !READING.has(first.text.toUpperCase())) {
    return refuse(`only SELECT, WITH, DESCRIBE and SHOW can be run here, not ${first.text.toUpperCase()}`);
  }
  refuseUnbalanced(tokens);
  for (const [index, token] of tokens.entries()) refuseToken(tokens, index, token);
  return { sql: withoutComments(sql, tokens), ...(format !== undefined && { format }) };
}

/**
 * Refuses in the SQL of a pipe what does more than read tables. A pipe is its author's own file, so columns may be
 * called as they like; but no name that a request puts there becomes a call of `file()`.
 *
 * @throws SqlRefusedError saying what is not allowed
 */
export function refuseReaching(tokens: readonly SqlToken[]): void {
  refuseUnbalanced(tokens);
  for (const [index, token] of tokens.entries()) {
    const name = token.text.toLowerCase();
    if (isSymbol(token, ';')) refuse('there is something after the ;: a node is one statement');
    if (token.kind === 'word' && name === 'into' && /^outfile$/i.test(tokens[index + 1]?.text ?? ''))
      refuse('INTO OUTFILE is not allowed: the result is the answer');
    const called = isName(token) && isSymbol(tokens[index + 1], '(');
    if (called && (DENIED_FUNCTION.test(name) || DENIED_TABLE_FUNCTION.test(name)) && !HARMLESS.test(name))
      refuse(`'${token.text}()' is not allowed: it reaches beyond the tables`);
  }
}

/** Denied to strangers, and yet what pipes may call: they stay within the database. */
const HARMLESS = /^(dict(get|has|isin)\w*|dictionary|addressto\w+)$/;

const READING = new Set(['SELECT', 'WITH', 'DESCRIBE', 'DESC', 'SHOW']);

/**
 * Functions that read files, talk to a network or show the machine. They are refused as bare names too, since
 * `arrayMap(file, [...])` and `* APPLY file` call them without a parenthesis.
 */
const DENIED_FUNCTION =
  /^(file|filesystem(available|capacity|unreserved|free)|catboostevaluate|ai(classify|generate|extract|translate|embed)|dict(get|has|isin)\w*|addressto\w+|showcertificate|getclienthttpheader|getserversetting)$/;

/** Table functions of ClickHouse 26.7 that leave the database (`system.table_functions`), their variants included. */
const DENIED_TABLE_FUNCTION =
  /^(arrowflight|arrowstream|azure\w*|cluster\w*|cosn|delta\w*|dictionary|eval|executable|file\w*|filesystem|fuzzquery|gcs|hdfs\w*|hive|hudi\w*|iceberg\w*|input|jdbc|loop|mongodb|mysql|odbc|oss|paimon\w*|postgresql|prometheus\w*|python|redis|remote\w*|s3\w*|sqlite|timeseries(data|metrics|samples|selector|tags)|url|urlcluster|viewexplain|ytsaurus)$/;

function refuseToken(tokens: readonly SqlToken[], index: number, token: SqlToken): void {
  const next = tokens[index + 1];
  const name = token.text.toLowerCase();
  if (isSymbol(token, ';')) refuse('send one statement at a time: there is something after the ;');
  if (token.kind === 'word' && name === 'into') refuse('INTO is not allowed: the result is the answer');
  if (token.kind === 'word' && name === 'settings' && isName(next) && isSymbol(tokens[index + 2], '=')) {
    refuse('SETTINGS are not allowed here');
  }
  if (!isName(token)) return;
  const called = isSymbol(next, '(');
  const member = isSymbol(tokens[index - 1], '.') && !called;
  if (DENIED_FUNCTION.test(name) && !member) {
    refuse(
      `'${token.text}' is not allowed: it reaches beyond the tables (a column called so is written t.${token.text})`,
    );
  }
  if (called && DENIED_TABLE_FUNCTION.test(name)) {
    refuse(`'${token.text}()' is not allowed: it reaches beyond the tables`);
  }
}

function isSymbol(token: SqlToken | undefined, text: string): boolean {
  return token?.kind === 'symbol' && token.text === text;
}

function isName(token: SqlToken | undefined): boolean {
  return token?.kind === 'word' || token?.kind === 'quoted-name';
}

function takeFormat(tokens: readonly SqlToken[]): { tokens: readonly SqlToken[]; format?: string } {
  const [keyword, name] = tokens.slice(-2);
  if (keyword?.kind !== 'word' || keyword.text.toUpperCase() !== 'FORMAT') return { tokens };
  if (name?.kind !== 'word') return { tokens };
  return { tokens: tokens.slice(0, -2), format: name.text };
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
