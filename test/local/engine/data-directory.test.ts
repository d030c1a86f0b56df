import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDataDirectory, resetDataDirectory } from '../../../src/local/engine/data-directory.js';
import type { Engine } from '../../../src/local/engine/engine.js';
import { DataDirectoryError, DataDirectoryHeldError } from '../../../src/local/errors.js';
import { startDev } from '../../support/dev.js';
import { temporaryDirectory } from '../../support/temporary.js';
import { ask } from '../running-server.js';

async function open(dataDir: string): Promise<Engine> {
  const engine = await openDataDirectory(dataDir);
  onTestFinished(() => engine.close());
  return engine;
}

/** A data directory with a row in it, and nobody that holds it. */
async function written(): Promise<string> {
  const dataDir = join(await temporaryDirectory(), 'data');
  const engine = await open(dataDir);
  await engine.exec('CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a');
  await engine.insert('t', Buffer.from('{"a":1}'));
  await engine.close();
  return dataDir;
}

describe('a data directory', () => {
  it('says which ClickHouse wrote it, and is kept out of a repository', async () => {
    const dataDir = await written();
    expect((await readdir(dataDir)).toSorted()).toEqual(['.gitignore', 'clickhouse', 'engine.json']);
    expect(await readFile(join(dataDir, 'engine.json'), 'utf8')).toBe(
      '{"engine":"chdb","version":"26.7.2.1"}\n',
    );
    expect(await readFile(join(dataDir, '.gitignore'), 'utf8')).toBe('*\n');
  });

  it.each(['26.7.2.2', '26.8.0.1', '26.10', '27.1.1.1'])(
    'of the newer ClickHouse %s is not touched',
    async (version) => {
      const dataDir = await temporaryDirectory();
      await writeFile(join(dataDir, 'engine.json'), JSON.stringify({ engine: 'chdb', version }));
      const opened = openDataDirectory(dataDir);
      await expect(opened).rejects.toThrow(DataDirectoryError);
      await expect(opened).rejects.toThrow(`was written by ClickHouse ${version}, and this is 26.7.2.1`);
      await expect(opened).rejects.toThrow(/--data.*--reset/);
      expect(await readdir(dataDir)).toEqual(['engine.json']);
    },
  );

  it.each([
    JSON.stringify({ engine: 'chdb', version: '26.5.9.9' }),
    JSON.stringify({ engine: 'chdb', version: '9.9' }),
    '{"engine":',
    'null',
  ])('of an older ClickHouse, or of one that cannot be told (%s), becomes one of this', async (text) => {
    const dataDir = await written();
    await writeFile(join(dataDir, 'engine.json'), text);
    const engine = await open(dataDir);
    expect((await engine.read('SELECT * FROM t', { format: 'TSV' })).toString()).toBe('1\n');
    expect(JSON.parse(await readFile(join(dataDir, 'engine.json'), 'utf8'))).toEqual({
      engine: 'chdb',
      version: '26.7.2.1',
    });
  });
});

describe('a reset', () => {
  it('deletes the rows, and what belongs to them', async () => {
    const dataDir = await written();
    expect(await resetDataDirectory(dataDir)).toBe(true);
    expect(await readdir(join(dataDir, '..'))).toEqual([]);
    expect(await resetDataDirectory(dataDir)).toBe(false);
    const again = await open(dataDir);
    expect((await again.read('SHOW TABLES', { format: 'TSV' })).toString()).toBe('');
  });

  it('leaves everything else that lies there', async () => {
    const dataDir = await written();
    await writeFile(join(dataDir, 'notes.txt'), 'mine');
    await writeFile(join(dataDir, '.gitignore'), 'mine');
    expect(await resetDataDirectory(dataDir)).toBe(true);
    expect((await readdir(dataDir)).toSorted()).toEqual(['.gitignore', 'notes.txt']);
  });

  it('works also when the rows are of a newer ClickHouse, or have no engine.json', async () => {
    const newer = await temporaryDirectory();
    await writeFile(join(newer, 'engine.json'), '{"engine":"chdb","version":"99.1"}');
    await mkdir(join(newer, 'clickhouse'));
    expect(await resetDataDirectory(newer)).toBe(true);
    const older = await written();
    await writeFile(join(older, 'engine.json'), '');
    expect(await resetDataDirectory(older)).toBe(true);
    expect(await readdir(join(older, '..'))).toEqual([]);
  });

  it('refuses a directory that is not one of ours', async () => {
    const project = await temporaryDirectory();
    await mkdir(join(project, 'clickhouse', 'migrations'), { recursive: true });
    await writeFile(join(project, 'engine.json'), '{"name":"steam"}');
    const refused = resetDataDirectory(project);
    await expect(refused).rejects.toThrow(DataDirectoryError);
    await expect(refused).rejects.toThrow(
      /is not a data directory of tinybird-llm .*Pass the right one with --data/,
    );
    expect((await readdir(project)).toSorted()).toEqual(['clickhouse', 'engine.json']);
  });

  it('refuses one that a process holds', async () => {
    const dataDir = await temporaryDirectory();
    const dev = await startDev({ dataDir });
    onTestFinished(() => dev.stop());
    const refused = resetDataDirectory(dataDir);
    await expect(refused).rejects.toThrow(DataDirectoryHeldError);
    await expect(refused).rejects.toThrow(/is held by (the process \d+|another process), .*Stop that one/);
    const answer = await ask(`${dev.url}/v0/sql?q=SELECT count() FROM litellm FORMAT TSV`);
    expect(await answer.text()).toBe('0\n');
    await dev.stop();
    expect(await resetDataDirectory(dataDir)).toBe(true);
  });
});
