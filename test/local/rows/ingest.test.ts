import { describe, expect, it } from 'vitest';
import { parseDatafile } from '../../../src/local/datafiles/datafile.js';
import { ingest } from '../../../src/local/rows/ingest.js';
import { compileQuarantine } from '../../../src/local/rows/quarantine.js';
import { compileRowRules } from '../../../src/local/rows/row-rules.js';

function datasource(schema: string) {
  const datafile = parseDatafile(`SCHEMA >\n    ${schema}`, 'calls.datasource');
  const { columns } = datafile;
  return { datafile, judge: compileRowRules(columns), setAside: compileQuarantine(columns) };
}

const DEEP = 100_000;
const deepArray = `${'['.repeat(DEEP)}${']'.repeat(DEEP)}`;
const deepObject = `${'{"v":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`;

describe('a line that no engine could take', () => {
  it.each(['String', 'JSON', 'UInt8', 'Array(Map(String, String))', 'Nullable(DateTime)'])(
    'nested a hundred thousand times goes to quarantine alone, whatever the column: %s',
    (type) => {
      const calls = datasource(`\`v\` ${type} \`json:$.v\`, \`id\` String \`json:$.id\``);
      const { rows, quarantined } = ingest(calls, `{"id":"deep","v":${deepArray}}\n${deepObject}`);
      expect(rows).toEqual([]);
      expect(quarantined).toHaveLength(2);
      expect((JSON.parse(quarantined[0] ?? '') as { c__error: string[] }).c__error[0]).toMatch(
        /the line cannot be stored|is not/,
      );
    },
  );

  it('keeps the last of two equal keys, and keys that objects inherit', () => {
    const calls = datasource('`v` String `json:$.v`, `m` Map(String, String) `json:$.m`');
    const { rows } = ingest(calls, '{"v":"a","m":{"__proto__":"p","constructor":"c"},"v":"b"}');
    expect(rows).toEqual(['{"v":"b","m":{"__proto__":"p","constructor":"c"}}']);
  });
});
