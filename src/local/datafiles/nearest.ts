/**
 * The known word that a mistyped one was most likely meant to be, whatever its case; `undefined` when none is near:
 * a wrong suggestion is worse than none.
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const typed = word.toUpperCase();
  const most = Math.min(3, Math.floor(typed.length / 3) + 1);
  let best: string | undefined;
  let fewest = most + 1;
  for (const candidate of known) {
    // Too different in length to be near: what comes from outside may be long.
    if (Math.abs(candidate.length - typed.length) >= fewest) continue;
    const changes = distance(typed, candidate.toUpperCase());
    if (changes < fewest) [best, fewest] = [candidate, changes];
  }
  return best;
}

/** How many letters have to be put in, taken out, replaced or swapped with their neighbour to make one of the other. */
function distance(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    for (let at = 1; at <= other.length; at += 1) {
      const same = one[row - 1] === other[at - 1];
      let least = Math.min(
        (last[at] ?? 0) + 1,
        (current[at - 1] ?? 0) + 1,
        (last[at - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = one[row - 1] === other[at - 2] && one[row - 2] === other[at - 1];
      if (at > 1 && row > 1 && swapped) least = Math.min(least, (beforeLast[at - 2] ?? 0) + 1);
      current.push(least);
    }
    [beforeLast, last] = [last, current];
  }
  return last[other.length] ?? 0;
}
