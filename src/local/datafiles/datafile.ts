import { basename } from 'node:path';
import { DatafileError } from '../errors.js';
import { type DatasourceColumn, parseColumns } from './schema-columns.js';

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
}

/**
 * Reads a `.datasource` file as Tinybird's CLI does: `CMD value`, `CMD "value"` or `CMD >` with an indented block,
 * `#` comments, any order. What only concerns speed, access or connectors (INDEXES, ENGINE_TTL, TOKEN, KAFKA_…)
 * is accepted and left aside.
 *
 * @param fileName - the file's name or path; the datasource is called after it
 * @throws DatafileError naming file, line, what was found and the fix
 */
export function parseDatafile(text: string, fileName: string): Datafile {
  const fail = (line: number | undefined, found: string, fix: string): never => {
    throw new DatafileError(fileName, line, found, fix);
  };
  const name = basename(fileName).replace(/\.datasource$/, '');
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    fail(undefined, `'${name}' cannot name a datasource`, 'Use letters, digits and _ in the file name');
  }
  const directives = readDirectives(text, fail);
  const value = (command: string): string | undefined => trimmedValue(directives.get(command));

  const schema = directives.get('SCHEMA') ?? fail(undefined, 'there is no SCHEMA', 'Add a SCHEMA > block');
  const columns = parseColumns(schema.value, (offset, found, fix) =>
    fail(schema.firstLine + schema.value.slice(0, offset).split('\n').length - 1, found, fix),
  );
  if (columns.length === 0)
    fail(schema.firstLine, 'the SCHEMA has no columns', 'Add one column a line under it');

  const description = value('DESCRIPTION');
  const sortingKey = value('ENGINE_SORTING_KEY');
  const partitionKey = value('ENGINE_PARTITION_KEY');
  return {
    name,
    ...(description !== undefined && { description }),
    columns,
    engine: readEngine(directives, fail),
    ...(sortingKey !== undefined && { sortingKey }),
    ...(partitionKey !== undefined && { partitionKey }),
  };
}

interface Directive {
  /** The line its value begins on. */
  readonly firstLine: number;
  value: string;
}

type Fail = (line: number | undefined, found: string, fix: string) => never;

const USED = ['DESCRIPTION', 'SCHEMA', 'ENGINE', 'ENGINE_SORTING_KEY', 'ENGINE_PARTITION_KEY'];
const ENGINE_ARGUMENTS = [
  'ENGINE_VER',
  'ENGINE_IS_DELETED',
  'ENGINE_SIGN',
  'ENGINE_VERSION',
  'ENGINE_SUMMING_COLUMNS',
];
const LEFT_ASIDE =
  /^(ENGINE_(PRIMARY_KEY|TTL|SETTINGS|SAMPLING_KEY)|TTL|INDEXES|TOKEN|TAGS|FORWARD_QUERY|BACKFILL|SHARED_WITH|VERSION|(KAFKA|IMPORT)_\w+)$/;

function readDirectives(text: string, fail: Fail): Map<string, Directive> {
  const directives = new Map<string, Directive>();
  let block: { readonly command: string; readonly directive: Directive } | undefined;
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);

  for (const [index, line] of lines.entries()) {
    const number = index + 1;
    const [, command, rest = ''] = /^([A-Z][A-Z0-9_]*)(?:\s+(.*))?$/.exec(line) ?? [];
    // A description is markdown: an indented # there is a heading.
    const comment = /^\s*#/.test(line) && !(block?.command === 'DESCRIPTION' && /^\s/.test(line));
    if (command !== undefined) {
      if (!isKnown(command)) {
        fail(
          number,
          `unknown directive '${command}'`,
          `Known are ${USED.join(', ')} and those Tinybird documents; the lines of a block are indented`,
        );
      }
      // TOKEN is the only one that may come again: one line a token.
      if (directives.has(command) && command !== 'TOKEN') {
        fail(number, `${command} is there twice`, 'Keep one of the two');
      }
      const opens = rest.trim() === '>';
      const directive = opens
        ? { firstLine: number + 1, value: '' }
        : { firstLine: number, value: unquote(rest.trim()) };
      directives.set(command, directive);
      block = opens ? { command, directive } : undefined;
    } else if (block) {
      // A comment leaves its empty line behind, so that the lines of an error are those of the file.
      block.directive.value += comment ? '\n' : `${line}\n`;
    } else if (line.trim() !== '' && !comment) {
      fail(
        number,
        `'${line.trim()}' is no directive and in no block`,
        'Write CMD value or CMD > with its lines under it; a directive is in capitals and not indented',
      );
    }
  }
  return directives;
}

function isKnown(command: string): boolean {
  return USED.includes(command) || ENGINE_ARGUMENTS.includes(command) || LEFT_ASIDE.test(command);
}

function unquote(text: string): string {
  const [, , inner] = /^(["'])(.*)\1$/.exec(text) ?? [];
  return inner ?? text;
}

function trimmedValue(directive: Directive | undefined): string | undefined {
  const lines = directive?.value.split('\n').map((line) => line.trim());
  return lines?.join('\n').trim() || undefined;
}

/** The documented engines, each with the directives that become its arguments, in ClickHouse's order. */
const ENGINES: Readonly<Record<string, readonly string[]>> = {
  MergeTree: [],
  ReplacingMergeTree: ['ENGINE_VER', 'ENGINE_IS_DELETED'],
  SummingMergeTree: ['ENGINE_SUMMING_COLUMNS'],
  AggregatingMergeTree: [],
  CollapsingMergeTree: ['ENGINE_SIGN'],
  VersionedCollapsingMergeTree: ['ENGINE_SIGN', 'ENGINE_VERSION'],
  Null: [],
};

function readEngine(directives: Map<string, Directive>, fail: Fail): string {
  const directive = directives.get('ENGINE');
  const engine = trimmedValue(directive) ?? 'MergeTree';
  const taken = ENGINES[engine];
  if (taken === undefined) {
    const known = Object.keys(ENGINES).join(', ');
    return fail(directive?.firstLine, `unknown engine '${engine}'`, `Use one of ${known}`);
  }
  const values = taken.flatMap((command) => trimmedValue(directives.get(command)) ?? []);
  if (values.length === 0) return engine;
  return engine === 'SummingMergeTree' ? `${engine}((${values[0]}))` : `${engine}(${values.join(', ')})`;
}
