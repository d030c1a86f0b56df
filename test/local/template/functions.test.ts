import { describe, expect, it } from 'vitest';
import { CustomPipeError, PipeError } from '../../../src/local/errors.js';
import type { JsonValue } from '../../../src/local/rows/json-path.js';
import { rendered } from './rendered.js';

type Row = readonly [template: string, given: Parameters<typeof rendered>[1], result: string];

describe('types', () => {
  it.each<Row>([
    ['{{ String(x) }}', { x: '' }, '‹String ›'],
    ["{{ String(x, 'd') }}", {}, '‹String d›'],
    ["{{ String(x, 'd') }}", { x: '' }, '‹String ›'],
    ["{{ String(x, 'd', required=True) }}", {}, '‹String d›'],
    [
      '{{ String(a) }}{{ String(b) }}{{ String(c) }}',
      { a: true, b: 1.5, c: 7 },
      '‹String True›‹String 1.5›‹String 7›',
    ],
    ["{{ String(x)[0:2] }}{{ String(x) + '%' }}", { x: 'abc' }, '‹String ab›‹String abc%›'],
    ["{{ Int32(x, 1, description='d', example='e', format='f', enum=[1]) }}", {}, '‹Int32 1›'],
    ['{{ Int32(x) }}', { x: '+007' }, '‹Int32 7›'],
    ['{{ Int(x) }}{{ Integer(x) }}', { x: -5 }, '‹Int32 -5›‹Int32 -5›'],
    ['{{ UInt8(x) }}', { x: '255' }, '‹UInt8 255›'],
    ['{{ Int256(x) }}', { x: `-${2n ** 255n}` }, `‹Int256 -${2n ** 255n}›`],
    ['{{ Int32(y, x) }}', { x: '9' }, '‹Int32 9›'],
    ['{{ Float32(x) }}', { x: ' 1e3 ' }, '‹Float32 1000.0›'],
    [
      '{{ Float64(a) }}{{ Float64(b) }}{{ Float64(c) }}',
      { a: '.5', b: 'nan', c: '-inf' },
      '‹Float64 0.5›‹Float64 nan›‹Float64 -inf›',
    ],
    ['{{ Date(x) }}', { x: '2024-02-29' }, '‹String 2024-02-29›'],
    ['{{ DateTime(x) }}', { x: '2024-01-02 03:04:05' }, '‹String 2024-01-02 03:04:05›'],
    ['{{ DateTime(x) }}', { x: '2024-01-02T03:04:05.678Z' }, '‹String 2024-01-02 03:04:05›'],
    ['{{ DateTime(x) }}', { x: '2024-01-01T23:30:00-01:30' }, '‹String 2024-01-02 01:00:00›'],
    ['{{ DateTime64(x) }}', { x: '2024-01-02T03:04:05.123456+02:00' }, '‹String 2024-01-02 01:04:05.123456›'],
    ["{{ DateTime(x, '2024-01-02 03:04:05') }}", {}, '‹String 2024-01-02 03:04:05›'],
    // expressions see what was sent
    ["{% if DateTime(x) == '2024-01-02T03:04:05Z' %}Y{% end %}", { x: '2024-01-02T03:04:05Z' }, 'Y'],
    [
      '{{ UUID(x) }}',
      { x: '61F0C404-5cb3-11e7-907b-a6006ad3dba0' },
      '‹String 61F0C404-5cb3-11e7-907b-a6006ad3dba0›',
    ],
    ...(
      [
        ['true', 1],
        ['TRUE', 1],
        ['1', 1],
        ['yes', 1],
        [true, 1],
        [1, 1],
        ['false', 0],
        ['False', 0],
        ['0', 0],
        ['', 0],
        [false, 0],
        [0, 0],
      ] as const
    ).map(([x, is]): Row => ['{{ Boolean(x) }}', { x }, `‹UInt8 ${is}›`]),
    [
      "{{ Boolean(x) }}{{ Boolean(x, True) }}{{ Boolean(x, 'false', description='d') }}",
      {},
      '‹UInt8 0›‹UInt8 1›‹UInt8 0›',
    ],
    ['{% if Boolean(x) == True %}Y{% end %}', { x: 'true' }, 'Y'],
  ])('%s with %j is %s', (template, given, result) => {
    expect(rendered(template, given)).toBe(result);
  });

  it.each<readonly [type: string, x: JsonValue]>([
    ...['', ' 5', '5.0', 'abc', '2147483648', '-2147483649', '0x10', '٣', '5\n', '1e3', '1'.repeat(100)].map(
      (x) => ['Int32', x] as const,
    ),
    ...[true, 5.5, ['1'], { a: 1 }].map((x) => ['Int32', x] as const),
    ['UInt8', '-1'],
    ['UInt8', '+1'],
    ['UInt8', '256'],
    ['Int64', 2 ** 53],
    ['UInt256', String(2n ** 256n)],
    ['Float64', '1_0'],
    ['Float64', 'one'],
    ['Float64', ''],
    ...['2024-13-02', '2023-02-29', '2024-1-2', '2024-01-02 00:00:00', ''].map((x) => ['Date', x] as const),
    ...['2024-01-02', '2024-01-02 03:04', '1700000000', '2024-01-02 24:00:00', "2024-01-02 03:04:05' --"].map(
      (x) => ['DateTime', x] as const,
    ),
    ['DateTime', '2024-01-02T03:04:05+99:00'],
    ['DateTime64', '2024-01-02 03:04:05'],
    ['UUID', 'a'],
    ['String', ['a']],
    ['String', { a: 1 }],
  ])('%s refuses %j', (type, x) => {
    expect(() => rendered(`{{ ${type}(x) }}`, { x })).toThrow(PipeError);
    expect(() => rendered(`{{ ${type}(x) }}`, { x })).toThrow(
      /Error validating '.*' to type \w+ \(parameter x\)/s,
    );
  });

  it('a missing parameter without a default is refused by name, unless it need not be defined', () => {
    for (const type of ['String', 'Int32', 'Float64', 'Date', 'DateTime', 'DateTime64', 'UUID', 'Array'])
      expect(() => rendered(`{{ ${type}(needed) }}`)).toThrow(
        'Required parameter is not defined. Check the parameters needed.',
      );
    expect(() => rendered('{{ String(x, None) }}', { x: null })).toThrow('Required parameter is not defined');
    expect(rendered('{% if String(x, defined=False) is None %}N{% end %}')).toBe('N');
  });
});

describe('Array', () => {
  it.each<Row>([
    ['{{ Array(x) }}', { x: 'a, b' }, '‹Array(String) ["a"," b"]›'],
    ['{{ Array(x) }}', { x: '' }, '‹Array(String) [""]›'],
    ["{{ Array(x, 'String') }}", { x: ['a,b', 'c'] }, '‹Array(String) ["a,b","c"]›'],
    ["{{ Array(x, 'Int32') }}", { x: '1,-2' }, '‹Array(Int32) [1,-2]›'],
    ["{{ Array(x, 'Int32') }}", { x: [1, '2'] }, '‹Array(Int32) [1,2]›'],
    ["{{ Array(x, 'UInt64') }}", { x: '18446744073709551615' }, '‹Array(UInt64) [18446744073709551615]›'],
    ["{{ Array(x, 'Float32') }}", { x: '1.5,2' }, '‹Array(Float32) [1.5,2.0]›'],
    ["{{ Array(x, 'Boolean') }}", { x: 'true,false,0' }, '‹Array(UInt8) [1,0,0]›'],
    ["{{ Array(x, 'DateTime') }}", { x: '2024-01-02T03:04:05Z' }, '‹Array(String) ["2024-01-02 03:04:05"]›'],
    [
      "{{ Array(x, 'String', 'a,b') }}{{ Array(x, 'Int8', default=[1, 2]) }}",
      {},
      '‹Array(String) ["a","b"]›‹Array(Int8) [1,2]›',
    ],
    ["{{ Array(x, 'String', []) }}", {}, '[]'],
    ['{{ Array(x) }}', { x: [1, 2] }, '‹Array(UInt8) [1,2]›'],
    // an array is a list in expressions, and so is its parameter wherever it stands
    [
      '{% for i in Array(x) %}{{ i }}{% end %}{{ Array(x)[0] }}',
      { x: 'a,b' },
      '‹String a›‹String b›‹String a›',
    ],
    ["{% if 'a' in Array(x) and len(Array(x)) == 2 %}Y{% end %}", { x: 'a,b' }, 'Y'],
    ["{% if defined(x) and x != [''] %}A {{ Array(x) }}{% end %}", { x: '' }, ''],
    ["{% if defined(x) and x != [''] %}A {{ Array(x) }}{% end %}", { x: 'a' }, 'A ‹Array(String) ["a"]›'],
    [
      "{{ Array(x, 'Int32') }}{% for i in x %}{{ i }}{% end %}{% if 2 in x %}Y{% end %}",
      { x: '1,2' },
      '‹Array(Int32) [1,2]›‹UInt8 1›‹UInt8 2›Y',
    ],
    [
      "{% set csv = '|'.join(x) %}{{ csv }}{{ Array(x, 'String') }}",
      { x: 'a,b' },
      '‹String a|b›‹Array(String) ["a","b"]›',
    ],
  ])('%s with %j is %s', (template, given, result) => {
    expect(rendered(template, given)).toBe(result);
  });

  it.each([
    ["{{ Array(x, 'Int32') }}", '', 'Error validating [][0] (empty string) to type Int32'],
    ["{{ Array(x, 'Int32') }}", '1, 2', 'Error validating [1, 2][1] ( 2) to type Int32'],
    ["{{ Array(x, 'Int8') }}", '1,200', 'Error validating [1,200][1] (200) to type Int8'],
    ['{{ Array(x) }}', ['a', null], 'Error validating [a,None][1] (None)'],
    ['{{ Array(x) }}', [['a']], 'Error validating'],
    ['{{ Array(x) }}', { a: 1 }, "Error validating 'dict' to type Array"],
    ["{{ Array(x, 'Nope') }}", 'a', 'takes the type of its elements as a text: one of String'],
    ["{{ Array(x, ['a']) }}", 'a', 'takes the type of its elements as a text'],
  ] as const)('%s refuses %j', (template, x, message) => {
    expect(() => rendered(template, { x })).toThrow(PipeError);
    expect(() => rendered(template, { x })).toThrow(message);
  });
});

describe('functions', () => {
  it.each<Row>([
    [`{% if defined(x) %}Y{% else %}N{% end %}`, { x: '' }, 'Y'],
    [`{% if defined(x) %}Y{% else %}N{% end %}`, {}, 'N'],
    [`{% if defined(x) %}Y{% else %}N{% end %}`, { x: null }, 'N'],
    [`{% if defined() or not defined('x') %}Y{% else %}N{% end %}`, {}, 'N'],
    ["{{ column(x) }}{{ column(y, 'd') }}{{ column('lit') }}", { x: 'a.b' }, '`a`.`b``d``lit`'],
    [
      "{{ columns(x, 'a') }}{{ columns('c,d') }}{{ columns(x, 'a', fn='max') }}",
      { x: 'a, b' },
      '`a`,`b``c`,`d``max`(`a`) AS `a`,`max`(`b`) AS `b`',
    ],
    [
      "{{ symbol(x) }}{{ symbol('max', '') }}(1) {{ table(x) }} {{ TABLE('t') }}",
      { x: 'a.b' },
      '`a.b`max(1) `a`.`b` `t`',
    ],
    [
      '{{ sql_and(a=Int32(x), b__gt=5, c__in=Array(y), d__not_in=[1], e__b__lte=z, f=None) }}',
      { x: '1', y: 'a', z: '!' },
      'a = ‹Int32 1› and b > ‹UInt8 5› and c in ‹Array(String) ["a"]› and d not in ‹Array(UInt8) [1]› and e__b <= ‹String !›',
    ],
    ['{{ sql_and(a=Int32(x, defined=False)) }}', {}, ''],
    [
      "{{ split_to_array(x) }}{{ split_to_array(y, 'd,e') }}{{ split_to_array(z, separator='|') }}",
      { x: 'a, b', z: 'c|d' },
      '‹Array(String) ["a","b"]›‹Array(String) ["d","e"]›‹Array(String) ["c","d"]›',
    ],
    [
      '{% for last, i in enumerate_with_last(split_to_array(x)) %}{{ column(i) }}{% if not last %}, {% end %}{% end %}',
      { x: 'a,b' },
      '`a`, `b`',
    ],
    ["{{ sql_unescape(x, '%') }}{{ sql_unescape(x) }}", { x: 'a%' }, '‹String a%›‹String a\\%›'],
    [
      "{{ JSON(x)['a'] }}{{ JSON(x).get('z', 'd') }}{{ JSON(x)['l'][1] }}",
      { x: '{"a": 1, "l": [1, "b"]}' },
      '‹UInt8 1›‹String d›‹String b›',
    ],
    [
      '{% for k, v in JSON(x).items() %}{{ k }}{{ v }}{% end %}',
      { x: { a: 1.5 } },
      '‹String a›‹Float64 1.5›',
    ],
    ["{% for o in JSON(x, '[{\"k\": 1}]') %}{{ o['k'] }}{% end %}", {}, '‹UInt8 1›'],
    ['{% for o in JSON(x) %}{{ o }}{% end %}', {}, ''],
    [
      "{{ date_diff_in_days('2024-01-01', '2024-03-01') }}{{ day_diff('2024-01-03', '2024-01-01') }}",
      {},
      '‹UInt8 60›‹UInt8 2›',
    ],
    [
      '{{ date_diff_in_hours(DateTime(a), DateTime(b)) }}{{ date_diff_in_minutes(a, b) }}{{ date_diff_in_seconds(a, b) }}',
      { a: '2024-01-01 00:00:00', b: '2024-01-01 01:59:59' },
      '‹UInt8 1›‹UInt8 119›‹UInt16 7199›',
    ],
    [
      "{{ date_diff_in_seconds('2024-01-01T00:00:00.5Z', '2024-01-01T00:00:01.7Z', '%Y-%m-%dT%H:%M:%S.%fZ') }}",
      {},
      '‹UInt8 1›',
    ],
    ["{{ date_diff_in_days('2024-01-01', '2024/01/04', backup_date_format='%Y/%m/%d') }}", {}, '‹UInt8 3›'],
    [
      "{{ date_diff_in_seconds('2024-01-01T01:00:00+0100', '2024-01-01T00:00:00Z', date_format='%Y-%m-%dT%H:%M:%S%z') }}",
      {},
      '‹UInt8 0›',
    ],
    ["{% set d = date_diff_in_days('x', 'y', none_if_error=True) %}{% if d is None %}N{% end %}", {}, 'N'],
    [
      "a{{ max_threads(2) }}{{ backend_hint('x') }}{{ cache_ttl('5s') }}{{ activate('analyzer') }}b",
      {},
      'ab',
    ],
    ["{{ tb_secret('x', 'd') }}{{ tb_var('x', 'd') }}", {}, '‹String d›‹String d›'],
  ])('%s with %j is %s', (template, given, result) => {
    expect(rendered(template, given)).toBe(result);
  });

  it.each([
    ['{{ column(x) }}', 'Missing column() default value, use `column(column_name,'],
    ['{{ columns(x) }}', 'Missing columns() default value'],
    ['{{ symbol(x) }}', 'symbol() has no name'],
    ["{{ columns(['a']) }}", "The 'columns' function expects a String, not a list"],
    ['{{ split_to_array(5) }}', 'First argument of split_to_array has to be a value that can be split'],
    ["{{ sql_and(a__like='x') }}", 'operand like not supported'],
    ['{{ JSON(x, "nope") }}', "Error parsing JSON: 'nope'"],
    [
      "{{ date_diff_in_days('2024-01-01 00:00:00', '2024-01-05') }}",
      'invalid date_format in function date_diff_in_days',
    ],
    ["{{ date_diff_in_days('2024-02-30', '2024-01-05') }}", 'invalid date_format'],
    ["{{ date_diff_in_days('a', 'b', '%Q') }}", '%Q is not understood in the date format'],
    ["{{ tb_secret('x') }}", "Cannot access secret 'x'"],
    ['{{ column(x) + 1 }}{{ error("no") }}', 'Missing column() default value'],
  ])('%s is refused', (template, message) => {
    expect(() => rendered(template)).toThrow(PipeError);
    expect(() => rendered(template)).toThrow(message);
  });

  it('error() and custom_error() say what is answered, and with which status', () => {
    const refusal = (template: string) => {
      try {
        return rendered(template);
      } catch (error) {
        return error;
      }
    };
    expect(refusal("{% if not defined(x) %}{{ error('need x') }}{% end %}")).toMatchObject({
      message: 'need x',
      status: 400,
    });
    expect(refusal("{{ custom_error('no', 403) }}")).toMatchObject({ message: 'no', status: 403 });
    expect(refusal("{{ custom_error('no', 200) }}")).toMatchObject({ message: 'no', status: 400 });
    const custom = refusal("{{ custom_error({'error': 'a', 'code': 404, 'more': [1, {'b': None}]}) }}");
    expect(custom).toBeInstanceOf(CustomPipeError);
    expect(custom).toMatchObject({
      message: 'a',
      status: 404,
      body: { error: 'a', code: 404, more: [1, { b: null }] },
    });
    expect(refusal("{{ custom_error({'id': 10001}) }}")).toMatchObject({
      message: '{"id":10001}',
      status: 400,
    });
  });
});
