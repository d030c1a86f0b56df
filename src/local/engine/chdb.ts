import { access, constants, mkdir } from 'node:fs/promises';
import { DataDirectoryError, EngineMissingError, QueryError } from '../errors.js';

import type { Engine } from './engine.js';

/** The exact release the data directory and the row rules were measured with. */
const CHDB_VERSION = '3.4.0';

/**
 * Opens the embedded ClickHouse on a directory, which is created when it is not there. One process a directory.
 * Never from a worker thread: the process crashes when a thread that used chdb ends.
 *
 * @param load - imports chdb; another one is for tests
 * @throws EngineMissingError when chdb cannot be loaded
 * @throws DataDirectoryError when the directory is not writable or another process holds it
 */
export async function openChdb(directory: string, load: LoadChdb = () => import('chdb')): Promise<Engine> {
  const { Session, drainPending } = await loadChdb(load);
  await makeWritable(directory);
  const writer = openWriter(() => new Session(directory, { connectionArgs: UTC }), directory);

  return {
    async exec(ddl) {
      await writer.queryAsync(ddl);
    },
    async insert(table, rows) {
      if (rows.length > 0) await writer.insert({ table, values: rows, format: 'JSONEachRow' });
    },
    async read(sql, { format, params = {}, maxSeconds = 10 }) {
      // A session of its own for each read: a query that fails after it began to write leaves its output behind,
      // and the next answer of that session would begin with it (chdb 3.4.0).
      const limits = [
        '--readonly=1',
        `--max_execution_time=${maxSeconds}`,
        `--max_result_bytes=${MAX_RESULT_BYTES}`,
      ];
      const reader = new Session(directory, { connectionArgs: [...UTC, ...limits] });
      try {
        // Bound queries run one after another in the whole process (chdb 3.4.0), so those without values stay plain.
        const read =
          Object.keys(params).length === 0
            ? reader.queryAsync(sql, { format })
            : reader.queryBindAsync(sql, params, { format });
        return Buffer.from((await read).bytes());
      } catch (cause) {
        throw toQueryError(cause);
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
type LoadChdb = () => Promise<Pick<Chdb, 'Session' | 'drainPending'>>;

/** Without it ClickHouse takes the time zone of the host, and shifts every bare time by it. */
const UTC = ['--session_timezone=UTC'];

/** An answer is held in memory whole; counted as ClickHouse holds it, before it is written as text. */
const MAX_RESULT_BYTES = 64 * 1024 * 1024;

async function loadChdb(load: LoadChdb): ReturnType<LoadChdb> {
  try {
    return await load();
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n', 1)[0] ?? '') : String(cause);
    throw new EngineMissingError(
      `the embedded ClickHouse could not be loaded (${reason}). Install it with: ` +
        `npm install --save-dev chdb@${CHDB_VERSION} (Linux with glibc or macOS; about 180 MB to download)`,
      { cause },
    );
  }
}

async function makeWritable(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    await access(directory, constants.W_OK);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataDirectoryError(
      `the data directory ${directory} cannot be written (${reason}). Pass another one with --data`,
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
    const locked = reason.startsWith('Failed to create connection');
    throw new DataDirectoryError(
      locked
        ? `the data directory ${directory} is held by another process, most likely a 'tinybird-llm dev' that ` +
            'still runs. Stop that one, or pass another directory with --data'
        : `the data directory ${directory} cannot be opened (${reason})`,
      { cause },
    );
  }
}

function toQueryError(cause: unknown): unknown {
  const { clickhouseCode, message } = cause as { clickhouseCode?: number; message?: string };
  if (clickhouseCode === undefined || message === undefined) return cause;
  return new QueryError(message.replace(/ \(version [^)]*\)/g, ''), clickhouseCode, { cause });
}
