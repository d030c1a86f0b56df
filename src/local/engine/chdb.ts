import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import {
  DataDirectoryError,
  DataDirectoryHeldError,
  EngineMissingError,
  QueryError,
  WorkerThreadError,
} from '../errors.js';
import { holderOf } from './data-lock.js';
import type { Engine } from './engine.js';

/** The exact release of chdb that the data directory and the row rules were measured with. */
export const CHDB_VERSION = '3.4.0';

/** The ClickHouse inside it, as `SELECT version()` answers. */
export const CLICKHOUSE_VERSION = '26.7.2.1';

/** Imports chdb, or throws. */
export type LoadChdb = () => Promise<Pick<Chdb, 'Session' | 'drainPending'>>;

/**
 * Opens the embedded ClickHouse on a directory, which is created when it is not there. One process a directory.
 *
 * @param load - imports chdb. @defaultValue as this package resolves it
 * @throws EngineMissingError when chdb cannot be loaded
 * @throws DataDirectoryError when the directory is not writable; DataDirectoryHeldError when a process holds it
 * @throws WorkerThreadError in a worker thread
 */
export async function openChdb(directory: string, load: LoadChdb = () => import('chdb')): Promise<Engine> {
  if (!isMainThread) {
    // Before it is loaded: when a thread that used chdb ends, the process ends with a SIGSEGV (chdb 3.4.0).
    throw new WorkerThreadError(
      'the embedded ClickHouse cannot run in a worker thread: its end would crash the whole process. ' +
        'Start it in a process of its own, with node:child_process for instance',
    );
  }
  const { Session, drainPending } = await loadChdb(load);
  const configuration = await configured(directory);
  // Asked for before chdb is: of a lock, chdb also writes a raw line to stderr that nobody can hold back.
  const holder = await holderOf(directory);
  if (holder !== undefined) throw held(directory, `the process ${holder}`);
  // The first session decides for the process.
  const connectionArgs = [...UTC, `--config-file=${configuration}`];
  const writer = openWriter(() => new Session(directory, { connectionArgs }), directory);
  // A session of its own for each read: a query that fails after it began to write leaves its output behind,
  // and the next answer of that session would begin with it (chdb 3.4.0).
  const openReader = (settings: readonly string[]) =>
    new Session(directory, { connectionArgs: [...UTC, '--readonly=1', ...settings] });

  return {
    async exec(ddl) {
      await writer.queryAsync(ddl).catch(throwQueryError);
    },
    async insert(table, rows) {
      if (rows.length > 0)
        await writer.insert({ table, values: rows, format: 'JSONEachRow' }).catch(throwQueryError);
    },
    async read(sql, { format, params = {}, maxSeconds = 10 }) {
      const reader = openReader([
        `--max_execution_time=${maxSeconds}`,
        `--max_result_bytes=${MAX_RESULT_BYTES}`,
      ]);
      try {
        // Bound queries run one after another in the whole process (chdb 3.4.0), so those without values stay plain.
        const read =
          Object.keys(params).length === 0
            ? reader.queryAsync(sql, { format })
            : reader.queryBindAsync(sql, params, { format });
        return Buffer.from((await read).bytes());
      } catch (cause) {
        return throwQueryError(cause);
      } finally {
        reader.close();
      }
    },
    async *stream(sql, format) {
      const reader = openReader([`--max_block_size=${STREAMED_ROWS}`, '--max_threads=1']);
      try {
        for await (const chunk of reader.queryStream(sql, { format })) yield chunk.raw();
      } catch (cause) {
        throwQueryError(cause);
      } finally {
        reader.close();
      }
    },
    async close() {
      await drainPending();
      writer.close();
      await drainPending();
    },
  };
}

type Chdb = typeof import('chdb');

/** Without it ClickHouse takes the time zone of the host, and shifts every bare time by it. */
const UTC = ['--session_timezone=UTC'];

/**
 * What a ClickHouse that shares a developer's machine does otherwise: it rewrites what is stored into larger parts after
 * whoever waits for something, and spends less on it. Up to 128 MiB a part is one file for all columns (a file a column
 * from 10 MiB on cost merges of wide rows twice the time), and has no statistics, which here nothing is planned by.
 */
const CONFIGURATION = `<clickhouse>
  <os_threads_nice_value_merge_mutate>19</os_threads_nice_value_merge_mutate>
  <merge_tree>
    <min_bytes_for_wide_part>${128 * 1024 * 1024}</min_bytes_for_wide_part>
    <materialize_statistics_on_merge>0</materialize_statistics_on_merge>
  </merge_tree>
</clickhouse>
`;

/** An answer is held in memory whole; counted as ClickHouse holds it, before it is written as text. */
export const MAX_RESULT_BYTES = 64 * 1024 * 1024;

/** Rows of one piece of a stream, which is held in memory whole; of wide rows ClickHouse takes fewer. */
export const STREAMED_ROWS = 1_000;

async function loadChdb(load: LoadChdb): ReturnType<LoadChdb> {
  try {
    return await load();
  } catch (cause) {
    if (cause instanceof EngineMissingError) throw cause;
    throw new EngineMissingError(
      `the embedded ClickHouse could not be loaded (${firstLine(cause)}). Install it with: ` +
        `npm install --save-dev chdb@${CHDB_VERSION} (Linux with glibc or macOS; about 180 MB to download)`,
      { cause },
    );
  }
}

/** Makes the directory and the configuration in it, whose path it answers. */
async function configured(directory: string): Promise<string> {
  const configuration = join(directory, 'configuration.xml');
  try {
    await mkdir(directory, { recursive: true });
    await writeFile(configuration, CONFIGURATION);
    return configuration;
  } catch (cause) {
    throw new DataDirectoryError(
      `the data directory ${directory} cannot be written (${firstLine(cause)}). Pass another one with --data`,
      { cause },
    );
  }
}

function openWriter<Session>(open: () => Session, directory: string): Session {
  try {
    return open();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    // That is all chdb says of a lock; the rest goes to stderr.
    if (reason.startsWith('Failed to create connection')) throw held(directory, 'another process', cause);
    throw new DataDirectoryError(`the data directory ${directory} cannot be opened (${reason})`, { cause });
  }
}

function held(directory: string, holder: string, cause?: unknown): DataDirectoryHeldError {
  return new DataDirectoryHeldError(
    `the data directory ${directory} is held by ${holder}, most likely a 'tinybird-llm dev' that ` +
      'still runs. Stop that one, or pass another directory with --data',
    { cause },
  );
}

/** Throws ClickHouse's own refusal as a QueryError, anything else as it is. */
function throwQueryError(cause: unknown): never {
  const { clickhouseCode, message = '' } = cause as { clickhouseCode?: number; message?: string };
  // The error of a stream has its code in the text alone.
  const code = clickhouseCode ?? /^Code: (\d+)\./.exec(message)?.[1];
  if (code === undefined) throw cause;
  throw new QueryError(message.replace(/ \(version [^)]*\)/g, ''), Number(code), { cause });
}

function firstLine(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split('\n', 1)[0] ?? '';
}
