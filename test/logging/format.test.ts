import { describe, expect, it } from 'vitest';
import { compileFormat } from '../../src/logging/format.js';
import { toRow } from '../../src/logging/row.js';

const ROW = {
  ...toRow(
    {
      createdMs: 1_795_485_476_325,
      level: { number: 30, name: 'WARNING' },
      logger: 'my.svc',
      message: 'hi bob n=3',
      origin: { process: 4500, processName: 'MainProcess', thread: 0 },
      location: { pathname: 'app/x.py', lineno: 8, funcName: '<module>' },
      callId: 'call-1',
      extra: {
        ...{
          user_id: 7,
          user: 'ann',
          flag: true,
          none: null,
          list: [1, 'x'],
          text: 'a',
          name: 'not the logger',
        },
        ...{ quote: "it's", both: `it's "so"`, lines: 'a\n\t\\b', emoji: '😀b', greek: 'ñ€' },
        ...{ small: 1.5e-7, third: 1 / 3, neg: -42, less: -2.5, half: 2.5, zero: 0, hundred: 100 },
        ...{ million: 1e6, big: 1e22, tiny: 1e-9, large: 123_456_789 },
      },
    },
    'bot',
  ),
  created: 1_795_485_476.325_656_4,
  relativeCreated: 102.92,
};

function format(text: string): string {
  const compiled = compileFormat(text);
  if (typeof compiled === 'string') throw new Error(compiled);
  return compiled(ROW);
}

describe('a format', () => {
  // what `logging.Formatter` of Python 3.11 makes of the same record, in UTC
  it.each([
    [
      '%(asctime)s - %(name)s - %(levelname)s - %(message)s',
      '2026-11-24 01:57:56,325 - my.svc - WARNING - hi bob n=3',
    ],
    [
      '%(levelno)s %(process)d %(threadName)s %(filename)s:%(lineno)d %(funcName)s',
      '30 4500 MainThread x.py:8 <module>',
    ],
    [
      '%(levelname)-10s|%(levelname)10s|%(levelname).3s|%(levelname)5.2s|',
      'WARNING   |   WARNING|WAR|   WA|',
    ],
    ['%(message)05s|%(message)-5s|', 'hi bob n=3|hi bob n=3|'],
    ['100%% %(user)s %(user_id)s', '100% ann 7'],
    ['%(lineno)05d %(user_id)03d %(user_id)-05d| %(user_id)5.3d|', '00008 007 7    |   007|'],
    ['%(process)+d %(process) d %(process)+08d %(process)-8d|', '+4500  4500 +0004500 4500    |'],
    ['%(process)x %(process)X %(process)o %(process).6d', '1194 1194 10624 004500'],
    ['%(process)#x %(process)#o %(process)#08x', '0x1194 0o10624 0x001194'],
    ['%(neg)5d|%(neg)-5d|%(neg)05d|%(neg)+d|%(neg)x %(neg)X %(neg)o', '  -42|-42  |-0042|-42|-2a -2A -52'],
    ['%(less)d %(half)i %(half)u %(less)+.1f %(half)+.1f %(half)05.1f', '-2 2 2 -2.5 +2.5 002.5'],
    ['%(big)d %(big)f', '10000000000000000000000 10000000000000000000000.000000'],
    ['%(created)f %(created).3f %(created)s', '1795485476.325656 1795485476.326 1795485476.3256564'],
    ['%(msecs)s %(msecs)7s %(msecs)r %(levelno)s %(relativeCreated)s', '325.0   325.0 325.0 30 102.92'],
    ['%(msecs)03d %(msecs)d %(relativeCreated)d %(relativeCreated)8.1f|', '325 325 102    102.9|'],
    [
      '%(created)e %(created)E %(small)e %(third).0e %(large).3e',
      '1.795485e+09 1.795485E+09 1.500000e-07 3e-01 1.235e+08',
    ],
    [
      '%(created)g %(msecs)g %(third).3g %(third)G %(zero)g %(hundred)g',
      '1.79549e+09 325 0.333 0.333333 0 100',
    ],
    [
      '%(million)g %(small)g %(big)g %(tiny)g %(million)E %(small)G',
      '1e+06 1.5e-07 1e+22 1e-09 1.000000E+06 1.5E-07',
    ],
    ['%(neg)08.2f %(tiny)f %(third).10f %(large)F', '-0042.00 0.000000 0.3333333333 123456789.000000'],
    ['%(name)r %(text)r %(quote)r %(both)r %(lines)r', `'my.svc' 'a' "it's" 'it\\'s "so"' 'a\\n\\t\\\\b'`],
    ['%(message)a %(emoji)a %(greek)a %(greek)r', String.raw`'hi bob n=3' '\U0001f600b' '\xf1\u20ac' 'ñ€'`],
    ['%(emoji).1s|%(emoji)4s|%(emoji)-4s|', '😀|  😀b|😀b  |'],
    ['', ''],
  ])('%j is written as Python writes it', (text, written) => {
    expect(format(text)).toBe(written);
  });

  it.each([
    ['%(call_id)s %(app_name)s', 'call-1 bot'],
    // JavaScript's own, as JSON
    ['%(flag)s %(list)s', 'true [1,"x"]'],
    ['[%(none)s] [%(nobody)s] [%(nobody)d] [%(constructor)s]', '[] [] [] []'],
    ['%(user)d %(user)5.1f', 'ann   ann'],
    ['no field', 'no field'],
  ])('%j knows the fields of the row and of the caller', (text, written) => {
    expect(format(text)).toBe(written);
  });

  it.each([
    ['%s', "'%s' names no field: write %(name)s, or %% for a percent sign"],
    ['half way: 50%', "'%' names no field: write %(name)s, or %% for a percent sign"],
    ['%(message)', "'%(message)' has no conversion that Python knows: write %(message)s"],
    ['%(message)q', "'%(message)q' has no conversion that Python knows: write %(message)s"],
    ['%(message', "'%' names no field: write %(name)s, or %% for a percent sign"],
  ])('%j is none, and it is said why', (text, why) => {
    expect(compileFormat(text)).toBe(why);
  });
});
