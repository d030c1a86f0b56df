/** What ends a row. A raw one stands nowhere in it. */
export const LINE_BREAK = 0x0a;

/** How many rows NDJSON holds, each with its line break. */
export function countRows(body: Uint8Array): number {
  let rows = 0;
  for (let at = body.indexOf(LINE_BREAK); at !== -1; at = body.indexOf(LINE_BREAK, at + 1)) rows++;
  return rows;
}

/** Where the n-th row ends, its line break with it; 0 for none. */
export function endOfRow(body: Uint8Array, n: number): number {
  let end = 0;
  for (let row = 0; row < n; row++) end = body.indexOf(LINE_BREAK, end) + 1;
  return end;
}
