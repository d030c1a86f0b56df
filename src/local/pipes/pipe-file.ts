import type { Pipe } from './pipe.js';

/**
 * Reads a `.pipe` file.
 *
 * @param fileName - the file's name or path; the pipe is called after it
 * @throws DatafileError naming file, line, what was found and the fix
 */
export function parsePipe(_text: string, fileName: string): Pipe {
  return { name: fileName, nodes: [], kind: 'internal', answers: '' };
}
