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
