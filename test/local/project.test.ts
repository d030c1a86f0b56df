import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DatafileError } from '../../src/local/errors.js';
import { loadProject } from '../../src/local/project.js';
import { temporaryDirectory } from '../support/temporary.js';

const CALLS = 'SCHEMA >\n    `id` String `json:$.id`\n';

/** A folder with these files, by their path in it. */
async function folder(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = await temporaryDirectory();
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(directory, path, '..'), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  return directory;
}

describe('a project', () => {
  it('is every datafile of its folders, however deep, by name', async () => {
    const directory = await folder({
      'datasources/b.datasource': CALLS,
      'a/deep/a.datasource': CALLS,
      'endpoints/top.pipe': 'NODE n\nSQL >\n    SELECT 1\nTYPE endpoint\n',
      'node_modules/x/c.datasource': CALLS,
      '.hidden/d.datasource': CALLS,
      'datasources/b.datasource.bak': CALLS,
      'README.md': 'SCHEMA >',
    });
    const { datasources, pipes } = await loadProject([directory]);
    expect([...datasources.keys()]).toEqual(['a', 'b']);
    expect([...pipes.keys()]).toEqual(['top']);
  });

  it('says which two files have one name', async () => {
    const directory = await folder({ 'one/calls.datasource': CALLS, 'two/calls.datasource': CALLS });
    await expect(loadProject([directory])).rejects.toThrow(
      /'calls' is also the name of .*calls\.datasource\. Rename/,
    );
  });

  it('has no node with the name of a datasource or of another pipe', async () => {
    const directory = await folder({
      'calls.datasource': CALLS,
      'usage.pipe': 'NODE calls\nSQL >\n    SELECT 1 AS n\nTYPE endpoint\n',
    });
    await expect(loadProject([directory])).rejects.toThrow(
      /usage\.pipe:3: the node 'calls' has the name of .*calls\.datasource/,
    );
  });

  it.each([
    ['a folder without datasources', '', 'there is no .datasource file in it. Pass with --project'],
    ['a folder that is not there', 'nowhere', 'the directory cannot be read (ENOENT'],
  ])('says so of %s', async (_, path, expected) => {
    await expect(loadProject([join(await folder({}), path)])).rejects.toThrow(expected);
  });

  it('names a file that cannot be read', async () => {
    const directory = await folder({ 'calls.datasource': CALLS });
    await symlink('nowhere', join(directory, 'gone.datasource'));
    const problem = await loadProject([directory]).catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(DatafileError);
    expect((problem as Error).message).toContain('gone.datasource: the file cannot be read (ENOENT');
  });
});
