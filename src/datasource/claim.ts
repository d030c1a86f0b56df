import { fs, path } from './node.js';
import { isAbandoned, ownName } from './owner.js';
import type { Segment } from './segment.js';

const SEGMENT = /^\d{9}\.(open|seg)$/;

/** What dead processes left, now ours. */
export interface Claimed {
  readonly directories: string[];
  /** Oldest first. Their rows are not counted yet. */
  readonly segments: (Segment & { readonly modifiedAt: number })[];
}

/**
 * Takes over the directories under `home` whose owners are dead, by renaming them: of many processes that start at once
 * each directory goes to exactly one, and one that is killed half-way leaves a directory for the next.
 *
 * @param told is given what went wrong with a directory, which is then left alone
 */
export function claimAbandoned(home: string, told: (thrown: unknown) => void): Claimed {
  const claimed: Claimed = { directories: [], segments: [] };
  for (const name of namesIn(home, told)) {
    if (!isAbandoned(name)) continue;
    // A fresh name: renaming onto an empty directory would succeed silently.
    const directory = path().join(home, ownName());
    try {
      fs().renameSync(path().join(home, name), directory);
      const segments = segmentsIn(directory);
      // Programs that end with nothing pending leave one each.
      if (segments.length === 0 && removeEmpty(directory)) continue;
      claimed.directories.push(directory);
      claimed.segments.push(...segments);
    } catch (thrown) {
      // ENOENT: another process was faster.
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') told(thrown);
    }
  }
  claimed.segments.sort((a, b) => a.modifiedAt - b.modifiedAt || (a.path < b.path ? -1 : 1));
  return claimed;
}

function namesIn(home: string, told: (thrown: unknown) => void): string[] {
  try {
    const entries = fs().readdirSync(home, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') told(thrown);
    return [];
  }
}

function removeEmpty(directory: string): boolean {
  try {
    fs().rmdirSync(directory);
    return true;
  } catch {
    return false; // something is in it that is not ours
  }
}

function segmentsIn(directory: string): Claimed['segments'] {
  const found: Claimed['segments'] = [];
  for (const name of fs().readdirSync(directory)) {
    if (!SEGMENT.test(name)) continue;
    const file = path().join(directory, name);
    const stat = fs().lstatSync(file);
    if (stat.isFile()) found.push({ path: file, rows: 0, bytes: stat.size, modifiedAt: stat.mtimeMs });
  }
  return found;
}
