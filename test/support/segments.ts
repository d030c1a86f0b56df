import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

/** The format of what lies on disk, written down once more and not taken from the source: it is a promise to files. */

export interface Numbered {
  readonly id: number;
}

/** Rows that carry these numbers. */
export function numbered(from: number, count: number): Numbered[] {
  return Array.from({ length: count }, (_, index) => ({ id: from + index }));
}

/** A row behind its checksum. */
export function record(row: object): string {
  const json = JSON.stringify(row);
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

/** The directory of one datasource and url in a spill directory, and the first line of its segments. */
export function homeOf(spill: string, url: string, name = 'events'): { home: string; firstLine: string } {
  const hash = createHash('sha256').update(new URL(url).href).digest('hex').slice(0, 12);
  return { home: join(spill, `${name}-${hash}`), firstLine: `tinybird-llm 1 ${name} ${hash}\n` };
}

/** A directory's name as that of a process: a dead one of this host, when nothing else is said. */
export function ownedBy({ host = hostname(), pid = 2 ** 30, start = 1 } = {}): string {
  return `own-${host}-${pid}-${start}-${randomBytes(4).toString('hex')}`;
}

/** Writes what a process could have left: files by their names. Gives their directory. */
export function leave(
  spill: string,
  url: string,
  files: Readonly<Record<string, string | Buffer>>,
  owner = ownedBy(),
): string {
  const directory = join(homeOf(spill, url).home, owner);
  mkdirSync(directory, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  return directory;
}

/** A segment with these rows. */
export function segment(spill: string, url: string, rows: readonly object[]): string {
  return homeOf(spill, url).firstLine + rows.map(record).join('');
}

/** Every file under a directory. */
export function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())
    .sort();
}

/** Bytes of every file under a directory. */
export function bytesIn(directory: string): number {
  return filesIn(directory).reduce((sum, path) => sum + statSync(path).size, 0);
}

/** Numbers of the rows on disk, in order. */
export function idsOnDisk(directory: string): number[] {
  const records = filesIn(directory).flatMap((path) => readFileSync(path, 'utf8').split('\n').slice(1, -1));
  return records.map((line) => (JSON.parse(line.slice(9)) as Numbered).id).sort((a, b) => a - b);
}
