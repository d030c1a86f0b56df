import { isJsonPath } from '../rows/json-path.js';
import { type ColumnType, parseColumnType } from './column-type.js';
import { endOfQuoted, splitList } from './split-list.js';

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
 * between them. DEFAULT may stand on either side of the path (deployed files do both) and CODEC is passed over.
 *
 * @param fail - throws the error that names file and line; `offset` counts characters of `body`
 */
export function parseColumns(
  body: string,
  fail: (offset: number, found: string, fix: string) => never,
): readonly DatasourceColumn[] {
  const list = splitList(body);
  if (list.unclosed) {
    fail(list.unclosed.offset, `this ${list.unclosed.opener} is never closed`, 'Close it on the same column');
  }
  const columns = list.pieces.map((piece) =>
    parseColumn(piece.text, (found, fix) => fail(piece.offset, found, fix)),
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

type Fail = (found: string, fix: string) => never;

function parseColumn(text: string, fail: Fail): DatasourceColumn {
  const [, quoted, bare, afterName = ''] =
    /^(?:[`"]([^`"]+)[`"]|([A-Za-z_]\w*))\s*(.*)$/s.exec(text) ??
    fail(`'${firstLine(text)}' is not a column`, 'Write it as `name` Type `json:$.path`');
  const name = quoted ?? bare ?? '';
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    fail(`'${name}' is not a column name`, 'Use letters, digits and _ and begin with a letter');
  }
  const typeText = leadingType(afterName);
  if (typeText === '')
    fail(`the column '${name}' has no type`, 'Write one after the name, as in `name` String');
  const type = parseColumnType(typeText);
  if (typeof type === 'string') return fail(`the column '${name}': ${type}`, 'Correct the type');

  let path: string | undefined;
  let defaultExpression: string | undefined;
  let rest = afterName.slice(typeText.length).trim();
  while (rest !== '') {
    const json = /^`json:([^`]*)`/.exec(rest);
    const codec = /^(?:CODEC|TTL)\b/i.exec(rest);
    const defaulted = /^DEFAULT\b\s*/i.exec(rest);
    if (json && path === undefined) {
      path = (json[1] ?? '').trim();
      if (!isJsonPath(path)) {
        fail(`the column '${name}' has the path '${path}'`, 'Write $.key, $.key.key, $.key[:] or $');
      }
      rest = rest.slice(json[0].length).trim();
    } else if (defaulted && defaultExpression === undefined) {
      const afterWord = rest.slice(defaulted[0].length);
      defaultExpression = afterWord.slice(0, endOfExpression(afterWord)).trim();
      if (defaultExpression === '')
        fail(`the DEFAULT of '${name}' is empty`, "Write a value, as in DEFAULT ''");
      rest = afterWord.slice(endOfExpression(afterWord)).trim();
    } else if (codec) {
      rest = rest.slice(codec[0].length + endOfExpression(rest.slice(codec[0].length))).trim();
    } else {
      fail(
        `after the column '${name}' stands '${firstLine(rest)}'`,
        'Put a comma between two columns; a column takes a `json:` path, DEFAULT and CODEC',
      );
    }
  }
  return {
    name,
    type,
    ...(path !== undefined && { path }),
    ...(defaultExpression !== undefined && { default: defaultExpression }),
  };
}

/** The type at the beginning: up to the first space outside brackets. */
function leadingType(text: string): string {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    else if (depth === 0 && /[\s`]/.test(character)) return text.slice(0, at);
  }
  return text;
}

/** An expression ends where the next modifier of the column begins. */
function endOfExpression(text: string): number {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (depth === 0 && NEXT_MODIFIER.test(text.slice(at))) return at;
    if (`'"\``.includes(character)) at = (endOfQuoted(text, at) ?? text.length) - 1;
    else if ('([{'.includes(character)) depth += 1;
    else if (')]}'.includes(character)) depth -= 1;
  }
  return text.length;
}

const NEXT_MODIFIER = /^(?:`json:|\s(?:DEFAULT|CODEC|TTL)\b)/i;

function firstLine(text: string): string {
  const line = text.split('\n', 1)[0]?.trim() ?? '';
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}
