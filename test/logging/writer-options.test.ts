import { describe, expect, it } from 'vitest';
import type { TbLog } from '../../schemas/tb-logs.js';
import type { TinybirdError } from '../../src/api/errors.js';
import { fault, lineOf, useWriting } from './writing.js';

const writing = useWriting();

describe('an option that cannot be used', () => {
  it('costs no line, and each is told once with what it must be', async () => {
    const writer = writing.writer({
      appName: 7 as never,
      level: 'loud',
      format: '%s',
      closeTimeoutMs: -1,
      flushAfterMs: 'soon' as never,
      gzip: 'yes' as never,
      spill: 7 as never,
      onError: 'loudly' as never,
      maxRows: 2,
    });
    for (const message of ['one', 'two', 'three'])
      writer.write(lineOf(message, { level: { number: 1, name: 'LOW' } }));
    await writer.close();
    expect(writing.delivered().toSorted()).toEqual(['one', 'three', 'two']);
    expect(writing.tinybird.rows[0]).toMatchObject({ app_name: '', formatted_message: 'one' });
    // the one that can be used is kept to
    expect(writing.tinybird.requests.length).toBe(2);
    expect(writing.told().toSorted()).toEqual(
      [
        'The option appName must be a text, not 7.',
        'The option closeTimeoutMs must be a number of ms, 0 or more, not -1.',
        'The option flushAfterMs must be a positive number, not "soon".',
        "The option format cannot be used: '%s' names no field: write %(name)s, or %% for a percent sign. Lines go without it.",
        'The option gzip must be true or false, not "yes".',
        `The option level must be a level's name, such as 'info' or 'WARNING', not "loud". Until then every line is sent.`,
        'The option onError must be a function of a problem, not "loudly".',
        'The option spill must be a directory, not 7.',
      ].map((told) => `[tinybird-llm] ${told}\n`),
    );
    expect(writing.saidOnConsole()).toBe(0);
  });

  it.each<[how: string, format: unknown, told: RegExp]>([
    ['throws', fault, /The option format threw/],
    ['returns nothing', () => undefined, /The option format returned undefined: its line goes without it/],
    ['is a number', 7, /The option format cannot be used: it is neither a text nor a function/],
  ])('such as a format that %s costs its lines nothing else', (_how, format, told) => {
    const rows: TbLog[] = [];
    const writer = writing.writer({ datasource: rows, format: format as never });
    writer.write(lineOf('one'));
    writer.write(lineOf('two'));
    expect(rows.map(({ formatted_message }) => formatted_message)).toEqual(['one', 'two']);
    expect(writing.told()).toEqual([expect.stringMatching(told)]);
  });

  it.each<[what: string, datasource: unknown, told: RegExp]>([
    ['no name', 'no name!', /The name of a datasource must be letters/],
    ['a number', 7, /The option datasource must be a name, a Datasource or an object with append/],
    ['an object without append', {}, /The option datasource must be/],
  ])('such as a datasource that is %s leaves the lines to tb_logs', async (_what, datasource, told) => {
    const writer = writing.writer({ datasource: datasource as never });
    writer.write(lineOf('one'));
    await writer.close();
    expect(writing.delivered()).toEqual(['one']);
    expect(writing.tinybird.requests[0]?.url.searchParams.get('name')).toBe('tb_logs');
    expect(writing.told()).toEqual([expect.stringMatching(told)]);
  });

  it('is told to `onError`, each of them', () => {
    const problems: TinybirdError[] = [];
    const onError = (problem: TinybirdError) => problems.push(problem);
    writing.writer({
      onError,
      datasource: [],
      appName: {} as never,
      closeTimeoutMs: 'x' as never,
      redact: 7 as never,
    });
    expect(problems.map(({ code, message }) => `${code}: ${message.split(' must')[0]}`)).toEqual([
      'bad_option: The option appName',
      'bad_option: The option closeTimeoutMs',
      'bad_option: The option redact',
    ]);
    expect(writing.told()).toEqual([]);
  });

  it('such as an address leads nowhere, which is told once, and harms nobody', async () => {
    const problems: TinybirdError[] = [];
    const writer = writing.writer({ url: 'http://', onError: (problem) => problems.push(problem) });
    writer.write(lineOf('one'));
    writer.write(lineOf('two'));
    await writer.close();
    expect(problems.map(({ code }) => code)).toEqual(['bad_option']);
    expect(writing.told()).toEqual([]);
  });

  it('may be null or undefined, and is as if it were not there', () => {
    const rows: TbLog[] = [];
    const none = {
      appName: null,
      level: null,
      format: null,
      redact: null,
      closeTimeoutMs: null,
      location: null,
    };
    const writer = writing.writer({ ...(none as object), datasource: rows });
    writer.write(lineOf('one'));
    expect(rows.length).toBe(1);
    expect(writer.location).toBe(false);
    expect(writing.told()).toEqual([]);
  });

  it('such as the level of a line is told once', () => {
    const writer = writing.writer();
    writer.refuseLevel('loud');
    writer.refuseLevel(Symbol('s'));
    expect(writing.told()).toEqual([
      '[tinybird-llm] The option level of a line must be one that its logger knows, not "loud". The line is sent as INFO.\n',
    ]);
  });
});
