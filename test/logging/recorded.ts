import { readFile } from 'node:fs/promises';

/** What Tinybird's Python handlers send, a line a row. */
export async function pythonRows(): Promise<Record<string, unknown>[]> {
  const text = await readFile(new URL('../../fixtures/python-logs.ndjson', import.meta.url), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

export function ndjson(rows: readonly unknown[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}
