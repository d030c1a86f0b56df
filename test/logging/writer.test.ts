import { describe, expect, it } from 'vitest';
import type { TbLog } from '../../schemas/tb-logs.js';
import { Datasource } from '../../src/datasource/datasource.js';
import { flush } from '../../src/recorder/flush.js';
import { fault, lineOf, useWriting } from './writing.js';

const writing = useWriting();

describe('a writer', () => {
  it('sends each line as a row, with what its options say', async () => {
    const writer = writing.writer({
      datasource: 'logs',
      appName: 'bot',
      level: 'INFO',
      format: '%(levelname)s %(message)s',
      redact: (row) => ({ ...row, extra: { ...row.extra, secret: undefined } }),
    });
    writer.write(lineOf('one', { extra: { secret: 's', kept: 1 } }));
    writer.write(lineOf('two', { level: { number: 19, name: 'BELOW' } }));
    writer.write(lineOf('three', { level: { number: 40, name: 'ERROR' } }));
    await writer.flush();
    expect(writing.tinybird.rows).toMatchObject([
      { app_name: 'bot', message: 'one', formatted_message: 'INFO one', extra: { kept: 1 } },
      { app_name: 'bot', message: 'three', formatted_message: 'ERROR three' },
    ]);
    expect(writing.tinybird.requests[0]?.url.searchParams.get('name')).toBe('logs');
    expect(JSON.stringify(writing.tinybird.requests.map(({ text }) => text))).not.toContain('secret');
    expect(writing.told()).toEqual([]);
  });

  it('takes a format that is a function of the row', () => {
    const rows: TbLog[] = [];
    writing
      .writer({ datasource: rows, format: ({ name, extra }) => `${name} ${extra.n}` })
      .write(lineOf('m', { extra: { n: 7 } }));
    expect(rows).toMatchObject([{ message: 'm', formatted_message: 'shop 7' }]);
  });

  it('sends to a Datasource that is shared, and leaves it open', async () => {
    const { url } = writing.tinybird;
    const shared = new Datasource('shared', { url, token: 't' });
    const one = writing.writer({ datasource: shared });
    const two = writing.writer({ datasource: shared });
    one.write(lineOf('one'));
    two.write(lineOf('two'));
    await one.close();
    two.write(lineOf('three'));
    await shared.close();
    expect(writing.delivered()).toEqual(['one', 'two', 'three']);
    expect(shared.stats()).toMatchObject({ delivered: 3, refused: 0 });
    one.write(lineOf('too late'));
    expect(shared.stats()).toMatchObject({ refused: 1 });
  });

  it.each([
    ['throws', fault],
    ['rejects', () => Promise.reject(new Error('of the options'))],
  ])('goes on where a sink of the program’s own %s, which is told once', async (_how, append) => {
    const writer = writing.writer({ datasource: { append, flush: append } });
    for (let line = 0; line < 3; line += 1) writer.write(lineOf('m'));
    await writer.flush();
    await writer.close();
    expect(writing.told()).toEqual(['[tinybird-llm] The option datasource threw (Error: of the options).\n']);
  });

  it('hands every line to a sink of the program’s own, and its flush the time that is left', async () => {
    const seen: unknown[] = [];
    const sink = {
      append: (row: TbLog) => seen.push(row.message),
      flush: async (given: unknown) => seen.push(given),
    };
    const writer = writing.writer({ datasource: sink, closeTimeoutMs: 20 }, { mostCloseMs: 10 });
    writer.write(lineOf('one'));
    await writer.flush();
    expect(seen).toEqual(['one', { timeoutMs: 10 }]);
  });

  it('delivers with the package’s `flush()`', async () => {
    writing.writer().write(lineOf('one'));
    await flush();
    expect(writing.delivered()).toEqual(['one']);
  });

  it('may be flushed and closed before its first line, and twice; what comes after is told once', async () => {
    const writer = writing.writer();
    await writer.flush();
    await writer.close();
    writer.write(lineOf('one'));
    await Promise.all([writer.close(), writer.close()]);
    expect(writing.delivered()).toEqual(['one']);
    writer.write(lineOf('two'));
    writer.write(lineOf('three'));
    await writer.close();
    expect(writing.told()).toEqual([expect.stringMatching(/^\[tinybird-llm\] .*tb_logs.*closed.*\n$/)]);
    expect(writing.delivered()).toEqual(['one']);
  });

  it('tells a fault of the integration, and writes the next line', () => {
    const rows: TbLog[] = [];
    const writer = writing.writer({ datasource: rows });
    writer.write(fault);
    writer.write(lineOf('next'));
    expect(rows.length).toBe(1);
    expect(writing.told()).toEqual([
      expect.stringContaining('A fault in tinybird-llm (Error: of the options)'),
    ]);
  });
});

describe('`redact`', () => {
  it('drops a line by null, and says nothing', () => {
    const rows: TbLog[] = [];
    const redact = (row: TbLog) => (row.message === 'secret' ? null : row);
    const writer = writing.writer({ datasource: rows, redact });
    writer.write(lineOf('secret'));
    writer.write(lineOf('plain'));
    expect(rows.map(({ message }) => message)).toEqual(['plain']);
    expect(writing.told()).toEqual([]);
  });

  it.each<[how: string, redact: unknown, told: RegExp]>([
    ['throws', fault, /The option redact threw \(Error: of the options\)/],
    ['returns nothing', () => undefined, /The option redact returned undefined: its line is dropped/],
    [
      'returns a promise',
      async (row: TbLog) => row,
      /The option redact returned a promise: its line is dropped/,
    ],
    [
      'rejects',
      () => Promise.reject(new Error('x')),
      /The option redact returned a promise: its line is dropped/,
    ],
    [
      'is no function',
      'message',
      /The option redact must be a function of the row, not "message"\. Until then no line is sent/,
    ],
  ])('that %s keeps every line back, and is told once', async (_how, redact, told) => {
    const writer = writing.writer({ redact: redact as never });
    for (let line = 0; line < 3; line += 1) writer.write(lineOf('secret'));
    await writer.close();
    expect(writing.tinybird.requests).toEqual([]);
    expect(writing.told()).toEqual([expect.stringMatching(told)]);
  });

  it('that logs makes no row of it', () => {
    const rows: TbLog[] = [];
    const writer = writing.writer({
      datasource: rows,
      redact: (row) => {
        writer.write(lineOf('from redact'));
        return row;
      },
      format: (row) => {
        writer.write(lineOf('from format'));
        return row.message;
      },
    });
    writer.write(lineOf('one'));
    writer.write(lineOf('two'));
    expect(rows.map(({ message }) => message)).toEqual(['one', 'two']);
  });
});
