import { isName, isSymbol, type SqlToken } from './sql-tokens.js';

/**
 * The names that stand where a table can, without a database in front: after FROM, JOIN and IN, and after the commas
 * of a FROM. Names that the statement defines itself (`WITH name AS (…)`) are none of them.
 */
export function tablesRead(tokens: readonly SqlToken[]): ReadonlySet<string> {
  const found = new Set<string>();
  const own = new Set<string>();
  let scope: Scope = { selects: true, inFrom: false };
  const outer: Scope[] = [];
  for (const [index, token] of tokens.entries()) {
    const before = tokens[index - 1];
    const next = tokens[index + 1];
    if (token.kind === 'symbol') {
      if (token.text === '(') {
        if (isName(before)) noteDefinition(tokens, index, own);
        outer.push(scope);
        // A parenthesis after FROM or a comma of it may hold tables: `FROM (a, b)`, `JOIN (SELECT …)`.
        scope = { selects: startsQuery(next), inFrom: scope.inFrom && isTablePlace(before, scope) };
        if (scope.inFrom && !scope.selects && isTable(tokens, index + 1)) found.add(next?.text ?? '');
      } else if (token.text === ')') scope = outer.pop() ?? scope;
      else if (token.text === ',' && scope.inFrom && isTable(tokens, index + 1)) found.add(next?.text ?? '');
      continue;
    }
    if (token.kind !== 'word') continue;
    const word = token.text.toUpperCase();
    if (word === 'SELECT' || word === 'WITH') scope = { selects: true, inFrom: false };
    else if (
      (word === 'FROM' && scope.selects) ||
      (word === 'JOIN' && before?.text.toUpperCase() !== 'ARRAY')
    ) {
      scope = { ...scope, inFrom: true };
      if (isTable(tokens, index + 1)) found.add(next?.text ?? '');
    } else if (word === 'IN' && isTable(tokens, index + 1)) found.add(next?.text ?? '');
    else if (ENDS_FROM.has(word)) scope = { ...scope, inFrom: false };
  }
  return new Set([...found].filter((name) => !own.has(name)));
}

interface Scope {
  /** Whether it is a query, so that its FROM is not that of `trim(BOTH ' ' FROM s)`. */
  readonly selects: boolean;
  /** Whether a comma leads to another table. */
  readonly inFrom: boolean;
}

const ENDS_FROM = new Set(
  'WHERE PREWHERE GROUP HAVING WINDOW QUALIFY ORDER LIMIT OFFSET UNION EXCEPT INTERSECT SETTINGS ARRAY ON USING'.split(
    ' ',
  ),
);

function startsQuery(token: SqlToken | undefined): boolean {
  return token?.kind === 'word' && ['SELECT', 'WITH', 'FROM'].includes(token.text.toUpperCase());
}

function isTablePlace(before: SqlToken | undefined, scope: Scope): boolean {
  const text = before?.text.toUpperCase();
  return text === 'FROM' || text === 'JOIN' || text === '(' || (text === ',' && scope.inFrom);
}

/** A name that is neither a function's nor has its database in front. */
function isTable(tokens: readonly SqlToken[], index: number): boolean {
  const next = tokens[index + 1];
  return isName(tokens[index]) && !isSymbol(next, '(') && !isSymbol(next, '.');
}

/** `name AS (SELECT …)`. */
function noteDefinition(tokens: readonly SqlToken[], index: number, own: Set<string>): void {
  const name = tokens[index - 2];
  if (tokens[index - 1]?.text.toUpperCase() === 'AS' && isName(name)) own.add(name.text);
}
