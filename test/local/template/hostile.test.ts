import { describe, expect, it } from 'vitest';
import { PipeError } from '../../../src/local/errors.js';
import { ask, json, runServer } from '../running-server.js';
import { rendered } from './rendered.js';

/** What a stranger may send as a text. */
const TEXTS = [
  "' or 1=1 --",
  "'; DROP TABLE calls; --",
  "\\'; DROP TABLE calls; --",
  '5; drop table calls',
  '{{ error("x") }}',
  '{% for i in range(9) %}',
  '{p0:String}',
  '`id`',
  '__proto__',
  'constructor',
  'toString',
  '().__class__.__bases__',
  '\0',
  '\\0\\',
  '\u2028\ufeff',
  '%s%n',
  "a','b",
];

describe('what a request brings', () => {
  it.each(TEXTS)('%j is bound, never text', (x) => {
    expect(rendered('SELECT {{ String(x) }}', { x })).toBe(`SELECT ‹String ${x}›`);
    expect(rendered('SELECT {{ x }}', { x })).toBe(`SELECT ‹String ${x}›`);
    expect(rendered("SELECT {{ '(' + x.replace('(', '(') + ')' }}", { x })).toBe(`SELECT ‹String (${x})›`);
    expect(rendered("SELECT {{ Array(x, 'String') }}", { x: [x] })).toBe(
      `SELECT ‹Array(String) ${JSON.stringify([x])}›`,
    );
    expect(rendered('{% set y = x %}{% for z in [y] %}{{ z }}{% end %}', { x })).toBe(`‹String ${x}›`);
    expect(rendered('{{ sql_and(a=x) }}', { x })).toBe(`a = ‹String ${x}›`);
    for (const type of ['Int32', 'Float64', 'Date', 'DateTime', 'DateTime64', 'UUID'])
      expect(() => rendered(`{{ ${type}(x) }}`, { x })).toThrow('Error validating');
  });

  it.each([
    ...TEXTS.filter((text) => !/^\w+$/.test(text)),
    '',
    'a.',
    '.a',
    'a..b',
    'a b',
    '1a',
    'a'.repeat(200),
  ])('%j names no column or table', (x) => {
    for (const name of ['column', 'columns', 'symbol', 'table'])
      expect(() => rendered(`{{ ${name}(x) }}`, { x })).toThrow('cannot be the name of a column or table');
    expect(() => rendered("{{ columns('a', fn=x) }}", { x })).toThrow('cannot be the name');
    expect(() => rendered("{{ symbol(x, '') }}", { x })).toThrow('cannot be the name');
  });

  it('reads no property that nobody sent', () => {
    for (const name of ['constructor', 'toString', 'hasOwnProperty', 'valueOf'])
      expect(rendered(`{% if defined(${name}) %}Y{% else %}N{% end %}`)).toBe('N');
    expect(rendered("{{ JSON(x).get('__proto__', 'none') }}", { x: '{}' })).toBe('‹String none›');
    expect(rendered("{{ JSON(x)['__proto__'] }}", { x: '{"__proto__": 1}' })).toBe('‹UInt8 1›');
    expect(rendered('{{ x }}', JSON.parse('{"__proto__": {"x": 1}, "x": "own"}'))).toBe('‹String own›');
  });
});

describe('a template that would do too much', () => {
  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

  it.each([
    ['{% for i in range(1000000) %}{% end %}', {}, 'more than 100000 elements'],
    ['{% for i in range(int(x)) %}{% end %}', { x: '9'.repeat(90) }, 'more than 100000 elements'],
    ['{% for i in range(1000) %}{% for j in range(1000) %}{% end %}{% end %}', {}, 'does too much'],
    ['{% for i in x %}{{ i }}{% end %}', { x: 'a'.repeat(200_000) }, 'more than 100000 elements'],
    ["{% for i in range(5001) %}{{ 'a' }}{% end %}", {}, 'prints more than 5000 values'],
    [`{% for i in range(90000) %}${'a'.repeat(20)}{% end %}`, {}, 'the SQL grows beyond 1048576 characters'],
    [
      "{% set s = 'a' %}{% for i in range(64) %}{% set s = s + s %}{% end %}",
      {},
      'a text in the template grows beyond',
    ],
    [
      '{% set l = [1] %}{% for i in range(64) %}{% set l = l + l %}{% end %}',
      {},
      'more than 100000 elements',
    ],
    [
      '{% set l = [1] %}{% for i in range(64) %}{% set l = [l, l] %}{% end %}{{ l }}',
      {},
      'nested deeper than 8 levels',
    ],
    [
      '{% set l = [1] %}{% set m = [1] %}{% for i in range(64) %}{% set l = [l, l] %}{% set m = [m, m] %}{% end %}{% if l == m %}{% end %}',
      {},
      'does too much',
    ],
    ['{% set n = 2 %}{% for i in range(64) %}{% set n = n * n %}{% end %}', {}, 'grows too large'],
    ["{{ 'a' * 1000000000 }}", {}, 'grows beyond'],
    ["{{ x.replace('', x) }}", { x: 'a'.repeat(100_000) }, 'grows beyond'],
    ['{{ JSON(x) }}', { x: nested(100) }, 'nested deeper than 32 levels'],
    ['{{ JSON(x) }}', { x: nested(100_000) }, 'nested deeper than 32 levels'],
    ['{{ x }}', { x: JSON.parse(nested(100)) }, 'nested deeper than 32 levels'],
    ['{{ Array(x) }}', { x: ','.repeat(1_000_000) }, 'more than 100000 elements'],
    ['{{ split_to_array(x) }}', { x: ','.repeat(1_000_000) }, 'more than 100000 elements'],
    ["{% set y = x.split(',') %}", { x: ','.repeat(1_000_000) }, 'more than 100000 elements'],
  ])('%s is refused', (template, given, message) => {
    expect(() => rendered(template, given)).toThrow(PipeError);
    expect(() => rendered(template, given)).toThrow(message);
  });

  it('while what pages need is far from it', () => {
    const ids = Array.from({ length: 20_000 }, (_, id) => String(id));
    expect(rendered("{{ Array(x, 'Int64') }}", { x: ids.join(',') })).toBe(
      `‹Array(Int64) [${ids.join(',')}]›`,
    );
  });
});

it('hostile parameters leave a server with its rows, and answers of its own', async () => {
  const node = (sql: string) => `NODE n\nSQL >\n    % ${sql}\nTYPE endpoint\n`;
  const server = await runServer({
    pipes: {
      by_text: node('SELECT count() AS n FROM calls WHERE id = {{ String(x) }} OR id = {{ x }}'),
      by_array: node('SELECT count() AS n FROM calls WHERE id IN {{ Array(x) }}'),
      by_number: node('SELECT count() AS n FROM calls WHERE tokens = {{ Int32(x) }}'),
      by_column: node('SELECT count({{ column(x) }}) AS n FROM calls'),
      calling: node("SELECT {{ symbol(x, '') }}('/etc/passwd') AS n"),
      length: node('SELECT length({{ String(x) }}) AS n'),
    },
  });
  await server.send('calls', '{"id":"a"}\n{"id":"b"}');
  const count = async (pipe: string, x: unknown) => {
    const init = {
      method: 'POST',
      body: JSON.stringify({ x }),
      headers: { 'content-type': 'application/json' },
    };
    const { status, body } = await json(await ask(`${server.url}/v0/pipes/${pipe}.json`, init));
    return status === 200 ? (body.data as { n: number }[])[0]?.n : status;
  };
  for (const text of TEXTS) {
    expect(await count('by_text', text)).toBe(0);
    expect(await count('by_number', text)).toBe(400);
    expect(await count('by_column', text)).toBe(400);
  }
  expect(await count('by_array', [...TEXTS, 'a'])).toBe(1);
  expect(await count('calling', 'file')).toBe(400);
  expect(await count('calling', 'length')).toBe(11);
  expect(await count('by_column', 'id')).toBe(2);
  expect(await count('length', 'é'.repeat(1_000_000))).toBe(2_000_000);
  expect(await server.rows('SELECT count() AS n FROM calls')).toEqual([{ n: 2 }]);
});
