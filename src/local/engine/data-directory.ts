import { readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataDirectoryError, DataDirectoryHeldError } from '../errors.js';
import { CLICKHOUSE_VERSION, type LoadChdb, openChdb } from './chdb.js';
import type { Engine } from './engine.js';

/**
 * Opens the embedded ClickHouse on a data directory: the rows are in its `clickhouse/`, and `engine.json` beside
 * them says which ClickHouse wrote them.
 *
 * @param load - see {@link openChdb}
 * @throws DataDirectoryError when a newer ClickHouse wrote the rows: ClickHouse reads what older ones wrote only
 */
export async function openDataDirectory(dataDir: string, load?: LoadChdb): Promise<Engine> {
  const writtenBy = (await readEngineFile(dataDir))?.version;
  if (writtenBy !== undefined && isNewer(writtenBy, CLICKHOUSE_VERSION)) {
    throw new DataDirectoryError(
      `the data directory ${dataDir} was written by ClickHouse ${writtenBy}, and this is ${CLICKHOUSE_VERSION}, ` +
        'which cannot read what a newer one wrote. Use the tinybird-llm that wrote it, pass another directory ' +
        'with --data, or start anew with --reset, which deletes its rows',
    );
  }
  const engine = await openChdb(join(dataDir, ROWS), load);
  try {
    // Rows hold prompts: they do not belong into anybody's repository.
    await writeFile(join(dataDir, IGNORE_FILE), IGNORE_ALL);
    const version = (await engine.read('SELECT version()', { format: 'TSVRaw' })).toString().trim();
    if (version !== writtenBy) await writeEngineFile(dataDir, { engine: 'chdb', version });
  } catch (error) {
    await engine.close();
    throw error;
  }
  return engine;
}

/**
 * Deletes the rows of a data directory and all that belongs to them, and nothing else that may lie in it.
 *
 * @returns whether there was anything to delete
 * @throws DataDirectoryError when it is not a data directory; DataDirectoryHeldError when a process uses it
 */
export async function resetDataDirectory(dataDir: string, load?: LoadChdb): Promise<boolean> {
  const rows = join(dataDir, ROWS);
  if (!(await isThere(dataDir))) return false;
  if ((await readEngineFile(dataDir)) === undefined && !(await isRowsDirectory(rows))) {
    throw new DataDirectoryError(
      `${dataDir} is not a data directory of tinybird-llm (it has neither ${ENGINE_FILE} nor ${ROWS}/), so nothing ` +
        'in it is deleted. Pass the right one with --data, or delete it yourself',
    );
  }
  await refuseHeld(rows, load);
  await rm(rows, { recursive: true, force: true });
  if ((await readText(join(dataDir, IGNORE_FILE))) === IGNORE_ALL) await rm(join(dataDir, IGNORE_FILE));
  // Last, so that a reset that was cut short can be run again.
  await rm(join(dataDir, ENGINE_FILE), { force: true });
  await rmdir(dataDir).catch(() => {});
  return true;
}

const ROWS = 'clickhouse';
const ENGINE_FILE = 'engine.json';
const IGNORE_FILE = '.gitignore';
const IGNORE_ALL = '*\n';

interface EngineFile {
  readonly engine: 'chdb';
  /** The ClickHouse that wrote the rows, as in `26.7.2.1`. */
  readonly version: string;
}

/** `undefined` when it is not there, or is nobody's: a file cut short by a power failure must not lock anybody out. */
async function readEngineFile(dataDir: string): Promise<EngineFile | undefined> {
  const text = await readText(join(dataDir, ENGINE_FILE));
  try {
    const { engine, version } = JSON.parse(text ?? 'null') as Partial<EngineFile>;
    return engine === 'chdb' && typeof version === 'string' ? { engine, version } : undefined;
  } catch {
    return undefined;
  }
}

async function writeEngineFile(dataDir: string, content: EngineFile): Promise<void> {
  const path = join(dataDir, ENGINE_FILE);
  await writeFile(`${path}.new`, `${JSON.stringify(content)}\n`);
  await rename(`${path}.new`, path);
}

/** Whether version `one` comes after `other`, part by part. */
function isNewer(one: string, other: string): boolean {
  const parts = (version: string) => version.split('.').map((part) => Number.parseInt(part, 10) || 0);
  const others = parts(other);
  for (const [index, part] of parts(one).entries()) {
    const difference = part - (others[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

/** A directory of rows from before there was an `engine.json`, or one that never came so far. */
async function isRowsDirectory(rows: string): Promise<boolean> {
  return (await isThere(join(rows, 'status'))) || (await isThere(join(rows, 'store')));
}

/** Only ClickHouse can tell for certain, on every platform, that nobody holds the lock: by taking it. */
async function refuseHeld(rows: string, load: LoadChdb | undefined): Promise<void> {
  if (!(await isThere(rows))) return;
  try {
    await (await openChdb(rows, load)).close();
  } catch (error) {
    // That its tables cannot be read, say, is a reason to reset.
    if (error instanceof DataDirectoryHeldError || !(error instanceof DataDirectoryError)) throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}
