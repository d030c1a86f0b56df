import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Datafile } from './datafiles/datafile.js';
import type { Engine } from './engine/engine.js';
import { readRows } from './engine/read-rows.js';
import { ExportError, LocalError } from './errors.js';
import { compileEvent, type ExportedColumn } from './export-event.js';
import { exportedExpression } from './export-value.js';
import type { Project } from './project.js';
import type { JsonObject } from './rows/json-path.js';
import { quarantineTable } from './rows/quarantine.js';

/** A table that was exported. */
export interface ExportedTable {
  readonly table: string;
  readonly rows: number;
  /** Where its rows are; `undefined` when it has none. */
  readonly file: string | undefined;
}

/**
 * Writes the stored rows of every datasource into `<name>.ndjson`: as events, which the same datasource stores as
 * the same rows again. What was quarantined goes as it is into `<name>_quarantine.ndjson`.
 *
 * The tables are read as they are stored, so the datafiles may have changed in a way that {@link createTables}
 * refuses. Each is read as one stream, a thousand rows at a time: that is all of it that is in memory, and what is
 * written meanwhile by others does not tear it. The order of the rows is ClickHouse's.
 *
 * @param directory - created when it is not there
 * @returns the tables that there are, in the order of the datasources
 * @throws ExportError when a file is already there or cannot be written
 */
export async function exportRows(
  engine: Engine,
  project: Pick<Project, 'datasources'>,
  directory: string,
): Promise<readonly ExportedTable[]> {
  const datafiles = [...project.datasources.values()].map(({ datafile }) => datafile);
  const tables = datafiles.flatMap((datafile) => [
    { name: datafile.name, datafile },
    { name: quarantineTable(datafile.name), datafile: undefined },
  ]);
  const there = tables.map(({ name }) => fileOf(directory, name)).find(existsSync);
  if (there !== undefined)
    throw new ExportError(`${there} is already there. Move it away, or pass another directory with --export`);

  const exported: ExportedTable[] = [];
  for (const { name, datafile } of tables) {
    const columns = await storedColumns(engine, name);
    // A datasource that is new in the project has no table yet.
    if (columns.length === 0) continue;
    const file = fileOf(directory, name);
    const rows = await intoFile(file, rowsOf(engine, name, columns, datafile));
    exported.push({ table: name, rows, file: rows === 0 ? undefined : file });
  }
  return exported;
}

function fileOf(directory: string, table: string): string {
  return join(directory, `${table}.ndjson`);
}

interface StoredColumn {
  readonly name: string;
  readonly type: string;
}

/** The columns that hold values of their own: what is computed from others is computed again. */
function storedColumns(engine: Engine, table: string): Promise<readonly StoredColumn[]> {
  const sql = `SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = '${table}'
    AND default_kind IN ('', 'DEFAULT') ORDER BY position`;
  return readRows(engine, sql);
}

/** The lines of a table's rows; without a datafile, the rows as they are. */
async function* rowsOf(
  engine: Engine,
  table: string,
  stored: readonly StoredColumn[],
  datafile: Datafile | undefined,
): AsyncGenerator<readonly string[]> {
  const known = new Map(datafile?.columns.map((column) => [column.name, column]));
  // What no event may have a value for is computed again.
  const columns = stored.filter(({ name }) => known.get(name)?.type.kind !== 'other');
  const exported = columns.map(({ name, type }): ExportedColumn => {
    const { path, default: expression } = known.get(name) ?? {};
    return {
      name,
      type,
      ...(path !== undefined && { path }),
      ...(expression !== undefined && { default: expression }),
    };
  });
  const toEvent = datafile === undefined ? (row: JsonObject) => row : compileEvent(exported);
  const values =
    datafile === undefined
      ? columns.map(({ name }) => `\`${name}\``)
      : columns.map(({ name, type }) => exportedExpression(name, type));
  const sql = `SELECT ${values.join(', ')} FROM \`${table}\``;
  for await (const lines of linesOf(engine.stream(sql, 'JSONEachRow'))) {
    yield lines.map((line) => JSON.stringify(toEvent(parse(line, table))));
  }
}

function parse(line: string, table: string): JsonObject {
  try {
    return JSON.parse(line) as JsonObject;
  } catch {
    // Once an answer has begun, ClickHouse can tell of an error over HTTP only by writing it into the answer.
    throw new ExportError(`the rows of ${table} broke off: ${line.slice(0, 200)}`);
  }
}

const NEWLINE = 0x0a;

async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<readonly string[]> {
  let rest: Uint8Array[] = [];
  for await (const piece of pieces) {
    const end = piece.lastIndexOf(NEWLINE) + 1;
    if (end === 0) {
      rest.push(piece);
      continue;
    }
    const whole = Buffer.concat([...rest, piece.subarray(0, end)]).toString();
    rest = [piece.subarray(end)];
    yield whole.split('\n').filter(Boolean);
  }
  const last = Buffer.concat(rest).toString();
  if (last !== '') yield [last];
}

/** Writes lines into a file that has its name only once it is whole; none for no line. Rows hold prompts: it is its owner's. */
async function intoFile(file: string, rows: AsyncIterable<readonly string[]>): Promise<number> {
  const partial = `${file}.partial`;
  let count = 0;
  async function* text(): AsyncGenerator<string> {
    for await (const lines of rows) {
      count += lines.length;
      if (lines.length > 0) yield `${lines.join('\n')}\n`;
    }
  }
  try {
    await mkdir(join(file, '..'), { recursive: true });
    await pipeline(text, createWriteStream(partial, { mode: 0o600 }));
    if (count > 0) await rename(partial, file);
  } catch (cause) {
    if (cause instanceof LocalError) throw cause;
    throw new ExportError(`${file} cannot be written (${(cause as Error).message})`, { cause });
  } finally {
    await rm(partial, { force: true }).catch(() => {});
  }
  return count;
}
