import { endOfQuoted } from '../datafiles/split-list.js';
import { SqlRefusedError } from '../errors.js';

/** A piece of SQL that means something. Comments and white space are none. */
export interface SqlToken {
  readonly kind: 'word' | 'quoted-name' | 'string' | 'number' | 'symbol';
  /** As written; of a quoted name, what stands between the quotes. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Cuts SQL into tokens as ClickHouse does, and refuses what the two might read differently: heredocs, escapes in
 * quoted names (`` `f\x69le` `` is `file`), typographic quotes and other letters beyond ASCII outside of strings.
 *
 * @throws SqlRefusedError
 */
export function tokenizeSql(sql: string): readonly SqlToken[] {
  const tokens: SqlToken[] = [];
  let at = 0;
  while (at < sql.length) {
    const rest = sql.slice(at, at + 2);
    const character = sql.charAt(at);
    if (/[ \t\r\n\f\v]/.test(character)) at += 1;
    else if (rest === '--') at = endOfLine(sql, at);
    else if (rest === '/*') at = endOfComment(sql, at);
    else {
      const token = readToken(sql, at, character);
      tokens.push(token);
      at = token.end;
    }
  }
  return tokens;
}

/** Whether it is this symbol, not the same text in quotes. */
export function isSymbol(token: SqlToken | undefined, text: string): boolean {
  return token?.kind === 'symbol' && token.text === text;
}

/** Whether it may name something, in quotes or not. */
export function isName(token: SqlToken | undefined): token is SqlToken {
  return token?.kind === 'word' || token?.kind === 'quoted-name';
}

/** A statement as it is judged. */
export interface SqlStatement {
  /** Without the semicolons and the FORMAT clause at its end. */
  readonly tokens: readonly SqlToken[];
  /** The name after FORMAT, as written; `undefined` when there is none. */
  readonly format?: string;
  /** The first one that is no parenthesis. */
  readonly first: SqlToken | undefined;
}

/**
 * Cuts a statement into tokens and takes its end apart.
 *
 * @throws SqlRefusedError as {@link tokenizeSql} does
 */
export function statementTokens(sql: string): SqlStatement {
  const all = tokenizeSql(sql);
  const { tokens, format } = takeFormat(
    all.slice(0, all.findLastIndex((token) => !isSymbol(token, ';')) + 1),
  );
  const first = tokens.find((token) => !isSymbol(token, '('));
  return { tokens, first, ...(format !== undefined && { format }) };
}

/** Takes a FORMAT clause off the end. */
export function takeFormat(tokens: readonly SqlToken[]): { tokens: readonly SqlToken[]; format?: string } {
  const [keyword, name] = tokens.slice(-2);
  if (keyword?.kind !== 'word' || keyword.text.toUpperCase() !== 'FORMAT') return { tokens };
  if (name?.kind !== 'word') return { tokens };
  return { tokens: tokens.slice(0, -2), format: name.text };
}

/** Throws the error of a statement that is not run. */
export function refuse(message: string): never {
  throw new SqlRefusedError(message);
}

function readToken(sql: string, start: number, character: string): SqlToken {
  if (character === "'") return quoted(sql, start, 'string');
  if (character === '`' || character === '"') {
    const token = quoted(sql, start, 'quoted-name');
    if (token.text.includes('\\')) refuse(`the name ${token.text} has an escape in it: write it out`);
    return token;
  }
  const kinds = [
    ['word', WORD],
    ['number', NUMBER],
    ['symbol', SYMBOL],
  ] as const;
  for (const [kind, pattern] of kinds) {
    pattern.lastIndex = start;
    const text = pattern.exec(sql)?.[0];
    if (text !== undefined) return { kind, text, start, end: start + text.length };
  }
  return refuse(`'${character}' at character ${start + 1} is not allowed outside of a string`);
}

const WORD = /[A-Za-z_]\w*/y;
const NUMBER = /\d+(?:\.\d*)?(?:[eE][+-]?\d+)?/y;
const SYMBOL = /[()[\]{},.;:?!=<>|&+\-*/%^@~]/y;

function quoted(sql: string, start: number, kind: 'string' | 'quoted-name'): SqlToken {
  const end = endOfQuoted(sql, start);
  if (end === undefined) return refuse(`the ${sql.charAt(start)} at character ${start + 1} is never closed`);
  const quote = sql.charAt(start);
  const text = sql.slice(start + 1, end - 1).replaceAll(quote + quote, quote);
  return { kind, text, start, end };
}

function endOfLine(sql: string, start: number): number {
  const end = sql.indexOf('\n', start);
  return end === -1 ? sql.length : end;
}

/** Comments nest, as in ClickHouse. */
function endOfComment(sql: string, start: number): number {
  let depth = 0;
  for (let at = start; at < sql.length; at += 1) {
    const two = sql.slice(at, at + 2);
    if (two === '/*') depth += 1;
    else if (two === '*/') depth -= 1;
    else continue;
    at += 1;
    if (depth === 0) return at + 1;
  }
  return refuse(`the comment at character ${start + 1} is never closed`);
}
