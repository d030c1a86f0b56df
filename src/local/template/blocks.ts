import type { Expression, Target } from './expression.js';
import { TemplateSyntaxError } from './fault.js';
import { ExpressionError } from './lexer.js';
import { parseExpression, parseFor, parseSet } from './parser.js';

/** A piece of a template. Lines count from 0. */
export type Block =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly line: number; readonly value: Expression; readonly code: string }
  | { readonly kind: 'if'; readonly branches: readonly Branch[]; readonly otherwise: readonly Block[] }
  | {
      readonly kind: 'for';
      readonly line: number;
      readonly target: Target;
      readonly over: Expression;
      readonly body: readonly Block[];
      readonly otherwise: readonly Block[];
    }
  | { readonly kind: 'set'; readonly line: number; readonly target: Target; readonly value: Expression }
  | { readonly kind: 'break' }
  | { readonly kind: 'continue' };

/** One `if` or `elif` and what it stands over. */
export interface Branch {
  readonly line: number;
  readonly test: Expression;
  readonly body: readonly Block[];
}

/**
 * Parses a template without its `%`.
 *
 * @throws TemplateSyntaxError
 */
export function parseBlocks(template: string): readonly Block[] {
  const reader = new Reader(template);
  const blocks = reader.body(undefined);
  return blocks;
}

const MAX_DEPTH = 50;

const FORBIDDEN =
  /^(while|import|from|raw|module|apply|block|extends|include|autoescape|whitespace|super|try|except|finally|macro|call|filter)$/;

class Reader {
  readonly #template: string;
  #at = 0;
  #line = 0;
  #depth = 0;
  /** The tag that ended the body read last. */
  #ended = { operator: 'end', code: '', line: 0 };

  constructor(template: string) {
    this.#template = template;
  }

  /** Everything until the `end`, `else` or `elif` of the block it is in, or the end of the template. */
  body(within: { operator: 'if' | 'for'; line: number; loop: boolean } | undefined): readonly Block[] {
    const blocks: Block[] = [];
    for (;;) {
      const text = this.#text();
      if (text !== '') blocks.push({ kind: 'text', text });
      if (this.#at >= this.#template.length) {
        if (within !== undefined)
          fail(
            within.line,
            `Missing {% end %} block for ${within.operator}`,
            'Write {% end %} where it ends',
          );
        return blocks;
      }
      const { opener, content, line } = this.#tag();
      if (opener === '{#') continue;
      if (opener === '{{') {
        if (content === '') fail(line, 'Empty expression {{ }}', 'Write a value between the braces');
        blocks.push({
          kind: 'print',
          line,
          value: parsed(line, () => parseExpression(content)),
          code: content,
        });
        continue;
      }
      const [, operator = '', code = ''] = /^([A-Za-z_]*)\s*(.*)$/s.exec(content) ?? [];
      if (['end', 'else', 'elif'].includes(operator)) {
        if (within === undefined || (operator === 'elif' && within.operator !== 'if'))
          fail(line, `Extra {% ${operator} %} block`, `Remove it, or write the {% if %} that it belongs to`);
        if (operator !== 'elif' && code !== '')
          fail(
            line,
            `{% ${content} %} is not understood`,
            `Write {% ${operator} %}${operator === 'else' ? ' or {% elif … %}' : ''}`,
          );
        this.#ended = { operator, code, line };
        return blocks;
      }
      const block = this.#block(operator, code, line, within?.loop ?? false);
      if (block) blocks.push(block);
    }
  }

  #block(operator: string, code: string, line: number, loop: boolean): Block | undefined {
    switch (operator) {
      case 'comment':
        return undefined;
      case 'set': {
        return { kind: 'set', line, ...parsed(line, () => parseSet(code)) };
      }
      case 'if':
        return this.#nested(line, () => this.#if(code, line, loop));
      case 'for':
        return this.#nested(line, () => this.#for(code, line, loop));
      case 'break':
      case 'continue':
        if (!loop) fail(line, `{% ${operator} %} outside of a {% for %}`, 'Remove it');
        return { kind: operator };
      default:
        return fail(
          line,
          FORBIDDEN.test(operator)
            ? `{% ${operator} %} is forbidden`
            : `unknown operator '${operator}' in {% %}`,
          operator.startsWith('end')
            ? 'Every block ends with {% end %}'
            : 'There are if, elif, else, for, set, break, continue, comment and end',
        );
    }
  }

  #nested<Result>(line: number, read: () => Result): Result {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) fail(line, 'blocks are nested too deep', `Nest at most ${MAX_DEPTH}`);
    const result = read();
    this.#depth -= 1;
    return result;
  }

  #if(code: string, line: number, loop: boolean): Block {
    const branches: Branch[] = [];
    const within = { operator: 'if', line, loop } as const;
    this.#ended = { operator: 'elif', code, line };
    while (this.#ended.operator === 'elif') {
      const { code: test, line: at } = this.#ended;
      branches.push({ line: at, test: parsed(at, () => parseExpression(test)), body: this.body(within) });
    }
    if (this.#ended.operator === 'end') return { kind: 'if', branches, otherwise: [] };
    return { kind: 'if', branches, otherwise: this.#last(within) };
  }

  #for(code: string, line: number, loop: boolean): Block {
    const { target, over } = parsed(line, () => parseFor(code));
    const body = this.body({ operator: 'for', line, loop: true });
    const otherwise = this.#ended.operator === 'end' ? [] : this.#last({ operator: 'for', line, loop });
    return { kind: 'for', line, target, over, body, otherwise };
  }

  /** What stands under an `else`, after which only an `end` can come. */
  #last(within: { operator: 'if' | 'for'; line: number; loop: boolean }): readonly Block[] {
    const body = this.body(within);
    const { operator, line } = this.#ended;
    if (operator !== 'end')
      fail(line, `{% ${operator} %} after {% else %}`, 'Keep one {% else %}, and put it last');
    return body;
  }

  /** Text until the next tag, with `{{!` for `{{`. */
  #text(): string {
    let text = '';
    for (;;) {
      const start = this.#nextTag();
      text += this.#take(start);
      if (this.#template.charAt(start + 2) !== '!' || start >= this.#template.length) return text;
      text += this.#take(start + 2);
      this.#at += 1;
    }
  }

  #nextTag(): number {
    for (
      let at = this.#template.indexOf('{', this.#at);
      at !== -1;
      at = this.#template.indexOf('{', at + 1)
    ) {
      // Of three braces the inner two count.
      if (this.#template.startsWith('{{{', at)) continue;
      if (['{', '%', '#'].includes(this.#template.charAt(at + 1))) return at;
    }
    return this.#template.length;
  }

  #tag(): { opener: string; content: string; line: number } {
    const line = this.#line;
    const opener = this.#take(this.#at + 2);
    const closer = { '{{': '}}', '{%': '%}', '{#': '#}' }[opener] ?? '';
    const end = this.#template.indexOf(closer, this.#at);
    if (end === -1) fail(line, `${opener} is never closed`, `Close it with ${closer}`);
    const content = this.#take(end).trim();
    this.#at += 2;
    if (opener === '{%' && content === '')
      fail(line, 'Empty block tag {% %}', 'Write if, for, set or end in it');
    return { opener, content, line };
  }

  #take(end: number): string {
    const text = this.#template.slice(this.#at, end);
    this.#line += text.split('\n').length - 1;
    this.#at = end;
    return text;
  }
}

function parsed<Result>(line: number, parse: () => Result): Result {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ExpressionError) return fail(line, error.message, error.fix);
    throw error;
  }
}

function fail(line: number, found: string, fix: string): never {
  throw new TemplateSyntaxError(line, found, fix);
}
