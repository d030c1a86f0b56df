import type { Ending } from '../call/call.js';
import { fieldsOf } from '../call/fields.js';
import type { Recording } from '../recorder/recording.js';

/** Responses that nobody came back for: past this the oldest is forgotten. */
const MAXIMUM_WAITING = 1000;

interface Waiting {
  readonly recording: Recording;
  /** When the call began, by `performance.now()`. */
  readonly startMs: number;
}

/**
 * Responses that were ordered with `background: true` and had no end when their call had: whoever retrieves them later
 * tells how they ended, which becomes one more event.
 */
export class BackgroundResponses {
  readonly #waiting = new Map<string, Waiting>();

  remember(id: string | undefined, waiting: Waiting): void {
    if (id === undefined) return;
    this.#waiting.set(id, waiting);
    const [oldest] = this.#waiting.size > MAXIMUM_WAITING ? this.#waiting.keys() : [];
    if (oldest !== undefined) this.#waiting.delete(oldest);
  }

  /** The id of the response that a request retrieves or cancels, if it is one that is waited for. */
  idIn(method: unknown, path: unknown): string | undefined {
    if (this.#waiting.size === 0 || typeof path !== 'string') return undefined;
    const pattern = String(method).toLowerCase() === 'get' ? RETRIEVED : CANCELLED;
    const id = pattern.exec(path)?.[1];
    return id !== undefined && this.#waiting.has(id) ? id : undefined;
  }

  /** Gives what was waited for, once. */
  take(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}

const RETRIEVED = /^\/responses\/([\w-]+)(?:\?|$)/;
const CANCELLED = /^\/responses\/([\w-]+)\/cancel(?:\?|$)/;

/** How a response ended, by its own word. */
export function endingOfResponse(body: unknown): Ending {
  const { status, error } = fieldsOf(body);
  if (status === 'failed') return { kind: 'failed', error: error ?? 'the response failed' };
  if (status === 'cancelled') return { kind: 'aborted' };
  return status === 'queued' || status === 'in_progress' ? { kind: 'queued' } : { kind: 'finished' };
}

/** When it ended, by `performance.now()`; undefined where the provider does not say. */
export function endOfResponse(body: unknown, startMs: number): number | undefined {
  const { created_at: created, completed_at: completed } = fieldsOf(body);
  if (typeof created !== 'number' || typeof completed !== 'number' || completed < created) return undefined;
  return startMs + (completed - created) * 1000;
}
