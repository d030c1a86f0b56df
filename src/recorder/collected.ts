const registry =
  typeof FinalizationRegistry === 'function'
    ? new FinalizationRegistry<() => void>((then) => then())
    : undefined;

/**
 * Calls back when that object was collected, which must not be reachable from the callback; gives what takes that back.
 * Where a runtime cannot tell, nothing happens.
 */
export function onCollected(carrier: object, then: () => void): () => void {
  registry?.register(carrier, then, then);
  return () => registry?.unregister(then);
}
