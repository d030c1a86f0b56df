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
  const template = compileTemplate(node.sql, `${pipe.name}.pipe`, node.line);
  compiled.set(node, template);
  return template;
}

/** The parameters of a pipe's own nodes, each once. */
export function pipeParameters(pipe: Pipe): readonly PipeParameter[] {
  return mergeParameters(pipe.nodes.flatMap((node) => templateOf(pipe, node).uses));
}
