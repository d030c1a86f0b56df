import { join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { LOCAL_TOKEN } from '../api/connection.js';
import { openClickHouse } from '../local/engine/clickhouse.js';
import { openDataDirectory, resetDataDirectory } from '../local/engine/data-directory.js';
import type { Engine } from '../local/engine/engine.js';
import { findChdb } from '../local/engine/find-chdb.js';
import { exportRows } from '../local/export.js';
import { loadProject } from '../local/project.js';
import { type LocalServer, startLocalServer } from '../local/server/server.js';
import type { Simulation } from '../local/server/simulate.js';
import { packageRoot, packageVersion } from './package-root.js';
import { startProgram } from './run-program.js';

/** The options of `tinybird-llm dev`. */
export interface DevOptions {
  /** @defaultValue 7181, the port of Tinybird Local */
  readonly port: number;
  /** @defaultValue `.tinybird-llm` in the current directory */
  readonly data?: string | undefined;
  /** A Tinybird project: the folder whose datafiles are served. @defaultValue the package's own */
  readonly project?: string | undefined;
  /** A ClickHouse to keep the rows in, instead of the embedded one. */
  readonly clickhouse?: string | undefined;
  /** The cluster of that ClickHouse whose nodes all get the tables. */
  readonly cluster?: string | undefined;
  /** Forgets the rows of the data directory first. */
  readonly reset: boolean;
  /** Writes every row as NDJSON into this directory, and ends. */
  readonly export?: string | undefined;
  /** Lets a request have rows fetched from a `url=`. */
  readonly allowUrl: boolean;
  /** What trouble the server pretends to be in. */
  readonly simulate: readonly Simulation[];
  /** Installs the embedded ClickHouse without asking. */
  readonly yes: boolean;
  /** A program to run against the server, with its arguments; without one the server runs until it is stopped. */
  readonly program: readonly string[];
}

/**
 * Starts the local Tinybird, says where it is, and stops it on SIGINT or SIGTERM, or when the program ends that it was
 * started for. Settles once it listens.
 */
export async function dev(options: DevOptions): Promise<void> {
  const withProgram = options.program.length > 0;
  // A program's output is its own: it can be piped on.
  const say = withProgram ? console.error : console.log;
  const place = placeOf(options, say);
  if (options.export !== undefined) return exportTo(resolve(options.export), place);

  const server = await startLocalServer({
    port: options.port,
    dataDir: place.dataDir,
    folders: place.folders,
    // Once the port is ours: of a second server one should be told by its port, not by a lock.
    openEngine: place.openEngine,
    allowUrl: options.allowUrl,
    simulate: options.simulate,
    onError: (error) => console.error(error),
  });
  say(banner(server, place, options.simulate));
  if (!withProgram) return stopOnSignal(() => server.close());
  await runAgainst(server, options.program);
}

/** Where rows are kept and what is served. */
interface Place {
  readonly dataDir: string;
  readonly folders: readonly string[];
  /** Where the rows are, as it is told; never with a password. */
  readonly told: string;
  readonly openEngine: () => Promise<Engine>;
}

function placeOf(options: DevOptions, say: (line: string) => void): Place {
  const { data, project, clickhouse, cluster, yes, reset } = options;
  const dataDir = resolve(data ?? '.tinybird-llm');
  const folders =
    project === undefined
      ? ['datasources', 'endpoints'].map((folder) => join(packageRoot(), folder))
      : [resolve(project)];
  if (clickhouse !== undefined) {
    const told =
      cluster === undefined ? 'in your ClickHouse' : `on the cluster ${cluster} of your ClickHouse`;
    const engine = { url: clickhouse, ...(cluster !== undefined && { cluster }) };
    return { dataDir, folders, told, openEngine: () => openClickHouse(engine) };
  }
  const openEngine = async () => {
    const load = await findChdb({ cwd: process.cwd(), yes, say: console.error, ...(canAsk && { ask }) });
    if (reset && (await resetDataDirectory(dataDir, load))) say(`forgot the rows of ${shown(dataDir)}`);
    return openDataDirectory(dataDir, load);
  };
  return { dataDir, folders, told: shown(dataDir), openEngine };
}

async function exportTo(directory: string, { folders, openEngine }: Place): Promise<void> {
  const project = await loadProject(folders);
  const engine = await openEngine();
  try {
    for (const { table, rows, file } of await exportRows(engine, project, directory))
      console.log(`${table}: ${rows} rows${file === undefined ? '' : ` in ${shown(file)}`}`);
  } finally {
    await engine.close();
  }
}

/** Elsewhere than on a terminal nobody could answer. */
const canAsk = Boolean(process.stdin.isTTY && process.stderr.isTTY);

async function ask(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

function banner(server: LocalServer, { folders, told }: Place, simulate: readonly Simulation[]): string {
  const lines = [
    `tinybird-llm ${packageVersion()}: a Tinybird on this machine`,
    '',
    `  datasources   ${server.datasources.join(', ')} (from ${folders.map(shown).join(', ')})`,
    ...(server.endpoints.length > 0 ? [`  endpoints     ${server.endpoints.join(', ')}`] : []),
    ...server.notServed.map(
      ({ name, kind }) => `  not served    ${name}: pipes of TYPE ${kind} do not run here`,
    ),
    `  data          ${told}`,
    ...(simulate.length > 0 ? [`  simulating    ${simulate.join(', ')}`] : []),
    `  send here     TINYBIRD_URL=${server.url} node your-program.js`,
    `  ask           curl -H 'Authorization: Bearer ${LOCAL_TOKEN}' '${server.url}/v0/sql' -d 'SELECT count() FROM ${server.datasources[0]}'`,
    '',
    `Listening on ${server.url}`,
  ];
  return lines.join('\n');
}

/** Ends with the program, and with its exit code, once what it sent is stored. */
async function runAgainst(server: LocalServer, command: readonly string[]): Promise<void> {
  const program = startProgram(command, { TINYBIRD_URL: server.url, TINYBIRD_TOKEN: LOCAL_TOKEN });
  // Ctrl+C reaches the program as well, which decides by itself; a SIGTERM reaches only us.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => program.signal('SIGTERM'));
  try {
    process.exitCode = await program.ended;
  } finally {
    await closeWithin(() => server.close());
  }
  process.exit();
}

/**
 * How long stopping may take, in ms. A query that still runs cannot be interrupted, and `process.exit` would wait
 * for it (measured on chdb 3.4.0), so past this the process ends itself: stored rows survive that.
 */
const STOP_WITHIN_MS = 2_500;

function stopOnSignal(close: () => Promise<void>): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) kill();
    stopping = true;
    closeWithin(close).then(() => process.exit(0), kill);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

async function closeWithin(close: () => Promise<void>): Promise<void> {
  const late = setTimeout(kill, STOP_WITHIN_MS);
  await close();
  clearTimeout(late);
}

function kill(): void {
  process.kill(process.pid, 'SIGKILL');
}

function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') ? path : short;
}
