import { quietly } from '../api/quietly.js';
import { originHere } from './origin.js';

/**
 * One line on stderr, past the console, which may be what is watched. From a worker thread it is written at once: what
 * its `process.stderr` takes comes out when the main thread has time for it, which at the end of a process is never.
 */
export function writeToStderr(line: string): void {
  // there may be no stderr here, or nobody at its other end
  quietly(() => {
    if (originHere().thread === 0) process.stderr.write(`${line}\n`);
    else process.getBuiltinModule('node:fs').writeSync(2, `${line}\n`);
  });
}
