import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The id of another process that certainly holds a data directory of ClickHouse, or `undefined` when none does or
 * it cannot be told (outside Linux, or across containers): then the lock itself answers, once ClickHouse asks for it.
 *
 * ClickHouse keeps the file `status` open and locked, with its process id inside. The file outlives a `kill -9`
 * and the id may be another program's by then, so only a process that has that very file open counts.
 */
export async function holderOf(directory: string): Promise<number | undefined> {
  try {
    const status = await realpath(join(directory, 'status'));
    const id = Number(/^PID: (\d+)/m.exec(await readFile(status, 'utf8'))?.[1]);
    if (!Number.isInteger(id) || id === process.pid) return undefined;
    const open = `/proc/${id}/fd`;
    const files = await Promise.all(
      (await readdir(open)).map((file) => readlink(join(open, file)).catch(() => '')),
    );
    return files.includes(status) ? id : undefined;
  } catch {
    return undefined;
  }
}
