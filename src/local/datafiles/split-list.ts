/** A piece of a comma-separated list: its text, trimmed, and where that begins in the whole. */
interface ListPiece {
  readonly text: string;
  readonly offset: number;
}

/** The pieces of a list, and where a quote or bracket was opened that nothing closes. */
export interface SplitList {
  readonly pieces: readonly ListPiece[];
  readonly unclosed?: { readonly offset: number; readonly opener: string };
}

/**
 * Splits at the commas that stand outside quotes, backticks and brackets, as in `a Map(String, String), b String`.
 * An empty last piece (a trailing comma) is left out.
 */
export function splitList(text: string): SplitList {
  const pieces: ListPiece[] = [];
  const open: { offset: number; opener: string }[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (QUOTES.includes(character)) {
      const end = endOfQuoted(text, at);
      if (end === undefined) return { pieces, unclosed: { offset: at, opener: character } };
      at = end - 1;
    } else if (OPENERS.includes(character)) open.push({ offset: at, opener: character });
    else if (CLOSERS.includes(character)) open.pop();
    else if (character === ',' && open.length === 0) {
      pieces.push(piece(text, start, at));
      start = at + 1;
    }
  }
  const last = piece(text, start, text.length);
  if (last.text !== '') pieces.push(last);
  const unclosed = open.at(-1);
  return unclosed === undefined ? { pieces } : { pieces, unclosed };
}

/**
 * Where the quoted text that begins at `start` ends (just past its closing quote), or `undefined` when it does
 * not. A backslash escapes, and so does a doubled quote, as in ClickHouse.
 */
export function endOfQuoted(text: string, start: number): number | undefined {
  const quote = text.charAt(start);
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '\\') at += 1;
    else if (character === quote) {
      if (text.charAt(at + 1) !== quote) return at + 1;
      at += 1;
    }
  }
  return undefined;
}

/**
 * A text with spaces for the comments of SQL, which begin with `--` outside of quotes and end with the line: what
 * follows keeps its place.
 */
export function blankComments(text: string): string {
  let result = '';
  let at = 0;
  while (at < text.length) {
    const comment = text.startsWith('--', at);
    let end = at + 1;
    if (comment) end = text.indexOf('\n', at) < 0 ? text.length : text.indexOf('\n', at);
    else if (QUOTES.includes(text.charAt(at))) end = endOfQuoted(text, at) ?? text.length;
    result += comment ? ' '.repeat(end - at) : text.slice(at, end);
    at = end;
  }
  return result;
}

const QUOTES = `'"\``;
const OPENERS = '([{';
const CLOSERS = ')]}';

function piece(text: string, start: number, end: number): ListPiece {
  const raw = text.slice(start, end);
  return { text: raw.trim(), offset: start + (raw.length - raw.trimStart().length) };
}
