interface FileSystem {
  writeSync(fd: number, text: string): number;
}

/**
 * One line on stderr, past the console, which may be what is watched. From a worker thread it is written at once: what
 * its `process.stderr` takes comes out when the main thread has time for it, which at the end of a process is never.
 */
export function writeToStderr(line: string): void {
  try {
    if (isWorker()) builtin<FileSystem>('node:fs')?.writeSync(2, `${line}\n`);
    else process.stderr.write(`${line}\n`);
  } catch {
    // no stderr here, or nobody at its other end
  }
}

function isWorker(): boolean {
  return builtin<{ isMainThread: boolean }>('node:worker_threads')?.isMainThread === false;
}

function builtin<Module>(name: string): Module | undefined {
  return process.getBuiltinModule(name) as Module | undefined;
}
