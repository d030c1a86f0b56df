import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { EngineMissingError } from '../errors.js';
import { CHDB_VERSION, type LoadChdb } from './chdb.js';
import { installChdb } from './install-chdb.js';

/** Where chdb may be found or put, and what is asked and told on the way. */
export interface FindChdbOptions {
  /** The directory whose project may have chdb installed. */
  readonly cwd: string;
  /** Where what is fetched is kept. @defaultValue `tinybird-llm` in the user's cache directory */
  readonly cacheDir?: string;
  /** Whether it may be fetched without asking. */
  readonly yes: boolean;
  /** Asks a person whether it may be fetched; left out where nobody can answer. */
  readonly ask?: (question: string) => Promise<boolean>;
  /** Tells what is passed over and what is done. */
  readonly say: (line: string) => void;
  /** @defaultValue `process.env` */
  readonly env?: Environment;
  /** @defaultValue the platform this runs on */
  readonly platform?: Platform;
  /** A file whose own chdb is tried after the project's. @defaultValue this one */
  readonly beside?: string;
}

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What decides whether there is a chdb at all. */
export interface Platform {
  /** As in `process.platform`. */
  readonly os: string;
  /** As in `process.arch`. */
  readonly arch: string;
  /** Whether a Linux has the GNU C library, and not musl as Alpine has. */
  readonly glibc: boolean;
}

/**
 * Finds the one release of chdb that this package works with: in the project, beside this package, in the user's
 * cache, or, once that is allowed, fetched into it.
 *
 * @returns what loads it
 * @throws EngineMissingError when there is none, with every way to get one
 */
export async function findChdb(options: FindChdbOptions): Promise<LoadChdb> {
  const { cwd, yes, ask, say, env = process.env } = options;
  const {
    cacheDir = join(userCache(env), 'tinybird-llm'),
    platform = thisPlatform(),
    beside = import.meta.url,
  } = options;
  const cached = join(cacheDir, `chdb-${CHDB_VERSION}`);
  const places = [
    { name: 'in this project', package: packageOf(join(cwd, 'package.json')) },
    { name: 'beside tinybird-llm', package: packageOf(beside) },
    { name: 'in the cache', package: join(cached, 'node_modules', 'chdb') },
  ];
  const passedOver = new Set<string>();
  for (const place of places) {
    if (place.package === undefined || passedOver.has(place.package)) continue;
    const found = tryLoad(place.package);
    if (typeof found === 'function') return found;
    if (found !== undefined) say(`chdb ${place.name} (${place.package}) is passed over: ${found}`);
    passedOver.add(place.package);
  }

  const unsupported = whyUnsupported(platform);
  if (unsupported !== undefined) {
    throw new EngineMissingError(
      `the embedded ClickHouse does not run here: ${unsupported}. Use a ClickHouse server instead: --clickhouse URL`,
    );
  }
  if (existsSync(cached)) {
    throw new EngineMissingError(
      `the embedded ClickHouse in ${cached} cannot be loaded, as said above. Delete that directory to have it ` +
        `fetched anew, or use one of your own: ${OTHER_WAYS}`,
    );
  }
  const what = `the embedded ClickHouse (chdb ${CHDB_VERSION}: 178 MB to download, 546 MB on disk, into ${cached})`;
  if (!(yes || ((await ask?.(`Fetch ${what}?`)) ?? false))) {
    throw new EngineMissingError(
      `${what} is not there yet. Pass --yes to have it fetched, or use one of your own: ${OTHER_WAYS}`,
    );
  }
  say(`Fetching ${what} …`);
  await installChdb(cached, env);
  const installed = tryLoad(join(cached, 'node_modules', 'chdb'));
  if (typeof installed === 'function') return installed;
  throw new EngineMissingError(`what was fetched cannot be loaded: ${installed}. ${OTHER_WAYS}`);
}

const OTHER_WAYS = `npm install --save-dev chdb@${CHDB_VERSION}, or a ClickHouse server with --clickhouse URL`;

/** Where this user's programs keep what they can get again. */
function userCache(env: Environment): string {
  const home = env.HOME || homedir();
  if (process.platform === 'darwin') return join(home, 'Library', 'Caches');
  const { XDG_CACHE_HOME: asked = '' } = env;
  return isAbsolute(asked) ? asked : join(home, '.cache');
}

/** The directory of the chdb that a file of that path would import. */
function packageOf(file: string): string | undefined {
  try {
    return dirname(createRequire(file).resolve('chdb/package.json'));
  } catch {
    return undefined;
  }
}

/** Loads it: only that tells whether its library is there and fits the system. A text says why it does not do. */
function tryLoad(directory: string): LoadChdb | string | undefined {
  const file = join(directory, 'package.json');
  if (!existsSync(file)) return undefined;
  try {
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version?: unknown };
    if (version !== CHDB_VERSION) return `it is ${version}, and only ${CHDB_VERSION} will do`;
    const chdb = createRequire(file)(directory) as Awaited<ReturnType<LoadChdb>>;
    return () => Promise.resolve(chdb);
  } catch (error) {
    return (error as Error).message.split('\n', 1)[0];
  }
}

function thisPlatform(): Platform {
  const { platform: os, arch } = process;
  if (os !== 'linux') return { os, arch, glibc: false };
  // Else it looks up the name of every open connection, which takes its time.
  Object.assign(process.report, { excludeNetwork: true });
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  return { os, arch, glibc: header.glibcVersionRuntime !== undefined };
}

function whyUnsupported({ os, arch, glibc }: Platform): string | undefined {
  if (os === 'win32') return 'there is none for Windows (there is one for Linux, which WSL2 has)';
  if (os !== 'linux' && os !== 'darwin') return `there is none for ${os}`;
  if (arch !== 'x64' && arch !== 'arm64') return `there is none for ${os} on ${arch}`;
  if (os === 'linux' && !glibc)
    return 'it needs the GNU C library, and this Linux has another, as Alpine has musl';
  return undefined;
}
