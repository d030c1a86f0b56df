import { describeThrown, TinybirdError } from '../api/errors.js';

/** A fault of this package. */
export function internal(thrown: unknown): TinybirdError {
  return new TinybirdError(
    'internal',
    `A fault in tinybird-llm (${describeThrown(thrown)}); the call went on, its event may be missing. Please report it.`,
    { cause: thrown },
  );
}

/** A function that the user gave threw. */
export function userFunction(option: string, thrown: unknown): TinybirdError {
  return new TinybirdError('user_function', `The option ${option} threw (${describeThrown(thrown)}).`, {
    cause: thrown,
  });
}

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
