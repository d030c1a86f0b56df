import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
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

/** Options of a test that asks for the type errors of a page. */
export const CHECKING = { timeout: 120_000 };

/** The programs of a page as files. */
export interface ProgramFiles {
  /** A program as plain JavaScript, to be run by Node as it is. */
  fileOf(index: number): string;
  /** What the compiler says of them, as strict as with the package itself; nothing when all is well. */
  typeErrors(): Promise<string>;
  remove(): Promise<void>;
}

/** Inside the repository, so that `tinybird-llm` means the package as it is published. */
export async function writePrograms(programs: readonly ShownProgram[]): Promise<ProgramFiles> {
  await mkdir(join(ROOT, '.tmp'), { recursive: true });
  const folder = await mkdtemp(join(ROOT, '.tmp', 'shown-'));
  folders.push(folder);
  const fileOf = (index: number) => join(folder, `program-${index}.mjs`);
  for (const [index, { code }] of programs.entries()) {
    await writeFile(join(folder, `program-${index}.ts`), code);
    await writeFile(fileOf(index), javaScriptOf(code));
  }
  return {
    fileOf,
    async typeErrors() {
      if (checked?.folders !== folders.length) checked = { folders: folders.length, output: check(folder) };
      const others = folders.filter((other) => other !== folder).map((other) => relative(ROOT, other));
      const messages = (await checked.output).split(/^(?=\S)/m);
      return messages.filter((message) => !others.some((other) => message.startsWith(other))).join('');
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Of all pages that were written so far. */
const folders: string[] = [];

/** What the compiler says of so many pages: they are checked at once, as most of its time goes to their libraries. */
let checked: { readonly folders: number; readonly output: Promise<string> } | undefined;

async function check(folder: string): Promise<string> {
  const config = {
    extends: '../../tsconfig.json',
    include: folders,
    // Not the root of the repository, or the compiler would take the package's sources for what it publishes.
    compilerOptions: { rootDir: '..' },
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const ended = await runNode([join(ROOT, 'node_modules/typescript/bin/tsc'), '--project', folder]);
  return ended.stdout + ended.stderr;
}

/** With `using` in other words, which Node 20 does not know. */
function javaScriptOf(code: string): string {
  const { ModuleKind, ScriptTarget } = ts;
  const compilerOptions = {
    module: ModuleKind.ESNext,
    target: ScriptTarget.ES2022,
    verbatimModuleSyntax: true,
  };
  return ts.transpileModule(code, { compilerOptions }).outputText;
}
