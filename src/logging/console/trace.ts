const FRAME = '\n    at ';

/**
 * The text of `console.trace` without its first frame, which is ours.
 *
 * @param traced what was traced, as text: its lines may look like frames
 */
export function withoutTopFrame(stack: string, traced: string): string {
  const start = firstFrame(stack, traced);
  return start === -1 ? stack : stack.slice(0, start) + stack.slice(endOfFrame(stack, start));
}

/** The same, also without those of other captures of the same console, which are alike. */
export function withoutOwnFrames(stack: string, traced: string): string {
  const start = firstFrame(stack, traced);
  if (start === -1) return stack;
  let end = endOfFrame(stack, start);
  const own = stack.slice(start, end);
  while (stack.slice(end, endOfFrame(stack, end)) === own) end += own.length;
  return stack.slice(0, start) + stack.slice(end);
}

function firstFrame(stack: string, traced: string): number {
  const head = traced === '' ? 'Trace' : `Trace: ${traced}`;
  return stack.indexOf(FRAME, stack.startsWith(head) ? head.length : 0);
}

function endOfFrame(stack: string, start: number): number {
  const end = stack.indexOf('\n', start + 1);
  return end === -1 ? stack.length : end;
}
