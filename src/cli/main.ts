#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { LocalError } from '../local/errors.js';
import { dev } from './dev.js';
import { packageVersion } from './package-root.js';

const USAGE = `Usage: tinybird-llm dev [--port 7181] [--data DIR] [--project DIR]

  dev                  run a Tinybird on this machine, on an embedded ClickHouse
    --port PORT        the port of 127.0.0.1 it listens on (default 7181; 0 picks a free one)
    --data DIR         where the rows are kept (default .tinybird-llm)
    --project DIR      your own Tinybird project, with its datasources/ (default: this package's)

  --help               show this
  --version            show the version`;

/** A command line that cannot be followed: it is answered with the usage and exit code 2. */
class UsageError extends Error {}

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`${error.message}\n\n${USAGE}`);
    process.exitCode = 2;
  } else {
    console.error(error instanceof LocalError ? `tinybird-llm: ${error.message}` : error);
    process.exitCode = 1;
  }
}

async function run(commandLine: string[]): Promise<void> {
  const { values, positionals } = parse(commandLine);
  if (values.help) return console.log(USAGE);
  if (values.version) return console.log(packageVersion());
  const [command, ...more] = positionals;
  if (command === undefined) throw new UsageError('tell me what to do');
  if (command !== 'dev') throw new UsageError(`unknown command '${command}'`);
  if (more.length > 0) throw new UsageError(`'${more.join(' ')}' is too much`);
  await dev({ port: parsePort(values.port), data: values.data, project: values.project });
}

function parse(commandLine: string[]) {
  try {
    return parseArgs({
      args: commandLine,
      allowPositionals: true,
      options: {
        port: { type: 'string', default: '7181' },
        data: { type: 'string' },
        project: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new UsageError(`--port ${text}: a port is a number from 0 to 65535`);
  return port;
}
