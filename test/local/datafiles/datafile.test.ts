import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseDatafile } from '../../../src/local/datafiles/datafile.js';
import { DatafileError } from '../../../src/local/errors.js';

/** The columns of a schema as `name | type | path | default`, and codec and TTL if they have one. */
function columnsOf(schema: string): string[] {
  return parseDatafile(`SCHEMA >\n${schema}`, 'calls.datasource').columns.map((column) =>
    [column.name, column.type.text, column.path ?? '-', column.default ?? '-']
      .concat(column.codec === undefined ? [] : `CODEC ${column.codec}`)
      .concat(column.ttl === undefined ? [] : `TTL ${column.ttl}`)
      .join(' | '),
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
    [
      'a codec before the path',
      '`a` String CODEC(ZSTD(1)) `json:$.a`',
      'a | String | $.a | - | CODEC ZSTD(1)',
    ],
    [
      'a codec after the path',
      '`a` String `json:$.a` codec (Delta, ZSTD(1))',
      'a | String | $.a | - | CODEC Delta, ZSTD(1)',
    ],
    [
      'a default before a codec',
      '`a` UInt8 `json:$.a` DEFAULT 1 CODEC(ZSTD(1))',
      'a | UInt8 | $.a | 1 | CODEC ZSTD(1)',
    ],
    [
      'a TTL',
      "`a` String `json:$.a` DEFAULT '' TTL at + INTERVAL 1 DAY",
      "a | String | $.a | '' | TTL at + INTERVAL 1 DAY",
    ],
    ['the path before the type', '`a` `json:$.a` String', 'a | String | $.a | -'],
    ['a default instead of a type', '`a` DEFAULT now()', 'a |  | - | now()'],
    ['JSON in capitals', '`a` String `JSON:$.a`', 'a | String | $.a | -'],
    ['an empty path', '`a` String `json:`', 'a | String | - | -'],
    ['a header for a path', "`a` String `header:x-id` DEFAULT ''", "a | String | - | ''"],
    ['a name with dots and dashes', '`a.b-c` String `json:$.a`', 'a.b-c | String | $.a | -'],
    ['such a name, bare', 'a.b-c String `json:$.a`', 'a.b-c | String | $.a | -'],
    ['a name in another script', '`größe` UInt8 `json:$.g`', 'größe | UInt8 | $.g | -'],
    ['the name of a directive', 'engine String `json:$.e`', 'engine | String | $.e | -'],
    [
      'words of its own syntax as a string',
      "`a` String DEFAULT 'x CODEC(y) `json:'",
      "a | String | - | 'x CODEC(y) `json:'",
    ],
    ['a space within the type', '`a` Array (String) `json:$.a[:]`', 'a | Array (String) | $.a[:] | -'],
    [
      'a bracket in a quoted name of the type',
      "`a` Enum8('(' = 1) `json:$.a`",
      "a | Enum8('(' = 1) | $.a | -",
    ],
    ['an array of fields', '`a` Array(String) `json:$.a[:].b`', 'a | Array(String) | $.a[:].b | -'],
    ['quoted keys', '`a` String `json:$.[\'x-y\']["z.w"]`', 'a | String | $.[\'x-y\']["z.w"] | -'],
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

  it('takes directives in any case, with tabs, after a byte order mark, and with any line ends', () => {
    const text = `\ufeffschema\t>\n\t\`a\`\tString\t\`json:$.a\`\nengine\t"Null"\nToken app aPPend\n`;
    for (const newline of ['\n', '\r\n', '\r']) {
      expect(parseDatafile(text.replaceAll('\n', newline), 'calls.datasource')).toMatchObject({
        columns: [{ name: 'a' }],
        engine: 'Null',
        tokens: [{ name: 'app', permission: 'APPEND' }],
      });
    }
  });

  it('takes comments after a value and SQL comments among the columns', () => {
    const text = `SCHEMA > # the columns
    -- what came in
    \`a\` String \`json:$.a\` DEFAULT '# -- no comment', -- and so on
${COLUMN.replaceAll('a', 'b')}
ENGINE "MergeTree" # the default
ENGINE_SORTING_KEY a # one, two`;
    const datafile = parseDatafile(text, 'calls.datasource');
    expect(datafile.columns.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(datafile.columns[0]?.default).toBe("'# -- no comment'");
    expect(datafile).toMatchObject({ engine: 'MergeTree', sortingKey: 'a' });
  });

  it('keeps quotes that are part of a value', () => {
    const text = `SCHEMA >\n${COLUMN}\nENGINE_PARTITION_KEY 'x' = 'y'\nENGINE_SORTING_KEY "concat(a, '#')"`;
    expect(parseDatafile(text, 'calls.datasource')).toMatchObject({
      partitionKey: "'x' = 'y'",
      sortingKey: "concat(a, '#')",
    });
  });

  it.each([
    ['MergeTree()', 'MergeTree'],
    ['mergetree', 'MergeTree'],
    ['"ReplacingMergeTree(version, gone)"', 'ReplacingMergeTree(version, gone)'],
    ['ReplicatedMergeTree', 'MergeTree'],
    ['"SharedReplacingMergeTree"\nENGINE_VER version', 'ReplacingMergeTree(version)'],
    ['SummingMergeTree\nENGINE_COLUMNS (cost, tokens)', 'SummingMergeTree((cost, tokens))'],
  ])('reads the engine %j as %s', (text, expected) => {
    expect(parseDatafile(`SCHEMA >\n${COLUMN}\nENGINE ${text}`, 'calls.datasource').engine).toBe(expected);
  });

  it('keeps what decides how rows are stored, and who may reach them', () => {
    const text = `TOKEN "my dashboard" read
TOKEN writer APPEND
SCHEMA >
${COLUMN}
ENGINE_TTL "toDate(a) + INTERVAL 1 DAY"
ENGINE_PRIMARY_KEY a
ENGINE_SETTINGS >
    index_granularity=8192,
    ttl_only_drop_parts=1,
INDEXES >
    INDEX i a TYPE minmax GRANULARITY 1, # why
    # a comment
    j (a, lower(a)) TYPE ngrambf_v1(3, 256, 2, 0) GRANULARITY 4, \`k\` a TYPE set(0),
`;
    expect(parseDatafile(text, 'calls.datasource')).toMatchObject({
      ttl: 'toDate(a) + INTERVAL 1 DAY',
      primaryKey: 'a',
      settings: 'index_granularity=8192,\nttl_only_drop_parts=1',
      indexes: [
        'i a TYPE minmax GRANULARITY 1',
        'j (a, lower(a)) TYPE ngrambf_v1(3, 256, 2, 0) GRANULARITY 4',
        '`k` a TYPE set(0)',
      ],
      tokens: [
        { name: 'my dashboard', permission: 'READ' },
        { name: 'writer', permission: 'APPEND' },
      ],
    });
    expect(parseDatafile(`SCHEMA >\n${COLUMN}\nTTL toDate(a)\nINDEXES >\n`, 'calls.datasource')).toEqual({
      name: 'calls',
      columns: [{ name: 'a', type: { text: 'String', kind: 'string' }, path: '$.a' }],
      engine: 'MergeTree',
      ttl: 'toDate(a)',
    });
  });

  it('takes the last of a directive that comes twice, as Tinybird does', () => {
    const text = `SCHEMA >\n${COLUMN}\nENGINE Null\nENGINE MergeTree`;
    expect(parseDatafile(text, 'calls.datasource').engine).toBe('MergeTree');
  });

  it('leaves aside what does not concern a laptop', () => {
    const text = `TAGS a, b\nSCHEMA >\n${COLUMN}\nFORWARD_QUERY >\n    SELECT *\nBACKFILL skip
SHARED_WITH >\n    other,\nKAFKA_TOPIC t\nKAFKA_GROUP_ID {{ tb_secret("GROUP", "x") }}\nIMPORT_SERVICE s3
kafka_group_id g\nVERSION 1`;
    expect(parseDatafile(text, 'calls.datasource')).toMatchObject({ name: 'calls', engine: 'MergeTree' });
  });

  it.each([
    [
      'an unknown directive',
      `SCHEMA >\n${COLUMN}\nENGIN MergeTree`,
      "calls.datasource:3: unknown directive 'ENGIN'. Did you mean ENGINE?",
    ],
    [
      'one far from all others',
      'PROJECTIONS >',
      "unknown directive 'PROJECTIONS'. Write CMD value, or CMD >",
    ],
    [
      'an unknown ENGINE_ directive',
      `SCHEMA >\n${COLUMN}\nENGINE_SORTINGKEY a`,
      ":3: unknown directive 'ENGINE_SORTINGKEY'. Did you mean ENGINE_SORTING_KEY?",
    ],
    ['an include', `INCLUDE "x.incl"\nSCHEMA >\n${COLUMN}`, ':1: INCLUDE is not followed'],
    [
      'a token without permission',
      `TOKEN app\nSCHEMA >\n${COLUMN}`,
      ":1: a TOKEN has a name and a permission, not 'app'",
    ],
    ['a token that writes', `TOKEN app WRITE\nSCHEMA >\n${COLUMN}`, "not 'app WRITE'"],
    [
      'an index that is none',
      `SCHEMA >\n${COLUMN}\nINDEXES >\n    a minmax`,
      ":4: 'a minmax' is not an index",
    ],
    ['two commas', `SCHEMA >\n${COLUMN},,`, ":2: '' is not a column. Remove one"],
    [
      'a comment after a column',
      `SCHEMA >\n${COLUMN}, # why\n    b String`,
      ":2: '# why' is not a column. Put a comment",
    ],
    [
      'a materialized column',
      `SCHEMA >\n${COLUMN},\n    b Date MATERIALIZED a`,
      ":3: after the column 'b' stands 'MATERIALIZED a'",
    ],
    [
      'text outside of a block',
      'hello\nSCHEMA >',
      "calls.datasource:1: unknown directive 'hello'. Write CMD value",
    ],
    ['no schema', 'ENGINE MergeTree', 'calls.datasource: there is no SCHEMA'],
    ['an empty schema', 'SCHEMA >\n\nENGINE MergeTree', ':2: the SCHEMA has no columns'],
    ['an unknown engine', `SCHEMA >\n${COLUMN}\nENGINE URL`, ":3: unknown engine 'URL'"],
    [
      'a missing comma',
      `SCHEMA >\n${COLUMN}\n    \`b\` String`,
      ":3: after the column 'a' stands '`b` String'",
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
    ['a column name that is none', 'SCHEMA >\n    `a b` String', ":2: '`a b` String' is not a column"],
    ['a line that is no column', 'SCHEMA >\n    (???)', ":2: '(???)' is not a column"],
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
