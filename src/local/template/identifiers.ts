import { PipeError } from '../errors.js';
import { shortened } from '../text.js';
import { Fragment, plain, typeName, type Value } from './values.js';

/** `column(x, 'd')`: `` `a`.`b` ``. */
export function column(given: Value, fallback: Value): Fragment {
  return new Fragment([quoted(nameOf('column', given, fallback))]);
}

/** `columns(x, 'a,b')`: `` `a`,`b` ``, each of them in a function when one is given. */
export function columns(given: Value, fallback: Value, fn: Value): Fragment {
  const names = nameOf('columns', given, fallback)
    .split(',')
    .map((name) => name.trim());
  const call = plain(fn) === null ? undefined : quoted(nameOf('columns', fn, null));
  return new Fragment([
    names
      .map((name) => (call === undefined ? quoted(name) : `${call}(${quoted(name)}) AS ${whole(name)}`))
      .join(','),
  ]);
}

/** `symbol(x)`: a name between backticks, or without them. */
export function symbol(given: Value, quote: Value): Fragment {
  const name = nameOf('symbol', given, null);
  return new Fragment([plain(quote) === '' ? checked(name) : whole(name)]);
}

/** `table(x)`: the name of a table, or of another node or pipe. */
export function table(given: Value): Fragment {
  return new Fragment([quoted(nameOf('table', given, null))]);
}

function nameOf(kind: string, given: Value, fallback: Value): string {
  const name = plain(given ?? fallback);
  if (typeof name === 'string') return name;
  if (name !== null) throw new PipeError(`The '${kind}' function expects a String, not a ${typeName(name)}`);
  throw new PipeError(
    kind === 'symbol' || kind === 'table'
      ? `${kind}() has no name: give it one, as in ${kind}('name')`
      : `Missing ${kind}() default value, use \`${kind}(${kind === 'column' ? 'column_name' : 'column_names'}, 'default_column_name')\``,
  );
}

/** The one thing of a request that becomes part of a statement's text, so nothing but letters, digits and _. */
const IDENTIFIER = /^[A-Za-z_]\w{0,127}(?:\.[A-Za-z_]\w{0,127}){0,7}$/;

function checked(name: string): string {
  if (!IDENTIFIER.test(name)) {
    throw new PipeError(
      `'${shortened(name, 60)}' cannot be the name of a column or table: it may have letters, digits and _`,
    );
  }
  return name;
}

function quoted(name: string): string {
  return checked(name)
    .split('.')
    .map((part) => `\`${part}\``)
    .join('.');
}

function whole(name: string): string {
  return `\`${checked(name)}\``;
}
