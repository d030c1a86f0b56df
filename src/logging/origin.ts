import { quietly } from '../api/quietly.js';
import type { Origin } from './line.js';

let here: Origin | undefined;

/** This process and this thread; zeros where the runtime has neither. */
export function originHere(): Origin {
  here ??= { process: quietly(() => process.pid) ?? 0, processName: processName(), thread: threadId() };
  return here;
}

/** The name that Python would give a thread. */
export function threadName(thread: number): string {
  return thread === 0 ? 'MainThread' : `worker-${thread}`;
}

function processName(): string {
  return quietly(() => process.title.toWellFormed()) ?? '';
}

function threadId(): number {
  return quietly(() => process.getBuiltinModule('node:worker_threads'))?.threadId ?? 0;
}

let startedMs: number | undefined;

/** When the process began, epoch ms: in a worker thread too, whose own clock began later. */
export function processStartMs(): number {
  startedMs ??= quietly(() => Date.now() - process.uptime() * 1000) ?? performance.timeOrigin;
  return startedMs;
}
