/** The process of one task: measures, tells its parent, ends. */
import { measureAppend } from './parts/append.js';
import type { ClientInput } from './parts/client.js';
import { measureLinearity } from './parts/linearity.js';
import type { LoggingInput } from './parts/logging.js';
import { measureLoopDelay } from './parts/loop-delay.js';
import { measureMemory } from './parts/memory.js';
import { measureThroughput } from './parts/throughput.js';
import { measureWatching } from './parts/watching.js';

const tasks = {
  append: measureAppend,
  // with its framework, which no other process shall hold
  client: async (input: ClientInput) => (await import('./parts/client.js')).measureClient(input),
  linearity: measureLinearity,
  // with its loggers
  logging: async (input: LoggingInput) => (await import('./parts/logging.js')).measureLogging(input),
  'loop delay': measureLoopDelay,
  memory: measureMemory,
  throughput: measureThroughput,
  watching: measureWatching,
};

export type TaskName = keyof typeof tasks;

export interface TaskOf<Name extends TaskName> {
  input: Parameters<(typeof tasks)[Name]>[0];
  output: Awaited<ReturnType<(typeof tasks)[Name]>>;
}

const [name, input] = process.argv.slice(2) as [TaskName, string];
const task = tasks[name] as (input: unknown) => Promise<unknown>;
const output = await task(JSON.parse(input));
// what a task leaves behind (an idle connection, a datasource whose server is down) must not keep the process
process.send?.(output, () => process.exit(0));
