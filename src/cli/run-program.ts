import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { LocalError } from '../local/errors.js';

/** The program of `tinybird-llm dev -- program …` cannot be started. */
class ProgramError extends LocalError {
  readonly code = 'program_failed';
}

/** A program that runs on this terminal. */
export interface RunningProgram {
  /** The exit code a shell would give: its own, or 128 and the number of the signal that ended it. */
  readonly ended: Promise<number>;
  signal(name: NodeJS.Signals): void;
}

/**
 * Starts a program with the terminal of this one.
 *
 * @param environment - what it sees besides the environment of this process
 * @throws ProgramError, through `ended`, when there is no such program or it may not be run
 */
export function startProgram(
  [name = '', ...args]: readonly string[],
  environment: Readonly<Record<string, string>>,
): RunningProgram {
  const child = spawn(name, args, { stdio: 'inherit', env: { ...process.env, ...environment } });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) => {
      const reason = cause.code === 'ENOENT' ? 'there is no such program' : cause.message;
      reject(
        new ProgramError(
          `'${name}' cannot be started: ${reason}. Write it as in: tinybird-llm dev -- node app.js`,
          {
            cause,
          },
        ),
      );
    });
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGTERM']));
  });
  return { ended, signal: (signal) => void child.kill(signal) };
}
