/**
 * The query with `FORMAT JSON` at its end, unless it names a format itself. Semicolons and comments at the end are left
 * out: what is added behind them would be another query, or part of the comment. Of nothing but these, nothing is left.
 *
 * @example withJsonFormat("SELECT 'as format json' -- why") // "SELECT 'as format json' FORMAT JSON"
 */
export function withJsonFormat(query: string): string {
  const tokens = [...significantTokens(query)];
  while (tokens.at(-1)?.text === ';') tokens.pop();
  const text = query.slice(0, tokens.at(-1)?.end ?? 0).trimStart();
  return text === '' || namesFormat(tokens.map((token) => token.text)) ? text : `${text} FORMAT JSON`;
}

interface Token {
  text: string;
  /** Where it ends in the query. */
  end: number;
}

/**
 * What ClickHouse reads as one piece: a comment, a quoted text or name (closed by its quote, which a backslash or a
 * second quote escapes), a word or number, any other character. An unclosed one reaches to the end.
 */
const PIECE = new RegExp(
  [
    /(?<comment>--[^\n]*|#[ !][^\n]*|\/\*[\s\S]*?(?:\*\/|$))/,
    // None of the quoted ones can fail once begun, so none is ever tried twice, however long it is.
    /'(?:[^'\\]+|\\[\s\S]|'')*(?:'|\\?$)/,
    /"(?:[^"\\]+|\\[\s\S]|"")*(?:"|\\?$)/,
    /`(?:[^`\\]+|\\[\s\S]|``)*(?:`|\\?$)/,
    /[\w$]+|\S/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'gu',
);

function* significantTokens(query: string): Generator<Token> {
  for (const match of query.matchAll(PIECE)) {
    if (match.groups?.comment === undefined) yield { text: match[0], end: match.index + match[0].length };
  }
}

/** After one of these comes an expression, so a `format` there is a column. */
const BEFORE_EXPRESSION = new Set(
  (
    'select distinct where prewhere having qualify and or not in like ilike between is as by on using from join ' +
    'when then else case with limit offset interval settings'
  ).split(' '),
);
/** After a column, not the names of formats. */
const AFTER_COLUMN = new Set(
  'asc desc nulls final is in like ilike not between and or as end collate with'.split(' '),
);

/** Whether the query ends in `FORMAT name`, or in `FORMAT name SETTINGS …`. */
function namesFormat(tokens: readonly string[]): boolean {
  return tokens.some((token, at) => {
    const before = tokens[at - 1];
    const name = tokens[at + 1];
    const after = tokens[at + 2];
    if (token.toLowerCase() !== 'format' || before === undefined || name === undefined) return false;
    if (!/^[\w'"`)\]}*]/.test(before) || BEFORE_EXPRESSION.has(before.toLowerCase())) return false;
    if (!/^[A-Za-z]\w*$/.test(name) || AFTER_COLUMN.has(name.toLowerCase())) return false;
    return after === undefined || after.toLowerCase() === 'settings';
  });
}
