import { join, relative, resolve } from 'node:path';
import { startLocalServer } from '../local/server/server.js';
import { packageRoot, packageVersion } from './package-root.js';

/** The options of `tinybird-llm dev`. */
export interface DevOptions {
  /** @defaultValue 7181, the port of Tinybird Local */
  readonly port: number;
  /** @defaultValue `.tinybird-llm` in the current directory */
  readonly data?: string | undefined;
  /** A Tinybird project: the folder whose datafiles are served. @defaultValue the package's own */
  readonly project?: string | undefined;
}

/** Starts the local Tinybird, says where it is, and stops it on SIGINT or SIGTERM. Settles once it listens. */
export async function dev(options: DevOptions): Promise<void> {
  const dataDir = resolve(options.data ?? '.tinybird-llm');
  const folders =
    options.project === undefined
      ? ['datasources', 'endpoints'].map((folder) => join(packageRoot(), folder))
      : [resolve(options.project)];
  const server = await startLocalServer({
    port: options.port,
    dataDir,
    folders,
    onError: (error) => console.error('accepted rows could not be stored:', error),
  });
  stopOnSignal(() => server.close());
  console.log(`tinybird-llm ${packageVersion()}: a Tinybird on this machine

  datasources   ${server.datasources.join(', ')} (from ${folders.map(shown).join(', ')})
  data          ${shown(dataDir)}
  send here     TINYBIRD_URL=${server.url} node your-program.js
  ask           curl '${server.url}/v0/sql' -d 'SELECT count() FROM ${server.datasources[0]}'

Listening on ${server.url}`);
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
    setTimeout(kill, STOP_WITHIN_MS);
    close().then(() => process.exit(0), kill);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

function kill(): void {
  process.kill(process.pid, 'SIGKILL');
}

function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') ? path : short;
}
