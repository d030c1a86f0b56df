import { isJsonPath } from '../rows/json-path.js';
import { shortened } from '../text.js';
import { type ColumnType, parseColumnType, UNTYPED } from './column-type.js';
import { blankComments, endOfQuoted, splitList } from './split-list.js';

/** One column of a `.datasource`. */
export interface DatasourceColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Where its value stands in an event, as in `$.response.id`. */
  readonly path?: string;
  /** The SQL expression ClickHouse computes when an event has no value for it. */
  readonly default?: string;
  /** As in `ZSTD(3)`. */
  readonly codec?: string;
  /** As in `at + INTERVAL 7 DAY`: the value is emptied then. */
  readonly ttl?: string;
}

/**
 * Reads the body of `SCHEMA >`: lines such as `` `name` Type `json:$.path` DEFAULT expr CODEC(...) `` with commas
 * between them. What follows the name may come in any order (deployed files have DEFAULT on either side of the path).
 *
 * @param fail - throws the error that names file and line; `offset` counts characters of `body`
 */
export function parseColumns(
  body: string,
  fail: (offset: number, found: string, fix: string) => never,
): readonly DatasourceColumn[] {
  const list = splitList(blankComments(body));
  if (list.unclosed) {
    fail(list.unclosed.offset, `this ${list.unclosed.opener} is never closed`, 'Close it on the same column');
  }
  const columns = list.pieces.map((piece) =>
    parseColumn(piece.text, (at, found, fix) => fail(piece.offset + at, found, fix)),
  );
  const seen = new Set<string>();
  for (const [index, column] of columns.entries()) {
    const offset = list.pieces[index]?.offset ?? 0;
    if (seen.has(column.name))
      fail(offset, `the column '${column.name}' is there twice`, 'Remove one of the two');
    seen.add(column.name);
  }
  return columns;
}

/** `at` counts characters of the column. */
type Fail = (at: number, found: string, fix: string) => never;

function parseColumn(text: string, fail: Fail): DatasourceColumn {
  const [named = '', quoted, bare] =
    /^(?:[`"]([^`"\\\s]+)[`"]|([^\s`"'\\(),#/]+)(?=[\s`]|$))\s*/.exec(text) ??
    fail(0, `'${firstLine(text)}' is not a column`, notColumnFix(text));
  const name = quoted ?? bare ?? '';
  const parts: Partial<Record<keyof typeof PARTS, string>> = {};
  for (let at = named.length; at < text.length; ) {
    const [part, found] = nextPart(text.slice(at)) ?? [];
    if (part === undefined || found === undefined || parts[part] !== undefined) {
      fail(
        at,
        `after the column '${name}' stands '${firstLine(text.slice(at))}'`,
        'Put a comma between two columns; a column takes a `json:` path, DEFAULT, CODEC and TTL',
      );
    }
    parts[part] = found.value;
    at += found.length;
    at += text.slice(at).length - text.slice(at).trimStart().length;
  }
  return columnOf(name, parts, (found, fix) => fail(0, found, fix));
}

function columnOf(
  name: string,
  parts: Partial<Record<keyof typeof PARTS, string>>,
  fail: (found: string, fix: string) => never,
): DatasourceColumn {
  const { type: typeText, path, default: defaultExpression, codec, ttl } = parts;
  if (typeText === undefined && defaultExpression === undefined)
    fail(`the column '${name}' has no type`, 'Write one after the name, as in `name` String');
  const type = typeText === undefined ? UNTYPED : parseColumnType(typeText);
  if (typeof type === 'string') return fail(`the column '${name}': ${type}`, 'Correct the type');
  if (path && !isJsonPath(path))
    fail(
      `the column '${name}' has the path '${path}'`,
      'Write $.key, $.key.key, $.key[:], $.key[:].key or $',
    );
  if (defaultExpression === '') fail(`the DEFAULT of '${name}' is empty`, "Write a value, as in DEFAULT ''");
  return {
    name,
    type,
    ...(path && { path }),
    ...(defaultExpression !== undefined && { default: defaultExpression }),
    ...(codec !== undefined && { codec }),
    ...(ttl !== undefined && { ttl }),
  };
}

/** What may follow a column's name; each reads the beginning of a text. */
const PARTS = {
  path: (text: string) => {
    // A header is not in the body that is read here: such a column is as one without a path.
    const [all, value = ''] = /^`(?:json:([^`]*)|header:[^`]*)`/i.exec(text) ?? [];
    return all === undefined ? undefined : { length: all.length, value: value.trim() };
  },
  default: (text: string) => expressionAfter(/^DEFAULT\b/i, text),
  codec: (text: string) => {
    const found = expressionAfter(/^CODEC\b(?=\s*\()/i, text);
    return found && { ...found, value: found.value.replace(/^\((.*)\)$/s, '$1') };
  },
  ttl: (text: string) => expressionAfter(/^TTL\b/i, text),
  type: (text: string) => {
    const value = leadingType(text);
    return value === '' ? undefined : { length: value.length, value };
  },
};

function nextPart(text: string) {
  for (const part of ['path', 'default', 'codec', 'ttl', 'type'] as const) {
    const found = PARTS[part](text);
    if (found) return [part, found] as const;
  }
  return undefined;
}

/** A word and the expression after it, which ends where the next part of the column begins. */
function expressionAfter(word: RegExp, text: string): { length: number; value: string } | undefined {
  const [found] = word.exec(text) ?? [];
  if (found === undefined) return undefined;
  const expression = text.slice(found.length, found.length + endOfExpression(text.slice(found.length)));
  return { length: found.length + expression.length, value: expression.trim() };
}

/** The type at the beginning: a word and its brackets. */
function leadingType(text: string): string {
  const [word = ''] = /^(?:DOUBLE\s+PRECISION\b|\w+)/i.exec(text) ?? [];
  const [opening] = /^\s*\(/.exec(text.slice(word.length)) ?? [];
  if (word === '' || opening === undefined) return word;
  let depth = 1;
  let at = word.length + opening.length;
  while (at < text.length && depth > 0) {
    const character = text.charAt(at);
    if (`'"\``.includes(character)) at = (endOfQuoted(text, at) ?? text.length) - 1;
    else if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    at += 1;
  }
  return text.slice(0, at);
}

function endOfExpression(text: string): number {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (depth === 0 && NEXT_PART.test(text.slice(at, at + 12))) return at;
    if (`'"\``.includes(character)) at = (endOfQuoted(text, at) ?? text.length) - 1;
    else if ('([{'.includes(character)) depth += 1;
    else if (')]}'.includes(character)) depth -= 1;
  }
  return text.length;
}

const NEXT_PART = /^(?:`(?:json|header):|\s(?:DEFAULT|TTL)\b|\s(?:CODEC)\s*\()/i;

function notColumnFix(text: string): string {
  if (text === '') return 'Remove one of the two commas';
  return text.startsWith('#')
    ? 'Put a comment on a line of its own'
    : 'Write it as `name` Type `json:$.path`; a name is without spaces, quotes and backslashes';
}

function firstLine(text: string): string {
  return shortened(text.split('\n', 1)[0]?.trim() ?? '', 60);
}
