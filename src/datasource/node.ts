import { TinybirdError } from '../api/errors.js';

/**
 * Node's own modules, for what only a process with a disk can do. They are asked for and not imported, so that a bundle
 * for the edge holds none of them. Bun, Deno and workerd answer too.
 */
export const fs = nodeModule('node:fs');
export const os = nodeModule('node:os');
export const path = nodeModule('node:path');
export const zlib = nodeModule('node:zlib');
export const nodeCrypto = nodeModule('node:crypto');

interface Modules {
  'node:fs': typeof import('node:fs');
  'node:os': typeof import('node:os');
  'node:path': typeof import('node:path');
  'node:zlib': typeof import('node:zlib');
  'node:crypto': typeof import('node:crypto');
}

function nodeModule<Name extends keyof Modules>(name: Name): () => Modules[Name] {
  let found: Modules[Name] | undefined;
  return () => {
    found ??= globalThis.process?.getBuiltinModule?.(name) as Modules[Name] | undefined;
    if (found === undefined)
      throw new TinybirdError('bad_option', 'The option spill needs a disk, and there is none here.');
    return found;
  };
}
