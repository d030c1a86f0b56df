import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, delimiter, dirname, join } from 'node:path';
import { EngineMissingError } from '../errors.js';
import { CHDB_VERSION } from './chdb.js';
import type { Environment } from './find-chdb.js';

/**
 * Has npm install chdb into a directory of its own, which is there whole or not at all: it is made beside under
 * another name, tried, and then renamed. Of two that do this at once, one keeps its work.
 *
 * @throws EngineMissingError with the last lines of npm when it fails
 */
export async function installChdb(directory: string, env: Environment): Promise<void> {
  const parent = dirname(directory);
  const prefix = `.${basename(directory)}-`;
  const npm = findNpm(env);
  if (npm === undefined) throw new EngineMissingError(`npm was not found to fetch chdb with. ${INSTEAD}`);
  try {
    await mkdir(parent, { recursive: true, mode: 0o700 });
    await removeLeftOvers(parent, prefix);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new EngineMissingError(`chdb cannot be put into ${parent} (${reason}). ${INSTEAD}`, { cause });
  }
  const work = await mkdtemp(join(parent, prefix));
  try {
    const [command, ...first] = npm;
    await run(command, [...first, ...npmParameters(work)], env, work, 'npm could not fetch chdb');
    // npm succeeds also when it could not get the library, which is optional to chdb.
    const tried = [TRY, join(work, 'node_modules', 'chdb')];
    await run(process.execPath, ['--eval', ...tried], env, work, 'what npm fetched cannot be loaded');
    await rename(work, directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const INSTEAD = `Install it yourself: npm install --save-dev chdb@${CHDB_VERSION}, or use a ClickHouse server with --clickhouse URL`;

/** In a process of its own: a library that does not fit may end it. */
const TRY =
  'try { require(process.argv[1]) } catch (error) { console.error(error.message); process.exit(1) }';

function npmParameters(prefix: string): readonly string[] {
  const install = ['install', '--prefix', prefix, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
  // What npx or a script of npm has set for itself reaches this one through the environment.
  const own = [
    '--no-global',
    '--workspaces=false',
    '--include=optional',
    '--no-dry-run',
    '--no-package-lock',
  ];
  return [...install, ...own, `chdb@${CHDB_VERSION}`];
}

/** The npm that runs this, else the one on the PATH: its command and first parameters. */
function findNpm(env: Environment): readonly [string, ...string[]] | undefined {
  const { npm_execpath: running = '', PATH = '' } = env;
  // Other package managers say here where they are.
  if (/npm-cli\.js$/.test(running) && existsSync(running)) return [process.execPath, running];
  const onPath = PATH.split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, 'npm'))
    .find(existsSync);
  return onPath === undefined ? undefined : [onPath];
}

/** How much of what a failing command said is told. */
const LAST_LINES = 12;

async function run(
  command: string,
  parameters: readonly string[],
  env: Environment,
  work: string,
  failure: string,
): Promise<void> {
  const child = spawn(command, parameters, { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const restore = stopOnSignal(child, work);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-8_000);
    });
  }
  try {
    const [code, signal] = await once(child, 'close');
    if (code === 0) return;
    const last = said.trim().split('\n').slice(-LAST_LINES).join('\n');
    throw new EngineMissingError(`${failure} (${signal ?? `exit code ${code}`}):\n${last}\n${INSTEAD}`);
  } catch (cause) {
    if (cause instanceof EngineMissingError) throw cause;
    throw new EngineMissingError(`${failure} (${(cause as Error).message}). ${INSTEAD}`, { cause });
  } finally {
    restore();
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Whoever interrupts it does not want 500 MB of it: the command and its work go, then this process as it would. */
function stopOnSignal(child: ChildProcess, work: string): () => void {
  const stop = (signal: NodeJS.Signals): void => {
    child.kill('SIGKILL');
    // More than once: it may just be writing there.
    rmSync(work, { recursive: true, force: true, maxRetries: 5 });
    restore();
    process.kill(process.pid, signal);
  };
  const restore = (): void => {
    for (const signal of SIGNALS) process.removeListener(signal, stop);
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  return restore;
}

/** An install takes minutes, on the slowest of lines hours; what is older was killed in the middle. */
const LEFT_OVER_MS = 24 * 60 * 60 * 1_000;

async function removeLeftOvers(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const path = join(parent, name);
    if (!name.startsWith(prefix)) continue;
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > LEFT_OVER_MS) await rm(path, { recursive: true, force: true });
  }
}
