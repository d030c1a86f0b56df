import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Datafile, parseDatafile } from './datafiles/datafile.js';
import { DatafileError } from './errors.js';
import type { Pipe } from './pipes/pipe.js';
import { parsePipe } from './pipes/pipe-file.js';
import type { JsonObject } from './rows/json-path.js';
import { compileQuarantine } from './rows/quarantine.js';
import { compileRowRules, type RowError, type RowVerdict } from './rows/row-rules.js';

/** A folder of datafiles, read and ready. */
export interface Project {
  /** By name, in the order of their names. */
  readonly datasources: ReadonlyMap<string, LocalDatasource>;
  /** By name, in the order of their names; also those that do not run here. */
  readonly pipes: ReadonlyMap<string, Pipe>;
}

/** A datasource ready to take events. */
export interface LocalDatasource {
  readonly datafile: Datafile;
  /** See {@link compileRowRules}. */
  readonly judge: (event: JsonObject) => RowVerdict;
  /** See {@link compileQuarantine}. */
  readonly setAside: (event: JsonObject, errors: readonly RowError[]) => JsonObject;
}

/**
 * Reads every `.datasource` and `.pipe` file under some folders, however deep (`datasources/`, `endpoints/`, `pipes/`,
 * …), except in `node_modules` and hidden directories.
 *
 * @throws DatafileError when a file cannot be understood, two have one name, or there is no datasource
 */
export async function loadProject(folders: readonly string[]): Promise<Project> {
  const datasources = new Map<string, LocalDatasource>();
  const pipes = new Map<string, Pipe>();
  const paths = new Map<string, string>();
  const claim = (name: string, path: string): void => {
    const other = paths.get(name);
    if (other !== undefined)
      throw new DatafileError(
        path,
        undefined,
        `'${name}' is also the name of ${other}`,
        'Rename one of them',
      );
    paths.set(name, path);
  };
  for (const path of (await Promise.all(folders.map(datafiles))).flat()) {
    const text = await readText(path);
    if (path.endsWith('.pipe')) {
      const pipe = parsePipe(text, path);
      claim(pipe.name, path);
      pipes.set(pipe.name, pipe);
    } else {
      const datafile = parseDatafile(text, path);
      claim(datafile.name, path);
      datasources.set(datafile.name, {
        datafile,
        judge: compileRowRules(datafile.columns),
        setAside: compileQuarantine(datafile.columns),
      });
    }
  }
  for (const pipe of pipes.values()) {
    // A pipe that reads the one would get the other.
    const node = pipe.nodes.find(({ name }) => name !== pipe.name && paths.has(name));
    if (node !== undefined)
      throw new DatafileError(
        paths.get(pipe.name) ?? pipe.name,
        node.line,
        `the node '${node.name}' has the name of ${paths.get(node.name)}`,
        'Rename the node',
      );
  }
  if (datasources.size === 0) {
    throw new DatafileError(folders.join(', '), undefined, 'there is no .datasource file in it', PROJECT_FIX);
  }
  return { datasources: sorted(datasources), pipes: sorted(pipes) };
}

const PROJECT_FIX =
  'Pass with --project the folder that has your .datasource files, in its datasources/ for instance';

function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: Error) => {
    const fix = 'Make it readable, or remove it if it links to nowhere';
    throw new DatafileError(path, undefined, `the file cannot be read (${error.message})`, fix);
  });
}

async function datafiles(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: Error) => {
    throw new DatafileError(
      directory,
      undefined,
      `the directory cannot be read (${error.message})`,
      PROJECT_FIX,
    );
  });
  const paths = await Promise.all(
    entries.map(async (entry) => {
      const path = join(directory, entry.name);
      if (entry.name === 'node_modules' || entry.name.startsWith('.')) return [];
      if (entry.isDirectory()) return datafiles(path);
      return /\.(datasource|pipe)$/.test(entry.name) ? [path] : [];
    }),
  );
  return paths.flat();
}

function sorted<Value>(map: ReadonlyMap<string, Value>): ReadonlyMap<string, Value> {
  return new Map([...map].sort(([one], [other]) => (one < other ? -1 : 1)));
}
