import type { Block } from './blocks.js';
import type { Expression, Target } from './expression.js';

/** What an expression is made of. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'literal':
    case 'name':
      return [];
    case 'list':
    case 'tuple':
      return expression.items;
    case 'dict':
      return expression.entries.flat();
    case 'not':
    case 'minus':
    case 'plus':
      return [expression.of];
    case 'and':
    case 'or':
    case 'binary':
      return [expression.left, expression.right];
    case 'compare':
      return [expression.first, ...expression.rest.map(({ right }) => right)];
    case 'if':
      return [expression.test, expression.then, expression.otherwise];
    case 'index':
      return [expression.of, expression.at];
    case 'slice':
      return [expression.of, ...expression.bounds.filter((bound) => bound !== undefined)];
    case 'call':
      return [...expression.args.positional, ...expression.args.named.values()];
    case 'method':
      return [expression.of, ...expression.args.positional, ...expression.args.named.values()];
  }
}

/** Every expression of a template that stands in a tag, in the order of the text, and the line of its tag. */
export function expressionsOf(
  blocks: readonly Block[],
): readonly { readonly line: number; readonly expression: Expression; readonly printed: boolean }[] {
  return blocks.flatMap((block) => {
    switch (block.kind) {
      case 'print':
        return [{ line: block.line, expression: block.value, printed: true }];
      case 'set':
        return [{ line: block.line, expression: block.value, printed: false }];
      case 'for':
        return [
          { line: block.line, expression: block.over, printed: false },
          ...expressionsOf([...block.body, ...block.otherwise]),
        ];
      case 'if':
        return [
          ...block.branches.flatMap(({ line, test, body }) => [
            { line, expression: test, printed: false },
            ...expressionsOf(body),
          ]),
          ...expressionsOf(block.otherwise),
        ];
      default:
        return [];
    }
  });
}

/** The names that a template itself gives values to. */
export function assignedIn(blocks: readonly Block[]): ReadonlySet<string> {
  return new Set(
    blocks.flatMap((block): string[] => {
      switch (block.kind) {
        case 'set':
          return namesOf(block.target);
        case 'for':
          return [...namesOf(block.target), ...assignedIn([...block.body, ...block.otherwise])];
        case 'if':
          return [...assignedIn([...block.branches.flatMap(({ body }) => body), ...block.otherwise])];
        default:
          return [];
      }
    }),
  );
}

function namesOf(target: Target): string[] {
  return typeof target === 'string' ? [target] : target.flatMap(namesOf);
}
