#!/usr/bin/env node
import { TinybirdError } from '../api/errors.js';
import { LocalError } from '../local/errors.js';
import { checkCommand } from './check.js';
import { type Command, didYouMean, UsageError } from './command-line.js';
import { devCommand } from './dev-command.js';
import { initCommand } from './init.js';
import { packageVersion } from './package-root.js';

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['dev', devCommand],
  ['check', checkCommand],
  ['init', initCommand],
]);

const USAGE = `Usage: tinybird-llm dev [options] [-- PROGRAM ...]
       tinybird-llm check [options]
       tinybird-llm init [DIR] [options]

${[...COMMANDS].map(([name, { about }]) => `  ${name.padEnd(10)} ${about}`).join('\n')}

  --help     show this; of a command: tinybird-llm COMMAND --help
  --version  show the version`;

const [name, ...line] = process.argv.slice(2);
const command = COMMANDS.get(name ?? '');

try {
  const code = await run();
  if (code !== undefined) process.exitCode = code;
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`${error.message}\n\n${command?.usage ?? USAGE}`);
    process.exitCode = 2;
  } else {
    const expected = error instanceof LocalError || error instanceof TinybirdError;
    console.error(expected ? `tinybird-llm: ${error.message}` : error);
    process.exitCode = 1;
  }
}

async function run(): Promise<number | undefined> {
  // What follows -- is a program's.
  const own =
    command === undefined ? [name] : line.slice(0, line.includes('--') ? line.indexOf('--') : undefined);
  const asks = (...options: readonly string[]) => own.some((word) => options.includes(word ?? ''));
  if (asks('--help', '-h')) return say(command?.usage ?? USAGE);
  if (asks('--version', '-v')) return say(packageVersion());
  if (name === undefined) throw new UsageError('tell me what to do');
  if (command !== undefined) return command.run(line);
  if (name.startsWith('-'))
    throw new UsageError(`'${name}' comes after a command, as in tinybird-llm dev ${name}`);
  throw new UsageError(`unknown command '${name}'${didYouMean(name, [...COMMANDS.keys()])}`);
}

function say(text: string): undefined {
  console.log(text);
}
