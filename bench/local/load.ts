import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDataDirectory } from '../../src/local/engine/data-directory.js';
import { createTables } from '../../src/local/engine/tables.js';
import { loadProject } from '../../src/local/project.js';
import { number, progress } from '../figures.js';
import { callsUntil } from './calls.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Changed whenever other rows are made. */
const GENERATION = 2;
const ROWS_AN_INSERT = 20_000;
const DAY_MS = 86_400_000;

/**
 * A data directory with so many calls of the thirty days up to now, made when there is none from the last day. Rows go
 * straight into the tables, which the server then opens.
 */
export async function loadedDirectory(rows: number): Promise<string> {
  const dataDir = join(ROOT, '.tmp', `bench-local-${rows}`);
  const madeFile = join(dataDir, 'bench.json');
  const made = JSON.parse(await readFile(madeFile, 'utf8').catch(() => 'null')) as Made | null;
  if (made?.generation === GENERATION && Date.now() - made.until < DAY_MS) return dataDir;
  await rm(dataDir, { recursive: true, force: true });
  const until = new Date();
  await load(dataDir, until, rows);
  await writeFile(
    madeFile,
    JSON.stringify({ generation: GENERATION, until: until.getTime() } satisfies Made),
  );
  return dataDir;
}

interface Made {
  readonly generation: number;
  readonly until: number;
}

async function load(dataDir: string, until: Date, rows: number): Promise<void> {
  const { datasources } = await loadProject([join(ROOT, 'datasources')]);
  const engine = await openDataDirectory(dataDir);
  try {
    await createTables(
      engine,
      [...datasources.values()].map(({ datafile }) => datafile),
    );
    let lines: string[] = [];
    let loaded = 0;
    const insert = async () => {
      await engine.insert('litellm', Buffer.from(`${lines.join('\n')}\n`));
      loaded += lines.length;
      progress(`loading ${number(loaded, 0)} of ${number(rows, 0)} rows`);
      lines = [];
    };
    for (const row of callsUntil(until, rows)) {
      lines.push(JSON.stringify(row));
      if (lines.length === ROWS_AN_INSERT) await insert();
    }
    if (lines.length > 0) await insert();
    // As ClickHouse leaves them by and by, so that no merge runs while something is measured.
    progress('merging');
    await engine.exec('OPTIMIZE TABLE litellm FINAL');
    progress('');
  } finally {
    await engine.close();
  }
}
