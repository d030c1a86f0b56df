import { type Directive, type Fail, withoutComment } from './directives.js';
import { blankComments, splitList } from './split-list.js';

/**
 * The data skipping indexes of an INDEXES block, one a line: `name expr TYPE type GRANULARITY n`, with or without
 * INDEX before them and a comma after them.
 *
 * @returns each without that, or `undefined` when there are none
 */
export function parseIndexes(directive: Directive | undefined, fail: Fail): readonly string[] | undefined {
  if (directive === undefined) return undefined;
  const lines = blankComments(directive.value).split('\n');
  const indexes = lines.flatMap((line, at) =>
    splitList(withoutComment(line)).pieces.map(({ text }) =>
      parseIndex(text, directive.firstLine + at, fail),
    ),
  );
  return indexes.length > 0 ? indexes : undefined;
}

function parseIndex(text: string, line: number, fail: Fail): string {
  const [, index] = /^(?:INDEX\s+)?(`?\w+`?\s+\S.*?\s+TYPE\s+\w.*)$/is.exec(text) ?? [];
  return (
    index ?? fail(line, `'${text}' is not an index`, 'Write it as name expression TYPE type GRANULARITY 1')
  );
}
