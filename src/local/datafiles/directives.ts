import { shortened } from '../text.js';
import { nearest } from './nearest.js';
import { endOfQuoted } from './split-list.js';

/** One directive of a datafile: `CMD value`, `CMD "value"`, or `CMD >` with its block. */
export interface Directive {
  /** In capitals, whatever the file has. */
  readonly command: string;
  /** The line it stands on, counted from 1. */
  readonly line: number;
  /** The line its value begins on. */
  readonly firstLine: number;
  /** Without the quotes around it; a block is kept as it stands, comments blank. */
  readonly value: string;
}

/** Throws the error that names the file, a line of it, what was found and the fix. */
export type Fail = (line: number | undefined, found: string, fix: string) => never;

/** What a kind of datafile knows. */
export interface Grammar {
  /** The directives it has. */
  readonly known: readonly string[];
  /** Beginnings of directives that are known whatever follows, such as `KAFKA_`. */
  readonly families: readonly string[];
  /** Directives in whose blocks a line that begins with `#` is no comment: markdown, SQL. */
  readonly verbatim: readonly string[];
}

/**
 * Reads the directives of a datafile in their order, as Tinybird's CLI does: a directive is in capitals or not, a
 * block ends at the next directive that is not indented, whether or not the block itself is, and `#` begins a
 * comment, on a line of its own or after a value.
 */
export function readDirectives(text: string, grammar: Grammar, fail: Fail): readonly Directive[] {
  const directives: Directive[] = [];
  let block: { command: string; line: number; firstLine: number; lines: string[] } | undefined;
  const close = () => {
    if (block) directives.push({ ...block, value: block.lines.join('\n') });
    block = undefined;
  };
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/);
  for (const [index, content] of lines.entries()) {
    const line = index + 1;
    const [, indent = '', word = '', rest = ''] = /^(\s*)(\S*)(.*)$/s.exec(content) ?? [];
    const command = word.toUpperCase();
    // In a block a word in small letters may be a column: only the directives themselves end it.
    const ofFamily = (block === undefined || word === command) && isOfFamily(command, grammar);
    if ((grammar.known.includes(command) || ofFamily) && (indent === '' || block === undefined)) {
      close();
      const [, more] = /^\s*>(.*)$/s.exec(rest) ?? [];
      if (more === undefined) directives.push({ command, line, firstLine: line, value: inlineValue(rest) });
      else if (withoutComment(more).trim() === '') block = { command, line, firstLine: line + 1, lines: [] };
      else block = { command, line, firstLine: line, lines: [more] };
    } else if (block) {
      if (indent === '') refuseMistyped(word, line, grammar, fail);
      const comment = word.startsWith('#') && !(grammar.verbatim.includes(block.command) && indent !== '');
      // A comment leaves its empty line behind, so that the lines of an error are those of the file.
      block.lines.push(comment ? '' : content);
    } else if (word !== '' && !word.startsWith('#')) refuseUnknown(word, line, grammar, fail);
  }
  close();
  return directives;
}

/** A value with its lines trimmed; `undefined` when there is none. */
export function trimmedValue(directive: Directive | undefined): string | undefined {
  const lines = directive?.value.split('\n').map((line) => line.trim());
  return lines?.join('\n').trim() || undefined;
}

/** A text without the quotes around it, if it is one quoted text from end to end. */
export function unquote(text: string): string {
  const quoted = /^["']/.test(text) && endOfQuoted(text, 0) === text.length;
  return quoted ? text.slice(1, -1) : text;
}

/** Cuts off what follows a `#` outside of quotes. */
export function withoutComment(text: string): string {
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '#') return text.slice(0, at);
    // An apostrophe that nothing closes is no quote, as in a description.
    if (character === '"' || character === "'") at = (endOfQuoted(text, at) ?? at + 1) - 1;
  }
  return text;
}

function inlineValue(rest: string): string {
  return unquote(withoutComment(rest).trim());
}

function isOfFamily(command: string, { families }: Grammar): boolean {
  return families.some((family) => command.startsWith(family));
}

/** In a block any line may stand, but hardly one that begins with all but the name of a directive. */
function refuseMistyped(word: string, line: number, grammar: Grammar, fail: Fail): void {
  const engine = /^ENGINE_\w+$/.test(word);
  if (engine || (/^[A-Z]{4}[A-Z_]*$/.test(word) && nearest(word, grammar.known) !== undefined))
    refuseUnknown(word, line, grammar, fail);
}

function refuseUnknown(word: string, line: number, { known }: Grammar, fail: Fail): never {
  const meant = nearest(word, known);
  return fail(
    line,
    `unknown directive '${shortened(word, 60)}'`,
    meant === undefined
      ? `Write CMD value, or CMD > with its lines under it; known are ${known.join(', ')}`
      : `Did you mean ${meant}?`,
  );
}
