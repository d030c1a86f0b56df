import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { SinkCounts, SinkSettings } from './sink.js';
import type { TaskName, TaskOf } from './task.js';

/** A server in a process of its own, running. Disposed of, its process ends. */
export interface RunningServer extends Disposable {
  readonly url: string;
}

export function startSink(): Promise<RunningServer> {
  return startServer(new URL('./sink.ts', import.meta.url));
}

/** The fake provider; its URL is the base of an OpenAI client. */
export async function startProvider(): Promise<RunningServer> {
  const server = await startServer(new URL('./provider.ts', import.meta.url));
  return { url: `${server.url}/v1`, [Symbol.dispose]: () => server[Symbol.dispose]() };
}

async function startServer(file: URL): Promise<RunningServer> {
  const child = fork(file, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { url: `http://127.0.0.1:${port}`, [Symbol.dispose]: () => child.kill() };
}

/** Starts counting from nothing, under these settings; what is not given is as it is by default: up, not verifying. */
export async function resetSink(url: string, settings: Partial<SinkSettings> = {}): Promise<void> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(settings)) query.set(name, String(value));
  await ask(`${url}/bench/set?${query}`);
}

export async function countsOf(url: string): Promise<SinkCounts> {
  return (await ask(`${url}/bench/counts`)).counts;
}

/** Runs one task in a fresh process, so that no variant finds the heap or the compiled code of another. */
export async function runTask<Name extends TaskName>(
  name: Name,
  input: TaskOf<Name>['input'],
): Promise<TaskOf<Name>['output']> {
  const child = fork(new URL('./task.ts', import.meta.url), [name, JSON.stringify(input)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const answer = once(child, 'message') as Promise<[TaskOf<Name>['output']]>;
  const [output] = await Promise.race([answer, failureOf(child, name)]);
  if (child.exitCode === null) await once(child, 'exit');
  return output;
}

async function failureOf(child: ChildProcess, name: string): Promise<never> {
  const [code, signal] = await once(child, 'exit');
  // an answer and the end may come together: the answer first
  await new Promise((resolve) => setTimeout(resolve, 100));
  throw new Error(`The process of ${name} ended without a figure (${signal ?? code}).`);
}

async function ask(url: string): Promise<{ counts: SinkCounts }> {
  const response = await fetch(url);
  return (await response.json()) as { counts: SinkCounts };
}
