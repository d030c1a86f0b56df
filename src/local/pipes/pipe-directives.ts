import type { Directive, Fail } from '../datafiles/directives.js';

/** While its block is read. */
interface OpenDirective extends Directive {
  value: string;
}

const USED = ['NODE', 'SQL', 'DESCRIPTION', 'TYPE'];
const LEFT_ASIDE =
  /^(TOKEN|TAGS|CACHE|VERSION|DATASOURCE|TARGET_DATASOURCE|DEPLOYMENT_METHOD|SHARED_WITH|ENGINE|(COPY|EXPORT|ENGINE)_[A-Z_]+)$/;

/**
 * Cuts a `.pipe` file into its directives, in their order: `CMD value`, `CMD "value"`, or `CMD >` with a block that
 * goes on until the next directive, indented or not. Lines that begin with `#` are comments, in a block of SQL too.
 */
export function readPipeDirectives(text: string, fail: Fail): readonly Directive[] {
  const directives: Directive[] = [];
  let block: OpenDirective | undefined;
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    const number = index + 1;
    const found = directiveOf(line, block !== undefined);
    if (found) {
      const { command, rest } = found;
      if (command === 'INCLUDE')
        fail(number, 'INCLUDE is not supported', 'Put what the file holds in its place');
      const opens = rest === '>';
      const directive = {
        command,
        line: number,
        firstLine: number + (opens ? 1 : 0),
        value: opens ? '' : unquote(rest),
      };
      directives.push(directive);
      block = opens ? directive : undefined;
    } else if (block) {
      // A comment leaves its empty line behind, so that the lines of an error are those of the file.
      block.value += isComment(line, block.command) ? '\n' : `${line}\n`;
    } else if (line.trim() !== '' && !isComment(line, '')) {
      const [word = ''] = /^\w+/.exec(line) ?? [];
      fail(
        number,
        /^[A-Z_]{2,}$/.test(word)
          ? `unknown directive '${word}'`
          : `'${line.trim()}' is no directive and in no block`,
        `Known are ${USED.join(', ')} and those Tinybird documents; a directive is in capitals and not indented`,
      );
    }
  }
  return directives;
}

/** In a block a word in small letters is SQL or prose, unless the line can be nothing but a TYPE. */
function directiveOf(line: string, inBlock: boolean): { command: string; rest: string } | undefined {
  const [, word = '', value = ''] = /^([A-Za-z_]+)(?:\s+(.*))?$/.exec(line) ?? [];
  const command = word.toUpperCase();
  const rest = value.trim();
  const known = USED.includes(command) || LEFT_ASIDE.test(command) || command === 'INCLUDE';
  const shouted =
    word === command || (command === 'TYPE' && /^["']?(endpoint|materialized|copy|sink)["']?$/i.test(rest));
  return known && (shouted || !inBlock) ? { command, rest } : undefined;
}

/** A description is markdown: an indented # there is a heading. In SQL, `#}` ends a comment of the template. */
function isComment(line: string, command: string): boolean {
  if (command === 'DESCRIPTION' && /^\s/.test(line)) return false;
  return /^\s*#(?!\})/.test(line);
}

function unquote(text: string): string {
  const [, , inner] = /^(["'])(.*)\1$/.exec(text) ?? [];
  return inner ?? text;
}
