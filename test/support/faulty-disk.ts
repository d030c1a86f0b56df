import fs from 'node:fs';
import { vi } from 'vitest';

type Call = 'mkdirSync' | 'openSync' | 'renameSync' | 'unlinkSync' | 'readFileSync' | 'writeSync';

/** A disk that fails as it is told to, under one directory: root runs tests, so file modes would not do. */
export interface FaultyDisk {
  /** The code that a call fails with; `half`: a write takes half of the bytes and says so, as on a full disk. */
  fault: ((call: Call, path: string) => string | undefined) | undefined;
}

/** Puts itself between `fs` and the program until the end of the test. */
export function faultyDisk(directory: string): FaultyDisk {
  const disk: FaultyDisk = { fault: undefined };
  const paths = new Map<number, string>();
  const code = (call: Call, path: unknown) =>
    String(path).startsWith(directory) ? disk.fault?.(call, String(path)) : undefined;
  const failure = (call: Call, path: unknown, why: string) =>
    Object.assign(new Error(`${why}: ${call} '${path}'`), { code: why });

  for (const call of ['mkdirSync', 'renameSync', 'unlinkSync', 'readFileSync'] as const) {
    const works = fs[call] as (...given: unknown[]) => unknown;
    vi.spyOn(fs, call).mockImplementation(((...given: unknown[]) => {
      const why = code(call, given[0]);
      if (why !== undefined) throw failure(call, given[0], why);
      return works(...given);
    }) as never);
  }
  const { openSync, writeSync } = fs;
  vi.spyOn(fs, 'openSync').mockImplementation((path, flags, mode) => {
    const why = code('openSync', path);
    if (why !== undefined) throw failure('openSync', path, why);
    const file = openSync(path, flags, mode);
    paths.set(file, String(path));
    return file;
  });
  vi.spyOn(fs, 'writeSync').mockImplementation(((file: number, bytes: Uint8Array) => {
    const path = paths.get(file);
    const why = code('writeSync', path);
    if (why === 'half') return writeSync(file, bytes, 0, Math.floor(bytes.byteLength / 2));
    if (why !== undefined) throw failure('writeSync', path, why);
    return writeSync(file, bytes);
  }) as never);
  return disk;
}

/** Lets time pass for everything that looks at the clock, until the end of the test. */
export function clock(): { pass(ms: number): void } {
  const now = performance.now.bind(performance);
  let passed = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now() + passed);
  return {
    pass(ms) {
      passed += ms;
    },
  };
}
