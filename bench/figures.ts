import { existsSync, readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Min, median and max, as three cells. */
export function spread(values: readonly number[], digits = 1): string[] {
  return [Math.min(...values), median(values), Math.max(...values)].map((value) => number(value, digits));
}

/** The median of what `values` are of `others`, round by round: rounds differ more than what ran within one. */
export function ratio(values: readonly number[], others: readonly (number | undefined)[]): number {
  const ratios = values.flatMap((value, round) => {
    const other = others[round];
    return other === undefined ? [] : [value / other];
  });
  return median(ratios);
}

export function number(value: number, digits = 1): string {
  if (Number.isNaN(value)) return '-';
  return value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: digits });
}

export function mebibytes(bytes: number): string {
  return number(bytes / 1024 / 1024, 0);
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  for (const row of [head, ...rows]) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    say(`  ${cells.join('  ')}`.trimEnd());
  }
}

export function say(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** While a long run goes on, to who watches it; never into a file that the figures are written to. */
export function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`);
}

export function sayMachine(packages: readonly string[]): void {
  say(
    `${cpus().length} × ${cpus()[0]?.model.trim()}, ${mebibytes(totalmem())} MiB, ${process.platform} ` +
      `${process.arch}, Node ${process.version}`,
  );
  say([...new Set(packages)].map((name) => `${name} ${versionOf(name) ?? 'not installed'}`).join(', '));
}

/** The version of an installed package: of the bench's own, or else of the repository's. */
export function versionOf(name: string): string | undefined {
  return peerVersionOf(name) ?? versionIn('../node_modules/', name);
}

/** The version that the bench has of its own: another, which the repository happens to have, is not what is compared. */
export function peerVersionOf(name: string): string | undefined {
  return versionIn('./node_modules/', name);
}

function versionIn(folder: string, name: string): string | undefined {
  const file = fileURLToPath(new URL(`${folder}${name}/package.json`, import.meta.url));
  if (!existsSync(file)) return undefined;
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
