import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { DatafileError } from '../../src/local/errors.js';
import { loadProject } from '../../src/local/project.js';
import { temporaryDirectory } from '../support/temporary.js';
import { CALLS } from './running-server.js';

async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryDirectory();
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

const PIPE = 'NODE one\nSQL >\n    SELECT 1 AS n\nTYPE endpoint\n';

it('a project is every datafile under its folders, but for those of packages and hidden folders', async () => {
  const folder = await folderOf({
    'datasources/calls.datasource': CALLS,
    'datasources/deep/er/others.datasource': CALLS,
    'endpoints/usage.pipe': PIPE,
    'materializations/daily.pipe':
      'NODE one\nSQL >\n    SELECT 1 AS n\nTYPE materialized\nDATASOURCE others\n',
    'node_modules/a/calls.datasource': 'nonsense',
    '.tinyb/calls.datasource': 'nonsense',
    'README.md': 'nonsense',
  });
  const { datasources, pipes } = await loadProject([folder]);
  expect([...datasources.keys()]).toEqual(['calls', 'others']);
  expect([...pipes].map(([name, { kind }]) => [name, kind])).toEqual([
    ['daily', 'materialized'],
    ['usage', 'endpoint'],
  ]);
});

it.each([
  [{ 'a/calls.datasource': CALLS, 'b/calls.datasource': CALLS }, "'calls' is also the name of"],
  [{ 'calls.datasource': CALLS, 'calls.pipe': PIPE }, "'calls' is also the name of"],
  [{ 'one.datasource': CALLS, 'usage.pipe': PIPE }, "the node 'one' has the name of"],
  [{ 'usage.pipe': PIPE }, 'there is no .datasource file in it'],
])('that is not one is refused by name: %j', async (files, message) => {
  const loaded = loadProject([await folderOf(files)]);
  await expect(loaded).rejects.toThrow(DatafileError);
  await expect(loaded).rejects.toThrow(message);
});
