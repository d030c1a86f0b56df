import { describe, expect, it } from 'vitest';
import { PipeError } from '../../../src/local/errors.js';
import { TemplateSyntaxError } from '../../../src/local/template/fault.js';
import { compileTemplate } from '../../../src/local/template/template.js';
import { rendered } from './rendered.js';

type Row = readonly [template: string, given: Parameters<typeof rendered>[1], result: string];

const yes = (test: string) => `{% if ${test} %}Y{% else %}N{% end %}`;

describe('blocks', () => {
  it.each<Row>([
    ['a {b} { {c} %} }}', {}, 'a {b} { {c} %} }}'],
    ['{{!x}} {%!x%} {#!x#}', {}, '{{x}} {%x%} {#x#}'],
    ['{{{ 1 }}}', {}, '{‹UInt8 1›}'],
    ['a{# b {{ c }} \n #}d{% comment e %}f', {}, 'adf'],
    ["{%if x=='a'%}A{% elif x == 'b' %}B{%else%}C{%end%}", { x: 'b' }, 'B'],
    ["{%if x=='a'%}A{% elif x == 'b' %}B{%else%}C{%end%}", {}, 'C'],
    ["{% if x == 'a' %}A{% end %}.", {}, '.'],
    ['{% for i in [1, 2] %}{{ i }},{% end %}', {}, '‹UInt8 1›,‹UInt8 2›,'],
    [
      "{% for a, (b, c) in enumerate([('x', 'y')]) %}{{ a }}{{ b }}{{ c }}{% end %}",
      {},
      '‹UInt8 0›‹String x›‹String y›',
    ],
    [
      '{% for i in range(9) %}{% if i == 1 %}{% continue %}{% elif i == 3 %}{% break %}{% end %}{{ i }}{% end %}',
      {},
      '‹UInt8 0›‹UInt8 2›',
    ],
    ['{% for i in [] %}a{% else %}b{% end %}{% for i in [1] %}{% break %}{% else %}c{% end %}', {}, 'b'],
    ['{% for i in [1, 2] %}{% end %}{{ i }}', {}, '‹UInt8 2›'],
    ['{% set a, b = 1, 2 %}{% set a += b %}{{ a }}', {}, '‹UInt8 3›'],
    ["{% set s = '' %}{% for i in x %}{% set s = s + i %}{% end %}{{ s }}", { x: ['a', 'b'] }, '‹String ab›'],
  ])('%s with %j is %s', (template, given, result) => {
    expect(rendered(template, given)).toBe(result);
  });

  it.each([
    ['{% if x %}', 'Missing {% end %} block for if'],
    ['{% for i in x %}{% if i %}{% end %}', 'Missing {% end %} block for for'],
    ['{% end %}', 'Extra {% end %} block'],
    ['{% else %}', 'Extra {% else %} block'],
    ['{% for i in x %}{% elif i %}{% end %}', 'Extra {% elif %} block'],
    ['{% if x %}{% else %}{% elif y %}{% end %}', '{% elif %} after {% else %}'],
    ['{% if x %}{% else if y %}{% end %}', 'is not understood'],
    ['{% endif %}', "unknown operator 'endif' in {% %}. Every block ends with {% end %}"],
    ['{% foo %}', "unknown operator 'foo'"],
    ['{% break %}', 'outside of a {% for %}'],
    ['{{ x', '{{ is never closed'],
    ['{% x', '{% is never closed'],
    ['{# x', '{# is never closed'],
    ['{{ }}', 'Empty expression'],
    ['{% %}', 'Empty block tag'],
    ['{% set x %}', 'there is no ='],
    ['{% if %}{% end %}', 'the expression ends too early'],
    ...[
      'while',
      'import',
      'from',
      'raw',
      'module',
      'apply',
      'block',
      'extends',
      'include',
      'autoescape',
      'try',
    ].map((word) => [`{% ${word} x %}`, `{% ${word} %} is forbidden`]),
    [`${'{% if x %}'.repeat(51)}${'{% end %}'.repeat(51)}`, 'nested too deep'],
  ])('%s is refused', (template, message) => {
    expect(() => rendered(template)).toThrow(TemplateSyntaxError);
    expect(() => rendered(template)).toThrow(message);
  });

  it('SQL without a % in front stays as it is', () => {
    expect(compileTemplate('SELECT {{ x }}', 'p.pipe').render({}, undefined as never)).toBe('SELECT {{ x }}');
  });

  it('names the line of the file that an expression has no value on', () => {
    const template = compileTemplate("\n  %\nSELECT\n{{ x }}, {{ 1 + 'a' }}", 'p.pipe', 7);
    expect(() => template.render({ x: 'a' }, { print: () => '' } as never)).toThrow('(line 10 of p.pipe)');
  });
});

describe('expressions', () => {
  it.each<Row>([
    // what values are
    ["{{ 'a\\n\\'b' }}{{ \"c\" 'd' }}{{ '\\d' }}", {}, "‹String a\n'b›‹String cd›‹String \\d›"],
    [
      '{{ 5 }}{{ -129 }}{{ 70000 }}{{ 18446744073709551616 }}',
      {},
      '‹UInt8 5›‹Int16 -129›‹UInt32 70000›‹UInt128 18446744073709551616›',
    ],
    ['{{ 1.5 }}{{ 1e300 }}{{ 2.0 }}{{ True }}', {}, '‹Float64 1.5›‹Float64 1e+300›‹Float64 2.0›‹Bool true›'],
    [
      "{{ ['a', 'b'] }}{{ [1, 300] }}{{ [1, 2.5] }}{{ [] }}",
      {},
      '‹Array(String) ["a","b"]›‹Array(UInt16) [1,300]›‹Array(Float64) [1,2.5]›[]',
    ],
    ["{{ ('a', 1) }}{{ () }}", {}, '(‹String a›, ‹UInt8 1›)tuple()'],
    // a parameter without a type is what the request says
    [
      '{{ a }}{{ b }}{{ c }}{{ d }}',
      { a: 'x', b: 5, c: true, d: ['y'] },
      '‹String x›‹UInt8 5›‹Bool true›‹Array(String) ["y"]›',
    ],
    // arithmetic, as Python has it
    ['{{ Int32(x) + 1 }}{{ -Int32(x) }}{{ 2 * 3 - 1 }}', { x: '5' }, '‹UInt8 6›‹Int8 -5›‹UInt8 5›'],
    ['{{ Int64(x) * 2 }}', { x: '9007199254740993' }, '‹UInt64 18014398509481986›'],
    [yes('-7 // 2 == -4 and -7 % 3 == 2 and 7 / 2 == 3.5 and 1.5 // 1 == 1'), {}, 'Y'],
    [
      "{{ 'a' + x }}{{ 'ab' * 2 }}{{ [1] + [2] }}",
      { x: 'b' },
      '‹String ab›‹String abab›‹Array(UInt8) [1,2]›',
    ],
    // comparisons
    [yes("x == 'a'"), { x: 'a' }, 'Y'],
    [yes('x == 7'), { x: '7' }, 'N'],
    [yes('Int32(x) == 7 and Int32(x) == 7.0 and Int32(x) != 8'), { x: '7' }, 'Y'],
    [yes("Int32(x) == '7'"), { x: '7' }, 'N'],
    [yes('1 < Int32(x) <= 3'), { x: '3' }, 'Y'],
    [yes('1 < Int32(x) <= 3'), { x: '4' }, 'N'],
    [yes('x < y'), { x: '10', y: '9' }, 'Y'],
    [yes("x in ['a', 'b'] and x not in ('c',) and x in 'abc'"), { x: 'a' }, 'Y'],
    [yes('[1, 2] == (1, 2)'), {}, 'N'],
    [yes('[1, [2]] == [True, [2.0]] and (1, 2) < (1, 3) and [1] < [1, 0]'), {}, 'Y'],
    [yes('x is None and x == None and not x'), {}, 'Y'],
    [yes('x is not None'), { x: '' }, 'Y'],
    [yes('Int64(x) == 9007199254740993'), { x: '9007199254740992' }, 'N'],
    // what is true
    [yes('x'), { x: '' }, 'N'],
    [yes('x'), { x: '0' }, 'Y'],
    [yes('Int32(x, 0)'), {}, 'N'],
    [yes("[] or '' or 0 or 0.0 or None or False or {}"), {}, 'N'],
    [yes('defined(x) and x != "" or not defined(y)'), { x: '' }, 'Y'],
    ["{% set y = x or 'd' %}{{ y }}", {}, '‹String d›'],
    ["{{ 'a' if x else 'b' }}{{ not x }}", { x: '1' }, '‹String a›‹Bool false›'],
    // parts
    [
      '{{ x[0] }}{{ x[1:3] }}{{ x[::-1] }}{{ x[-1:] }}',
      { x: 'aé😀d' },
      '‹String a›‹String é😀›‹String d😀éa›‹String d›',
    ],
    [
      "{{ [1, 2, 3][1] }}{{ [1, 2, 3][:-1] }}{{ ('a', 'b')[1] }}",
      {},
      '‹UInt8 2›‹Array(UInt8) [1,2]›‹String b›',
    ],
    ["{{ {'a': {'b': 1} }['a']['b'] }}", {}, '‹UInt8 1›'],
    // methods
    ["{{ x.split(',')[1] }}{{ 'a b  c'.split() }}", { x: 'a,b' }, '‹String b›‹Array(String) ["a","b","c"]›'],
    ["{% set y = 'a,b,c'.split(',', 1) %}{{ y }}", {}, '‹Array(String) ["a","b,c"]›'],
    [
      "{% set y = x.strip().lower() + x.upper() + 'xax'.strip('x') %}{{ y }}",
      { x: ' aB ' },
      '‹String ab AB a›',
    ],
    ["{{ x.replace('a', 'bb') }}{{ '-'.join(['a', 'b']) }}", { x: 'aca' }, '‹String bbcbb›‹String a-b›'],
    [yes("x.startswith('a') and x.endswith(('x', 'b')) and '12'.isdigit()"), { x: 'ab' }, 'Y'],
    // functions
    [
      "{{ len(x) }}{{ len([1]) }}{{ min(2, 1) }}{{ max(['a', 'b']) }}{{ int('5') }}{{ float('1') }}{{ list('ab') }}",
      { x: 'é😀' },
      '‹UInt8 2›‹UInt8 1›‹UInt8 1›‹String b›‹UInt8 5›‹Float64 1.0›‹Array(String) ["a","b"]›',
    ],
    [
      '{% set y = str(5) + str(1.0) + str(True) %}{% set z = sum([1, 2]) + abs(-1) %}{{ y }}{{ z }}',
      {},
      '‹String 51.0True›‹UInt8 4›',
    ],
    [
      '{% for i in range(1, 7, 2) %}{{ i }}{% end %}{% for i in range(2, 0, -1) %}{{ i }}{% end %}',
      {},
      '‹UInt8 1›‹UInt8 3›‹UInt8 5›‹UInt8 2›‹UInt8 1›',
    ],
    [
      "{% for a, b in zip([1, 2], 'ab') %}{{ a }}{{ b }}{% end %}",
      {},
      '‹UInt8 1›‹String a›‹UInt8 2›‹String b›',
    ],
  ])('%s with %j is %s', (template, given, result) => {
    expect(rendered(template, given)).toBe(result);
  });

  it.each([
    ['{{ x }}', {}, 'expression "x" evaluated to null'],
    ['{{ None }}', {}, 'evaluated to null'],
    ['{{ {} }}', {}, 'a dict cannot be printed'],
    ["{{ ['a', 1] }}", {}, 'a list of different types (String, UInt8) cannot be printed'],
    ['{{ x + 1 }}', { x: 'a' }, "unsupported operand type(s) for +: 'str' and 'int'"],
    [yes('x > 5'), { x: '7' }, 'A parameter is a text unless it is wrapped in its type'],
    [yes("x in 'abc'"), {}, "'in <string>' requires string as left operand, not NoneType"],
    [yes('1 / 0'), {}, 'division by zero'],
    [yes('1 % 0'), {}, 'by zero'],
    ['{{ x[9] }}', { x: 'abc' }, 'String index out of range'],
    ['{{ [1][9] }}', {}, 'list index out of range'],
    ["{{ {'a': 1}['b'] }}", {}, "Missing key 'b'"],
    ['{% for i in x %}{% end %}', {}, "'NoneType' object is not iterable"],
    ['{% for a, b in [(1, 2, 3)] %}{% end %}', {}, '3 values for 2 names'],
    [yes('x.lower()'), {}, "'NoneType' object has no attribute 'lower'"],
    ["{{ int('a') }}", {}, "invalid literal for int(): 'a'"],
    // a name that is set anywhere is no parameter
    ["{% set x = x or 'd' %}", { x: 'a' }, "'x' is read before it is set"],
    ['{{ x }}{% set x = 1 %}', { x: 'a' }, "'x' is read before it is set"],
  ])('%s with %j is refused', (template, given, message) => {
    expect(() => rendered(template, given)).toThrow(PipeError);
    expect(() => rendered(template, given)).toThrow(message);
  });

  it.each([
    ['{{ nope(1) }}', "'nope' is not a valid function. There are String"],
    ['{{ x(1) }}', "'x' is not a valid function"],
    ["{{ 'a'.title() }}", 'Invalid method name: title'],
    ["{{ 'a'.format(1) }}", 'Invalid method name: format'],
    ["{% set y = 'a'.format(1) %}", 'Invalid method name: format'],
    ['{{ x.y }}', '.y is not allowed'],
    ['{{ ().__class__ }}', '__class__ is not allowed'],
    ['{{ __builtins__ }}', '__builtins__ is not allowed'],
    ['{{ [i for i in x] }}', 'there are no comprehensions'],
    ["{{ f'{x}' }}", "f'…' is not understood"],
    ['{{ lambda: 1 }}', "'lambda' cannot stand here"],
    ['{{ 2 ** 8 }}', "'**' is not expected"],
    ["{{ '}}' }}", 'is never closed'],
    ['{{ q }}', '"q" can not be used as a variable name'],
    ['{{ String(format) }}', '"format" can not be used as a variable name'],
    ['{{ Int32(5) }}', 'can not be used as a variable name'],
    ["{{ String('') }}", 'can not be used as a variable name'],
    ['{{ Int32() }}', 'Int32() is missing an argument'],
    ['{{ Int32(x, min=1) }}', 'Int32() takes no min='],
    ['{{ Int32(x, 1, default=2) }}', 'is given default twice'],
    ['{{ Int32(x=1, 2) }}', 'Put name=value last'],
    ['{{ len() }}', 'len() is called with the wrong arguments'],
    // where it is deployed, only {% %} takes these
    ["{{ x or 'd' }}", "'or' cannot stand in {{ }}"],
    ['{{ 1 > 2 }}', 'a comparison cannot stand in {{ }}'],
    ['{{ 7 % 2 }}', "'%' cannot stand in {{ }}"],
    ['{{ x.lower() }}', '.lower() cannot stand in {{ }}'],
    ['{{ range(3) }}', 'range() cannot stand in {{ }}'],
    [`{{ ${'('.repeat(70)}1${')'.repeat(70)} }}`, 'nested too deep'],
    [`{{ ${'1 + '.repeat(1_500)}1 }}`, 'the expression is too long'],
  ])('%s is refused when it is compiled', (template, message) => {
    expect(() => compileTemplate(`%${template}`, 'p.pipe')).toThrow(TemplateSyntaxError);
    expect(() => compileTemplate(`%${template}`, 'p.pipe')).toThrow(message);
  });
});
