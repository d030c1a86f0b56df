import { PipeError } from '../errors.js';
import type { JsonValue } from '../rows/json-path.js';
import type { Binder } from './binder.js';
import { type Block, parseBlocks } from './blocks.js';
import { Budget } from './budget.js';
import { checkBlocks } from './check.js';
import { assign, evaluate, type Scope } from './evaluate.js';
import { fault, TemplateFault } from './fault.js';
import { arraysOf, type ParameterUse, usesOf } from './parameters.js';
import { asArray } from './types.js';
import { fromJson, itemsOf, plain, truthy, type Value } from './values.js';
import { assignedIn } from './visit.js';

/** The SQL of a node, ready to be filled in as often as it is asked for. */
export interface Template {
  /** Where it names parameters; empty when the SQL is no template. */
  readonly uses: readonly ParameterUse[];
  /**
   * The SQL for some parameters, every value of it left with the binder.
   *
   * @throws PipeError when a parameter is missing or does not fit, or the template says `error()`
   */
  render(given: Readonly<Record<string, JsonValue>>, binder: Binder): string;
}

/**
 * Compiles the SQL of a node: a template when it begins with a `%`, as it stands otherwise.
 *
 * @param where - the file, for messages
 * @param firstLine - the line of the file that the SQL begins on
 * @throws TemplateSyntaxError
 */
export function compileTemplate(sql: string, where: string, firstLine = 1): Template {
  const [marker] = /^\s*%/.exec(sql) ?? [];
  if (marker === undefined) return { uses: [], render: () => sql };
  // White space of its length, so that lines stay what they are.
  const blocks = parseBlocks(sql.replace('%', ' '));
  checkBlocks(blocks);
  const uses = usesOf(blocks);
  const compiled = { blocks, assigned: assignedIn(blocks), arrays: arraysOf(uses) };
  return {
    uses,
    render(given, binder) {
      const rendering = new Rendering(
        compiled,
        given,
        binder,
        (line) => `line ${firstLine + line} of ${where}`,
      );
      return rendering.text();
    },
  };
}

interface Compiled {
  readonly blocks: readonly Block[];
  readonly assigned: ReadonlySet<string>;
  readonly arrays: ReadonlyMap<string, string | undefined>;
}

/** ClickHouse takes a quarter of it by default. */
const MAX_SQL = 1024 * 1024;

/** How a block was left before its end. */
type Left = 'break' | 'continue' | undefined;

class Rendering {
  readonly #blocks: readonly Block[];
  readonly #binder: Binder;
  readonly #place: (line: number) => string;
  readonly #scope: Scope;
  #sql = '';

  constructor(
    { blocks, assigned, arrays }: Compiled,
    given: Readonly<Record<string, JsonValue>>,
    binder: Binder,
    place: (line: number) => string,
  ) {
    this.#blocks = blocks;
    this.#binder = binder;
    this.#place = place;
    const budget = new Budget();
    const known = new Map<string, Value>();
    const parameter = (name: string): Value => {
      const found = known.get(name);
      if (found !== undefined) return found;
      const sent = Object.hasOwn(given, name) ? (given[name] ?? null) : null;
      const raw = fromJson(sent, budget);
      const value = (raw !== null && arrays.has(name) && asArray(arrays.get(name), raw, budget)) || raw;
      known.set(name, value);
      return value;
    };
    this.#scope = { assigned, variables: new Map(), parameter, budget };
  }

  text(): string {
    this.#run(this.#blocks);
    return this.#sql;
  }

  #run(blocks: readonly Block[]): Left {
    for (const block of blocks) {
      if (block.kind === 'break' || block.kind === 'continue') return block.kind;
      if (block.kind === 'text') this.#write(block.text, 0);
      else if (block.kind === 'print') this.#print(block);
      else if (block.kind === 'set')
        this.#at(block.line, () => assign(block.target, evaluate(block.value, this.#scope), this.#scope));
      else {
        const left = block.kind === 'if' ? this.#if(block) : this.#for(block);
        if (left) return left;
      }
    }
    return undefined;
  }

  #print({ line, value, code }: Extract<Block, { kind: 'print' }>): void {
    const printed = this.#at(line, () => {
      const result = evaluate(value, this.#scope);
      if (plain(result) === null)
        fault(`expression "${code.length > 20 ? `${code.slice(0, 20)}...` : code}" evaluated to null`);
      return this.#binder.print(result, this.#scope.budget);
    });
    this.#write(printed, line);
  }

  #if({ branches, otherwise }: Extract<Block, { kind: 'if' }>): Left {
    for (const { line, test, body } of branches)
      if (this.#at(line, () => truthy(evaluate(test, this.#scope)))) return this.#run(body);
    return this.#run(otherwise);
  }

  #for({ line, target, over, body, otherwise }: Extract<Block, { kind: 'for' }>): Left {
    const { budget } = this.#scope;
    const items = this.#at(line, () => itemsOf(evaluate(over, this.#scope), budget));
    for (const item of items) {
      this.#at(line, () => {
        budget.spend();
        assign(target, item, this.#scope);
      });
      if (this.#run(body) === 'break') return undefined;
    }
    return this.#run(otherwise);
  }

  #write(text: string, line: number): void {
    this.#sql += text;
    if (this.#sql.length > MAX_SQL)
      throw new PipeError(`the SQL grows beyond ${MAX_SQL} characters at ${this.#place(line)}`);
  }

  #at<Result>(line: number, run: () => Result): Result {
    try {
      return run();
    } catch (error) {
      if (error instanceof TemplateFault) throw new PipeError(`${error.message} (${this.#place(line)})`);
      throw error;
    }
  }
}
