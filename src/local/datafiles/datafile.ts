import { basename } from 'node:path';
import { DatafileError } from '../errors.js';
import { type Directive, type Fail, type Grammar, readDirectives, trimmedValue } from './directives.js';
import { readEngine } from './engine-clause.js';
import { parseIndexes } from './indexes.js';
import { type DatasourceColumn, parseColumns } from './schema-columns.js';
import { parseToken, type ResourceToken } from './token-line.js';

/** A `.datasource` file, as far as it decides what a row is and how it is stored. */
export interface Datafile {
  /** The file name without its ending: the datasource's name everywhere. */
  readonly name: string;
  readonly description?: string;
  readonly columns: readonly DatasourceColumn[];
  /** The engine with its arguments, as in `ReplacingMergeTree(version)`; `MergeTree` unless told otherwise. */
  readonly engine: string;
  readonly sortingKey?: string;
  readonly partitionKey?: string;
  /** ENGINE_PRIMARY_KEY: a beginning of the sorting key. */
  readonly primaryKey?: string;
  /** ENGINE_TTL, as in `toDateTime(created) + INTERVAL 30 DAY`. */
  readonly ttl?: string;
  /** ENGINE_SETTINGS, as in `index_granularity = 1024`. */
  readonly settings?: string;
  /** INDEXES, each as it stands: `name expr TYPE type GRANULARITY n`. */
  readonly indexes?: readonly string[];
  /** The TOKEN lines. */
  readonly tokens?: readonly ResourceToken[];
}

/**
 * Reads a `.datasource` file as Tinybird's CLI does, and a little more kindly (see {@link readDirectives}). A
 * directive that comes again counts as its last. What only concerns deployments or connectors (FORWARD_QUERY,
 * SHARED_WITH, KAFKA_…, with its `{{ tb_secret("…") }}`) is accepted and left aside.
 *
 * @param fileName - the file's name or path; the datasource is called after it
 * @throws DatafileError naming file, line, what was found and the fix
 */
export function parseDatafile(text: string, fileName: string): Datafile {
  const fail: Fail = (line, found, fix) => {
    throw new DatafileError(fileName, line, found, fix);
  };
  const name = basename(fileName).replace(/\.datasource$/, '');
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    fail(undefined, `'${name}' cannot name a datasource`, 'Use letters, digits and _ in the file name');
  }
  const directives = readDirectives(text, GRAMMAR, fail);
  const last = new Map(directives.map((directive) => [directive.command, directive]));
  const include = last.get('INCLUDE');
  if (include) fail(include.line, 'INCLUDE is not followed', 'Write here what the .incl file says');

  const value = (command: string): string | undefined => trimmedValue(last.get(command));
  // Only what is there becomes a field.
  const optional = <Key extends keyof Datafile>(key: Key, found: Datafile[Key] | undefined) =>
    found === undefined ? {} : { [key]: found };
  const tokens = directives.filter(({ command }) => command === 'TOKEN');
  return {
    name,
    ...optional('description', value('DESCRIPTION')),
    columns: readColumns(last.get('SCHEMA'), fail),
    engine: readEngine(last, fail),
    ...optional('sortingKey', withoutLastComma(value('ENGINE_SORTING_KEY'))),
    ...optional('partitionKey', value('ENGINE_PARTITION_KEY')),
    ...optional('primaryKey', withoutLastComma(value('ENGINE_PRIMARY_KEY'))),
    ...optional('ttl', value('ENGINE_TTL') ?? value('TTL')),
    ...optional('settings', withoutLastComma(value('ENGINE_SETTINGS'))),
    ...optional('indexes', parseIndexes(last.get('INDEXES'), fail)),
    ...optional('tokens', tokens.length > 0 ? tokens.map((token) => parseToken(token, fail)) : undefined),
  };
}

const GRAMMAR: Grammar = {
  known: [
    ...['DESCRIPTION', 'SCHEMA', 'INDEXES', 'TOKEN', 'TAGS', 'TTL', 'FORWARD_QUERY', 'BACKFILL'],
    ...['SHARED_WITH', 'INCLUDE', 'VERSION', 'SOURCE', 'MAINTAINER', 'EXPORT_SERVICE', 'ENGINE'],
    ...['ENGINE_SORTING_KEY', 'ENGINE_PARTITION_KEY', 'ENGINE_PRIMARY_KEY', 'ENGINE_SAMPLING_KEY'],
    ...['ENGINE_TTL', 'ENGINE_SETTINGS', 'ENGINE_VER', 'ENGINE_IS_DELETED', 'ENGINE_SIGN'],
    ...['ENGINE_VERSION', 'ENGINE_COLUMNS', 'ENGINE_SUMMING_COLUMNS'],
  ],
  families: ['KAFKA_', 'IMPORT_', 'PG_'],
  verbatim: ['DESCRIPTION'],
};

function readColumns(schema: Directive | undefined, fail: Fail): readonly DatasourceColumn[] {
  if (schema === undefined) return fail(undefined, 'there is no SCHEMA', 'Add a SCHEMA > block');
  const lineOf = (offset: number) => schema.firstLine + schema.value.slice(0, offset).split('\n').length - 1;
  const columns = parseColumns(schema.value, (offset, found, fix) => fail(lineOf(offset), found, fix));
  if (columns.length > 0) return columns;
  return fail(schema.firstLine, 'the SCHEMA has no columns', 'Add one column a line under it');
}

function withoutLastComma(text: string | undefined): string | undefined {
  return text?.replace(/\s*,$/, '');
}
