import type { Block } from './blocks.js';
import type { Arguments, Expression } from './expression.js';
import { FUNCTIONS } from './functions.js';
import { assignedIn, expressionsOf, partsOf } from './visit.js';

/** A parameter of a pipe, as far as its templates tell. */
export interface PipeParameter {
  readonly name: string;
  /** As templates call it, as in `Int32` or `Array(String)`; `String` when none is said. */
  readonly type: string;
  readonly default?: Literal;
  readonly description?: string;
  /** Whether a request without it is refused. */
  readonly required: boolean;
}

/** A value written out in a template. */
export type Literal = string | number | boolean | null | readonly Literal[];

/** Where a template names a parameter, in the order of the text. */
export function usesOf(blocks: readonly Block[]): readonly ParameterUse[] {
  const assigned = assignedIn(blocks);
  const uses = expressionsOf(blocks).flatMap(({ expression }) => usesIn(expression));
  return uses.filter(({ name }) => !assigned.has(name));
}

/** One of each name: what one use does not say of a parameter, another may. */
export function mergeParameters(uses: readonly ParameterUse[]): readonly PipeParameter[] {
  const names = [...new Set(uses.map(({ name }) => name))];
  return names.map((name) => {
    const all = uses.filter((use) => use.name === name);
    const said = <Key extends keyof ParameterUse>(key: Key) =>
      all.find((use) => use[key] !== undefined)?.[key];
    const fallback = said('default');
    const description = said('description');
    // What is asked for with defined() may be left out.
    const optional = all.some((use) => use.optional) || fallback !== undefined;
    return {
      name,
      type: said('type') ?? 'String',
      ...(fallback !== undefined && { default: fallback }),
      ...(description !== undefined && { description }),
      required: said('required') ?? (!optional && all.some((use) => use.type !== undefined)),
    };
  });
}

/** The elements' types of the parameters that are an Array somewhere. */
export function arraysOf(uses: readonly ParameterUse[]): ReadonlyMap<string, string | undefined> {
  const arrays = new Map<string, string | undefined>();
  for (const { name, type, elements } of uses)
    if (type?.startsWith('Array(') && !arrays.has(name)) arrays.set(name, elements);
  return arrays;
}

/** One place where a template names a parameter. */
export interface ParameterUse extends Partial<Omit<PipeParameter, 'name'>> {
  readonly name: string;
  readonly optional?: boolean;
  /** Of an Array, the type it says its elements have. */
  readonly elements?: string;
}

function usesIn(expression: Expression): readonly ParameterUse[] {
  if (expression.kind === 'name') return [{ name: expression.name }];
  const parts = partsOf(expression);
  if (expression.kind !== 'call') return parts.flatMap(usesIn);
  const [first, ...others] = parts;
  if (first?.kind !== 'name') return parts.flatMap(usesIn);
  return [useOf(first.name, expression.name, expression.args), ...others.flatMap(usesIn)];
}

/** Functions that a missing parameter is no error of. */
const FORGIVING = new Set(['defined', 'Boolean', 'Bool', 'JSON']);

function useOf(name: string, fn: string, args: Arguments): ParameterUse {
  const own = FUNCTIONS.get(fn);
  const argument = (key: string) => {
    const given = args.named.get(key) ?? args.positional[own?.takes.indexOf(key) ?? -1];
    return given && literal(given);
  };
  const fallback = argument('default');
  const description = argument('description');
  const required = argument('required');
  const elements = fn === 'Array' ? argument('type') : undefined;
  return {
    name,
    ...(own?.typed && { type: fn === 'Array' ? `Array(${elements ?? 'String'})` : fn }),
    ...(fallback !== undefined && fallback !== null && { default: fallback }),
    ...(typeof description === 'string' && { description }),
    ...(required !== undefined && { required: Boolean(required) }),
    ...(typeof elements === 'string' && { elements }),
    optional: FORGIVING.has(fn) || argument('defined') === false,
  };
}

function literal(expression: Expression): Literal | undefined {
  if (expression.kind === 'literal')
    return typeof expression.value === 'bigint' ? Number(expression.value) : expression.value;
  if (expression.kind === 'minus') {
    const of = literal(expression.of);
    return typeof of === 'number' ? -of : undefined;
  }
  if (expression.kind !== 'list') return undefined;
  const items = expression.items.map(literal);
  return items.every((item) => item !== undefined) ? items : undefined;
}
