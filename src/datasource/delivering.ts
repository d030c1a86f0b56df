import { createScopeStore } from '../api/scope-store.js';

const deliveries = createScopeStore<true>();

let areMarked = false;

/**
 * From now on it can be told what is done on behalf of a delivery: a log line about it must not become a row, whose
 * delivery would be logged again. Before, no mark is made: on Node 20 an AsyncLocalStorage that is in use makes every
 * promise of the process dearer.
 */
export function markDeliveries(): void {
  areMarked = true;
}

export function whileDelivering<Result>(run: () => Result): Result {
  return areMarked ? deliveries.run(true, run) : run();
}

/** Whether what runs now is a delivery, or code that it calls: a token function, a hook on the HTTP client. */
export function isDelivering(): boolean {
  return deliveries.getStore() === true;
}
