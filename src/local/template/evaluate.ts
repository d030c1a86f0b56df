import type { Budget } from './budget.js';
import { BUILTINS } from './builtins.js';
import type { Arguments, Expression, Target } from './expression.js';
import { fault } from './fault.js';
import { FUNCTIONS, sqlAnd } from './functions.js';
import { callMethod, textKey } from './methods.js';
import { arithmetic, compare, eitherSide, indexed, negated, sliced } from './operators.js';
import { Dict, itemsOf, Tuple, truthy, type Value } from './values.js';

/** What the names of a template stand for while it is rendered. */
export interface Scope {
  /** Names that a `set` or `for` of the template gives a value to; no other name is looked up among them. */
  readonly assigned: ReadonlySet<string>;
  readonly variables: Map<string, Value>;
  /** A parameter of the request, `null` when it has none of the name. */
  readonly parameter: (name: string) => Value;
  readonly budget: Budget;
}

/**
 * What an expression comes to.
 *
 * @throws TemplateFault when it comes to nothing; PipeError when a parameter is missing or does not fit
 */
export function evaluate(expression: Expression, scope: Scope): Value {
  const { budget } = scope;
  const value = (of: Expression) => evaluate(of, scope);
  budget.spend();
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'name':
      return lookUp(expression.name, scope);
    case 'list':
      return expression.items.map(value);
    case 'tuple':
      return new Tuple(expression.items.map(value));
    case 'dict':
      return new Dict(new Map(expression.entries.map(([key, of]) => [textKey(value(key)), value(of)])));
    case 'not':
      return !truthy(value(expression.of));
    case 'minus':
    case 'plus':
      return negated(value(expression.of), expression.kind === 'minus');
    case 'and':
    case 'or':
      return eitherSide(expression.kind, value(expression.left), () => value(expression.right));
    case 'binary':
      return arithmetic(expression.operator, value(expression.left), value(expression.right), budget);
    case 'compare':
      return chain(expression, scope);
    case 'if':
      return truthy(value(expression.test)) ? value(expression.then) : value(expression.otherwise);
    case 'index':
      return indexed(value(expression.of), value(expression.at), budget);
    case 'slice':
      return sliced(
        value(expression.of),
        expression.bounds.map((bound) => bound && value(bound)),
        budget,
      );
    case 'method':
      return callMethod(value(expression.of), expression.name, expression.args.positional.map(value), budget);
    case 'call':
      return call(expression.name, expression.args, scope);
  }
}

/** Puts a value where a `for` or `set` says. */
export function assign(target: Target, value: Value, scope: Scope): void {
  if (typeof target === 'string') {
    scope.variables.set(target, value);
    return;
  }
  const items = itemsOf(value, scope.budget);
  if (items.length !== target.length) fault(`${items.length} values for ${target.length} names`);
  for (const [index, each] of target.entries()) assign(each, items[index] ?? null, scope);
}

function lookUp(name: string, scope: Scope): Value {
  if (!scope.assigned.has(name)) return scope.parameter(name);
  return (
    scope.variables.get(name) ??
    (scope.variables.has(name)
      ? null
      : // As in Python, a name that is set somewhere is no parameter anywhere.
        fault(
          `'${name}' is read before it is set. It cannot be a parameter too: give one of the two another name`,
        ))
  );
}

function chain({ first, rest }: Extract<Expression, { kind: 'compare' }>, scope: Scope): boolean {
  let left = evaluate(first, scope);
  for (const { operator, right } of rest) {
    const against = evaluate(right, scope);
    if (!compare(operator, left, against, scope.budget)) return false;
    left = against;
  }
  return true;
}

function call(name: string, { positional, named }: Arguments, scope: Scope): Value {
  const values = positional.map((each) => evaluate(each, scope));
  const byName = new Map([...named].map(([key, each]) => [key, evaluate(each, scope)]));
  if (name === 'sql_and') return sqlAnd(byName);
  const builtin = BUILTINS.get(name);
  if (builtin) return builtin.run(values, scope.budget);
  const own = FUNCTIONS.get(name);
  if (!own) return fault(`there is no function ${name}()`);
  const args = own.takes.map((key, index): [string, Value | undefined] => [
    key,
    values[index] ?? byName.get(key),
  ]);
  const [first] = positional;
  return own.run(Object.fromEntries(args), {
    name: first?.kind === 'name' ? first.name : name,
    budget: scope.budget,
  });
}
