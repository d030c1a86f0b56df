import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** How a program ended. */
export interface Ended {
  /** Its exit code, or the signal that ended it. */
  code: number | string | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs a small program in a process of its own, from the root of the repository. It is plain JavaScript and imports the
 * built package, from `./dist/` or by its name: to compile the source anew in every process is dear.
 */
export function runProgram(source: string, environment?: Record<string, string>): Promise<Ended> {
  return runNode(['--input-type=module', '--eval', source], environment);
}

/** Runs Node with these parameters, from the root of the repository. */
export async function runNode(
  parameters: readonly string[],
  environment: Record<string, string> = {},
): Promise<Ended> {
  const child = spawn(process.execPath, parameters, {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code, signal] = await once(child, 'close');
  return { code: code ?? signal, stdout, stderr };
}
