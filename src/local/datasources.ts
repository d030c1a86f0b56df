import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Datafile, parseDatafile } from './datafiles/datafile.js';
import { DatafileError } from './errors.js';
import type { JsonObject } from './rows/json-path.js';
import { compileQuarantine } from './rows/quarantine.js';
import { compileRowRules, type RowError, type RowVerdict } from './rows/row-rules.js';

/** A datasource ready to take events. */
export interface LocalDatasource {
  readonly datafile: Datafile;
  /** See {@link compileRowRules}. */
  readonly judge: (event: JsonObject) => RowVerdict;
  /** See {@link compileQuarantine}. */
  readonly setAside: (event: JsonObject, errors: readonly RowError[]) => JsonObject;
}

/**
 * Reads every `.datasource` file of a directory.
 *
 * @returns the datasources by name, in the order of their names
 * @throws DatafileError when a file cannot be understood, or there is none
 */
export async function loadDatasources(directory: string): Promise<ReadonlyMap<string, LocalDatasource>> {
  const datasources = new Map<string, LocalDatasource>();
  for (const fileName of await datasourceFiles(directory)) {
    const path = join(directory, fileName);
    const datafile = parseDatafile(await readFile(path, 'utf8'), path);
    datasources.set(datafile.name, {
      datafile,
      judge: compileRowRules(datafile.columns),
      setAside: compileQuarantine(datafile.columns),
    });
  }
  return datasources;
}

async function datasourceFiles(directory: string): Promise<readonly string[]> {
  const fix = 'Pass with --project the folder that has your .datasource files in its datasources/';
  const entries = await readdir(directory).catch((error: Error) => {
    throw new DatafileError(directory, undefined, `the directory cannot be read (${error.message})`, fix);
  });
  const files = entries.filter((entry) => entry.endsWith('.datasource')).sort();
  if (files.length === 0)
    throw new DatafileError(directory, undefined, 'there is no .datasource file in it', fix);
  return files;
}
