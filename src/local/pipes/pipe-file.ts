import { basename } from 'node:path';
import type { Directive, Fail } from '../datafiles/directives.js';
import { DatafileError } from '../errors.js';
import { TemplateSyntaxError } from '../template/fault.js';
import type { Pipe, PipeKind, PipeNode } from './pipe.js';
import { readPipeDirectives } from './pipe-directives.js';
import { templateOf } from './pipe-template.js';

/**
 * Reads a `.pipe` file as Tinybird's CLI does. What only concerns access, speed or a schedule (TOKEN, CACHE,
 * COPY_SCHEDULE, …) is accepted and left aside.
 *
 * @param fileName - the file's name or path; the pipe is called after it
 * @throws DatafileError naming file, line, what was found and the fix
 */
export function parsePipe(text: string, fileName: string): Pipe {
  const fail: Fail = (line, found, fix) => {
    throw new DatafileError(fileName, line, found, fix);
  };
  const name = basename(fileName).replace(/\.pipe$/, '');
  if (!NAME.test(name))
    fail(undefined, `'${name}' cannot name a pipe`, 'Use letters, digits and _ in the file name');
  const { description, drafts } = readDrafts(readPipeDirectives(text, fail), name, fail);
  const nodes = drafts.map((draft) => toNode(draft, fail));
  const last = nodes.at(-1);
  if (last === undefined)
    return fail(undefined, 'there is no node', 'Add NODE name and SQL > with a SELECT under it');
  refuseClashes(nodes, name, fail);
  const typed = drafts.filter(({ type }) => type !== undefined);
  const [, second] = typed;
  if (second)
    fail(
      second.type?.line,
      'there is a second TYPE',
      'A pipe has one node with a TYPE: make two pipes of it',
    );
  const pipe: Pipe = {
    name,
    ...(description !== undefined && { description }),
    nodes,
    kind: kindOf(typed[0]?.type, fail),
    answers: typed[0]?.name ?? last.name,
  };
  for (const node of nodes) checkSql(pipe, node, fail);
  return pipe;
}

const NAME = /^[A-Za-z_]\w*$/;

/** A node as far as it is read. */
interface Draft {
  readonly name: string;
  readonly line: number;
  description?: string;
  sql?: Directive;
  type?: Directive;
}

function readDrafts(directives: readonly Directive[], pipe: string, fail: Fail) {
  const drafts: Draft[] = [];
  let description: string | undefined;
  for (const directive of directives) {
    const { command, line } = directive;
    const value = directive.value.trim();
    let node = drafts.at(-1);
    if (command === 'NODE') drafts.push({ name: nodeName(value, line, fail), line });
    else if (command === 'DESCRIPTION') {
      const lines = value.split('\n').map((each) => each.trim());
      if (node) node.description = lines.join('\n');
      else description = lines.join('\n');
    } else if (command === 'SQL') {
      // A pipe of one statement needs no NODE.
      if (!node) {
        node = { name: `${pipe}_0`, line };
        drafts.push(node);
      }
      if (node.sql) fail(line, `the node '${node.name}' has a second SQL`, 'Write NODE name in front of it');
      node.sql = directive;
    } else if (command === 'TYPE') {
      if (!node)
        return fail(line, 'TYPE stands under no node', 'Put it below the SQL of the node it is about');
      if (node.type) fail(line, `the node '${node.name}' has a second TYPE`, 'Keep one of the two');
      node.type = directive;
    }
  }
  return { description, drafts };
}

function nodeName(value: string, line: number, fail: Fail): string {
  if (value === '') fail(line, 'the NODE has no name', 'Write NODE name');
  if (!NAME.test(value)) fail(line, `'${value}' cannot name a node`, 'Use letters, digits and _');
  return value;
}

function toNode({ name, line, description, sql }: Draft, fail: Fail): PipeNode {
  if (!sql || sql.value.trim().replace(/^%\s*/, '') === '')
    return fail(sql?.line ?? line, `the node '${name}' has no SQL`, 'Write SQL > with a SELECT under it');
  return { name, ...(description && { description }), sql: sql.value, line: sql.firstLine };
}

function refuseClashes(nodes: readonly PipeNode[], pipe: string, fail: Fail): void {
  for (const [index, { name, line }] of nodes.entries()) {
    if (nodes.findIndex((node) => node.name === name) < index)
      fail(line, `a second node is called '${name}'`, 'Give each node a name of its own');
    if (name === pipe) fail(line, `the node '${name}' is called like its pipe`, 'Give it another name');
  }
}

const KINDS: readonly PipeKind[] = ['endpoint', 'materialized', 'copy', 'sink'];

function kindOf(type: Directive | undefined, fail: Fail): PipeKind {
  if (!type) return 'internal';
  const kind = KINDS.find((each) => each === type.value.trim().toLowerCase());
  return kind ?? fail(type.line, `unknown TYPE '${type.value.trim()}'`, `Use one of ${KINDS.join(', ')}`);
}

function checkSql(pipe: Pipe, node: PipeNode, fail: Fail): void {
  try {
    templateOf(pipe, node);
  } catch (error) {
    if (error instanceof TemplateSyntaxError) fail(node.line + error.line, error.found, error.fix);
    throw error;
  }
}
