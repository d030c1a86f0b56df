/** A piece of an expression. */
export interface Token {
  readonly kind: 'name' | 'text' | 'int' | 'float' | 'symbol' | 'end';
  /** As written; of a text, what it means. */
  readonly text: string;
  /** Where it begins in the expression. */
  readonly start: number;
}

/** Something in an expression that is no Python, or none that templates have. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';

  /** @param fix - what to write instead */
  constructor(
    message: string,
    readonly fix: string,
  ) {
    super(message);
  }
}

/**
 * Cuts a Python expression into tokens; the last one is of the kind `end`.
 *
 * @throws ExpressionError
 */
export function tokenize(code: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < code.length) {
    if (/\s/.test(code.charAt(at))) {
      at += 1;
      continue;
    }
    if (tokens.length === MAX_TOKENS) throw new ExpressionError('the expression is too long', SPLIT);
    const { token, end } = readToken(code, at);
    tokens.push(token);
    at = end;
  }
  return [...tokens, { kind: 'end', text: '', start: code.length }];
}

/** Words of Python that templates do not have as names. */
export const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'and or not in is if else elif for while lambda import from def class return yield await async with try except ' +
    'finally raise del global nonlocal assert pass break continue as'
  ).split(' '),
);

/** Keeps the tree of an expression, and with it every walk over it, shallow. */
const MAX_TOKENS = 2_000;
const SPLIT = 'Cut it into several {% set %}';

const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const NAME = /[A-Za-z_]\w*/y;
const SYMBOL = /\*\*|\/\/|==|!=|<=|>=|<<|>>|\+=|-=|\*=|:=|->|[-+*/%()[\]{},.:=<>&|^~@;]/y;

function readToken(code: string, start: number): { token: Token; end: number } {
  const character = code.charAt(start);
  if (character === "'" || character === '"') return readText(code, start);
  const number = matchAt(NUMBER, code, start);
  if (number !== undefined) {
    const end = start + number.length;
    if (/\w/.test(code.charAt(end)))
      throw new ExpressionError(
        `'${number}${code.charAt(end)}' is no number`,
        'Write decimal digits, as in 1000',
      );
    return { token: { kind: /^\d+$/.test(number) ? 'int' : 'float', text: number, start }, end };
  }
  const name = matchAt(NAME, code, start);
  if (name !== undefined) {
    const end = start + name.length;
    if (/['"]/.test(code.charAt(end)))
      throw new ExpressionError(`${name}'…' is not understood`, "Write a plain text, as in 'a'");
    return { token: { kind: 'name', text: name, start }, end };
  }
  const symbol = matchAt(SYMBOL, code, start);
  if (symbol === undefined)
    throw new ExpressionError(`'${character}' is not understood`, 'Write a Python expression');
  return { token: { kind: 'symbol', text: symbol, start }, end: start + symbol.length };
}

function matchAt(pattern: RegExp, code: string, start: number): string | undefined {
  pattern.lastIndex = start;
  return pattern.exec(code)?.[0];
}

const ESCAPES = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['0', '\0'],
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
]);

function readText(code: string, start: number): { token: Token; end: number } {
  const quote = code.charAt(start);
  let text = '';
  for (let at = start + 1; at < code.length; at += 1) {
    const character = code.charAt(at);
    if (character === quote) return { token: { kind: 'text', text, start }, end: at + 1 };
    if (character === '\n') break;
    if (character === '\\') {
      at += 1;
      // As in Python, the backslash of an escape that is none stays.
      text += ESCAPES.get(code.charAt(at)) ?? `\\${code.charAt(at)}`;
    } else text += character;
  }
  throw new ExpressionError(
    `the text ${code.slice(start, start + 20)} is never closed`,
    `Close it with ${quote}; a text cannot have }} or %} in it`,
  );
}
