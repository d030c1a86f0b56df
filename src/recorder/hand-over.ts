import { userFunction } from '../api/errors.js';
import type { Tell } from '../api/tell.js';
import type { Sink } from './options.js';
import { noAnswer } from './problems.js';

/**
 * What `redact` makes of an event; `null` drops it. One that could not be redacted is dropped too, and told: what it
 * holds may be what nobody should see.
 *
 * @param consequence of an answer that is none, and what to return instead
 */
export function redacted<Event extends object>(
  event: Event,
  redact: ((event: Event) => Event | null) | undefined,
  consequence: string,
  tell: Tell,
): Event | null {
  if (redact === undefined) return event;
  try {
    const answer: unknown = redact(event);
    if (answer === null || isEvent<Event>(answer)) return answer;
    tell(noAnswer('redact', answer, consequence));
  } catch (thrown) {
    tell(userFunction('redact', thrown));
  }
  return null;
}

/** Hands an event to a sink, which may be anybody's: what it throws, now or later, is told. */
export function handTo<Event>(sink: Sink<Event>, event: Event, tell: Tell): void {
  try {
    const answer = sink.append(event);
    if (answer instanceof Promise) answer.catch((thrown) => tell(userFunction('datasource', thrown)));
  } catch (thrown) {
    tell(userFunction('datasource', thrown));
  }
}

/** What a function gives that forgot to return, or is asynchronous, is none. */
function isEvent<Event>(redacted: unknown): redacted is Event {
  return typeof redacted === 'object' && redacted !== null && !('then' in redacted);
}
