import { TinybirdError } from '../api/errors.js';
import { quietly } from '../api/quietly.js';

/**
 * Node's own modules, for what only a process with a disk can do. They are asked for by name and not imported, so that
 * a bundle for the edge holds none of them; Deno, Bun and Cloudflare with `nodejs_compat` answer too.
 *
 * @throws TinybirdError `bad_option` where there are none
 */
export const fs = lazily(() => process.getBuiltinModule('node:fs'));
export const os = lazily(() => process.getBuiltinModule('node:os'));
export const path = lazily(() => process.getBuiltinModule('node:path'));
export const zlib = lazily(() => process.getBuiltinModule('node:zlib'));
export const nodeCrypto = lazily(() => process.getBuiltinModule('node:crypto'));

function lazily<Module>(ask: () => Module | undefined): () => Module {
  let found: Module | undefined;
  return () => {
    found ??= quietly(ask);
    if (found === undefined) {
      throw new TinybirdError('bad_option', 'The option spill needs a disk, and there is none here.');
    }
    return found;
  };
}
