import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { numbers } from '../support/datasources.js';
import { filesIn, homeOf, leave, numbered, record, segment } from '../support/segments.js';
import { down, spilling } from '../support/spilling.js';

const FILE = '000000000.seg';

describe('a segment', () => {
  it.each([
    ['whose last row was cut off', (text: string) => text.slice(0, -5), numbers(9)],
    ['whose last row lacks its line break', (text: string) => text.slice(0, -1), numbers(9)],
    ['whose last row is only a part of its checksum', (text: string) => `${text}1234`, numbers(10)],
    [
      'with a byte changed in a row',
      (text: string) => text.replace('{"id":4}', '{"id":5}'),
      numbers(10).filter((id) => id !== 4),
    ],
    [
      'with a byte changed in a checksum',
      (text: string) => text.replace(/. \{"id":0\}/, 'g {"id":0}'),
      numbers(10).slice(1),
    ],
    [
      'with zeros for a row, as after a power cut',
      (text: string) => text.replace(record({ id: 4 }).trimEnd(), '\0'.repeat(17)),
      numbers(10).filter((id) => id !== 4),
    ],
  ])('%s gives every other row; the loss is counted, and told once', async (_what, damage, arriving) => {
    const { tinybird, directory, datasource, ids, told } = await spilling();
    const whole = segment(directory, tinybird.url, numbered(0, 10));
    leave(directory, tinybird.url, {
      [FILE]: damage(whole),
      '000000001.seg': segment(directory, tinybird.url, numbered(10, 5)),
    });
    const ds = datasource();
    await ds.close();
    expect(ids()).toEqual([...arriving, 10, 11, 12, 13, 14]);
    const { delivered, dropped, accepted } = ds.stats();
    expect({ delivered, dropped, accepted }).toEqual({
      delivered: arriving.length + 5,
      dropped: 1,
      accepted: arriving.length + 6,
    });
    expect(told('dropped')).toHaveLength(1);
    expect(told('dropped')[0]).toMatchObject({ rows: 1 });
    expect(filesIn(directory)).toEqual([]);
  });

  it('with several broken rows is told once, with their number', async () => {
    const { tinybird, directory, datasource, ids, told } = await spilling();
    const whole = segment(directory, tinybird.url, numbered(0, 10));
    leave(directory, tinybird.url, { [FILE]: whole.replace(/"id":[357]/g, '"id":0') });
    await datasource().close();
    expect(ids()).toEqual([0, 1, 2, 4, 6, 8, 9]);
    expect(told('dropped').map(({ rows }) => rows)).toEqual([3]);
  });

  it('without any row that is whole is gone, and every row of it counted', async () => {
    const { tinybird, directory, datasource, ids } = await spilling();
    const whole = segment(directory, tinybird.url, numbered(0, 4));
    leave(directory, tinybird.url, {
      [FILE]: whole.replaceAll('"id"', '"it"'),
      '000000001.seg': segment(directory, tinybird.url, numbered(4, 1)),
    });
    const ds = datasource();
    await ds.close();
    expect(ids()).toEqual([4]);
    expect(ds.stats()).toMatchObject({ accepted: 5, dropped: 4, delivered: 1 });
    expect(filesIn(directory)).toEqual([]);
  });

  it.each([
    ['is empty', 0],
    ['has a part of its first line', 20],
    ['has its first line and no row yet', 1000],
  ])('that %s held no row: it goes, and nothing is told', async (_what, bytes) => {
    const { tinybird, directory, datasource, problems } = await spilling();
    const { home, firstLine } = homeOf(directory, tinybird.url);
    leave(directory, tinybird.url, { '000000000.open': firstLine.slice(0, bytes) });
    const ds = datasource();
    await ds.close();
    expect(ds.stats()).toMatchObject({ accepted: 0, dropped: 0 });
    expect(problems).toEqual([]);
    expect(readdirSync(home)).toEqual([]);
  });

  it('holds any text a row can hold', async () => {
    const { tinybird, datasource } = await spilling();
    const { directory } = await spilling();
    const rows = [
      { id: 1, text: 'line\nbreak\r\n, nul \0, quotes "\'`' },
      { id: 2, text: '\u2028 \u2029 日本語 🎉 é' },
      { id: 3, text: '' },
      { id: 4, text: 'tinybird-llm 1 events' },
    ];
    tinybird.answer = down;
    const ds = datasource({ spill: directory });
    for (const row of rows) ds.append(row);
    await ds.flush({ timeoutMs: 100 });
    await expect.poll(() => tinybird.requests.length).toBeGreaterThan(0);
    await ds.close({ timeoutMs: 1 });
    tinybird.answer = undefined;
    await datasource({ spill: directory }).close();
    expect(tinybird.rows).toEqual(rows);
  });
});

describe('what is not ours in a spill directory', () => {
  const OTHERS = {
    'notes.txt': 'not a segment',
    '000000003.seg': 'tinybird-llm 2 another version\n00000000 {"id":1}\n',
    '000000004.seg': 'something else with the name of a segment',
    '00000005.seg': 'seven digits',
    '000000006.seg.bad': 'one that could not be read',
    '.hidden': '',
  };

  it('is neither read, changed nor removed, in the directory of a dead process', async () => {
    const { tinybird, directory, datasource, ids, problems } = await spilling();
    const { home, firstLine } = homeOf(directory, tinybird.url);
    const others = {
      ...OTHERS,
      '000000007.seg': `${firstLine.replace('events', 'others')}${record({ id: 7 })}`,
    };
    const left = leave(directory, tinybird.url, {
      ...others,
      [FILE]: segment(directory, tinybird.url, numbered(0, 3)),
    });
    mkdirSync(join(left, '000000008.seg'));
    writeFileSync(join(left, '000000008.seg', '000000000.seg'), 'in a directory');
    await datasource().close();
    expect(ids()).toEqual([0, 1, 2]);
    expect(problems).toEqual([]);
    const [now = ''] = readdirSync(home);
    expect(contents(join(home, now))).toEqual({
      ...others,
      '000000008.seg/000000000.seg': 'in a directory',
    });
  });

  it('is neither read, changed nor removed, beside the directories of processes', async () => {
    const { tinybird, directory, datasource, problems } = await spilling();
    const { home } = homeOf(directory, tinybird.url);
    const theirs = {
      'README.md': 'hello',
      [basename(home)]: undefined,
      'events/000000000.seg': segment(directory, tinybird.url, numbered(0, 3)),
      [`${basename(home)}/notes.txt`]: 'hello',
      [`${basename(home)}/own/000000000.seg`]: segment(directory, tinybird.url, numbered(0, 3)),
      [`${basename(home)}/000000000.seg`]: segment(directory, tinybird.url, numbered(0, 3)),
      [`${basename(home)}/left-12345678`]: 'a file with the name of a directory',
    };
    for (const [name, text] of Object.entries(theirs)) {
      if (text === undefined) continue;
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), text);
    }
    const before = contents(directory);
    const ds = datasource();
    ds.append({ id: 100 });
    await ds.close();
    expect(tinybird.rows).toEqual([{ id: 100 }]);
    expect(problems).toEqual([]);
    expect(contents(directory)).toEqual(before);
  });
});

/** What files hold, by their path in a directory. */
function contents(directory: string): Record<string, string> {
  return Object.fromEntries(
    filesIn(directory).map((path) => [path.slice(directory.length + 1), readFileSync(path, 'utf8')]),
  );
}
