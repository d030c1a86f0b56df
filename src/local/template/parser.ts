import type { Arguments, Arithmetic, Comparison, Expression, Target } from './expression.js';
import { ExpressionError, KEYWORDS, type Token, tokenize } from './lexer.js';

/**
 * Parses an expression.
 *
 * @throws ExpressionError
 */
export function parseExpression(code: string): Expression {
  const parser = new Parser(code);
  const expression = parser.list();
  parser.end();
  return expression;
}

/** `a, b in list`, as a `for` has it. */
export function parseFor(code: string): { target: Target; over: Expression } {
  const parser = new Parser(code);
  const target = parser.target();
  parser.expect('in');
  const over = parser.list();
  parser.end();
  return { target, over };
}

/** `a = expression` or `a += expression`, as a `set` has it. */
export function parseSet(code: string): { target: Target; value: Expression } {
  const parser = new Parser(code);
  const target = parser.target();
  const [assign = ''] = ['=', '+=', '-=', '*='].filter((each) => parser.accept(each));
  if (assign === '') throw new ExpressionError('there is no =', 'Write {% set name = value %}');
  const right = parser.list();
  parser.end();
  if (assign === '=') return { target, value: right };
  if (typeof target !== 'string') throw new ExpressionError(`${assign} needs one name`, 'Write a += 1');
  const operator = assign.charAt(0) as Arithmetic;
  return { target, value: { kind: 'binary', operator, left: { kind: 'name', name: target }, right } };
}

const MAX_DEPTH = 60;

class Parser {
  readonly #code: string;
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(code: string) {
    this.#code = code;
    this.#tokens = tokenize(code);
  }

  get #next(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '', start: this.#code.length };
  }

  end(): void {
    if (this.#next.kind !== 'end') this.#unexpected();
  }

  accept(text: string): boolean {
    const { kind, text: found } = this.#next;
    if ((kind !== 'symbol' && kind !== 'name') || found !== text) return false;
    this.#at += 1;
    return true;
  }

  expect(text: string): void {
    if (!this.accept(text)) this.#unexpected(text);
  }

  target(): Target {
    const targets: Target[] = [];
    do {
      if (this.accept('(')) {
        targets.push(this.target());
        this.expect(')');
      } else targets.push(this.#name());
    } while (this.accept(','));
    return targets.length === 1 && targets[0] !== undefined ? targets[0] : targets;
  }

  /** An expression, or several with commas between them, which are a tuple. */
  list(): Expression {
    const first = this.#conditional();
    if (!this.accept(',')) return first;
    const items = [first];
    while (!this.#closes()) {
      items.push(this.#conditional());
      if (!this.accept(',')) break;
    }
    return { kind: 'tuple', items };
  }

  #conditional(): Expression {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH)
      throw new ExpressionError('the expression is nested too deep', 'Cut it into several {% set %}');
    const then = this.#or();
    let expression = then;
    if (this.accept('if')) {
      const test = this.#or();
      this.expect('else');
      expression = { kind: 'if', test, then, otherwise: this.#conditional() };
    }
    this.#depth -= 1;
    return expression;
  }

  #or(): Expression {
    let left = this.#and();
    while (this.accept('or')) left = { kind: 'or', left, right: this.#and() };
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.accept('and')) left = { kind: 'and', left, right: this.#not() };
    return left;
  }

  #not(): Expression {
    return this.#prefixed(['not'], () => this.#comparison());
  }

  #comparison(): Expression {
    const first = this.#arithmetic(0);
    const rest: Comparison[] = [];
    for (let operator = this.#comparator(); operator !== undefined; operator = this.#comparator())
      rest.push({ operator, right: this.#arithmetic(0) });
    return rest.length === 0 ? first : { kind: 'compare', first, rest };
  }

  #comparator(): Comparison['operator'] | undefined {
    for (const operator of ['==', '!=', '<=', '>=', '<', '>', 'in'] as const)
      if (this.accept(operator)) return operator;
    if (this.accept('is')) return this.accept('not') ? 'is not' : 'is';
    if (!this.accept('not')) return undefined;
    this.expect('in');
    return 'not in';
  }

  #arithmetic(level: 0 | 1): Expression {
    const operators = level === 0 ? (['+', '-'] as const) : (['*', '/', '//', '%'] as const);
    const operand = () =>
      level === 0 ? this.#arithmetic(1) : this.#prefixed(['-', '+'], () => this.#postfix());
    let left = operand();
    for (;;) {
      const operator = operators.find((each) => this.accept(each));
      if (operator === undefined) return left;
      left = { kind: 'binary', operator, left, right: operand() };
    }
  }

  #prefixed(prefixes: readonly ('not' | '-' | '+')[], operand: () => Expression): Expression {
    const found: ('not' | 'minus' | 'plus')[] = [];
    for (;;) {
      const prefix = prefixes.find((each) => this.accept(each));
      if (prefix === undefined) break;
      found.push(prefix === '-' ? 'minus' : prefix === '+' ? 'plus' : 'not');
    }
    return found.reduceRight<Expression>((of, kind) => ({ kind, of }), operand());
  }

  #postfix(): Expression {
    let of = this.#atom();
    for (;;) {
      if (this.accept('[')) of = this.#subscript(of);
      else if (this.accept('.')) {
        const name = this.#name();
        if (!this.accept('('))
          throw new ExpressionError(
            `.${name} is not allowed`,
            "Templates read no attributes: use x['key'] or a method",
          );
        of = { kind: 'method', of, name, args: this.#arguments() };
      } else if (this.accept('(')) {
        if (of.kind !== 'name')
          throw new ExpressionError(
            'only functions and methods can be called',
            'Call a function by its name',
          );
        of = { kind: 'call', name: of.name, args: this.#arguments() };
      } else return of;
    }
  }

  #subscript(of: Expression): Expression {
    const bounds: (Expression | undefined)[] = [];
    let colons = 0;
    while (!this.accept(']')) {
      if (this.accept(':')) colons += 1;
      else bounds[colons] = this.#conditional();
      if (colons > 2) this.#unexpected(']');
    }
    const [first] = bounds;
    if (colons > 0) return { kind: 'slice', of, bounds };
    return first === undefined ? this.#unexpected('a position') : { kind: 'index', of, at: first };
  }

  #arguments(): Arguments {
    const positional: Expression[] = [];
    const named = new Map<string, Expression>();
    while (!this.accept(')')) {
      const after = this.#tokens[this.#at + 1];
      if (this.#next.kind === 'name' && after?.kind === 'symbol' && after.text === '=') {
        const name = this.#name();
        this.#at += 1;
        if (named.has(name)) throw new ExpressionError(`${name}= is there twice`, 'Keep one of the two');
        named.set(name, this.#conditional());
      } else if (named.size > 0) {
        throw new ExpressionError('a value without a name follows one with a name', 'Put name=value last');
      } else positional.push(this.#conditional());
      if (!this.accept(',') && this.#next.text !== ')') this.#unexpected(')');
    }
    return { positional, named };
  }

  #atom(): Expression {
    const { kind, text } = this.#next;
    if (kind === 'text') return { kind: 'literal', value: this.#adjacentTexts() };
    if (kind === 'int' || kind === 'float') {
      this.#at += 1;
      if (text.length > 100) throw new ExpressionError('a number is too long', 'Write at most 100 digits');
      return { kind: 'literal', value: kind === 'int' ? BigInt(text) : Number(text) };
    }
    if (this.accept('None')) return { kind: 'literal', value: null };
    if (this.accept('True')) return { kind: 'literal', value: true };
    if (this.accept('False')) return { kind: 'literal', value: false };
    if (kind === 'name') return { kind: 'name', name: this.#name() };
    if (this.accept('(')) {
      if (this.accept(')')) return { kind: 'tuple', items: [] };
      const inner = this.list();
      this.expect(')');
      return inner;
    }
    if (this.accept('[')) return { kind: 'list', items: this.#items(']') };
    if (this.accept('{')) return this.#dict();
    return this.#unexpected();
  }

  #adjacentTexts(): string {
    let text = '';
    while (this.#next.kind === 'text') {
      text += this.#next.text;
      this.#at += 1;
    }
    return text;
  }

  #items(close: string): Expression[] {
    const items: Expression[] = [];
    while (!this.accept(close)) {
      items.push(this.#conditional());
      if (this.#next.kind === 'name' && this.#next.text === 'for')
        throw new ExpressionError('there are no comprehensions', 'Use {% for %}');
      if (!this.accept(',') && this.#next.text !== close) this.#unexpected(close);
    }
    return items;
  }

  #dict(): Expression {
    const entries: [Expression, Expression][] = [];
    while (!this.accept('}')) {
      const key = this.#conditional();
      this.expect(':');
      entries.push([key, this.#conditional()]);
      if (!this.accept(',') && this.#next.text !== '}') this.#unexpected('}');
    }
    return { kind: 'dict', entries };
  }

  #name(): string {
    const { kind, text } = this.#next;
    if (kind !== 'name') return this.#unexpected('a name');
    if (KEYWORDS.has(text))
      throw new ExpressionError(`'${text}' cannot stand here`, 'Write a Python expression');
    if (text.startsWith('__'))
      throw new ExpressionError(`${text} is not allowed`, 'Names do not begin with __');
    this.#at += 1;
    return text;
  }

  #closes(): boolean {
    const { kind, text } = this.#next;
    return kind === 'end' || (kind === 'symbol' && [')', '=', ']', '}'].includes(text));
  }

  #unexpected(expected?: string): never {
    const { kind, text } = this.#next;
    const found = kind === 'end' ? 'the expression ends too early' : `'${text}' is not expected`;
    throw new ExpressionError(
      `${found} in ${this.#code.trim().slice(0, 60)}`,
      expected === undefined ? 'Write a Python expression' : `Expected is ${expected}`,
    );
  }
}
