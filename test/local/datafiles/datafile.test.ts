import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseDatafile } from '../../../src/local/datafiles/datafile.js';
import { DatafileError } from '../../../src/local/errors.js';

/** The columns of a schema as `name type path default`, one string each. */
function columnsOf(schema: string): string[] {
  return parseDatafile(`SCHEMA >\n${schema}`, 'calls.datasource').columns.map((column) =>
    [column.name, column.type.text, column.path ?? '-', column.default ?? '-'].join(' | '),
  );
}

function errorOf(text: string, fileName = 'calls.datasource'): string {
  try {
    parseDatafile(text, fileName);
  } catch (error) {
    expect(error).toBeInstanceOf(DatafileError);
    return (error as Error).message;
  }
  throw new Error('the datafile was accepted');
}

const COLUMN = '    `a` String `json:$.a`';

describe('a .datasource file', () => {
  it('gives the shipped litellm schema with its 31 columns', () => {
    const litellm = parseDatafile(
      readFileSync('datasources/litellm.datasource', 'utf8'),
      'litellm.datasource',
    );
    expect(litellm.columns).toHaveLength(31);
    expect(litellm.engine).toBe('MergeTree');
    expect(litellm.sortingKey).toBe('start_time, organization, project, model');
    expect(litellm.partitionKey).toBe('toYYYYMM(start_time)');
    expect(litellm.description).toContain('One LLM call a row');
    expect(litellm.columns.find(({ name }) => name === 'response_id')).toEqual({
      name: 'response_id',
      type: { text: 'String', kind: 'string' },
      path: '$.response.id',
    });
  });

  it('takes its name from the file', () => {
    expect(parseDatafile(`SCHEMA >\n${COLUMN}`, 'some/where/tb_logs.datasource').name).toBe('tb_logs');
  });

  it.each([
    ['a default after the path', "`a` String `json:$.a` DEFAULT ''", "a | String | $.a | ''"],
    [
      'a default before the path',
      '`a` DateTime64(3) DEFAULT now64() `json:$.a`',
      'a | DateTime64(3) | $.a | now64()',
    ],
    ['a codec on either side', '`a` String CODEC(ZSTD(1)) `json:$.a` CODEC(LZ4)', 'a | String | $.a | -'],
    ['a default before a codec', '`a` UInt8 `json:$.a` DEFAULT 1 CODEC(ZSTD(1))', 'a | UInt8 | $.a | 1'],
    ['a bare name', 'a String `json:$.a`', 'a | String | $.a | -'],
    ['a double-quoted name', '"a" String `json:$.a`', 'a | String | $.a | -'],
    ['a nested path', '`a` String `json:$.b.c-d.e`', 'a | String | $.b.c-d.e | -'],
    ['an array path', '`a` Array(String) `json:$.a[:]`', 'a | Array(String) | $.a[:] | -'],
    ['the whole line as path', '`a` String `json:$`', 'a | String | $ | -'],
    ['no path', '`a` DateTime DEFAULT now()', 'a | DateTime | - | now()'],
    [
      'commas in a type',
      '`a` Map(String, Array(String)) `json:$.a`',
      'a | Map(String, Array(String)) | $.a | -',
    ],
    ['commas in a string', "`a` String `json:$.a` DEFAULT 'x, y'", "a | String | $.a | 'x, y'"],
    ['an escaped quote', "`a` String DEFAULT 'it\\'s, y' `json:$.a`", "a | String | $.a | 'it\\'s, y'"],
    ['commas in a call', "`a` String DEFAULT concat('a', 'b')", "a | String | - | concat('a', 'b')"],
    [
      'a column that spans lines',
      '`a` Map(\n  String,\n  String\n) `json:$.a`',
      'a | Map(\n  String,\n  String\n) | $.a | -',
    ],
  ])('reads a column with %s', (_, line, expected) => {
    expect(columnsOf(`    ${line}`)).toEqual([expected]);
    expect(columnsOf(`    ${line},`)).toEqual([expected]);
    expect(columnsOf(`    ${line},\n    \`z\` UInt8 \`json:$.z\``)).toEqual([
      expected,
      'z | UInt8 | $.z | -',
    ]);
  });

  it.each([
    ['bare', 'ENGINE ReplacingMergeTree\nENGINE_VER version\nENGINE_SORTING_KEY a, b'],
    ['double-quoted', 'ENGINE "ReplacingMergeTree"\nENGINE_VER "version"\nENGINE_SORTING_KEY "a, b"'],
    ['single-quoted', "ENGINE 'ReplacingMergeTree'\nENGINE_VER 'version'\nENGINE_SORTING_KEY 'a, b'"],
    [
      'in blocks',
      'ENGINE >\n    ReplacingMergeTree\nENGINE_VER >\n  version\nENGINE_SORTING_KEY >\n    a, b',
    ],
  ])('takes values %s', (_, engine) => {
    const datafile = parseDatafile(`${engine}\nSCHEMA >\n${COLUMN}`, 'calls.datasource');
    expect(datafile).toMatchObject({ engine: 'ReplacingMergeTree(version)', sortingKey: 'a, b' });
  });

  it.each([
    ['SummingMergeTree', 'ENGINE_SUMMING_COLUMNS cost, tokens', 'SummingMergeTree((cost, tokens))'],
    ['CollapsingMergeTree', 'ENGINE_SIGN sign', 'CollapsingMergeTree(sign)'],
    [
      'VersionedCollapsingMergeTree',
      'ENGINE_VERSION v\nENGINE_SIGN sign',
      'VersionedCollapsingMergeTree(sign, v)',
    ],
    ['ReplacingMergeTree', 'ENGINE_VER v\nENGINE_IS_DELETED gone', 'ReplacingMergeTree(v, gone)'],
    ['Null', '', 'Null'],
  ])('gives %s its arguments', (engine, more, expected) => {
    expect(parseDatafile(`ENGINE ${engine}\n${more}\nSCHEMA >\n${COLUMN}`, 'c.datasource').engine).toBe(
      expected,
    );
  });

  it('passes over comments, blank lines and CRLF', () => {
    const text = `# a comment\n\nSCHEMA >\n    # of the block\n${COLUMN},\n\n# not indented\n    \`b\` UInt8 \`json:$.b\`\n`;
    const columns = parseDatafile(text.replaceAll('\n', '\r\n'), 'calls.datasource').columns;
    expect(columns.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('reads a block whose lines are not indented', () => {
    expect(columnsOf('`a` String `json:$.a`,\n`b` String `json:$.b`')).toHaveLength(2);
  });

  it('keeps the markdown of a description', () => {
    const text = `DESCRIPTION >\n    # Calls\n    one a row\nSCHEMA >\n${COLUMN}`;
    expect(parseDatafile(text, 'calls.datasource').description).toBe('# Calls\none a row');
  });

  it('leaves aside what does not concern a laptop', () => {
    const text = `TOKEN "writer" append\nTOKEN reader READ\nTAGS a, b\nSCHEMA >\n${COLUMN}
ENGINE_TTL "a + INTERVAL 1 DAY"\nENGINE_PRIMARY_KEY a\nENGINE_SETTINGS index_granularity=8192
INDEXES >\n    i a TYPE minmax GRANULARITY 1\nFORWARD_QUERY >\n    SELECT *\nBACKFILL skip\nSHARED_WITH >\n    other
KAFKA_TOPIC t\nIMPORT_SERVICE s3\nVERSION 1`;
    expect(parseDatafile(text, 'calls.datasource')).toMatchObject({ name: 'calls', engine: 'MergeTree' });
  });

  it.each([
    [
      'an unknown directive',
      `SCHEMA >\n${COLUMN}\nENGIN MergeTree`,
      "calls.datasource:3: unknown directive 'ENGIN'",
    ],
    [
      'text outside of a block',
      'hello\nSCHEMA >',
      "calls.datasource:1: 'hello' is no directive and in no block",
    ],
    [
      'a directive that comes twice',
      `SCHEMA >\n${COLUMN}\nENGINE Null\nENGINE Null`,
      ':4: ENGINE is there twice',
    ],
    ['no schema', 'ENGINE MergeTree', 'calls.datasource: there is no SCHEMA'],
    ['an empty schema', 'SCHEMA >\n\nENGINE MergeTree', ':2: the SCHEMA has no columns'],
    ['an unknown engine', `SCHEMA >\n${COLUMN}\nENGINE URL`, ":3: unknown engine 'URL'"],
    [
      'a missing comma',
      `SCHEMA >\n${COLUMN}\n    \`b\` String`,
      ":2: after the column 'a' stands '`b` String'",
    ],
    [
      'an unknown type',
      `SCHEMA >\n${COLUMN},\n\n    \`b\` Strin`,
      ":4: the column 'b': 'Strin' is not a type",
    ],
    ['a type without its argument', 'SCHEMA >\n    `b` DateTime64 `json:$.b`', 'needs a precision of 0 to 9'],
    ['no type', 'SCHEMA >\n    `b`', ":2: the column 'b' has no type"],
    [
      'an unsupported path',
      'SCHEMA >\n    `b` String `json:$.a[0]`',
      ":2: the column 'b' has the path '$.a[0]'",
    ],
    ['an empty default', 'SCHEMA >\n    `b` String DEFAULT `json:$.b`', "the DEFAULT of 'b' is empty"],
    ['a bracket never closed', `SCHEMA >\n${COLUMN},\n    \`b\` Array(String`, ':3: this ( is never closed'],
    ['a quote never closed', "SCHEMA >\n    `b` String DEFAULT 'x", ":2: this ' is never closed"],
    ['a column twice', `SCHEMA >\n${COLUMN},\n${COLUMN}`, ":3: the column 'a' is there twice"],
    ['a column name that is none', 'SCHEMA >\n    `a.b` String', ":2: 'a.b' is not a column name"],
    ['a line that is no column', 'SCHEMA >\n    ???', ":2: '???' is not a column"],
  ])('tells file, line and fix of %s', (_, text, expected) => {
    expect(errorOf(text)).toContain(expected);
    expect(errorOf(text)).toMatch(/\S\. [A-Z]\w+ \S/);
  });

  it('refuses a file name that cannot name a table', () => {
    expect(errorOf(`SCHEMA >\n${COLUMN}`, 'my calls.datasource')).toContain(
      "'my calls' cannot name a datasource",
    );
  });
});
