import type { Ending } from './call.js';
import { isAbort } from './failure.js';

/**
 * How a call ended that threw: by the caller's doing when their signal was aborted, or the client says so itself. A
 * timeout is the provider's doing, also when a signal carried it.
 */
export function endingOfThrown(thrown: unknown, signal?: AbortSignal | null | undefined): Ending {
  if (signal?.aborted === true ? !isTimeout(signal.reason) : isAbort(thrown)) return { kind: 'aborted' };
  return { kind: 'failed', error: thrown };
}

/** How a stream ended that its reader cancelled. */
export function endingOfCancel(signal?: AbortSignal | null | undefined): Ending {
  if (signal?.aborted !== true) return { kind: 'left' };
  return isTimeout(signal.reason) ? { kind: 'failed', error: signal.reason } : { kind: 'aborted' };
}

/** How a stream ended that simply stopped, without the sign of completion its protocol has. */
export function endingOfCut(signal?: AbortSignal | null | undefined): Ending {
  if (signal?.aborted === true) return endingOfCancel(signal);
  return { kind: 'failed', error: new IncompleteStream('the stream ended without its completion') };
}

class IncompleteStream extends Error {
  override readonly name = 'IncompleteStream';
  /** Where this package noticed it helps nobody. */
  override readonly stack = '';
}

function isTimeout(reason: unknown): boolean {
  try {
    return (
      typeof reason === 'object' && reason !== null && (reason as { name?: unknown }).name === 'TimeoutError'
    );
  } catch {
    return false; // a caller may abort with anything
  }
}
