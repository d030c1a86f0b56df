import type { Block } from './blocks.js';
import { BUILTINS } from './builtins.js';
import type { Expression } from './expression.js';
import { TemplateSyntaxError } from './fault.js';
import { FUNCTIONS } from './functions.js';
import { METHODS } from './methods.js';
import { expressionsOf, partsOf } from './visit.js';

/**
 * Refuses what no request could make work: functions, methods and arguments that there are not, and what Tinybird
 * refuses where it is deployed.
 *
 * @throws TemplateSyntaxError
 */
export function checkBlocks(blocks: readonly Block[]): void {
  for (const { line, expression, printed } of expressionsOf(blocks)) check(expression, line, printed);
}

function check(expression: Expression, line: number, printed: boolean): void {
  const fail = (found: string, fix: string): never => {
    throw new TemplateSyntaxError(line, found, fix);
  };
  switch (expression.kind) {
    case 'name':
      if (RESERVED.has(expression.name))
        fail(`"${expression.name}" can not be used as a variable name`, 'Give the parameter another name');
      break;
    case 'method':
      if (!METHODS.includes(expression.name) || expression.args.named.size > 0)
        fail(
          `Invalid method name: ${expression.name}`,
          `There are ${METHODS.join(', ')}, called without names of arguments`,
        );
      break;
    case 'call':
      checkCall(expression, fail);
      break;
    default:
  }
  if (printed) checkPrinted(expression, fail);
  // The values of named arguments are printed by their function, so that Tinybird takes any expression there.
  const named = expression.kind === 'call' ? [...expression.args.named.values()] : [];
  for (const part of partsOf(expression)) check(part, line, printed && !named.includes(part));
}

type Fail = (found: string, fix: string) => never;

/** What a request says to Tinybird itself. */
const RESERVED = new Set(['q', 'format']);

function checkCall({ name, args }: Extract<Expression, { kind: 'call' }>, fail: Fail): void {
  const { positional, named } = args;
  const own = FUNCTIONS.get(name);
  const builtin = BUILTINS.get(name);
  if (name === 'sql_and') {
    if (positional.length > 0) fail('sql_and() takes names', 'Write sql_and(column=value)');
  } else if (own) {
    if (positional.length > own.takes.length)
      fail(`${name}() is called with too much`, `It takes ${own.takes.join(', ')}`);
    for (const [index, key] of own.takes.entries())
      if (named.has(key) && index < positional.length)
        fail(`${name}() is given ${key} twice`, 'Keep one of the two');
    for (const key of named.keys())
      if (!own.takes.includes(key)) fail(`${name}() takes no ${key}=`, `It takes ${own.takes.join(', ')}`);
    const missing = own.takes
      .slice(0, own.least)
      .filter((key, index) => index >= positional.length && !named.has(key));
    if (missing.length > 0) fail(`${name}() is missing an argument`, `It takes ${own.takes.join(', ')}`);
    if (own.typed) checkParameter(name, positional[0], fail);
  } else if (builtin) {
    if (named.size > 0 || positional.length < builtin.least || positional.length > builtin.most)
      fail(
        `${name}() is called with the wrong arguments`,
        `It takes ${builtin.least} to ${builtin.most}, without names`,
      );
  } else {
    const known = [...FUNCTIONS.keys(), 'sql_and', ...BUILTINS.keys()].join(', ');
    fail(`'${name}' is not a valid function`, `There are ${known}`);
  }
}

function checkParameter(name: string, first: Expression | undefined, fail: Fail): void {
  const literal = first?.kind === 'minus' ? first.of : first;
  if (
    literal?.kind === 'list' ||
    (literal?.kind === 'literal' && (typeof literal.value !== 'string' || literal.value === ''))
  )
    fail(
      `the value in ${name}() can not be used as a variable name`,
      `Write ${name}(parameter), or the value alone`,
    );
}

const PRINTED_METHODS = new Set(['split', 'get', 'join', 'replace']);
const PRINTED_BUILTINS = new Set(['len', 'list', 'min', 'max', 'int', 'float']);
const ARITHMETIC = new Set(['+', '-', '*']);

/** Between {{ and }}, Tinybird takes less than between {% and %}. */
function checkPrinted(expression: Expression, fail: Fail): void {
  const refuse = (what: string) =>
    fail(
      `${what} cannot stand in {{ }}`,
      'Tinybird refuses it there: use {% set name = … %} and print {{ name }}',
    );
  if (expression.kind === 'compare') refuse('a comparison');
  if (expression.kind === 'and' || expression.kind === 'or') refuse(`'${expression.kind}'`);
  if (expression.kind === 'binary' && !ARITHMETIC.has(expression.operator))
    refuse(`'${expression.operator}'`);
  if (expression.kind === 'method' && !PRINTED_METHODS.has(expression.name)) refuse(`.${expression.name}()`);
  if (expression.kind === 'call' && BUILTINS.has(expression.name) && !PRINTED_BUILTINS.has(expression.name))
    refuse(`${expression.name}()`);
}
