import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { InitError, initCommand } from '../../src/cli/init.js';
import { loadProject } from '../../src/local/project.js';
import { capturePrinted } from '../support/printed.js';
import { temporaryDirectory } from '../support/temporary.js';

afterEach(() => void vi.restoreAllMocks());

const shipped = async (name: string) => readFile(name, 'utf8');

async function init(...line: readonly string[]) {
  const printed = capturePrinted();
  const code = await initCommand.run(line);
  return { code, printed: printed.text };
}

describe('tinybird-llm init', () => {
  it('writes every datafile of the package, byte by byte, and says what comes next', async () => {
    const directory = join(await temporaryDirectory(), 'new', 'tinybird');
    const { code, printed } = await init(directory);
    expect(code).toBeUndefined();
    for (const folder of ['datasources', 'endpoints']) {
      const names = await readdir(join(directory, folder));
      expect(names).toEqual(await readdir(folder));
      for (const name of names) {
        const path = join(directory, folder, name);
        expect(await readFile(path, 'utf8')).toBe(await shipped(join(folder, name)));
        expect(printed).toMatch(new RegExp(`^${path} +written$`, 'm'));
      }
    }
    expect(printed).toContain(`npx tinybird-llm dev --project ${directory} `);
    expect(printed).toContain(`cd ${directory} && tb --cloud deploy `);
    expect(printed).toContain(`npx tinybird-llm check --project ${directory} `);
    expect([...(await loadProject([directory])).datasources.keys()]).toEqual(['litellm', 'tb_logs']);
  });

  it('never overwrites a file that differs, and tells which', async () => {
    const directory = await temporaryDirectory();
    const own = join(directory, 'datasources', 'litellm.datasource');
    await mkdir(join(directory, 'datasources'));
    await writeFile(own, '# my own');

    const first = await init(directory);
    expect(first.code).toBe(1);
    expect(first.printed).toMatch(
      new RegExp(`^${own} +is there and differs: it stays, --force writes it anew$`, 'm'),
    );
    expect(await readFile(own, 'utf8')).toBe('# my own');

    const second = await init(directory, '--force');
    expect(second.code).toBeUndefined();
    expect(second.printed).toMatch(new RegExp(`^${own} +written anew$`, 'm'));
    expect(second.printed).toMatch(/tb_logs\.datasource +is there already$/m);
    expect(await readFile(own, 'utf8')).toBe(await shipped('datasources/litellm.datasource'));
  });

  it('writes a directory as a shell takes it', async () => {
    const directory = join(await temporaryDirectory(), "it's mine");
    const quoted = `'${directory.replace("'", "'\\''")}'`;
    expect((await init(directory)).printed).toContain(`cd ${quoted} && tb`);
  });

  it('says what to do when it cannot write there', async () => {
    const file = join(await temporaryDirectory(), 'file');
    await writeFile(file, '');
    const problem = await init(file).catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(InitError);
    expect((problem as Error).message).toMatch(
      /cannot be written \(.*\)\. Name another directory: tinybird-llm init DIR$/,
    );
  });
});
