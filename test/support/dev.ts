import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A running `tinybird-llm dev`. */
export interface Dev {
  readonly url: string;
  /** Everything it printed so far. */
  readonly output: string;
  /** Ends it as Ctrl+C would, and waits. */
  stop(): Promise<void>;
  /** Ends it as `kill -9` does, and waits. */
  kill(): Promise<void>;
}

export interface DevOptions {
  dataDir: string;
  /** Where it listens. Default: a free port. */
  port?: number;
  /** The project whose `datasources/` it serves. Default: the package's own. */
  project?: string;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMMAND = 'dist/src/cli/main.js';
const START_TIMEOUT_MS = 30_000;

/** Starts `tinybird-llm dev` in a process of its own; resolves when it listens. */
export async function startDev(options: DevOptions): Promise<Dev> {
  const { dataDir, port = 0, project } = options;
  const where = ['--port', String(port), '--data', dataDir, ...(project ? ['--project', project] : [])];
  const child = spawn(process.execPath, [COMMAND, 'dev', ...where], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  };
  const url = await listening(child, () => output);
  return {
    url,
    get output() {
      return output;
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

function listening(child: ChildProcess, output: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(new Error(`tinybird-llm dev ${why}:\n${output()}`));
    };
    const timer = setTimeout(() => fail(`did not listen within ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
    child.once('exit', (code) => fail(`ended with ${code}`));
    child.stdout?.on('data', () => {
      const url = /Listening on (http:\/\/\S+)/.exec(output())?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      child.removeAllListeners('exit');
      resolve(url);
    });
  });
}
