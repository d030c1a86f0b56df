import { TinybirdError } from '../api/errors.js';

/** A function the user gave answered with what is no answer: nothing, a promise. A promise's rejection is nobody's. */
export function noAnswer(option: string, given: unknown, consequence: string): TinybirdError {
  if (given instanceof Promise) given.catch(() => {});
  const what =
    given instanceof Promise ? 'a promise' : typeof given === 'object' ? 'an object' : String(given);
  return new TinybirdError(
    'user_function',
    `The option ${option} returned ${what}: ${consequence}. It must answer at once.`,
  );
}

/** An event does not fit its schema. Tells where, never what stands there. */
export function invalidEvent(issues: readonly { path: PropertyKey[]; message: string }[]): TinybirdError {
  const places = issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join('.') || 'the event'}: ${message}`);
  return new TinybirdError(
    'invalid_event',
    `An event does not fit schemas/litellm (${places.join('; ')}); it was sent all the same. See what your redact does with it.`,
  );
}

const LONGEST_SHOWN = 100;

/** A value that somebody gave, in a few words. Never throws. */
export function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  const text = typeof value === 'object' ? jsonOf(value) : String(value);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN).toWellFormed()}…` : text;
}

function jsonOf(value: object | null): string {
  try {
    return JSON.stringify(value);
  } catch {
    return 'an object that cannot be shown';
  }
}
