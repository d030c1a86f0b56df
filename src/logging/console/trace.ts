/**
 * The text of `console.trace` without its first frame, which is ours.
 *
 * @param traced what was traced, as text: its lines may look like frames
 */
export function withoutTopFrame(stack: string, traced: string): string {
  const head = traced === '' ? 'Trace' : `Trace: ${traced}`;
  const from = stack.startsWith(head) ? head.length : 0;
  const start = stack.indexOf('\n    at ', from);
  if (start === -1) return stack;
  const end = stack.indexOf('\n', start + 1);
  return stack.slice(0, start) + (end === -1 ? '' : stack.slice(end));
}
