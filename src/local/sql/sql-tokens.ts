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
