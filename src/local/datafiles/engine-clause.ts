import { type Directive, type Fail, trimmedValue } from './directives.js';
import { nearest } from './nearest.js';

/** The engines Tinybird has, each with the directives that become its arguments, in ClickHouse's order. */
const ENGINES: Readonly<Record<string, readonly string[]>> = {
  MergeTree: [],
  ReplacingMergeTree: ['ENGINE_VER', 'ENGINE_IS_DELETED'],
  SummingMergeTree: ['ENGINE_COLUMNS', 'ENGINE_SUMMING_COLUMNS'],
  AggregatingMergeTree: [],
  CollapsingMergeTree: ['ENGINE_SIGN'],
  VersionedCollapsingMergeTree: ['ENGINE_SIGN', 'ENGINE_VERSION'],
  Null: [],
};

/**
 * The engine with its arguments, which stand in directives of their own (`ENGINE_VER version`) or in the engine
 * itself, as in `ReplacingMergeTree(version)`. That it is replicated is the business of where it runs.
 *
 * @param directives - those of the file, by command
 */
export function readEngine(directives: ReadonlyMap<string, Directive>, fail: Fail): string {
  const directive = directives.get('ENGINE');
  const text = trimmedValue(directive) ?? 'MergeTree';
  const [, word = '', own] = /^(?:Replicated|Shared)?(\w+)\s*(?:\((.*)\))?$/is.exec(text) ?? [];
  const known = Object.keys(ENGINES);
  const engine = known.find((each) => each.toLowerCase() === word.toLowerCase());
  if (engine === undefined) {
    const meant = nearest(word, known);
    const fix = meant === undefined ? `Use one of ${known.join(', ')}` : `Did you mean ${meant}?`;
    return fail(directive?.firstLine, `unknown engine '${text}'`, fix);
  }
  if (own?.trim()) return `${engine}(${own.trim()})`;
  const values = (ENGINES[engine] ?? []).flatMap((command) => trimmedValue(directives.get(command)) ?? []);
  const [first] = values;
  if (first === undefined) return engine;
  return engine === 'SummingMergeTree'
    ? `${engine}((${withoutBrackets(first)}))`
    : `${engine}(${values.join(', ')})`;
}

function withoutBrackets(list: string): string {
  return list.replace(/^[([](.*)[)\]]$/s, '$1');
}
