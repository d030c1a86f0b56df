import { type Directive, type Fail, unquote } from './directives.js';

/** A token that a datafile asks for, and what it may do with the resource. */
export interface ResourceToken {
  readonly name: string;
  readonly permission: 'APPEND' | 'READ';
}

/** Reads the value of `TOKEN name APPEND` or `TOKEN "a name" read`. */
export function parseToken(directive: Directive, fail: Fail): ResourceToken {
  const [, name = '', word = ''] = /^("[^"]*"|'[^']*'|\S+)\s+(\w+)$/.exec(directive.value.trim()) ?? [];
  const permission = word.toUpperCase();
  if (permission === 'APPEND' || permission === 'READ') return { name: unquote(name), permission };
  return fail(
    directive.line,
    `a TOKEN has a name and a permission, not '${directive.value.trim()}'`,
    'Write it as in TOKEN app APPEND, or TOKEN "my dashboard" READ',
  );
}
