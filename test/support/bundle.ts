import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Esbuild {
  build(options: Record<string, unknown>): Promise<{
    outputFiles: { text: string }[];
    metafile: { inputs: Record<string, { imports: { path: string; external?: boolean }[] }> };
  }>;
}

/** The bundler that tsx brings along. */
const esbuild: Esbuild = createRequire(import.meta.resolve('tsx'))('esbuild');

/** A bundle and what went into it. */
export interface Bundle {
  code: string;
  /** Every file inside, from the root of the repository. */
  files: string[];
  /** Every module that the bundle would still import. */
  externals: string[];
}

/** Bundles code that imports the built package, for a runtime that is not Node; its exports are in the global `bundle`. */
export async function bundleFor(conditions: readonly string[], code: string): Promise<Bundle> {
  const { outputFiles, metafile } = await esbuild.build({
    stdin: { contents: code, resolveDir: ROOT, sourcefile: 'program.js' },
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    metafile: true,
    format: 'iife',
    globalName: 'bundle',
    platform: 'browser',
    conditions: [...conditions],
    mainFields: ['browser', 'module', 'main'],
    target: 'es2023',
    // What a bundler would refuse is kept as it is, to be found in `externals`.
    external: ['node:*', 'undici'],
    // Who installs the package has none of our paths to the source.
    tsconfigRaw: '{}',
    logLevel: 'silent',
  });
  const inputs = Object.entries(metafile.inputs);
  return {
    code: outputFiles[0]?.text ?? '',
    files: inputs.map(([file]) => file),
    externals: inputs.flatMap(([, { imports }]) =>
      imports.filter((one) => one.external).map(({ path }) => path),
    ),
  };
}
