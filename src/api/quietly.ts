/**
 * What `ask` gives, or undefined where it throws: a runtime has no `process` or one that only looks like it, a getter
 * or a Proxy fails.
 */
export function quietly<Value>(ask: () => Value): Value | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}
