import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { number, say, table } from '../figures.js';
import { load } from '../load.js';
import type { CallsRun } from './watching-report.js';

interface EsbuildModule {
  build(options: Record<string, unknown>): Promise<{
    outputFiles: { path: string; contents: Uint8Array }[];
    metafile: {
      outputs: Record<string, { entryPoint?: string; imports: { path: string; kind: string }[] }>;
    };
  }>;
}

interface Size {
  /** What a program loads when it starts, bytes. */
  readonly atOnce: number;
  /** What it loads when it is needed. */
  readonly later: number;
}

/** What a bundled program grows by: minified, gzip −9, without the framework and what Node has. */
export async function reportSize(run: CallsRun): Promise<void> {
  const rows: string[][] = [];
  for (const { name, kind, source } of run.variants) {
    if (source === undefined) continue;
    const { atOnce, later } = await sizeOf(source, run.externals);
    rows.push([name, kilobytes(atOnce), kilobytes(later)]);
    if (kind === 'ours') {
      const without = await sizeOf(source, [...run.externals, 'undici']);
      rows.push([`${name}, undici apart`, kilobytes(without.atOnce), kilobytes(without.later)]);
    }
  }
  say(`${run.title}: size added, KB minified and gzipped`);
  table(['', 'at once', 'later'], rows);
  say(`  later: what is imported when it is needed; goal: ${run.goals.kilobytes} KB and undici at once`);
}

async function sizeOf(source: string, external: readonly string[]): Promise<Size> {
  const { build } = (await load('esbuild')) as EsbuildModule;
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: fileURLToPath(new URL('../', import.meta.url)), loader: 'ts' },
    bundle: true,
    minify: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    outdir: 'size',
    external,
    metafile: true,
    write: false,
    legalComments: 'none',
    logLevel: 'error',
  });
  const { outputs } = metafile;
  const entry = Object.keys(outputs).find((path) => outputs[path]?.entryPoint !== undefined) ?? '';
  const atOnce = new Set<string>();
  const follow = (path: string): void => {
    if (outputs[path] === undefined || atOnce.has(path)) return;
    atOnce.add(path);
    for (const { path: next, kind } of outputs[path].imports) if (kind !== 'dynamic-import') follow(next);
  };
  follow(entry);
  const size = { atOnce: 0, later: 0 };
  for (const { path, contents } of outputFiles) {
    const isAtOnce = [...atOnce].some((name) => path.endsWith(name));
    size[isAtOnce ? 'atOnce' : 'later'] += gzipSync(contents, { level: 9 }).byteLength;
  }
  return size;
}

function kilobytes(bytes: number): string {
  return number(bytes / 1000, 1);
}
