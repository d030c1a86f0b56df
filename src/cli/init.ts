import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LocalError } from '../local/errors.js';
import { command } from './command-line.js';
import { packageRoot } from './package-root.js';

/** The datafiles cannot be written where they were asked for. */
export class InitError extends LocalError {
  readonly code = 'init_failed';
}

/** `tinybird-llm init`. */
export const initCommand = command({
  about: 'write the datafiles of this package into your Tinybird project',
  usage: `Usage: tinybird-llm init [DIR] [options]

Writes the datasources and endpoints of this package into DIR/datasources and DIR/endpoints, ready to be deployed.
What is there and differs stays as it is. Exit code 1 when something stayed.

  DIR                your Tinybird project (default ./tinybird)
  --force            writes files that differ anew

  --help             show this`,
  options: { force: { type: 'boolean', default: false } },
  words: 1,
  run: async ({ force }, [directory = 'tinybird']) => {
    const files = await Promise.all((await shippedFiles()).map((file) => copy(file, directory, force)));
    const longest = Math.max(...files.map(({ path }) => path.length));
    for (const { path, outcome } of files) console.log(`${path.padEnd(longest)}  ${OUTCOMES[outcome]}`);
    const project = quoted(directory);
    console.log(`
Next:
  npx tinybird-llm dev --project ${project}      serves them on this machine
  cd ${project} && tb --cloud deploy             deploys them to your workspace
  npx tinybird-llm check --project ${project}    says whether token, region and columns fit`);
    return files.some(({ outcome }) => outcome === 'kept') ? 1 : undefined;
  },
});

const OUTCOMES = {
  written: 'written',
  unchanged: 'is there already',
  kept: 'is there and differs: it stays, --force writes it anew',
  replaced: 'written anew',
};

interface ShippedFile {
  /** As in `datasources/litellm.datasource`. */
  readonly name: string;
  readonly text: string;
}

async function shippedFiles(): Promise<readonly ShippedFile[]> {
  const folders = [
    { folder: 'datasources', ending: '.datasource' },
    { folder: 'endpoints', ending: '.pipe' },
  ];
  const files = folders.map(async ({ folder, ending }) => {
    const names = (await readdir(join(packageRoot(), folder))).filter((name) => name.endsWith(ending)).sort();
    return Promise.all(
      names.map(async (file) => {
        const name = join(folder, file);
        return { name, text: await readFile(join(packageRoot(), name), 'utf8') };
      }),
    );
  });
  return (await Promise.all(files)).flat();
}

async function copy({ name, text }: ShippedFile, directory: string, force: boolean) {
  const path = join(directory, name);
  const result = (outcome: keyof typeof OUTCOMES) => ({ path, outcome });
  try {
    await mkdir(dirname(path), { recursive: true });
    // wx: what somebody else writes in this moment is not lost either.
    await writeFile(path, text, { flag: 'wx' });
    return result('written');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw cannotWrite(path, error);
  }
  try {
    if ((await readFile(path, 'utf8')) === text) return result('unchanged');
    if (!force) return result('kept');
    await writeFile(path, text);
    return result('replaced');
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

function cannotWrite(path: string, cause: unknown): InitError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new InitError(
    `${path} cannot be written (${reason}). Name another directory: tinybird-llm init DIR`,
    {
      cause,
    },
  );
}

/** A directory as a shell takes it. */
function quoted(directory: string): string {
  return /^[\w./-]+$/.test(directory) ? directory : `'${directory.replaceAll("'", `'\\''`)}'`;
}
