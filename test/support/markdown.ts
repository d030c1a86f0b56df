import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runNode } from './program.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A program that a page shows, under the words in bold that introduce it. */
export interface ShownProgram {
  readonly title: string;
  readonly code: string;
}

export function programsIn(page: string): ShownProgram[] {
  return [...page.matchAll(/^\*\*(.+?)\*\*.*?^```ts\n(.+?)^```/gms)].map(([, title = '', code = '']) => ({
    title,
    code,
  }));
}

/** The programs of a page as files. */
export interface ProgramFiles {
  fileOf(index: number): string;
  /** What the compiler says of them, as strict as with the package itself; nothing when all is well. */
  typeErrors(): Promise<string>;
  remove(): Promise<void>;
}

/** Inside the repository, so that `tinybird-llm` means the package as it is published. */
export async function writePrograms(programs: readonly ShownProgram[]): Promise<ProgramFiles> {
  await mkdir(join(ROOT, '.tmp'), { recursive: true });
  const folder = await mkdtemp(join(ROOT, '.tmp', 'shown-'));
  const fileOf = (index: number) => join(folder, `program-${index}.ts`);
  for (const [index, { code }] of programs.entries()) await writeFile(fileOf(index), code);
  return {
    fileOf,
    async typeErrors() {
      const config = {
        extends: '../../tsconfig.json',
        include: ['.'],
        compilerOptions: { rootDir: '../..' },
      };
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
      const ended = await runNode([join(ROOT, 'node_modules/typescript/bin/tsc'), '--project', folder]);
      return ended.stdout + ended.stderr;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
