import type { QueryParams, Statement } from '../engine/engine.js';
import { PipeError, SqlRefusedError } from '../errors.js';
import { tablesRead } from '../sql/sql-tables.js';
import { tokenizeSql } from '../sql/sql-tokens.js';
import { readableSql, withTables } from '../sql/sql-with.js';
import { Binder } from '../template/binder.js';
import type { Pipe, PipeNode, PipeParameters } from './pipe.js';
import { templateOf } from './pipe-template.js';

/**
 * The one statement that a pipe is with these parameters, its other nodes and the pipes it reads in front of it.
 *
 * @throws PipeError when a parameter is missing or does not fit, or the template says `error()`
 */
export function pipeStatement(
  pipes: ReadonlyMap<string, Pipe>,
  name: string,
  parameters: PipeParameters,
): Statement {
  const assembly = new Assembly(pipes, parameters);
  const sql = assembly.answer(assembly.pipe(name), []);
  return { sql: withTables(sql, assembly.pipeTables), params: assembly.params };
}

/**
 * A statement on top of a pipe, which it may call by its name or `_`; it may read other pipes too.
 *
 * @param name - what `_` stands for; `''` for nothing
 * @param sql - one SELECT, already guarded
 * @param own - what its own `{name:Type}` stand for
 * @throws PipeError as {@link pipeStatement} does
 */
export function statementOnPipe(
  pipes: ReadonlyMap<string, Pipe>,
  name: string,
  sql: string,
  parameters: PipeParameters,
  own: QueryParams = {},
): Statement {
  const assembly = new Assembly(pipes, parameters);
  const read = tablesRead(tokenizeSql(sql));
  for (const table of read) if (pipes.has(table)) assembly.include(table, []);
  if (read.has(PIPE_ITSELF)) assembly.include(name, []);
  const itself: [string, string][] = read.has(PIPE_ITSELF)
    ? [[PIPE_ITSELF, `SELECT * FROM \`${name}\``]]
    : [];
  const { params } = assembly;
  const clash = Object.keys(own).find((key) => Object.hasOwn(params, key));
  if (clash !== undefined)
    throw new PipeError(`the parameter '${clash}' is also one of the pipe: call it otherwise`);
  return { sql: withTables(sql, [...assembly.pipeTables, ...itself]), params: { ...params, ...own } };
}

const PIPE_ITSELF = '_';

/** Puts pipes together: each is rendered once, however many read it, and all share the numbers of their values. */
class Assembly {
  readonly #pipes: ReadonlyMap<string, Pipe>;
  readonly #parameters: PipeParameters;
  readonly #binder = new Binder();
  readonly #included = new Map<string, string>();

  constructor(pipes: ReadonlyMap<string, Pipe>, parameters: PipeParameters) {
    this.#pipes = pipes;
    this.#parameters = parameters;
  }

  get params(): Statement['params'] {
    return this.#binder.params;
  }

  /** The pipes that were read, each after those it reads itself. */
  get pipeTables(): readonly (readonly [string, string])[] {
    return [...this.#included];
  }

  pipe(name: string): Pipe {
    const pipe = this.#pipes.get(name);
    if (pipe === undefined) throw new PipeError(`there is no pipe ${name}`, 404);
    if (pipe.kind === 'endpoint' || pipe.kind === 'internal') return pipe;
    throw new PipeError(
      `the pipe ${name} is of TYPE ${pipe.kind}, which does not run here. Read the data source it writes, or query a pipe of TYPE endpoint`,
    );
  }

  /** @param readers - the pipes that lead here, the first one first */
  include(name: string, readers: readonly string[]): void {
    if (this.#included.has(name)) return;
    const pipe = this.pipe(name);
    const sql = this.answer(pipe, readers);
    this.#included.set(name, sql);
  }

  /** The answering node of a pipe with those it reads in front of it. */
  answer(pipe: Pipe, readers: readonly string[]): string {
    const chain = [...readers, pipe.name];
    if (readers.includes(pipe.name)) throw new PipeError(`pipes read each other: ${chain.join(' reads ')}`);
    const tables = new Map<string, string>();
    const readNode = (name: string, nodes: readonly string[]): string => {
      const node = pipe.nodes.find((each) => each.name === name);
      if (node === undefined) throw new PipeError(`the pipe ${pipe.name} has no node ${name}`);
      const path = [...nodes, name];
      if (nodes.includes(name))
        throw new PipeError(`nodes of the pipe ${pipe.name} read each other: ${path.join(' reads ')}`);
      if (this.#pipes.has(name))
        throw new PipeError(
          `the node ${name} of the pipe ${pipe.name} is called like a pipe: give it another name`,
        );
      const { sql, reads } = this.#render(pipe, node);
      for (const table of reads) {
        const isNode = pipe.nodes.some((each) => each.name === table);
        if (isNode && !tables.has(table)) tables.set(table, readNode(table, path));
        else if (!isNode && this.#pipes.has(table)) this.include(table, chain);
      }
      return sql;
    };
    const sql = readNode(pipe.answers, []);
    return withTables(sql, [...tables]);
  }

  #render(pipe: Pipe, node: PipeNode): { sql: string; reads: ReadonlySet<string> } {
    const rendered = templateOf(pipe, node).render(this.#parameters, this.#binder);
    try {
      return readableSql(rendered);
    } catch (error) {
      if (!(error instanceof SqlRefusedError)) throw error;
      throw new PipeError(`the node ${node.name} of the pipe ${pipe.name}: ${error.message}`, 400, {
        cause: error,
      });
    }
  }
}
