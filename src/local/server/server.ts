import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { openDataDirectory } from '../engine/data-directory.js';
import type { Engine } from '../engine/engine.js';
import { createGroupCommit } from '../engine/group-commit.js';
import { createTables } from '../engine/tables.js';
import { PortInUseError } from '../errors.js';
import type { Pipe } from '../pipes/pipe.js';
import { loadProject, type Project } from '../project.js';
import { readVocabulary, type SqlVocabulary } from '../sql/vocabulary.js';
import { createListener, LIMITS, type Limits, type Listener } from './listener.js';
import { createRateLimit, REQUESTS_A_SECOND } from './rate-limit.js';
import { dropReplacements } from './replacement.js';
import type { LocalTinybird } from './routes.js';
import { createSimulator, type Simulation } from './simulate.js';

/** Where the local Tinybird listens, keeps its rows and finds its datasources. */
export interface LocalServerOptions {
  /** A port of 127.0.0.1; 0 picks a free one. */
  readonly port: number;
  /** The directory of the rows, created when it is not there. One server a directory. */
  readonly dataDir: string;
  /** Opens the ClickHouse the rows are kept in. @defaultValue the embedded one, on `dataDir` */
  readonly openEngine?: () => Promise<Engine>;
  /** The folders whose `.datasource` and `.pipe` files are served. */
  readonly folders: readonly string[];
  /** Whether a request may have rows fetched from a `url=`. @defaultValue false */
  readonly allowUrl?: boolean;
  /** What trouble the server pretends to be in. @defaultValue none */
  readonly simulate?: readonly Simulation[];
  /** How long it waits, and for how many; others are for tests. */
  readonly limits?: Partial<Limits>;
  /** Told of what no request can be told: rows answered with 202 that could not be stored, a fault of the server. */
  readonly onError?: (error: unknown) => void;
}

/** A running local Tinybird. */
export interface LocalServer {
  /** As in `http://127.0.0.1:7181`, without a slash at the end. */
  readonly url: string;
  /** The names of its datasources. */
  readonly datasources: readonly string[];
  /** The names of the pipes that it answers with. */
  readonly endpoints: readonly string[];
  /** The pipes that it does not run: a local Tinybird only reads. */
  readonly notServed: readonly Pick<Pipe, 'name' | 'kind'>[];
  /** Stores what was accepted, ends the connections and lets go of the directory. */
  close(): Promise<void>;
}

/**
 * Starts a Tinybird on an embedded ClickHouse, for this machine only.
 *
 * @throws PortInUseError, DatafileError, SchemaChangeError, EngineMissingError, DataDirectoryError
 */
export async function startLocalServer(options: LocalServerOptions): Promise<LocalServer> {
  const project = await loadProject(options.folders);
  let opened: (tinybird: LocalTinybird) => void = () => {};
  const ready = new Promise<LocalTinybird>((settle) => {
    opened = settle;
  });
  const limits = { ...LIMITS, ...options.limits };
  const { dataDir, onError = () => {} } = options;
  const listener = createListener(ready, limits, resolve(dataDir), onError);
  const pipes = [...project.pipes.values()];
  // The port comes first: a second `dev` should be told of the first one, not of its lock file.
  const port = await listen(listener.server, options.port);
  try {
    const tinybird = await openTinybird(options, project, limits);
    opened(tinybird);
    const close = () => closeAll(listener, tinybird);
    let closing: Promise<void> | undefined;
    return {
      url: `http://127.0.0.1:${port}`,
      datasources: [...project.datasources.keys()],
      endpoints: pipes.filter(({ kind }) => kind === 'endpoint').map(({ name }) => name),
      notServed: pipes.filter(({ kind }) => kind !== 'endpoint' && kind !== 'internal'),
      close: () => {
        closing ??= close();
        return closing;
      },
    };
  } catch (error) {
    await listener.close();
    throw error;
  }
}

async function openTinybird(
  {
    dataDir,
    openEngine = () => openDataDirectory(dataDir),
    allowUrl = false,
    simulate = [],
    onError = () => {},
  }: LocalServerOptions,
  project: Project,
  limits: Limits,
): Promise<LocalTinybird> {
  const engine = await openEngine();
  let vocabulary: SqlVocabulary;
  try {
    await dropReplacements(engine);
    vocabulary = await readVocabulary(engine);
    await createTables(
      engine,
      [...project.datasources.values()].map(({ datafile }) => datafile),
    );
  } catch (error) {
    await engine.close();
    throw error;
  }
  const simulator = createSimulator(simulate, limits.slowMs);
  return {
    ...project,
    engine,
    writes: createGroupCommit(engine),
    vocabulary,
    rateLimit: createRateLimit(simulator.requestsASecond ?? REQUESTS_A_SECOND),
    simulator,
    allowUrl,
    onLost: (cause) =>
      onError(new Error(`accepted rows could not be stored: ${messageOf(cause)}`, { cause })),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((settle, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new PortInUseError(
              `the port ${port} is in use. Stop what listens there, or pass another one with --port (0 picks a free one)`,
              { cause: error },
            )
          : error,
      );
    });
    server.listen(port, '127.0.0.1', () => settle((server.address() as AddressInfo).port));
  });
}

async function closeAll(listener: Listener, tinybird: LocalTinybird): Promise<void> {
  await listener.close();
  await tinybird.writes.drain();
  await tinybird.engine.close();
}
