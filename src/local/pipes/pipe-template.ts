import { PipeError, SqlRefusedError } from '../errors.js';
import { isSymbol, tokenizeSql } from '../sql/sql-tokens.js';
import { mergeParameters, type PipeParameter } from '../template/parameters.js';
import { compileTemplate, type Template } from '../template/template.js';
import type { Pipe, PipeNode } from './pipe.js';

const compiled = new WeakMap<PipeNode, Template>();

/**
 * A node's SQL, compiled once.
 *
 * @throws TemplateSyntaxError
 */
export function templateOf(pipe: Pipe, node: PipeNode): Template {
  const known = compiled.get(node);
  if (known) return known;
  const template = isBare(node.sql)
    ? { uses: [], render: () => refuseBare(pipe, node) }
    : compileTemplate(node.sql, `${pipe.name}.pipe`, node.line);
  compiled.set(node, template);
  return template;
}

/** The parameters of a pipe's own nodes, each once. */
export function pipeParameters(pipe: Pipe): readonly PipeParameter[] {
  return mergeParameters(pipe.nodes.flatMap((node) => templateOf(pipe, node).uses));
}

/** Only when it is asked for: a project that is deployed with such a pipe is served but for this. */
function refuseBare(pipe: Pipe, node: PipeNode): never {
  throw new PipeError(
    `the SQL of the node '${node.name}', line ${node.line} of ${pipe.name}.pipe, has {{ }} or {% %} in it and is no ` +
      'template. Write % in front of it',
  );
}

function isBare(sql: string): boolean {
  return !/^\s*%/.test(sql) && hasTags(sql);
}

/** Whether there are braces that no SQL has, but for texts and comments. */
function hasTags(sql: string): boolean {
  try {
    return tokenizeSql(sql).some((token) => isSymbol(token, '{') && /[{%]/.test(sql.charAt(token.end)));
  } catch (error) {
    // What cannot be read as SQL is told when it is run.
    if (error instanceof SqlRefusedError) return false;
    throw error;
  }
}
