import { describe, expect, it } from 'vitest';
import { DatafileError } from '../../../src/local/errors.js';
import { parsePipe } from '../../../src/local/pipes/pipe-file.js';
import { pipeParameters } from '../../../src/local/pipes/pipe-template.js';

const parse = (text: string) => parsePipe(text, 'endpoints/usage.pipe');

describe('a .pipe file', () => {
  it('is read with its nodes, descriptions and TYPE, and what does not concern reading is left aside', () => {
    const text = `DESCRIPTION >
    # Usage
    of the models
TOKEN "read usage" READ
TAGS a, b
VERSION 3

# a comment
NODE first
DESCRIPTION one line
SQL >
    SELECT 1 AS n
    # a comment
    -- TYPE endpoint

NODE "second"
SQL >
    %
    SELECT n FROM first
    {# a comment of the template
    #}
    WHERE n = {{ Int32(n, 1) }}
TYPE ENDPOINT
CACHE 10
`;
    expect(parse(text)).toEqual({
      name: 'usage',
      description: '# Usage\nof the models',
      kind: 'endpoint',
      answers: 'second',
      nodes: [
        {
          name: 'first',
          description: 'one line',
          sql: '    SELECT 1 AS n\n\n    -- TYPE endpoint\n\n',
          line: 12,
        },
        {
          name: 'second',
          sql: '    %\n    SELECT n FROM first\n    {# a comment of the template\n    #}\n    WHERE n = {{ Int32(n, 1) }}\n',
          line: 18,
        },
      ],
    });
  });

  it.each([
    [
      'with CRLF and a byte order mark',
      '\ufeffNODE n\r\nSQL >\r\n    SELECT 1\r\nTYPE endpoint\r\n',
      '    SELECT 1\n',
    ],
    ['not indented', 'NODE n\nSQL >\nSELECT 1\nFROM t\ntype "endpoint"\n', 'SELECT 1\nFROM t\n'],
    ['in one line', "NODE n\nSQL SELECT 'a'\nTYPE 'Endpoint'", "SELECT 'a'"],
    ['in one line and quotes', 'NODE n\nSQL "SELECT 1"\nTYPE endpoint', 'SELECT 1'],
    [
      'with columns called like directives',
      'NODE n\nSQL >\nSELECT\ntype,\nnode\nTYPE endpoint\n',
      'SELECT\ntype,\nnode\n',
    ],
  ])('is read %s', (_, text, sql) => {
    expect(parse(text)).toMatchObject({ kind: 'endpoint', nodes: [{ name: 'n', sql }] });
  });

  it.each([
    ['materialized', 'DATASOURCE t'],
    ['copy', 'TARGET_DATASOURCE t\nCOPY_SCHEDULE 0 * * * *\nCOPY_MODE replace'],
    ['sink', 'EXPORT_CONNECTION_NAME c\nEXPORT_FORMAT csv'],
  ])('of TYPE %s is read', (kind, more) => {
    expect(parse(`NODE n\nSQL >\n  SELECT 1\nTYPE ${kind}\n${more}\n`).kind).toBe(kind);
  });

  it('without a TYPE answers with its last node, and without a NODE has one', () => {
    expect(parse('NODE a\nSQL >\n  SELECT 1\nNODE b\nSQL >\n  SELECT 2\n')).toMatchObject({
      kind: 'internal',
      answers: 'b',
    });
    expect(parse('SQL >\n  SELECT 1\nTYPE endpoint')).toMatchObject({
      kind: 'endpoint',
      answers: 'usage_0',
    });
    expect(parse('NODE a\nSQL >\n  SELECT 1\nTYPE endpoint\nNODE b\nSQL >\n  SELECT 2\n').answers).toBe('a');
  });

  it.each([
    ['', undefined, 'there is no node'],
    ['# only a comment', undefined, 'there is no node'],
    ['NODE n\n', 1, "the node 'n' has no SQL"],
    ['NODE n\nSQL >\n    %\n', 2, "the node 'n' has no SQL"],
    ['NODE\nSQL >\n  SELECT 1', 1, 'the NODE has no name'],
    ['NODE a-b\nSQL >\n  SELECT 1', 1, "'a-b' cannot name a node"],
    ['NODE usage\nSQL >\n  SELECT 1', 3, "the node 'usage' is called like its pipe"],
    ['NODE n\nSQL >\n  SELECT 1\nNODE n\nSQL >\n  SELECT 2', 6, "a second node is called 'n'"],
    ['NODE n\nSQL >\n  SELECT 1\nSQL >\n  SELECT 2', 4, "the node 'n' has a second SQL"],
    ['TYPE endpoint\nNODE n\nSQL >\n  SELECT 1', 1, 'TYPE stands under no node'],
    ['NODE n\nSQL >\n  SELECT 1\nTYPE view', 4, "unknown TYPE 'view'"],
    ['NODE n\nSQL >\n  SELECT 1\nTYPE endpoint\nTYPE endpoint', 5, 'a second TYPE'],
    ['NODE a\nSQL >\n  SELECT 1\nTYPE endpoint\nNODE b\nSQL >\n  SELECT 1\nTYPE copy', 8, 'a second TYPE'],
    ['INCLUDE x.incl\nNODE n\nSQL >\n  SELECT 1', 1, 'INCLUDE is not supported'],
    ['COLOUR red\nNODE n\nSQL >\n  SELECT 1', 1, "unknown directive 'COLOUR'"],
    ['NODE n\n  SELECT 1', 2, "'SELECT 1' is no directive and in no block"],
    ['NODE n\nSQL >\n    %\n    SELECT\n    {{ Int32(a }}', 5, 'the expression ends too early in Int32(a'],
    ['NODE n\nSQL >\n    %\n    SELECT\n    {% if a %}\n    1', 5, 'Missing {% end %} block for if'],
    ['NODE n\nSQL >\n    % SELECT 1\n    {% while a %}{% end %}', 4, '{% while %} is forbidden'],
  ])('is refused as %j with its line', (text, line, found) => {
    const place = line === undefined ? 'endpoints/usage.pipe' : `endpoints/usage.pipe:${line}`;
    expect(() => parse(text)).toThrow(DatafileError);
    expect(() => parse(text)).toThrow(`${place}: `);
    expect(() => parse(text)).toThrow(found);
  });

  it('is refused under a name that no statement could call', () => {
    expect(() => parsePipe('SQL >\n  SELECT 1', 'a-b.pipe')).toThrow("'a-b' cannot name a pipe");
  });

  it('keeps braces in texts of SQL that is no template', () => {
    expect(parse("SQL >\n  SELECT '{{ a }}', map('a', 1), {'b': 2} -- {{ c }}\n").nodes).toHaveLength(1);
  });
});

describe('the parameters of a pipe', () => {
  it('are those of all its nodes, each once, with what any of them says', () => {
    const text = `NODE a
SQL >
    %
    SELECT {{ Int32(n) }} {% if defined(optional) %} {{ Date(optional, description='A day') }} {% end %}
    {% for each in split_to_array(names, 'a,b') %} {{ String(each) }} {% end %}
    {% set own = 1 %} {{ own }}

NODE b
SQL >
    %
    SELECT {{ column(by, 'id') }}, {{ Int32(n, description='How many', example='5') }}, {{ Float64(f, -1.5) }},
    {{ Array(list, 'Int32', default='1,2') }}, {{ Array(words) }}, {{ JSON(j, '[]') }}, {{ plain }},
    {{ Boolean(flag) }}, {{ String(wanted, 'x', required=True) }}, {{ sql_and(c=Int8(kept, defined=False)) }}
`;
    expect(pipeParameters(parse(text))).toEqual([
      { name: 'n', type: 'Int32', description: 'How many', required: true },
      { name: 'optional', type: 'Date', description: 'A day', required: false },
      { name: 'names', type: 'String', default: 'a,b', required: false },
      { name: 'by', type: 'String', default: 'id', required: false },
      { name: 'f', type: 'Float64', default: -1.5, required: false },
      { name: 'list', type: 'Array(Int32)', default: '1,2', required: false },
      { name: 'words', type: 'Array(String)', required: true },
      { name: 'j', type: 'JSON', default: '[]', required: false },
      { name: 'plain', type: 'String', required: false },
      { name: 'flag', type: 'Boolean', required: false },
      { name: 'wanted', type: 'String', default: 'x', required: true },
      { name: 'kept', type: 'Int8', required: false },
    ]);
  });
});
