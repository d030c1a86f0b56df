import type { Answer, Ending } from '../call/call.js';
import { fieldsOf } from '../call/fields.js';
import { NOTHING, type Recording } from '../recorder/recording.js';
import { type StreamGatherer, StreamRecording } from '../recorder/stream.js';
import { responsesAnswer } from './responses.js';

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

  /** What a look at a response shows of it: one more event, once, where it is over. */
  saw(id: string, body: unknown): void {
    const ending = endingOfResponse(body);
    if (ending.kind !== 'queued') this.#complete(id, ending, () => responsesAnswer(body), tookMs(body));
  }

  /** The recording of a look at a response of which others read the stream or the body. */
  lookingAt(id: string, gatherer: StreamGatherer): StreamRecording {
    const end: Recording['end'] = (ending, answer) => {
      if (isOver(gatherer)) this.#complete(id, ending, answer);
    };
    return new StreamRecording({ recording: { ...NOTHING, end }, gatherer });
  }

  /** @param afterMs how long it took, by the provider's clock */
  #complete(id: string, ending: Ending, answer?: () => Answer, afterMs?: number): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    const atMs = afterMs === undefined ? undefined : waiting.startMs + afterMs;
    waiting.recording.again().end(ending, answer, undefined, atMs);
  }
}

/** Whether a response has ended by what was seen of it, and not only the look at it. */
export function isOver({ finished, error, ending }: StreamGatherer): boolean {
  return error !== undefined || (finished && ending?.kind !== 'queued');
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

/** How long it took, ms; undefined where the provider does not say. */
function tookMs(body: unknown): number | undefined {
  const { created_at: created, completed_at: completed } = fieldsOf(body);
  if (typeof created !== 'number' || typeof completed !== 'number' || completed < created) return undefined;
  return (completed - created) * 1000;
}
